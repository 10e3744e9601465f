"""A run from start to end: resumed where it stopped, batch by batch, with pauses, progress and a way out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import Cancelled, PluginError, RunError
from compreface_plugin.domain.records import COUNTS, Run, RunState
from compreface_plugin.domain.worked import Spent, Step, added, together
from compreface_plugin.pipeline.errand import bind_errand
from compreface_plugin.pipeline.pace import Pace, clock_text
from compreface_plugin.pipeline.pinning import read_pin
from compreface_plugin.values import float_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

GIVE_WAY_AFTER_S = 180.0  # a run works at least this long before it lets waiting jobs pass ("every few minutes")
HOW_TO_RUN = frozenset(  # arguments that say how to run, not what: a run goes on under other ones
    {
        *("mode", "resume", "errand", "giveWaySeconds", "comprefacePatienceSeconds", "maxBatchSize", "cooldownSeconds"),
        *("device", "hardwareDecoding", "stashUrl"),
    }
)


class GaveWay(PluginError):
    """Other jobs wait in Stash's queue: the run ends here and its continuation has been queued behind them."""


class ActiveRun:
    """The run in hand. `commit` ends a batch; `between` is the pause after it."""

    def __init__(self, context: Context, run: Run) -> None:
        self._context = context
        self.run_id = run.run_id
        self.mode = run.mode
        self.args = run.args
        self.started_at = run.started_at
        self.cursor = run.cursor
        self.total = run.total
        self.counts: dict[str, int] = {**dict.fromkeys(COUNTS, 0), **run.counts}
        self.reasons: dict[str, int] = dict(run.reasons)
        self.steps: dict[str, Spent] = dict(run.steps)
        self._clock = context.clock
        self._may_ask_at = self._marked = self._clock.monotonic()
        self._pace = Pace()
        self.active_seconds = run.active_seconds
        context.steps.lap()  # what was spent before is not this run's

    def set_total(self, total: int) -> None:
        """How many items there are to look at; kept from the first start on, for the progress."""
        if self.total is None:
            self.total = total
            with self._context.store.transaction():
                self._context.store.runs.set_total(self.run_id, total)

    def commit(
        self,
        write: Callable[[], object],
        *,
        cursor: int,
        counts: Mapping[str, int],
        items: int,
        reasons: Mapping[str, int] | None = None,
    ) -> None:
        """Stores a batch: what `write` does, the cursor, the counts and the time spent are committed together.

        A batch that cannot be stored moves nothing: the run ends, and goes on, where it was before.
        """
        counts, reasons = added(self.counts, counts), added(self.reasons, reasons or {})
        with self._context.steps.of(Step.STORE, items), self._context.store.transaction():
            write()
            seconds = self._advance(cursor, counts, reasons)
        self.cursor, self.counts, self.reasons = cursor, counts, reasons
        self._pace.batch(items, seconds)

    def _advance(self, cursor: int, counts: Mapping[str, int], reasons: Mapping[str, int]) -> float:
        """Inside a transaction: writes down how far the run is. Returns the seconds worked since the last time."""
        now, lap = self._clock.monotonic(), self._context.steps.lap()
        seconds, self._marked = now - self._marked, now
        rest = {Step.OTHER.value: Spent(max(0.0, seconds - lap.busy))}
        self.steps = together(self.steps, together(lap.steps, rest))
        self.active_seconds += seconds
        self._context.store.runs.advance(
            self.run_id, cursor=cursor, counts=counts, reasons=reasons, seconds=seconds, steps=self.steps
        )
        return seconds

    def end(self, state: RunState, message: str) -> None:
        """The run's last word, with the time spent since the last batch."""
        with self._context.store.transaction():
            self._advance(self.cursor, self.counts, self.reasons)
            self._context.store.runs.end(self.run_id, state, self._context.clock.now(), message)

    def tell(self, what: str) -> None:
        """Progress and one line: how far, how many named, how long still."""
        log, seen = self._context.log, self.counts["seen"]
        total = max(self.total or 0, seen)
        log.progress(seen / total if total else 1.0)
        left = self._pace.seconds_for(total - seen)
        log.info(
            f"{what}: {seen} of {total}, {self.counts['accepted']} faces named, {self.counts['proposed']} to review, "
            f"{self.counts['unknown']} unknown, {self.counts['failed']} failed"
            + (f"; {clock_text(left)} left" if left is not None and total > seen else "")
        )

    def between(self, *, computed: bool) -> None:
        """After a batch that is not the last: gives way, or cools down when something was computed.

        Raises Cancelled and GaveWay.
        """
        context = self._context
        context.cancel.raise_if_cancelled()
        self._give_way()
        if computed and context.settings.cooldown_s > 0:
            self._cool_down(context.settings.cooldown_s)

    def _cool_down(self, seconds: float) -> None:
        """Time that does not count as worked. Raises Cancelled."""
        self._context.log.debug(f"cooling down for {seconds:g} s")
        begun = self._clock.monotonic()
        try:
            with self._context.steps.of(Step.PAUSE):
                self._context.cancel.wait(seconds)
        finally:
            paused = self._clock.monotonic() - begun
            self._pace.pause(paused)
            self._marked += paused

    def _give_way(self) -> None:
        """Raises GaveWay when jobs wait in Stash's queue and this process had its minutes."""
        patience = float_arg(self._context.args, "giveWaySeconds", GIVE_WAY_AFTER_S, maximum=86_400.0)
        now = self._clock.monotonic()
        if self._context.settings.hold_queue or now < self._may_ask_at + patience:
            return
        self._may_ask_at = now
        if self._context.library.waiting_jobs():
            raise GaveWay("other jobs are waiting in Stash's queue")


def run_args(args: Mapping[str, object]) -> dict[str, str]:
    """The arguments that say what a run does, as text, lists with commas: two starts with equal ones are
    the same run."""
    return {
        key: ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in sorted(args.items())
        if key not in HOW_TO_RUN and value not in (None, "")
    }


def execute(context: Context, mode: str, work: Callable[[ActiveRun], None]) -> dict[str, Any]:
    """Settles what is open, resumes or begins a run of `mode`, does `work`, and returns the task's result.

    A cancelled run and one that gave way end without an error; a RunError is noted in the run's row and raised.
    """
    if context.exclusive:  # an operation leaves alone what a running task is about to do
        context.journal.settle()
    asked = str(context.args.get("resume") or "")
    run = _begin(context, mode, asked)
    if run is None:
        context.log.info("this run has come to its end already: nothing left to do")
        return {"runId": asked, "state": "finished"}
    context.bind_run(run.run_id)
    bind_errand(context, run_id=run.run_id)
    active = ActiveRun(context, run)
    try:
        work(active)
    except Cancelled as stopped:
        return _end(context, active, RunState.CANCELLED, str(stopped))
    except GaveWay as gave:
        return _queue_continuation(context, active, str(gave))
    except RunError as error:
        _note_failure(context, active, error)
        raise
    context.log.progress(1.0)
    return _end(context, active, RunState.FINISHED, "")


def _begin(context: Context, mode: str, asked: str) -> Run | None:
    store, args = context.store, run_args(context.args)
    left = store.runs.resumable(mode, args) if context.exclusive else None
    if left is not None and _of_another_model(context, left):
        with store.transaction():
            store.runs.end(left.run_id, RunState.FINISHED, context.clock.now(), "the engine was changed before its end")
        left = None
    if left is not None:
        with store.transaction():
            store.runs.resume(left.run_id, context.lease.token)
        context.log.info(
            f"resuming run {left.run_id}: {left.counts.get('seen', 0)} of {left.total or '?'} items are done"
        )
        return left
    if asked:
        return None
    with store.transaction():
        return store.runs.begin(secrets.token_hex(6), mode, args, context.clock.now(), context.lease.token)


def _of_another_model(context: Context, run: Run) -> bool:
    """Whether a run cannot go on because its first part was judged by another model."""
    pin = read_pin(context)
    return run.mode != "switchEngine" and pin is not None and run.model_id not in ("", pin.model_id)


def _end(context: Context, active: ActiveRun, state: RunState, message: str) -> dict[str, Any]:
    active.end(state, message)
    if state is not RunState.FINISHED:
        context.log.info(f"run {active.run_id} {state.value}: {message}")
    run = context.store.runs.get(active.run_id)
    engine, model_id = (run.engine, run.model_id) if run else ("", "")
    return {
        "runId": active.run_id,
        "mode": active.mode,
        "state": state.value,
        **active.counts,
        "seconds": round(active.active_seconds, 2),
        "engine": engine,
        "model": model_id,
        **({"message": message} if message else {}),
    }


def _note_failure(context: Context, active: ActiveRun, error: RunError) -> None:
    """Writes the reason into the run's row, if the store can still be written: the error itself matters more."""
    try:
        _end(context, active, RunState.FAILED, str(error))
    except RunError as second:
        context.log.debug(f"the failure could not be noted ({second})")


def _queue_continuation(context: Context, active: ActiveRun, message: str) -> dict[str, Any]:
    arguments = {**context.args, "mode": active.mode, "resume": active.run_id}
    job_id = context.library.run_plugin_task(
        context.plugin_id, None, arguments, description=f"Compreface: {active.mode} (continued)"
    )
    bind_errand(context, job_id=job_id)
    return _end(context, active, RunState.WAITING, message + "; the rest was queued behind them")
