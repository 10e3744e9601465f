"""health: what the plugin depends on, each with its state, when it last worked, and the next step.

Loads no model and asks no server but Stash unless `deep` is given: then the engine looks at a drawn picture, which
proves that weights load and the device computes, and CompreFace's addresses and keys are tried.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import PluginError, SettingsError
from compreface_plugin.domain.sentences import said_view
from compreface_plugin.tasks.health_checks import CHECKS
from compreface_plugin.tasks.health_result import FAULT, OK, WARNING, Check
from compreface_plugin.values import str_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context


def health(context: Context) -> dict[str, Any]:
    """{"state": worst of all, "checks": [...]}; never raises for a dependency that is down. `only`: names of checks,
    with commas. `said` and `nextSaid` are the code and the values of the English text beside them."""
    checks = [_run(context, name) for name in _asked(context)]
    worst = max((check.state for check in checks), key=(OK, WARNING, FAULT).index)
    return {"state": worst, "checks": [_view(check) for check in checks]}


def _asked(context: Context) -> list[str]:
    names = [each.strip() for each in str_arg(context.args, "only").split(",") if each.strip()]
    unknown = [each for each in names if each not in CHECKS]
    if unknown:
        raise SettingsError(f"The argument only is {unknown[0]!r}; allowed are {', '.join(CHECKS)}.")
    return names or list(CHECKS)


def _run(context: Context, name: str) -> Check:
    try:
        result = CHECKS[name](context)
    except PluginError as error:
        result = Check(name, FAULT, error.sentence)
    key = f"health {name}"
    if result.state == FAULT or not result.tried:
        return replace(result, last_success=context.store.meta.get(key))
    now = context.clock.now()
    with context.store.transaction():
        context.store.meta.set(key, now)
    return replace(result, last_success=now)


def _view(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "state": check.state,
        "message": check.message,
        "said": said_view(check.message),
        "nextStep": check.next_step,
        "nextSaid": said_view(check.next_step),
        "lastSuccess": check.last_success,
        "details": [
            {"name": each.name, "state": each.state, "message": each.message, "said": said_view(each.message)}
            for each in check.details
        ],
    }
