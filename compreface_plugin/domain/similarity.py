"""The one number people see: similarity in 0..1 on CompreFace's scale, and the cosine behind it.

Formula (CompreFace 1.2, `1 / (1 + exp(-2 c1 (c0 - d)))`, d the Euclidean distance of two unit vectors): a server
brings its own coefficients; local models get coefficients fitted so that the default thresholds mean a stated
error (`operating_points.py`, docs/thresholds.md). Cosine and similarity are different types on purpose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NewType, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from compreface_plugin.domain.errors import SettingsError

Cosine = NewType("Cosine", float)  # -1..1, higher is closer
Similarity = NewType("Similarity", float)  # 0..1 on CompreFace's scale, higher is closer

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SimilarityScale:
    """CompreFace's `similarity_coefficients` of one model. `c0`: distance at similarity 0.5; `c1` > 0: steepness."""

    c0: float
    c1: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.c0) and math.isfinite(self.c1) and self.c1 > 0):
            raise SettingsError(f"similarity coefficients must be finite with c1 > 0, not c0={self.c0}, c1={self.c1}")

    @classmethod
    def through(cls, first: tuple[Cosine, Similarity], second: tuple[Cosine, Similarity]) -> SimilarityScale:
        """The scale that gives each cosine its similarity. The two points must differ in the same direction."""
        (cos_a, sim_a), (cos_b, sim_b) = first, second
        distance_a, distance_b = _distance(cos_a), _distance(cos_b)
        if distance_a == distance_b:
            raise SettingsError("two different cosines are needed to fit a similarity scale")
        half_logit_a, half_logit_b = math.atanh(2.0 * sim_a - 1.0), math.atanh(2.0 * sim_b - 1.0)
        slope = (half_logit_a - half_logit_b) / (distance_b - distance_a)
        return cls(c0=distance_a + half_logit_a / slope, c1=slope)

    @overload
    def from_cosine(self, cosine: float) -> Similarity: ...
    @overload
    def from_cosine(self, cosine: Float64 | NDArray[np.float32]) -> Float64: ...
    def from_cosine(self, cosine: ArrayLike) -> Similarity | Float64:
        """Similarity of a cosine, or of an array of them. Rising; values outside -1..1 count as the nearest end."""
        distance = np.sqrt(2.0 - 2.0 * np.clip(np.asarray(cosine, np.float64), -1.0, 1.0))
        similarity = (np.tanh((self.c0 - distance) * self.c1) + 1.0) / 2.0
        return Similarity(float(similarity)) if np.ndim(cosine) == 0 else np.asarray(similarity, np.float64)

    def to_cosine(self, similarity: float) -> Cosine:
        """The cosine that has this similarity.

        0 and below give -1, 1 and above give 1; what no cosine reaches (the scale ends a little inside 0..1) gives
        the end it lies beyond.
        """
        if similarity <= 0.0:
            return Cosine(-1.0)
        if similarity >= 1.0:
            return Cosine(1.0)
        distance = self.c0 - math.atanh(2.0 * similarity - 1.0) / self.c1
        distance = min(2.0, max(0.0, distance))
        return Cosine(1.0 - distance * distance / 2.0)


def _distance(cosine: float) -> float:
    """Euclidean distance of two unit vectors with this cosine."""
    return math.sqrt(max(0.0, 2.0 - 2.0 * cosine))
