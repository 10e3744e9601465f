"""decide: a person's word about faces: accept, reject, not a face, ignore, and each of them taken back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import RunError, SettingsError
from compreface_plugin.domain.expectation import corrected_similarity
from compreface_plugin.domain.memory import Decision, Said
from compreface_plugin.domain.records import Change, Op, RunState, StoredFace
from compreface_plugin.pipeline.deciding import Decider, Word
from compreface_plugin.pipeline.held import held_lists, take_back
from compreface_plugin.pipeline.model_in_use import ModelInUse, model_in_use
from compreface_plugin.tasks.face_view import Names, face_view
from compreface_plugin.values import is_missing, read_choice, read_int, read_text

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
    {faceId, decision, performerId}. All of them are checked before anything is done. Needs no model."""
    model = model_in_use(context)
    asked = [_read(each) for each in _asked(context.args)]
    undone = [face_id for face_id, word, _ in asked if word == UNDO]
    words = [_word(context, model, face_id, word, who) for face_id, word, who in asked if word != UNDO]
    back = _undo(context, model, undone) if undone else []
    run_id, changes = carry_out(context, model, words) if words else (None, [])
    ids = [face_id for face_id, *_ in asked]
    return {
        "runId": run_id,
        "decided": len(words),
        "undone": back,
        "added": sum(change.op is Op.ADD and change.field == "performer_ids" for change in changes),
        "removed": sum(change.op is Op.REMOVE and change.field == "performer_ids" for change in changes),
        "faces": _faces(context, model, ids),
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


def _read(one: Mapping[str, object]) -> tuple[int, str, str | None]:
    """(face id, word in lower case, performer id or None)."""
    face_id = read_int("The argument faceId", one.get("faceId"), 1, 2**53)
    word = read_choice("The argument decision", one.get("decision"), [each.lower() for each in CHOICES])
    who = one.get("performerId")
    return face_id, word, None if is_missing(who) else read_text("The argument performerId", who)


def _word(context: Context, model: ModelInUse, face_id: int, word: str, performer_id: str | None) -> Word:
    face = stored_face(context, model, face_id)
    said = WORDS[word]
    if said not in (Said.CONFIRMED, Said.NOT_HER):
        return Word(face, said, None)
    best = face.verdict.best if face.verdict is not None else None
    who = performer_id or (best.performer_id if best is not None else None)
    if not who:
        raise SettingsError(f"The face {face_id} has no candidate: name the performer with the argument performerId.")
    return Word(face, said, who)


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
    store, clock = context.store, context.clock
    names = _existing(context, words)
    held = held_lists(context, (word.item for word in words))
    for word in words:
        if word.item not in held:
            where = f"{word.item[0].value} {word.item[1]}"
            raise SettingsError(f"The face {word.face.face_id} is on {where}, which Stash does not have.")
    run_id = secrets.token_hex(6)
    begun = clock.monotonic()
    with store.transaction():
        store.runs.begin(run_id, MODE, {"faces": len(words)}, clock.now())
        store.runs.pin_engine(run_id, model.engine, model.model_id)
    try:
        matched = _matched_tag(context, words, run_id)
        with store.transaction():
            changes = _decider(context, model, run_id).decide(words, held, matched)
            store.changes.plan(changes)
            counts = {"seen": len(words), "accepted": sum(word.said is Said.CONFIRMED for word in words)}
            store.runs.advance(run_id, cursor=0, counts=counts, seconds=clock.monotonic() - begun)
        context.journal.apply(run_id)
    except RunError as error:
        with store.transaction():
            store.runs.end(run_id, RunState.FAILED, clock.now(), str(error))
        raise
    with store.transaction():
        store.runs.end(run_id, RunState.FINISHED, clock.now())
    for word in words:
        who = f" {names.get(word.performer_id, '')} ({word.performer_id})" if word.performer_id else ""
        context.log.info(f"{word.item[0].value} {word.item[1]}, face {word.face.face_id}: {word.said.value}{who}")
    return run_id, changes


def _existing(context: Context, words: Sequence[Word]) -> dict[str, str]:
    """Names of the performers spoken of. Raises SettingsError when one that is to be written does not exist."""
    wanted = list(dict.fromkeys(word.performer_id for word in words if word.performer_id is not None))
    names = context.library.performer_names(wanted)
    for word in words:
        if word.said is Said.CONFIRMED and word.performer_id not in names:
            raise SettingsError(f"The argument performerId is {word.performer_id!r}, and Stash has no such performer.")
    return names


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


def _undo(context: Context, model: ModelInUse, face_ids: Sequence[int]) -> list[dict[str, Any]]:
    """The last word about each face, with what it changed in Stash."""
    done = []
    for face_id in face_ids:
        said = context.store.decisions.of_face(face_id)
        if not said:
            done.append({"faceId": face_id, "undone": False, "takenBack": 0})
            continue
        run_id = said[-1].run_id
        mine = [each for each in said if each.run_id == run_id]
        changes = _changes_of(context, run_id, mine, face_id)
        taken = take_back(context, changes, run_id)["undone"] if changes else 0
        with context.store.transaction():
            forget_decisions(context, model, run_id, mine)
        done.append({"faceId": face_id, "undone": True, "takenBack": taken})
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
        and (change.value not in spared if change.field == "performer_ids" else not others)
    ]


# showing ------------------------------------------------------------------------------------------------------------


def _faces(context: Context, model: ModelInUse, face_ids: Sequence[int]) -> list[dict[str, Any]]:
    names = Names(context)
    found = (context.store.faces.face(face_id, model.model_id) for face_id in dict.fromkeys(face_ids))
    return [face_view(face.face_id, face, face.verdict, names) for face in found if face is not None]
