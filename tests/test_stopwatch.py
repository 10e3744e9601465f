"""What a run spends its time on, also where threads work side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from compreface_plugin.domain.worked import Spent, Step, Worked, together
from compreface_plugin.stopwatch import Stopwatch


@dataclass
class Hand:
    """A clock that stands until it is turned."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


def test_steps_are_measured_each_for_itself_and_a_pause_is_no_work() -> None:
    hand = Hand()
    watch = Stopwatch(hand)
    with watch.of(Step.STORE, things=20):
        hand.turn(1.0)
        with watch.of(Step.MATCH, things=3):  # nested: both go on
            hand.turn(0.5)
    hand.turn(0.25)  # nobody's
    with watch.of(Step.PAUSE):
        hand.turn(10.0)
    lap = watch.lap()
    assert lap.steps == {"store": Spent(1.5, 20), "match": Spent(0.5, 3), "pause": Spent(10.0, 1)}
    assert lap.busy == 1.5
    assert watch.lap().steps == {}


def test_a_lap_divides_what_is_going_on() -> None:
    hand = Hand()
    watch = Stopwatch(hand)
    with watch.of(Step.STORE):
        hand.turn(2.0)
        assert watch.lap().steps == {"store": Spent(2.0, 1)}
        hand.turn(1.0)
    lap = watch.lap()
    assert (lap.steps, lap.busy) == ({"store": Spent(1.0, 0)}, 1.0)


def test_what_several_threads_do_at_once_counts_once() -> None:
    hand = Hand()
    watch = Stopwatch(hand)
    begun, on = threading.Barrier(3), threading.Barrier(3)

    def look() -> None:
        begun.wait(10)
        on.wait(10)

    looked = watch.timed(Step.DETECT, look)
    threads = [threading.Thread(target=looked) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait(10)  # both are at it
    hand.turn(3.0)
    on.wait(10)
    for thread in threads:
        thread.join(10)
    lap = watch.lap()
    assert (lap.steps, lap.busy) == ({"detect": Spent(3.0, 2)}, 3.0)


def test_of_an_iterator_the_waiting_is_measured_and_an_error_ends_it() -> None:
    hand = Hand()
    watch = Stopwatch(hand)

    def frames() -> Iterator[int]:
        for number in range(3):
            hand.turn(1.0)
            yield number
        raise ValueError("the film is broken")

    waited = watch.each(Step.FRAMES, frames())
    for _ in range(3):
        next(waited)
        hand.turn(5.0)  # what is done with them is another step
    with pytest.raises(ValueError, match="broken"):
        next(waited)
    lap = watch.lap()
    assert lap.steps == {"frames": Spent(3.0, 3)}
    with watch.of(Step.FRAMES):
        hand.turn(1.0)
    assert watch.lap().busy == 1.0  # nothing was left going


def test_runs_are_added_up() -> None:
    first = Worked(1, 10.0, {"finished": 1}, {"seen": 30, "unknown": -2}, {"failed refused": 1}, {"open": Spent(2, 30)})
    second = Worked(1, 5.0, {"failed": 1}, {"seen": 15}, {}, {"open": Spent(1, 15), "store": Spent(0.5, 15)})
    total = first + second
    assert (total.runs, total.seconds, total.states) == (2, 15.0, {"finished": 1, "failed": 1})
    assert (total.counts, total.reasons) == ({"seen": 45, "unknown": -2}, {"failed refused": 1})
    assert total.steps == {"open": Spent(3, 45), "store": Spent(0.5, 15)}
    assert total.rate("seen") == 3.0
    assert Worked().rate("seen") is None
    assert together({}, {}) == {}
