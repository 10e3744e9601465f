"""health: what the plugin depends on, each with its state, when it last worked, and the next step.

Loads no model unless `deep` is asked for: then the engine looks at a drawn picture, which proves that weights load and
the device computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import ItemError, PluginError
from compreface_plugin.values import bool_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

OK, WARNING, FAULT = "ok", "warning", "fault"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    state: str  # OK, WARNING or FAULT
    message: str
    next_step: str = ""
    last_success: float | None = None  # seconds since the epoch


def health(context: Context) -> dict[str, Any]:
    """{"state": worst of all, "checks": [...]}; never raises for a dependency that is down."""
    checks = [_run(context, name, check) for name, check in CHECKS.items()]
    worst = max((check.state for check in checks), key=(OK, WARNING, FAULT).index)
    return {
        "state": worst,
        "checks": [
            {
                "name": c.name,
                "state": c.state,
                "message": c.message,
                "nextStep": c.next_step,
                "lastSuccess": c.last_success,
            }
            for c in checks
        ],
    }


def _run(context: Context, name: str, check: Callable[[Context], Check]) -> Check:
    try:
        result = check(context)
    except PluginError as error:
        result = Check(name, FAULT, str(error))
    key = f"health {name}"
    if result.state == FAULT:
        return replace(result, last_success=context.store.meta.get(key))
    now = context.clock.now()
    with context.store.transaction():
        context.store.meta.set(key, now)
    return replace(result, last_success=now)


def _stash(context: Context) -> Check:
    jobs = len(context.library.waiting_jobs())
    return Check("stash", OK, f"Stash {context.stash_version} answers; {jobs} jobs are waiting")


def _store(context: Context) -> Check:
    people, faces = context.store.people.counts(), context.store.faces.counts()
    return Check(
        "store",
        OK,
        f"{context.store.path}: {people['examples']} examples of {people['performers']} performers, "
        f"{faces['faces']} faces",
    )


def _models(context: Context) -> Check:
    packs = context.installed_packs()
    if not packs:
        return Check("models", FAULT, "no model pack is installed", "run install.sh in the plugin's folder")
    step = "" if packs[0] != "dlib" else "for better recognition of strangers run install.sh --models light"
    return Check("models", OK, "installed, best first: " + ", ".join(packs), step)


def _engine(context: Context) -> Check:
    pinned = context.store.meta.get("engine")
    if bool_arg(context.args, "deep"):
        return _self_test(context)
    if pinned is None:
        return Check("engine", WARNING, "not chosen yet", "run the task Synchronize Performers")
    best = context.installed_packs()
    better = best and best[0] != pinned["pack"] and pinned["pack"] in best
    step = f"the pack {best[0]} is installed too: the task Switch Engine moves to it" if better else ""
    return Check("engine", OK, f"{pinned['engine']}, pack {pinned['pack']}, model {pinned['modelId']}", step)


def _self_test(context: Context) -> Check:
    import numpy as np

    from compreface_plugin.domain.faces import DetectionLimits, Picture

    grey = Picture(np.full((160, 160, 3), 127, np.uint8), 160, 160, "self-test")
    outcome = context.engine.look([grey], DetectionLimits(min_face_px=64.0))[0]
    info = context.engine.info
    if isinstance(outcome, ItemError):
        return Check("engine", FAULT, f"the self-test of {info.model_id} on {info.device} failed: {outcome}")
    return Check("engine", OK, f"self-test passed: {info.model_id} on {info.device}")


def _people(context: Context) -> Check:
    counts = context.store.people.counts()
    if not counts["performers"]:
        return Check("people", WARNING, "nobody is enrolled", "run the task Synchronize Performers")
    outcomes: dict[str, int] = {}
    for enrolment in context.store.people.enrolments().values():
        outcomes[enrolment.outcome] = outcomes.get(enrolment.outcome, 0) + 1
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    return Check("people", OK, f"{counts['performers']} performers are enrolled; pictures: {told}")


CHECKS: dict[str, Callable[[Context], Check]] = {
    "stash": _stash,
    "store": _store,
    "models": _models,
    "engine": _engine,
    "people": _people,
}
