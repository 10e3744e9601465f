"""undoRun: take back exactly what a run, or one item or performer in it, added, and nothing anybody did since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import ServiceRefused, SettingsError
from compreface_plugin.domain.records import RESUMABLE, Kind, RunState
from compreface_plugin.pipeline.merging import last_link, why_not_undone
from compreface_plugin.tasks.item_arg import item_arg
from compreface_plugin.tasks.undoing import Part, Undoing
from compreface_plugin.values import int_arg, str_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

BEGUN = "undo begun"  # what is being undone, until it is


def undo_run(context: Context) -> dict[str, Any]:
    """Undoes the run `runId` (without: the last one that changed anything); `performerId`, or one of `imageId`,
    `sceneId` and `galleryId`, narrow it.

    Killed in the middle, the next start of any task finishes it. Doing it twice changes nothing.
    """
    context.journal.settle()
    begun = _begun(context)  # an undo that was killed is finished before anything else is undone
    asked = str_arg(context.args, "runId")
    part = Part(asked, item_arg(context.args), str(int_arg(context.args, "performerId", 0) or ""))
    if begun is not None and part not in (begun, Part("")):
        finish_undo(context)
    elif begun is not None:
        return _undo(context, begun)
    run_id = asked or _last_run(context)
    if run_id is None:
        context.log.info("there is nothing to undo")
        return {"runId": None, "undone": 0, "kept": 0, "alreadyGone": 0, "examples": 0, "subjects": 0}
    return _undo(context, Part(run_id, part.item, part.performer_id))


def finish_undo(context: Context) -> None:
    """Finishes an undo that was killed: half a run taken back is nothing to build on. Raises RunError."""
    begun = _begun(context)
    if begun is None:
        return
    context.journal.settle()
    try:
        _undo(context, begun)
    except (SettingsError, ServiceRefused) as reason:
        context.log.warning(f"the undo of run {begun.run_id}, which was interrupted, cannot be finished: {reason}")


def _undo(context: Context, part: Part) -> dict[str, Any]:
    """Raises SettingsError when there is no such run, or people whom runs united cannot come apart this way."""
    store, run_id = context.store, part.run_id
    run = store.runs.get(run_id)
    if run is None:
        raise SettingsError(f"The argument runId is {run_id!r}; allowed is the id of a run in the list of runs.")
    _require_order(context, part)
    context.journal.claim(run_id)
    context.log.info(f"undoing run {run_id} ({run.mode})")
    with store.transaction():
        store.meta.set(BEGUN, _view(part))
    result = Undoing(context, part).work()
    with store.transaction():
        store.meta.delete(BEGUN)
        if part.whole and run.state in RESUMABLE:  # a later start of the task begins anew, not behind what is gone
            store.runs.end(run_id, RunState.FINISHED, context.clock.now(), "was undone before its end")
    context.log.progress(1.0)
    context.log.info(
        f"run {run_id} undone: {result['undone']} additions taken back, {result['alreadyGone']} were gone already, "
        f"{result['kept']} kept because they are in use"
    )
    return {"runId": run_id, "mode": run.mode, **result}


def _begun(context: Context) -> Part | None:
    held = context.store.meta.get(BEGUN)
    if held is None:
        return None
    item = (Kind(held["kind"]), int(held["itemId"])) if held["kind"] else None
    return Part(held["runId"], item, held["performerId"])


def _view(part: Part) -> dict[str, Any]:
    kind, item_id = part.item or (None, 0)
    return {
        "runId": part.run_id,
        "kind": kind.value if kind else "",
        "itemId": item_id,
        "performerId": part.performer_id,
    }


def _last_run(context: Context) -> str | None:
    newest = context.store.changes.undoable_run()
    return last_link(context, newest) if newest is not None else None


def _require_order(context: Context, part: Part) -> None:
    """Raises SettingsError, before anything is undone, when people whom runs united cannot come apart this way."""
    why = why_not_undone(context, part.run_id, part.item, part.performer_id)
    if not why:
        return
    with context.store.transaction():
        context.store.meta.delete(BEGUN)  # people were united further after that undo was killed: first these
    raise SettingsError(why)
