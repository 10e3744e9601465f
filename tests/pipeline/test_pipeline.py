"""Small pure parts of a run: groups of pictures, pace, bulk patches, what makes two starts the same run."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from compreface_plugin.domain.errors import Cancelled, ItemError, UndecodableMedia
from compreface_plugin.domain.faces import DetectionLimits, EngineInfo, Picture
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op
from compreface_plugin.pipeline.journal import group
from compreface_plugin.pipeline.look import GROUP_ITEMS, groups, look_at
from compreface_plugin.pipeline.pace import Pace, clock_text
from compreface_plugin.pipeline.run import run_args

LIMITS = DetectionLimits(40.0)


class Never:
    """A cancel token that is asked to stop after so many questions."""

    def __init__(self, after: int = 10**9) -> None:
        self.left = after

    def raise_if_cancelled(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled("asked to")

    def wait(self, seconds: float) -> None:
        self.raise_if_cancelled()


class Mirror:
    """An engine that sees nothing and remembers how it was called."""

    info = EngineInfo("local", "mirror", "mirror@0", "mirror", 4, "cpu")

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def look(self, pictures: Sequence[Picture], limits: DetectionLimits) -> list[list[object] | ItemError]:
        self.calls.append([picture.source for picture in pictures])
        return [[] for _ in pictures]

    def close(self) -> None:
        return


def picture(name: str) -> Picture:
    return Picture(np.zeros((4, 4, 3), np.uint8), 4, 4, name)


def test_groups_hold_both_limits_and_large_pictures_go_alone() -> None:
    assert groups([], float) == []
    assert [len(each) for each in groups([0.1] * (2 * GROUP_ITEMS + 1), float)] == [GROUP_ITEMS, GROUP_ITEMS, 1]
    assert groups([20.0, 100.0, 3.0], float) == [[20.0], [100.0], [3.0]]


def test_outcomes_come_in_order_and_a_bad_picture_concerns_itself_alone() -> None:
    def load(name: str) -> Picture:
        if name == "bad":
            raise UndecodableMedia("bad: broken")
        return picture(name)

    engine = Mirror()
    names = ["a", "bad", "b", *map(str, range(GROUP_ITEMS))]
    looked = list(look_at(names, load, engine, LIMITS, Never(), lambda _: 0.1))  # type: ignore[arg-type]
    assert [name for name, _ in looked] == names
    assert [name for name, outcome in looked if isinstance(outcome, ItemError)] == ["bad"]
    assert [name for call in engine.calls for name in call] == [name for name in names if name != "bad"]


def test_a_stop_ends_between_two_groups_and_leaves_no_thread() -> None:
    before = threading.active_count()
    names = [str(number) for number in range(3 * GROUP_ITEMS)]
    seen: list[str] = []
    looked = look_at(names, picture, Mirror(), LIMITS, Never(2), lambda _: 0.1)  # type: ignore[arg-type]

    def collect() -> None:
        for name, _ in looked:
            seen.append(name)  # what came before the stop is the point

    with pytest.raises(Cancelled):
        collect()
    assert seen == names[: 2 * GROUP_ITEMS]
    assert threading.active_count() == before


def test_the_time_left_follows_the_last_batches() -> None:
    pace = Pace()
    assert pace.seconds_for(100) is None
    for _ in range(50):
        pace.batch(10, 100.0)  # a slow past ...
    for _ in range(10):
        pace.batch(10, 1.0)  # ... does not matter any more
    assert pace.seconds_for(100) == pytest.approx(10.0)
    pace.pause(9.0)
    assert pace.seconds_for(100) == pytest.approx(19.0)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (7.4, "0:07"), (750, "12:30"), (11100, "3:05:00")])
def test_times_for_people(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_the_same_value_in_the_same_list_becomes_one_bulk_patch() -> None:
    changes = [
        Change("r", Kind.IMAGE, "1", "tag_ids", Op.ADD, "9"),
        Change("r", Kind.IMAGE, "2", "performer_ids", Op.ADD, "5"),
        Change("r", Kind.IMAGE, "3", "tag_ids", Op.ADD, "9"),
        Change("r", Kind.IMAGE, "4", "tag_ids", Op.ADD, "9", ChangeState.UNDOING),
    ]
    patches = [(patch.ids, patch.field, patch.mode, patch.values) for patch, _ in group(changes)]
    assert patches == [
        (("1", "3"), "tag_ids", "ADD", ("9",)),
        (("2",), "performer_ids", "ADD", ("5",)),
        (("4",), "tag_ids", "REMOVE", ("9",)),
    ]


def test_how_a_run_is_made_does_not_make_it_another_run() -> None:
    assert run_args({"mode": "x", "limit": 5, "maxBatchSize": 3, "resume": "r", "empty": ""}) == {"limit": "5"}
    assert run_args({"limit": "5"}) == run_args({"limit": 5})
