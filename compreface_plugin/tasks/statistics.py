"""statistics: how much was looked at, found and decided; what tasks and engines took, and what they spent it on.

Loads no model and asks Stash for nothing.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.worked import Spent, Step, Worked
from compreface_plugin.pipeline.pinning import read_pin
from compreface_plugin.tasks.runs import DECIDE, page_of_runs
from compreface_plugin.values import str_arg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from compreface_plugin.domain.records import Run
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.store.statistics import Work

RATES = {"itemsPerSecond": "seen", "facesPerSecond": "faces"}


def statistics(context: Context) -> dict[str, Any]:
    """Counts, zero or absent where nothing was done yet; `engine` and `model` are None before the first task. Then what
    runs did, by task, by engine, by both, and run by run (`runId`, or `limit`, `offset` and `tasksOnly` as in runs).
    """
    pin, numbers = read_pin(context), context.store.statistics
    model_id = pin.model_id if pin is not None else ""
    people, written = numbers.people(), numbers.written()
    return {
        "engine": pin.engine if pin is not None else None,
        "model": model_id or None,
        "items": numbers.items(),
        "faces": numbers.faces(model_id),
        "waiting": context.store.proposals.page(model_id, limit=0)[0],
        "people": people["enrolled"],
        "examples": {
            "own": people.get("examples_performer", 0),
            "learned": people.get("examples_face", 0),
            "all": sum(count for name, count in people.items() if name.startswith("examples_")),
        },
        "decisions": numbers.decisions(),
        "judged": numbers.judged(),
        "named": {"standing": written.get("applied", 0) + written.get("kept", 0), "undone": written.get("undone", 0)},
        "databaseBytes": context.store.path.stat().st_size,
        **_work(numbers.worked()),
        **_runs(context),
    }


def _work(worked: Mapping[Work, Worked]) -> dict[str, Any]:
    """What took longest first; of a person's single words no engine is the reason."""
    with_engine = {work: each for work, each in worked.items() if work[1] and work[0] != DECIDE}
    return {
        "tasks": _by(worked, lambda mode, _engine, _model: {"mode": mode}),
        "engines": _by(with_engine, lambda _mode, engine, model: {"engine": engine, "model": model}),
        "tasksByEngine": _by(with_engine, lambda mode, engine, model: {"mode": mode, "engine": engine, "model": model}),
    }


def _by(worked: Mapping[Work, Worked], key: Callable[[str, str, str], dict[str, str]]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, ...], list[Worked]] = {}
    for work, each in worked.items():
        groups.setdefault(tuple(key(*work).items()), []).append(each)  # type: ignore[arg-type]
    sums = {name: reduce(add, group) for name, group in groups.items()}
    longest = sorted(sums.items(), key=lambda each: -each[1].seconds)
    return [{**dict(name), **_view(total)} for name, total in longest]  # type: ignore[arg-type]


def _runs(context: Context) -> dict[str, Any]:
    run_id = str_arg(context.args, "runId")
    if not run_id:
        found, total = page_of_runs(context)
        return {"runs": [_run(run) for run in found], "total": total}
    run = context.store.runs.get(run_id)
    if run is None:
        raise SettingsError(f"The argument runId is {run_id!r}; allowed is the id of a run in the list of runs.")
    return {"runs": [_run(run)], "total": 1}


def _run(run: Run) -> dict[str, Any]:
    worked = Worked(1, run.active_seconds, {run.state.value: 1}, run.counts, run.reasons, run.steps)
    about = {"runId": run.run_id, "mode": run.mode, "engine": run.engine, "model": run.model_id}
    return {**about, "startedAt": run.started_at, "state": run.state.value, **_view(worked)}


def _view(worked: Worked) -> dict[str, Any]:
    seen = worked.counts.get("seen", 0)
    rates = {name: worked.rate(count) for name, count in RATES.items()}
    steps = [(step, worked.steps[step.value]) for step in Step if step.value in worked.steps]
    return {
        "runs": worked.runs,
        "states": dict(worked.states),
        "seconds": round(worked.seconds, 2),
        "counts": dict(worked.counts),
        "reasons": {way: _reasons(worked, way) for way in ("failed", "skipped")},
        **{name: None if rate is None else round(rate, 3) for name, rate in rates.items()},
        "steps": [_step(step, spent, seen) for step, spent in steps],
    }


def _reasons(worked: Worked, way: str) -> dict[str, int]:
    named = ((name.partition(" "), count) for name, count in worked.reasons.items())
    return {code: count for (which, _, code), count in named if which == way}


def _step(step: Step, spent: Spent, seen: int) -> dict[str, Any]:
    """`msPerItem`: of all items seen, whether they needed this step or not; None where none was seen."""
    return {
        "step": step.value,
        "seconds": round(spent.seconds, 3),
        "things": spent.things,
        "msPerItem": round(1000 * spent.seconds / seen, 2) if seen else None,
        "msPerThing": round(1000 * spent.seconds / spent.things, 2) if spent.things else None,
    }
