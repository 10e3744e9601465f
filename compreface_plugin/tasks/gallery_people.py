"""galleryResult and decideGallery: who is in a gallery, by the verdicts on its images, and a person's word about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.memory import Said
from compreface_plugin.domain.records import Change, Kind, Op, StoredFace, Verdict
from compreface_plugin.pipeline.deciding import Word
from compreface_plugin.pipeline.naming import decide, pinned
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.values import bool_arg, int_arg, is_missing, read_choice, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import GalleryRecord

ENOUGH_IMAGES = 2  # a performer goes on the gallery when accepted on so many images ...
ALONE_AT = 0.97
"""... or on one at this similarity: halfway from the accept point (0.89) to certainty on the logistic scale, where the
false match rate is more than ten times lower for every measured model (docs/thresholds.md)."""

LOOKED = "gallery "
"""Begins the key under which the store keeps what the last look at a gallery was; its id follows."""

Faces = dict[int, list[StoredFace]]  # by image


@dataclass(slots=True)
class Person:
    """A performer as seen in a gallery, once an image, with the best face of it."""

    accepted: dict[int, float] = field(default_factory=dict)  # image -> similarity
    proposed: dict[int, float] = field(default_factory=dict)

    @property
    def goes_on_gallery(self) -> bool:
        return len(self.accepted) >= ENOUGH_IMAGES or max(self.accepted.values(), default=0.0) >= ALONE_AT


def gallery_result(context: Context) -> dict[str, Any]:
    """Who is in `galleryId`, as its images are judged now; `people` is null when identifyGallery never looked at it."""
    gallery_id = int_arg(context.args, "galleryId", 0, minimum=1)
    looked: dict[str, Any] | None = context.store.meta.get(looked_key(gallery_id))
    if looked is None:
        return {"galleryId": str(gallery_id), "people": None}
    people = people_in(faces_in(context, gallery_id))
    return {**looked, "people": person_views(context, context.library.gallery(gallery_id), people)}


def looked_key(gallery_id: int) -> str:
    """The key of `galleryId`, `runId`, `errors` by image, `failed`."""
    return f"{LOOKED}{gallery_id}"


def faces_in(context: Context, gallery_id: int) -> Faces:
    """The faces of the model in use on the gallery's images, in the order of the images' ids."""
    ids = context.library.gallery_image_ids(gallery_id)
    faces = context.store.faces.of_items(Kind.IMAGE, ids, pinned(context).model_id)
    return {image_id: faces[image_id] for image_id in ids}


def people_in(faces: Mapping[int, Sequence[StoredFace]]) -> dict[str, Person]:
    """People by performer id, those on most images first. Proposed counts where an image has no accepted face."""
    people: dict[str, Person] = {}
    for image_id, seen in faces.items():
        for face in seen:
            if face.verdict is None or face.verdict.best is None:
                continue
            best = face.verdict.best
            if face.verdict.verdict is Verdict.ACCEPT:
                found = people.setdefault(best.performer_id, Person()).accepted
            elif face.verdict.verdict is Verdict.REVIEW:
                found = people.setdefault(best.performer_id, Person()).proposed
            else:
                continue
            found[image_id] = max(found.get(image_id, 0.0), best.similarity)
    for person in people.values():
        for image_id in person.accepted:
            person.proposed.pop(image_id, None)
    return dict(sorted(people.items(), key=lambda each: (*_rank(each[1]), each[0])))


def _rank(person: Person) -> tuple[float, ...]:
    return -len(person.accepted), -max(person.accepted.values(), default=0.0), -len(person.proposed)


def person_views(
    context: Context, gallery: GalleryRecord | None, people: Mapping[str, Person]
) -> list[dict[str, Any]]:
    """`people` as answers have them; those whom Stash does not have are left out."""
    on_gallery = gallery.performer_ids if gallery is not None else ()
    names = context.library.performer_names(list(people)) if people else {}
    return [
        {
            "performerId": who,
            "name": names[who],
            "imageIds": [str(image_id) for image_id in person.accepted],
            "proposedOn": [str(image_id) for image_id in person.proposed],
            "best": round(max(found), 4),
            "mean": round(sum(found) / len(found), 4),
            "sure": person.goes_on_gallery,
            "onGallery": who in on_gallery,
        }
        for who, person in people.items()
        if who in names and (found := list((person.accepted or person.proposed).values()))
    ]


# a person's word ------------------------------------------------------------------------------------------------------


def decide_gallery(context: Context) -> dict[str, Any]:
    """`decision` accept or reject about `performerIds` (accept: left out, everybody who is sure) in `galleryId`.

    accept puts them on the gallery; with `tagImages` their faces on its images count as confirmed too, proposed ones
    included. reject says that none of these faces is them. One run, which undoRun takes back. Answers as galleryResult.
    """
    gallery_id = int_arg(context.args, "galleryId", 0, minimum=1)
    if context.library.gallery(gallery_id) is None:
        raise SettingsError(f"The argument galleryId is {gallery_id}, and Stash has no such gallery.")
    accept = read_choice("The argument decision", context.args.get("decision"), ("accept", "reject")) == "accept"
    faces = faces_in(context, gallery_id)
    people = people_in(faces)
    chosen = _chosen(context, people, accept)
    words = _words(faces, chosen, Said.CONFIRMED if accept else Said.NOT_HER)
    if accept and not bool_arg(context.args, "tagImages"):
        words = []
    work = partial(_carry_out, context, gallery_id, chosen, words, accept)
    result = execute(context, "decideGallery", work)
    return {**gallery_result(context), "runId": result["runId"], "decided": len(chosen)}


def _chosen(context: Context, people: Mapping[str, Person], accept: bool) -> list[str]:
    """Raises SettingsError for nobody, and for somebody who was not seen."""
    given = context.args.get("performerIds")
    if is_missing(given):
        sure = [who for who, person in people.items() if person.goes_on_gallery]
        if accept and sure:
            return sure
        raise SettingsError("Nobody was named by the argument performerIds, and nobody can be accepted without.")
    many: list[object] = given if isinstance(given, list) else list(str(given).split(","))
    named = [read_text("The argument performerIds", each) for each in many]
    strange = [who for who in named if who not in people]
    if strange:
        raise SettingsError(f"The argument performerIds has {', '.join(strange)}, who was not seen in this gallery.")
    return named


def _words(faces: Faces, chosen: Iterable[str], said: Said) -> list[Word]:
    wanted = set(chosen)
    return [
        Word(face, said, face.verdict.best.performer_id)
        for seen in faces.values()
        for face in seen
        if face.verdict is not None
        and face.verdict.best is not None
        and face.verdict.verdict in (Verdict.ACCEPT, Verdict.REVIEW)
        and face.verdict.best.performer_id in wanted
    ]


def _carry_out(
    context: Context, gallery_id: int, chosen: Sequence[str], words: Sequence[Word], accept: bool, run: ActiveRun
) -> None:
    pin = pinned(context)
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, pin.engine, pin.model_id)
    if words:
        decide(context, run, pin, words)
    changes = _changes(context, gallery_id, chosen, accept, run)
    with context.store.transaction():
        context.store.changes.plan(changes)
    context.journal.apply(run.run_id)


def _changes(context: Context, gallery_id: int, chosen: Sequence[str], accept: bool, run: ActiveRun) -> list[Change]:
    """What the gallery itself lacks, or, after a reject, has from us."""
    gallery = context.library.gallery(gallery_id)
    if gallery is None:
        return []
    item = str(gallery_id)
    if not accept:
        ours = {value for _, value in context.store.plans.ours(Kind.GALLERY, [item], "performer_ids")}
        gone = [who for who in chosen if who in gallery.performer_ids and who in ours]
        return [Change(run.run_id, Kind.GALLERY, item, "performer_ids", Op.REMOVE, who) for who in gone]
    wants = [("performer_ids", who) for who in chosen if who not in gallery.performer_ids]
    name = context.settings.matched_tag_name
    if name is not None and (tag := context.journal.ensure_tag(name, run.run_id)) not in gallery.tag_ids:
        wants.append(("tag_ids", tag))
    return [Change(run.run_id, Kind.GALLERY, item, field_name, Op.ADD, value) for field_name, value in wants]
