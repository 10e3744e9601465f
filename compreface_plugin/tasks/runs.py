"""runs, runStatus, stop, failures: what was done, what is being done, what did not work. No model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import RESUMABLE, Kind, ListedState, Run
from compreface_plugin.pipeline.opening import MAX_ATTEMPTS
from compreface_plugin.tasks.router import MODES
from compreface_plugin.values import bool_arg, int_arg, str_arg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compreface_plugin.pipeline.context import Context

LISTED, MOST_LISTED = 100, 5000  # items of a run told in one answer: pages ask again and again
DECIDE = "decide"  # the mode whose runs are a person's single words


def stop(context: Context) -> dict[str, Any]:
    """Asks the running task (or only the run `runId`) to finish the item in hand and end."""
    run_id = str_arg(context.args, "runId") or None
    holder = context.task_holder()
    if holder is None:
        return {"stopping": False, "message": "no task is running"}
    context.ask_to_stop(run_id)
    return {"stopping": True, "runId": run_id, "message": "the task ends after the item in hand"}


def run_status(context: Context) -> dict[str, Any]:
    """The run `runId`, or that of the errand `about` (the name a task was started with), or the newest one; `running`
    says whether a process works on this data folder now. `errand`: how that one ended, null when none began.
    Of a run that was given its items by name, `items`: what came of each (`limit`, `offset`)."""
    name = str_arg(context.args, "about")
    if name:
        errand = context.store.errands.get(name)
        run = context.store.runs.get(errand.run_id) if errand is not None else None
        told = {"state": errand.state, "message": errand.message, "jobId": errand.job_id} if errand else None
        return {"errand": told, "run": _status(context, run) if run else None, "running": _running(context)}
    run_id = str_arg(context.args, "runId")
    run = context.store.runs.get(run_id) if run_id else next(iter(context.store.runs.latest(1)), None)
    if run is None and run_id:
        raise SettingsError(f"The argument runId is {run_id!r}; allowed is the id of a run in the list of runs.")
    return {"run": _status(context, run) if run else None, "running": _running(context)}


def _status(context: Context, run: Run) -> dict[str, Any]:
    limit = int_arg(context.args, "limit", LISTED, minimum=1, maximum=MOST_LISTED)
    offset = int_arg(context.args, "offset", 0, minimum=0)
    return {**_run_view(context, run), "items": listed_view(context, run.run_id, limit, offset)}


def runs(context: Context) -> dict[str, Any]:
    """The newest runs (`limit`, `offset`) with counts, durations and rates. `tasksOnly`: without a person's words."""
    found, total = page_of_runs(context)
    return {"runs": [_run_view(context, run) for run in found], "total": total, "running": _running(context)}


def page_of_runs(context: Context) -> tuple[list[Run], int]:
    """By `limit`, `offset` and `tasksOnly`, and how many there are in all."""
    limit = int_arg(context.args, "limit", 20, minimum=1, maximum=500)
    offset = int_arg(context.args, "offset", 0, minimum=0)
    but_not = DECIDE if bool_arg(context.args, "tasksOnly") else ""
    return context.store.runs.latest(limit, offset, but_not), context.store.runs.count(but_not)


def failures(context: Context) -> dict[str, Any]:
    """Failed items (`limit`, `offset`; `runId`: those of one run) with reason, number of attempts, and whether the next
    run tries them by itself."""
    limit = int_arg(context.args, "limit", 100, minimum=1, maximum=1000)
    run_id = str_arg(context.args, "runId")
    states = context.store.items.failures(limit, int_arg(context.args, "offset", 0), run_id)
    return {
        "failures": [
            {
                "kind": state.kind.value,
                "id": str(state.item_id),
                "code": state.error_code,
                "reason": state.error,
                "attempts": state.attempts,
                "retriedByItself": state.attempts < MAX_ATTEMPTS,
            }
            for state in states
        ],
        "total": context.store.items.count_failures(run_id),
    }


def listed_view(context: Context, run_id: str, limit: int = LISTED, offset: int = 0) -> dict[str, Any] | None:
    """The items a run was given by name, in the order of its list; None for a run without a list."""
    counts = context.store.run_items.counts(run_id)
    if not counts:
        return None
    return {
        "total": sum(counts.values()),
        **{state.value: counts.get(state.value, 0) for state in ListedState},
        "list": [
            {
                "kind": each.kind.value,
                "id": str(each.item_id),
                "state": each.state.value,
                "reason": each.reason,
                "times": each.times,
                **({"failedImages": each.failed} if each.kind is Kind.GALLERY else {}),
            }
            for each in context.store.run_items.page(run_id, limit, offset)
        ],
    }


def _running(context: Context) -> Mapping[str, object] | None:
    holder = context.task_holder()
    return dict(holder) if holder is not None else None


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
        "undoable": context.store.changes.undoable(run.run_id),
        "resumable": run.state in RESUMABLE and run.mode in MODES and MODES[run.mode].exclusive,
        "failures": context.store.items.count_failures(run.run_id),
        "engine": run.engine,
        "model": run.model_id,
        "message": run.message,
    }
