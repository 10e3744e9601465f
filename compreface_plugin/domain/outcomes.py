"""What a run would do with a face whose person is known, by its scores. Pure; the matcher's rules."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from compreface_plugin.domain.expectation import corrected_similarity

if TYPE_CHECKING:
    from compreface_plugin.domain.operating_points import OperatingPoint


class Outcome(str, Enum):
    NAMED = "named"  # rightly
    PROPOSED = "proposed"  # with the right name first
    UNKNOWN = "unknown"
    ANOTHER_PROPOSED = "anotherProposed"  # somebody else is proposed
    ANOTHER_NAMED = "anotherNamed"  # somebody else's name would be written
    UNTESTED = "untested"  # it is the only example of its person: there is nothing to hold it against


@dataclass(frozen=True, slots=True)
class Rule:
    """Thresholds in normal deviates, corrected for the number of people."""

    accept: float
    review: float
    margin: float

    @classmethod
    def of(cls, point: OperatingPoint, people: int, min_similarity: float, review_similarity: float) -> Rule:
        scale = point.similarity_scale()
        accept, review = (
            point.plain.deviate(scale.to_cosine(corrected_similarity(point, similarity, people)))
            for similarity in (min_similarity, review_similarity)
        )
        return cls(accept, min(review, accept), point.margin)

    def outcome(self, own: float, other: float) -> Outcome:
        """`own`: deviate against the own person, `other`: against the nearest other; NaN where there is none."""
        if math.isnan(own):
            return Outcome.UNTESTED
        rival = -math.inf if math.isnan(other) else other
        best, lead = max(own, rival), abs(own - rival)
        if best < self.review:
            return Outcome.UNKNOWN
        sure = best >= self.accept and lead >= self.margin
        if own >= rival:
            return Outcome.NAMED if sure else Outcome.PROPOSED
        return Outcome.ANOTHER_NAMED if sure else Outcome.ANOTHER_PROPOSED
