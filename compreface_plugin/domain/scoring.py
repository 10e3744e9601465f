"""From cosines to normal deviates: the arithmetic between a template and a verdict, plain or cohort-normalised.

Both ways are linear in the cosine for a given probe and person, so a search needs one matrix product. `approximate`
serves the search (float32, matrix product); `exact` the verdict (float64, fixed order of summation, no dependence
on the batch).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from compreface_plugin.domain.cohort import Cohort
from compreface_plugin.domain.errors import EmbeddingMismatch
from compreface_plugin.domain.faces import Float32
from compreface_plugin.domain.gallery import Gallery
from compreface_plugin.domain.operating_points import Normalisation, OperatingPoint

_TEMPLATE_BLOCK = 4096
_LEAST_DEVIATION = 1e-4  # a cohort of one point would divide by zero

Float64 = NDArray[np.float64]


class Scorer:
    """Deviates of probes against the people of one gallery. Holds two numbers per person beside the gallery."""

    def __init__(self, point: OperatingPoint, gallery: Gallery, cohort: Cohort | None) -> None:
        self._gallery = gallery
        self._normalisation = _usable(point, gallery, cohort)
        self._cohort = cohort.embeddings if cohort is not None and self._normalisation is not None else None
        if self._normalisation is not None and cohort is not None:
            tail = self._normalisation.tail
            mean, spread = _person_statistics(gallery, cohort, self._normalisation)
            self._gain = 0.5 * tail.slope / spread
            self._offset = tail.intercept - mean * self._gain
        else:
            spread = np.sqrt(1.0 + point.spread * (1.0 - gallery.concentration**2))
            self._gain = point.plain.slope / spread
            self._offset = point.plain.deviate(point.centre) - point.centre * self._gain

    @property
    def normalised(self) -> bool:
        return self._normalisation is not None

    def exact(self, probe: Float32, people: NDArray[np.int64]) -> Float64:
        """Deviates (K,) of one probe (D,) against these people."""
        products = self._gallery.templates[people].astype(np.float64) * probe.astype(np.float64)
        gain, offset = self._probe_terms(probe)
        return np.asarray(products.sum(axis=1) * (self._gain[people] + gain) + self._offset[people] + offset)

    def approximate(self, probes: Float32) -> Callable[[int, int], Float32]:
        """A function of (start, stop) that gives float32 deviates (P, stop - start)."""
        terms = np.array([self._probe_terms(probe) for probe in probes], np.float64).reshape(-1, 2)
        probe_gain, probe_offset = terms[:, :1].astype(np.float32), terms[:, 1:].astype(np.float32)
        gain, offset = self._gain.astype(np.float32), self._offset.astype(np.float32)

        def block(start: int, stop: int) -> Float32:
            scores = probes @ self._gallery.templates[start:stop].T
            scores *= gain[start:stop] + probe_gain if self.normalised else gain[start:stop]
            scores += offset[start:stop]
            return np.asarray(scores + probe_offset if self.normalised else scores, np.float32)

        return block

    def _probe_terms(self, probe: Float32) -> tuple[float, float]:
        """What the probe's own cohort statistics add to gain and offset; zero for plain scores."""
        if self._normalisation is None or self._cohort is None:
            return 0.0, 0.0
        mean, spread = _statistics((self._cohort @ probe)[None, :], self._normalisation)
        gain = 0.5 * self._normalisation.tail.slope / float(spread[0])
        return gain, -float(mean[0]) * gain


def _usable(point: OperatingPoint, gallery: Gallery, cohort: Cohort | None) -> Normalisation | None:
    """The normalisation to use, or None: no cohort, too small a one, or a model that does not need it."""
    if cohort is None or len(cohort) == 0:
        return None
    if cohort.model_id != gallery.model_id or (gallery.people and cohort.embeddings.shape[1] != gallery.dimensions):
        raise EmbeddingMismatch(
            f"the cohort is of {cohort.model_id}, the gallery of {gallery.model_id}: they must come from one model"
        )
    rule = point.normalisation
    return rule if rule is not None and len(cohort) >= rule.min_cohort else None


def _person_statistics(gallery: Gallery, cohort: Cohort, rule: Normalisation) -> tuple[Float64, Float64]:
    """Mean and spread (M,), (M,) of every template's nearest cohort faces, its own person's left out."""
    entries: dict[str, list[int]] = {}
    for row, person_id in enumerate(cohort.person_ids):
        if person_id:
            entries.setdefault(person_id, []).append(row)
    means, spreads = np.empty(gallery.people), np.empty(gallery.people)
    for start in range(0, gallery.people, _TEMPLATE_BLOCK):
        stop = min(start + _TEMPLATE_BLOCK, gallery.people)
        scores = gallery.templates[start:stop] @ cohort.embeddings.T
        for person in range(start, stop):
            own = entries.get(gallery.performer_ids[person])
            if own is not None:
                scores[person - start, own] = -1.0
        means[start:stop], spreads[start:stop] = _statistics(scores, rule)
    return means, spreads


def _statistics(scores: Float32, rule: Normalisation) -> tuple[Float64, Float64]:
    """Mean and standard deviation of the nearest share of each row (n, C), the very nearest `drop` left out."""
    size = scores.shape[1]
    count = max(2, round(rule.top_share * size))
    nearest = -np.partition(-scores, (rule.drop, min(size - 1, rule.drop + count)), axis=1)
    nearest = np.sort(nearest[:, rule.drop : rule.drop + count].astype(np.float64), axis=1)
    return nearest.mean(axis=1), np.maximum(nearest.std(axis=1), _LEAST_DEVIATION)
