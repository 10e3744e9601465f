"""Compares what stands in Stash with the truth: named rightly, wrongly, or missed. Pure; no I/O.

The names come from the items in Stash (what a user would see); similarity and reason of each face come from
the plugin. A missed person whose face was found is told with the reason the plugin gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.library import DemoImage


@dataclass(frozen=True, slots=True)
class SeenFace:
    """One face as the plugin reports it. `name` is the best candidate's, "" without one."""

    box: tuple[float, float, float, float]  # x_min, y_min, x_max, y_max in fractions of the upright picture
    verdict: str  # accept, review, unknown
    name: str
    similarity: float  # 0..1
    required: float  # 0..1, after the correction for the number of people
    quality: float
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One item: its truth, what Stash says now, and the difference."""

    image: DemoImage
    named: tuple[str, ...]  # performers on the item in Stash
    tags: tuple[str, ...]
    faces: tuple[SeenFace, ...]
    error: str = ""

    @property
    def right(self) -> tuple[str, ...]:
        return tuple(name for name in self.image.people if name in self.named)

    @property
    def wrong(self) -> tuple[str, ...]:
        return tuple(name for name in self.named if name not in self.image.people)

    @property
    def missed(self) -> tuple[str, ...]:
        return tuple(name for name in self.image.people if name not in self.named)

    def face_of(self, name: str) -> SeenFace | None:
        """The face accepted or proposed as `name`, the likeliest first; None when no face was held for them."""
        mine = [face for face in self.faces if face.name == name and face.verdict != "unknown"]
        return max(mine, key=lambda face: (face.verdict == "accept", face.similarity), default=None)

    def why_missed(self, name: str) -> str:
        """One short clause for the table."""
        if self.face_of(name) is not None:
            return "proposed for review"
        nearest = [face for face in self.faces if face.name == name]
        return nearest[0].reason or "not sure enough" if nearest else "no face found"


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over all items; people on pictures, not pictures."""

    items: int = 0
    faces: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    strangers_named: int = 0
    incomplete_groups: tuple[str, ...] = field(default_factory=tuple)

    @property
    def good(self) -> bool:
        """Nobody named wrongly, and everybody in the groups named."""
        return self.wrong == 0 and not self.incomplete_groups


def summarise(judged: Sequence[Judged]) -> Summary:
    return Summary(
        items=len(judged),
        faces=sum(len(item.faces) for item in judged),
        right=sum(len(item.right) for item in judged),
        wrong=sum(len(item.wrong) for item in judged),
        missed=sum(len(item.missed) for item in judged),
        strangers_named=sum(len(item.wrong) for item in judged if not item.image.people),
        incomplete_groups=tuple(i.image.title for i in judged if i.image.kind == "group" and i.missed),
    )
