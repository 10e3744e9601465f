"""decide: a person's word about faces: accept, reject, not a face, ignore, and each of them taken back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import RunError, SettingsError
from compreface_plugin.domain.expectation import corrected_similarity
from compreface_plugin.domain.markers import performer_of
from compreface_plugin.domain.memory import Decision, Said
from compreface_plugin.domain.records import Change, Op, RunState, StoredFace
from compreface_plugin.pipeline.deciding import Decider, Word
from compreface_plugin.pipeline.held import held_lists, take_back
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.tasks.face_view import Names, face_view
from compreface_plugin.values import bool_arg, is_missing, read_choice, read_int, read_text, str_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

ACCEPT, REJECT, UNDO = "accept", "reject", "undo"
WORDS: Mapping[str, Said] = {
    ACCEPT: Said.CONFIRMED,
    REJECT: Said.NOT_HER,
    "notaface": Said.NOT_A_FACE,
    "ignore": Said.IGNORE,
}
CHOICES = (ACCEPT, REJECT, "notAFace", "ignore", UNDO)
MODE = "decide"
MOST = 1000  # decisions in one call


def decide(context: Context) -> dict[str, Any]:
    """Carries out `decision` about `faceId` (with `performerId`, else its best candidate), or a list `decisions` of
    {faceId, decision, performerId}. All of them are checked before anything is done. Needs no model.

    `goOn`: those that cannot be carried out are answered as "refused", with the reason, and the others are done.
    `batch`: a name for this call; sent again under the same name, as somebody does who got no answer, nothing is said
    twice. An `undo` with `runId` takes back what was said in that run, or nothing.
    """
    model = model_in_use(context)
    asked = [_read(each) for each in _asked(context.args)]
    batch = str_arg(context.args, "batch", longest=100)
    words, refused = _possible(context, model, [each for each in asked if each.word != UNDO])
    back = _undo(context, model, [each for each in asked if each.word == UNDO])
    run_id, changes = _carry_out(context, model, words, batch) if words else (None, [])
    return {
        "runId": run_id,
        "decided": len(words),
        "undone": back,
        "refused": refused,
        "added": sum(change.op is Op.ADD and change.field == "performer_ids" for change in changes),
        "removed": sum(change.op is Op.REMOVE and change.field == "performer_ids" for change in changes),
        "faces": _faces(context, model, [each.face_id for each in asked]),
    }


# reading ------------------------------------------------------------------------------------------------------------


def _asked(args: Mapping[str, object]) -> list[Mapping[str, object]]:
    given = args.get("decisions")
    if is_missing(given):
        return [args]
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = None
    if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
        raise SettingsError("The argument decisions is no list of {faceId, decision, performerId}. Correct it.")
    if len(given) > MOST:
        raise SettingsError(f"The argument decisions has {len(given)} entries; allowed are at most {MOST} in one call.")
    return given


@dataclass(frozen=True, slots=True)
class _Asked:
    face_id: int
    word: str  # in lower case
    performer_id: str | None
    run_id: str | None  # of an undo


def _read(one: Mapping[str, object]) -> _Asked:
    face_id = read_int("The argument faceId", one.get("faceId"), 1, 2**53)
    word = read_choice("The argument decision", one.get("decision"), [each.lower() for each in CHOICES])
    return _Asked(face_id, word, _text(one, "performerId"), _text(one, "runId"))


def _text(one: Mapping[str, object], name: str) -> str | None:
    return None if is_missing(one.get(name)) else read_text(f"The argument {name}", one[name])


def _possible(
    context: Context, model: ModelInUse, asked: Sequence[_Asked]
) -> tuple[list[Word], list[dict[str, Any]]]:
    """What can be carried out, and what cannot. Raises SettingsError for the latter unless `goOn` was asked for."""
    go_on, words, refused = bool_arg(context.args, "goOn"), [], []
    for each in asked:
        try:
            words.append(_word(context, model, each))
        except SettingsError as error:
            if not go_on:
                raise
            refused.append({"faceId": each.face_id, "reason": str(error)})
    if not go_on:
        _require(context, words)
        return words, []
    obstacles = _obstacles(context, words)
    return [word for n, word in enumerate(words) if n not in obstacles], refused + [
        {"faceId": words[n].face.face_id, "reason": reason} for n, reason in obstacles.items()
    ]


def _word(context: Context, model: ModelInUse, asked: _Asked) -> Word:
    face = stored_face(context, model, asked.face_id)
    said = WORDS[asked.word]
    if said not in (Said.CONFIRMED, Said.NOT_HER):
        return Word(face, said, None)
    best = face.verdict.best if face.verdict is not None else None
    who = asked.performer_id or (best.performer_id if best is not None else None)
    if not who:
        raise SettingsError(
            f"The face {asked.face_id} has no candidate: name the performer with the argument performerId."
        )
    return Word(face, said, who)


def _obstacles(context: Context, words: Sequence[Word]) -> dict[int, str]:
    """Why words cannot be carried out, by their numbers."""
    confirmed = {word.performer_id for word in words if word.said is Said.CONFIRMED and word.performer_id is not None}
    names = context.library.performer_names(sorted(confirmed))
    held = held_lists(context, (word.item for word in words))
    found: dict[int, str] = {}
    for n, word in enumerate(words):
        if word.performer_id in confirmed - names.keys() and word.said is Said.CONFIRMED:
            found[n] = f"The argument performerId is {word.performer_id!r}, and Stash has no such performer."
        elif word.item in held.unread:
            where, why = f"{word.item[0].value} {word.item[1]}", held.unread[word.item]
            found[n] = f"The face {word.face.face_id} is on {where}, which Stash cannot read ({why})."
        elif word.item not in held.lists:
            where = f"{word.item[0].value} {word.item[1]}"
            found[n] = f"The face {word.face.face_id} is on {where}, which Stash does not have."
    return found


def stored_face(context: Context, model: ModelInUse, face_id: int) -> StoredFace:
    """Raises SettingsError when the store has no such face."""
    face = context.store.faces.face(face_id, model.model_id)
    if face is None:
        raise SettingsError(f"The argument faceId is {face_id}, and no such face is known (any more).")
    return face


# carrying out -------------------------------------------------------------------------------------------------------


def carry_out(context: Context, model: ModelInUse, words: Sequence[Word]) -> tuple[str, list[Change]]:
    """The words in one run of mode `decide`. Returns (run id, what was changed in Stash). Raises SettingsError before
    anything is done when a performer or an item is gone."""
    _require(context, words)
    return _carry_out(context, model, words, "")


def _require(context: Context, words: Sequence[Word]) -> None:
    for reason in _obstacles(context, words).values():
        raise SettingsError(reason)


def _carry_out(context: Context, model: ModelInUse, words: Sequence[Word], batch: str) -> tuple[str, list[Change]]:
    """A `batch` that was carried out before is only finished."""
    store, clock = context.store, context.clock
    args = {"faces": len(words), **({"batch": batch} if batch else {})}
    done = store.runs.latest_of(MODE, args) if batch else None
    run_id = done.run_id if done is not None and store.decisions.of_run(done.run_id) else None
    if run_id is not None:
        context.journal.claim(run_id)
    begun = clock.monotonic()
    context.steps.lap()  # what was spent before is not this run's
    try:
        if run_id is None:
            run_id = _begin(context, model, args)
            matched = _matched_tag(context, words, run_id)
            held = held_lists(context, (word.item for word in words))
            words = [word for word in words if word.item in held.lists]  # one may have gone since all were checked
            with store.transaction():
                store.changes.plan(_decider(context, model, run_id).decide(words, held.lists, matched))
                counts = {"seen": len(words), "accepted": sum(word.said is Said.CONFIRMED for word in words)}
                spent, seconds = context.steps.lap().steps, clock.monotonic() - begun
                store.runs.advance(run_id, cursor=0, counts=counts, reasons={}, seconds=seconds, steps=spent)
        context.journal.apply(run_id)
    except RunError as error:
        if run_id is not None:
            with store.transaction():
                store.runs.end(run_id, RunState.FAILED, clock.now(), str(error))
        raise
    with store.transaction():
        store.runs.end(run_id, RunState.FINISHED, clock.now())
    for word in words:
        who = f" performer {word.performer_id}" if word.performer_id else ""
        context.log.info(f"{word.item[0].value} {word.item[1]}, face {word.face.face_id}: {word.said.value}{who}")
    return run_id, store.changes.applied(run_id)


def _begin(context: Context, model: ModelInUse, args: Mapping[str, object]) -> str:
    run_id = secrets.token_hex(6)
    with context.store.transaction():
        context.store.runs.begin(run_id, MODE, args, context.clock.now(), context.lease.token)
        context.store.runs.pin_engine(run_id, model.engine, model.model_id)
    return run_id


def _matched_tag(context: Context, words: Sequence[Word], run_id: str) -> str | None:
    """The matched tag: made when somebody is to be put on an item, else only found."""
    name = context.settings.matched_tag_name
    if name is None:
        return None
    if any(word.said is Said.CONFIRMED for word in words):
        return context.journal.ensure_tag(name, run_id)
    found = context.library.tag_named(name)
    return found.id if found is not None else None


def _decider(context: Context, model: ModelInUse, run_id: str) -> Decider:
    people = context.store.examples.people()
    review_at = corrected_similarity(model.point, context.settings.review_similarity, people)
    return Decider(context, model.model_id, model.point, run_id, review_at)


# taking back --------------------------------------------------------------------------------------------------------


def _undo(context: Context, model: ModelInUse, asked: Sequence[_Asked]) -> list[dict[str, Any]]:
    """The last word about each face, with what it changed in Stash."""
    done = []
    for each in asked:
        said, run_id = context.store.decisions.of_face(each.face_id), each.run_id
        if said and run_id in (None, said[-1].run_id):
            run_id = said[-1].run_id
            context.journal.claim(run_id)
            said = context.store.decisions.of_face(each.face_id)  # another call may have taken it back meanwhile
        if run_id is None or not said or said[-1].run_id != run_id:
            done.append({"faceId": each.face_id, "undone": False, "takenBack": 0})
            continue
        mine = [word for word in said if word.run_id == run_id]
        changes = _changes_of(context, run_id, mine, each.face_id)
        forget = partial(forget_decisions, context, model, run_id, mine)
        taken = take_back(context, changes, run_id, forget)["undone"]
        done.append({"faceId": each.face_id, "undone": True, "takenBack": taken})
    return done


def forget_decisions(context: Context, model: ModelInUse, run_id: str, decisions: Sequence[Decision]) -> None:
    """Inside a transaction: the words go, with the verdicts that followed and what was learned."""
    _decider(context, model, "").forget(run_id, decisions)


def _changes_of(context: Context, run_id: str, mine: Sequence[Decision], face_id: int) -> list[Change]:
    """What the run changed on the item because of these words; tags only when nothing else was said about the item."""
    item = mine[-1].kind, str(mine[-1].item_id)
    others = [
        each
        for each in context.store.decisions.of_run(run_id)
        if (each.kind, str(each.item_id)) == item and each.face_id != face_id
    ]
    spared = {each.performer_id for each in others}
    return [
        change
        for change in context.store.changes.applied(run_id)
        if (change.kind, change.item_id) == item
        and (who not in spared if (who := performer_of(change)) else not others)
    ]


# showing ------------------------------------------------------------------------------------------------------------


def _faces(context: Context, model: ModelInUse, face_ids: Sequence[int]) -> list[dict[str, Any]]:
    names = Names(context)
    found = (context.store.faces.face(face_id, model.model_id) for face_id in dict.fromkeys(face_ids))
    return [face_view(face.face_id, face, face.verdict, names) for face in found if face is not None]
