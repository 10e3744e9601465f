"""Which markers a scene lacks, and which of ours nothing bears out any more."""

from __future__ import annotations

from compreface_plugin.domain.markers import Marker, missing, performer_of, united, unwanted
from compreface_plugin.domain.records import Change, Kind, Op

ANN = Marker("4", 2.1, 7.0)


def test_the_journal_gives_back_what_it_was_given() -> None:
    odd = Marker("12", 0.1 + 0.2, 1e4 / 3)
    assert Marker.of(odd.text) == Marker("12", 0.3, 3333.333)
    assert Marker.of(ANN.text) == ANN


def test_an_appearance_that_moved_a_little_is_the_same_one() -> None:
    wanted = [Marker("4", 2.6, 6.5), Marker("4", 7.001, 9.0), Marker("5", 2.1, 7.0)]
    assert missing(wanted, [ANN]) == wanted[1:]
    assert missing(wanted, []) == wanted
    assert missing([], [ANN]) == []


def test_markers_go_with_their_performer_alone() -> None:
    other = Marker("5", 2.1, 7.0)
    assert unwanted([Marker("4", 100.0, 101.0)], [ANN, other]) == [other]


def test_a_change_tells_its_performer() -> None:
    def change(field: str, value: str) -> Change:
        return Change("run", Kind.SCENE, "7", field, Op.ADD, value)

    assert performer_of(change("markers", ANN.text)) == "4"
    assert performer_of(change("performer_ids", "9")) == "9"
    assert performer_of(change("tag_ids", "9")) == ""


def test_times_that_touch_are_one() -> None:
    assert united([(5.0, 6.0), (0.0, 2.0), (2.0, 3.0), (5.5, 5.6)]) == [(0.0, 3.0), (5.0, 6.0)]
    assert united([]) == []
