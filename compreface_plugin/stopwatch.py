"""One stopwatch for a process: started and stopped where work is done, in any thread; a run takes its laps.

It measures wall time. A step that several threads are at is counted once as long as one of them is: what is added up
is the time in which the step was going on. Starting and stopping costs a few microseconds, so it stands round pictures,
requests and batches, never round single comparisons.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from compreface_plugin.domain.worked import Spent, Step

P = ParamSpec("P")
ResultT = TypeVar("ResultT")
ItemT = TypeVar("ItemT")
_END = object()


@dataclass(slots=True)
class _Dial:
    going: int = 0  # threads that are at it
    since: float = 0.0
    seconds: float = 0.0

    def begin(self, now: float) -> None:
        if self.going == 0:
            self.since = now
        self.going += 1

    def end(self, now: float) -> None:
        self.going -= 1
        if self.going == 0:
            self.seconds += now - self.since

    def take(self, now: float) -> float:
        """What was added up so far; what is going on goes on from `now`."""
        taken = self.seconds + (now - self.since if self.going else 0.0)
        self.seconds, self.since = 0.0, now
        return taken


@dataclass(frozen=True, slots=True)
class Lap:
    """What was spent since the lap before. `busy`: seconds in which any step but a pause was going on."""

    steps: dict[str, Spent]
    busy: float


class Stopwatch:
    """Any thread may call. Steps may be nested; each is counted for itself."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._lock = threading.Lock()
        self._dials: dict[Step, _Dial] = {}
        self._things: dict[Step, int] = {}
        self._any = _Dial()

    @contextmanager
    def of(self, step: Step, things: int = 1) -> Iterator[None]:
        """Measures what stands in the `with`; `things` count from the start, however it ends."""
        self._turn(step, _Dial.begin, things)
        try:
            yield
        finally:
            self._turn(step, _Dial.end, 0)

    def timed(self, step: Step, call: Callable[P, ResultT], things: int = 1) -> Callable[P, ResultT]:
        """`call`, measured."""

        def measured(*args: P.args, **kwargs: P.kwargs) -> ResultT:
            with self.of(step, things):
                return call(*args, **kwargs)

        return measured

    def each(self, step: Step, items: Iterable[ItemT]) -> Iterator[ItemT]:
        """The same items; the time it takes to get them is measured, not what is done with them."""
        iterator = iter(items)
        while True:
            with self.of(step, things=0):
                item = next(iterator, _END)
            if item is _END:
                return
            with self._lock:
                self._things[step] = self._things.get(step, 0) + 1
            yield item  # type: ignore[misc]  # not the end, so an item

    def lap(self) -> Lap:
        """What was spent since the last lap. What is going on is divided between this lap and the next."""
        with self._lock:
            now = self._now()
            seconds = {step: dial.take(now) for step, dial in self._dials.items()}
            things, self._things = self._things, {}
            spent = {step.value: Spent(took, things.get(step, 0)) for step, took in seconds.items()}
            return Lap({name: each for name, each in spent.items() if each != Spent()}, self._any.take(now))

    def _turn(self, step: Step, how: Callable[[_Dial, float], None], things: int) -> None:
        with self._lock:
            now = self._now()
            how(self._dials.setdefault(step, _Dial()), now)
            if step is not Step.PAUSE:
                how(self._any, now)
            if things:
                self._things[step] = self._things.get(step, 0) + things
