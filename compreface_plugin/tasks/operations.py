"""Short questions that are answered at once, beside a running task: runs, faces, stop. No model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Kind, Run
from compreface_plugin.tasks.face_view import Names, add_crops, face_view
from compreface_plugin.values import bool_arg, int_arg, str_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context


def stop(context: Context) -> dict[str, Any]:
    """Asks the running task (or only the run `runId`) to finish the item in hand and end."""
    run_id = str_arg(context.args, "runId") or None
    holder = context.task_holder()
    if holder is None:
        return {"stopping": False, "message": "no task is running"}
    context.ask_to_stop(run_id)
    return {"stopping": True, "runId": run_id, "message": "the task ends after the item in hand"}


def run_status(context: Context) -> dict[str, Any]:
    """The run `runId`, or the newest one; `running` says whether a process works on this data folder now."""
    run_id = str_arg(context.args, "runId")
    run = context.store.runs.get(run_id) if run_id else next(iter(context.store.runs.latest(1)), None)
    if run is None and run_id:
        raise SettingsError(f"The argument runId is {run_id!r}; allowed is the id of a run in the list of runs.")
    holder = context.task_holder()
    return {
        "run": _run_view(context, run) if run else None,
        "running": dict(holder) if holder is not None else None,
    }


def runs(context: Context) -> dict[str, Any]:
    """The newest runs (`limit`, `offset`) with counts, durations and rates."""
    limit = int_arg(context.args, "limit", 20, minimum=1, maximum=500)
    offset = int_arg(context.args, "offset", 0, minimum=0)
    return {"runs": [_run_view(context, run) for run in context.store.runs.latest(limit, offset)]}


def faces(context: Context) -> dict[str, Any]:
    """The faces of `imageId` as they were last seen and judged; `crops` adds them as data URIs."""
    image_id = int_arg(context.args, "imageId", 0, minimum=1)
    pinned = context.store.meta.get("engine") or {}
    state = context.store.items.states(Kind.IMAGE, [image_id]).get(image_id)
    stored = context.store.faces.of_items(Kind.IMAGE, [image_id], str(pinned.get("modelId", "")))[image_id]
    names = Names(context)
    image = next(iter(context.library.images([image_id]).records), None)
    on_item = image.performer_ids if image is not None else ()
    views = [face_view(face.face_id, face, face.verdict, names, on_item) for face in stored]
    if bool_arg(context.args, "crops"):
        add_crops(context, views)
    return {
        "item": {
            "kind": "image",
            "id": str(image_id),
            "scannedAt": state.scanned_at if state else None,
            "matched": bool(state and state.matched),
            "error": state.error if state else "",
            "attempts": state.attempts if state else 0,
        },
        "faces": views,
    }


def _run_view(context: Context, run: Run) -> dict[str, Any]:
    seen = run.counts.get("seen", 0)
    return {
        "runId": run.run_id,
        "mode": run.mode,
        "args": dict(run.args),
        "state": run.state.value,
        "startedAt": run.started_at,
        "endedAt": run.ended_at,
        "seconds": round(run.active_seconds, 2),
        "itemsPerSecond": round(seen / run.active_seconds, 2) if run.active_seconds > 0 else None,
        "total": run.total,
        "counts": dict(run.counts),
        "changes": context.store.changes.counts(run.run_id),
        "engine": run.engine,
        "model": run.model_id,
        "message": run.message,
    }
