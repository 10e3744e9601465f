"""A task that was started under a name of the caller's own (`errand`), who learns by it how it ended: store/errands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import RunError
from compreface_plugin.domain.records import RunState
from compreface_plugin.values import str_arg

if TYPE_CHECKING:
    from pathlib import Path

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.ports import Progress
    from compreface_plugin.values import Args

ARGUMENT = "errand"
LONGEST = 100  # characters of a name


def errand_of(args: Args) -> str:
    """The name, "" without one. Raises SettingsError."""
    return str_arg(args, ARGUMENT, longest=LONGEST)


def bind_errand(context: Context, *, run_id: str | None = None, job_id: str | None = None) -> None:
    """Names the run that does it, or the job that goes on with it."""
    name = errand_of(context.args)
    if name:
        with context.store.transaction():
            context.store.errands.bind(name, run_id=run_id, job_id=job_id)


def run_errand(context: Context, work: Callable[[Context], dict[str, Any]]) -> dict[str, Any]:
    """Does `work` and keeps how it ended, under the name if there is one. An error is kept by `keep_end`."""
    name = errand_of(context.args)
    if not name:
        return work(context)
    with context.store.transaction():
        context.store.errands.begin(name, context.clock.now())
    result = work(context)
    state = str(result.get("state") or RunState.FINISHED.value)
    with context.store.transaction():
        context.store.errands.end(name, context.clock.now(), state, str(result.get("message") or ""))
    return result


def keep_end(data_dir: Path, args: Args, state: RunState, message: str, now: float, log: Progress) -> None:
    """Keeps the end of one that has no result, wherever that came from; what cannot be kept stands in the log."""
    from compreface_plugin.store.store import Store

    try:
        name = errand_of(args)
        if not name:
            return
        with Store.open(data_dir) as store, store.transaction():
            store.errands.end(name, now, state.value, message)
    except RunError as error:
        log.debug(f"how the task ended could not be kept ({error})")
