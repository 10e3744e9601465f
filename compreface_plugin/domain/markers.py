"""Markers at the times somebody appears in a scene: which are wanted, which stand for them already. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compreface_plugin.domain.records import Change

MARKERS = "markers"  # the field of a change: markers are journalled like the other lists of a scene
MARKER_TAG = "Compreface Appearance"  # the primary tag that Stash wants of every marker


@dataclass(frozen=True, slots=True)
class Marker:
    """A performer from one moment of a scene to another, in seconds."""

    performer_id: str
    start_s: float
    end_s: float

    @property
    def text(self) -> str:
        """As the journal keeps it: the value of a change."""
        return f"{self.performer_id} {self.start_s:.3f} {self.end_s:.3f}"

    @classmethod
    def of(cls, text: str) -> Marker:
        """The marker that `text` stands for."""
        who, start, end = text.split(" ")
        return cls(who, float(start), float(end))

    def overlaps(self, other: Marker) -> bool:
        """Whether both show the same performer at the same time: other frames looked at move an appearance a little."""
        same = self.performer_id == other.performer_id
        return same and self.start_s <= other.end_s and other.start_s <= self.end_s


def performer_of(change: Change) -> str:
    """The performer that a change of an item is about; empty for tags."""
    if change.field == MARKERS:
        return Marker.of(change.value).performer_id
    return change.value if change.field == "performer_ids" else ""


def missing(wanted: Iterable[Marker], ours: Iterable[Marker]) -> list[Marker]:
    """Those of the wanted ones that no marker stands for which we made, be it still there or removed by somebody."""
    known = list(ours)
    return [each for each in wanted if not any(each.overlaps(other) for other in known)]


def unwanted(wanted: Iterable[Marker], ours: Iterable[Marker]) -> list[Marker]:
    """Those of ours whose performer is not accepted in the scene any more."""
    people = {each.performer_id for each in wanted}
    return [each for each in ours if each.performer_id not in people]


def united(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans that touch or overlap become one; ascending."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
