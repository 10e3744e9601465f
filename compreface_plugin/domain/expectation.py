"""What a similarity means in errors: how many strangers in a thousand would be given a wrong name. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from compreface_plugin.domain.operating_points import REFERENCE_PEOPLE, deviate_of

if TYPE_CHECKING:
    from compreface_plugin.domain.operating_points import OperatingPoint

FACES = 1000.0


def expected_wrong(point: OperatingPoint, similarity: float, people: int) -> float:
    """Faces of strangers, of 1,000, that reach `similarity` (0..1) with at least one of `people` enrolled ones.

    The false match rate per comparison, times the comparisons; as a probability, so never more than 1,000. `people` 0
    gives 0.
    """
    rate = point.plain.fmr(point.similarity_scale().to_cosine(similarity))
    if rate >= 1.0:
        return FACES if people else 0.0
    return -FACES * math.expm1(people * math.log1p(-rate))


def corrected_similarity(point: OperatingPoint, similarity: float, people: int) -> float:
    """The similarity that means in a gallery of `people` what `similarity` means in a small one, 0..1.

    The same correction as the matcher's: beyond REFERENCE_PEOPLE the rate allowed per comparison shrinks in proportion.
    """
    if people <= REFERENCE_PEOPLE:
        return similarity
    scale = point.similarity_scale()
    rate = point.plain.fmr(scale.to_cosine(similarity)) * REFERENCE_PEOPLE / people
    return float(scale.from_cosine(point.plain.score(deviate_of(rate))))
