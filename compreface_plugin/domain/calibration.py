"""What thresholds mean in one's own library: scores of faces whose person is known, and the errors they make. Pure.

A known face's score against its own person's other examples says what a threshold would find; its score against the
nearest *other* person says what a stranger who looks like this would reach, and so which wrong names it would get.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compreface_plugin.domain.expectation import corrected_similarity, expected_wrong

if TYPE_CHECKING:
    from compreface_plugin.domain.leave_out import HeldOut
    from compreface_plugin.domain.operating_points import OperatingPoint

ENOUGH_FACES = 50
"""Faces of known people below which no curve is drawn: one of them would be 2 %."""
ENOUGH_WRONG = 5  # faces above a threshold before its rate of wrong names is called measured and not guessed
_BINS = 50

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a threshold does, as a value of the setting minSimilarity. None: too few faces to say."""

    threshold: float
    required: float  # after the correction for the number of performers
    wrong_per_1000: float | None  # strangers' faces, of 1,000, that would be given a name
    recall: float | None  # share of the known people's faces that would be found, 0..1
    expected_wrong_per_1000: float  # by the model's own figures, not by this library


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Similarities 0..1, sorted upwards, of the faces of one source. The margin to the next person is left out."""

    point: OperatingPoint
    people: int  # enrolled
    same: Float64  # (G,) to the own person's other examples
    other: Float64  # (I,) to the nearest other person

    @classmethod
    def of(cls, point: OperatingPoint, people: int, scores: HeldOut, rows: NDArray[np.int64]) -> Curve:
        """Of the faces in `rows` (R,), R may be 0."""
        return cls(point, people, _similarities(point, scores.own[rows]), _similarities(point, scores.other[rows]))

    @property
    def enough(self) -> bool:
        return len(self.other) >= ENOUGH_FACES

    @property
    def measured_down_to(self) -> float | None:
        """The fewest wrong names per 1,000 that so many faces can tell; None without enough faces."""
        return 1000.0 * ENOUGH_WRONG / len(self.other) if self.enough else None

    def at(self, threshold: float) -> Reading:
        """`threshold`: a value of minSimilarity, 0..1."""
        required = corrected_similarity(self.point, threshold, self.people)
        wrong, found = _share(self.other, required), _share(self.same, required)
        return Reading(
            threshold=threshold,
            required=required,
            wrong_per_1000=1000.0 * wrong if self.enough and wrong is not None else None,
            recall=found if self.enough else None,
            expected_wrong_per_1000=expected_wrong(self.point, required, self.people),
        )

    def threshold_for(self, wrong_per_1000: float) -> tuple[Reading, bool] | None:
        """The lowest threshold, in thousandths, with at most so many wrong names per 1,000 faces, and whether enough
        faces lie above it to call that measured. None without enough faces, or where no threshold is strict enough.
        """
        if not self.enough:
            return None
        thresholds = np.arange(1, 1000) / 1000.0
        allowed = wrong_per_1000 / 1000.0
        low, high = 0, len(thresholds)  # the share of wrong names falls with the threshold
        while low < high:
            middle = (low + high) // 2
            wrong = _share(self.other, corrected_similarity(self.point, float(thresholds[middle]), self.people)) or 0.0
            low, high = (low, middle) if wrong <= allowed else (middle + 1, high)
        if low == len(thresholds):
            return None
        return self.at(float(thresholds[low])), allowed * len(self.other) >= ENOUGH_WRONG

    def histogram(self) -> tuple[list[int], list[int]]:
        """Faces per fiftieth of the similarity, from 0 to 1: (same person, nearest other person)."""
        same, other = (np.histogram(scores, bins=_BINS, range=(0.0, 1.0))[0] for scores in (self.same, self.other))
        return [int(n) for n in same], [int(n) for n in other]


def _similarities(point: OperatingPoint, deviates: Float64) -> Float64:
    known = deviates[~np.isnan(deviates)]
    scores = (known - point.plain.intercept) / point.plain.slope
    return np.sort(point.similarity_scale().from_cosine(np.asarray(scores, np.float64)))


def _share(scores: Float64, similarity: float) -> float | None:
    """Of sorted scores, how many reach a similarity."""
    return float(len(scores) - np.searchsorted(scores, similarity)) / len(scores) if len(scores) else None
