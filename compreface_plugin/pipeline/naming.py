"""A person names faces: somebody of the library, or somebody new who is made with the best of them as picture.

The faces count as confirmed, which is kept, learned from, written to Stash and taken back by pipeline/deciding.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.memory import Said
from compreface_plugin.domain.records import Enrolment
from compreface_plugin.pipeline.deciding import Decider, Word
from compreface_plugin.pipeline.held import held_lists
from compreface_plugin.pipeline.pinning import Pin, read_pin
from compreface_plugin.stash.records import NewPerformer

if TYPE_CHECKING:
    from compreface_plugin.domain.records import StoredFace
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.stash.records import PerformerRecord


@dataclass(frozen=True, slots=True)
class Whom:
    """Who faces are named: the id of somebody who exists, or else a new name that nobody has."""

    performer_id: str | None
    name: str


def pinned(context: Context) -> Pin:
    """The model in use, without opening it. Raises SettingsError when nothing was ever looked at."""
    pin = read_pin(context)
    if pin is None:
        raise SettingsError("No image was looked at yet, so there are no faces: run Recognize Images first.")
    return pin


def whom(context: Context, performer_id: str, name: str) -> Whom:
    """Checks who was meant. Raises SettingsError: nobody, both, unknown id, or a name that somebody has already."""
    if bool(performer_id) == bool(name):
        raise SettingsError("Say who it is by one of the arguments performerId (somebody who exists) and name (new).")
    if performer_id:
        known = context.library.performer_names([performer_id])
        if performer_id not in known:
            raise SettingsError(f"The argument performerId is {performer_id}, and Stash has no such performer.")
        return Whom(performer_id, known[performer_id])
    taken = context.library.performers_named(name)
    if taken:
        raise SettingsError(
            f"Stash has a performer named {name!r} already (id {taken[0].id}): give performerId {taken[0].id} if it is "
            "the same person, or choose another name."
        )
    return Whom(None, name)


def stored_faces(context: Context, pin: Pin, face_ids: Sequence[int]) -> list[StoredFace]:
    """Raises SettingsError when one of them is not known."""
    found = [(each, context.store.faces.face(each, pin.model_id)) for each in dict.fromkeys(face_ids)]
    missing = [str(each) for each, face in found if face is None]
    if missing:
        raise SettingsError(f"There is no face {', '.join(missing)}: ask for the faces again.")
    return [face for _, face in found if face is not None]


def name_faces(context: Context, run: ActiveRun, pin: Pin, faces: Sequence[StoredFace], who: Whom) -> str:
    """Confirms the faces as this person and puts the name on their items; returns the performer's id. Undoable."""
    performer_id = who.performer_id
    if performer_id is None:
        performer_id = _make(context, run, pin, faces, who.name).id
    decide(context, run, pin, [Word(face, Said.CONFIRMED, performer_id) for face in faces])
    return performer_id


def decide(context: Context, run: ActiveRun, pin: Pin, words: Sequence[Word]) -> None:
    """Keeps what was said and brings Stash into line."""
    from compreface_plugin.domain.operating_points import operating_point

    point = operating_point(pin.model_id, pin.pack)
    decider = Decider(context, pin.model_id, point, run.run_id, context.settings.review_similarity)
    held = held_lists(context, (word.item for word in words))
    for (kind, item_id), trouble in held.unread.items():
        context.log.warning(f"{kind.value} {item_id} is left alone: Stash could not read it ({trouble})")
    standing = [word for word in words if word.item in held.lists]
    matched = _matched_tag(context, run, words)

    def keep() -> None:
        context.store.changes.plan(decider.decide(standing, held.lists, matched))

    counts = {"seen": len(held.lists), "faces": len(standing), "failed": len(held.unread)}
    run.commit(keep, cursor=run.cursor, counts=counts, items=len(held.lists))
    context.journal.apply(run.run_id)


def _matched_tag(context: Context, run: ActiveRun, words: Sequence[Word]) -> str | None:
    """The matched tag: made when somebody is put on an item, else only found."""
    name = context.settings.matched_tag_name
    if name is None:
        return None
    if any(word.said is Said.CONFIRMED for word in words):
        return context.journal.ensure_tag(name, run.run_id)
    found = context.library.tag_named(name)
    return found.id if found is not None else None


def _make(context: Context, run: ActiveRun, pin: Pin, faces: Sequence[StoredFace], name: str) -> PerformerRecord:
    """A performer with the best crop as picture, and a gender when a model was sure."""
    best = min(faces, key=lambda face: (-face.quality.score, -face.quality.size_px, face.face_id))
    picture = context.store.faces.crops([best.face_id]).get(best.face_id)
    genders = {face.gender for face in faces if face.gender}
    gender = genders.pop() if len(genders) == 1 else None
    made = context.journal.ensure_performers(run.run_id, [NewPerformer(name, picture, gender)])[name]
    run.counts["created"] += 1
    if picture is not None:
        sha = hashlib.sha256(picture).hexdigest()
        with context.store.transaction():
            known = Enrolment(made.id, made.image_url, sha, "enrolled", "", pin.model_id)
            context.store.people.save_enrolment(known, run.run_id)
    return made
