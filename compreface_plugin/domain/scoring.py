"""From cosines to normal deviates: the arithmetic between a template and a verdict, plain or normalised.

Both ways are linear in the cosine for a given probe and person, so a search needs one matrix product.
`approximate` serves the search (float32, matrix product); `exact` serves the verdict (float64, one order of
summation, so that a result does not depend on what it was batched with).

Averaging m pictures narrows what strangers score; the *person score* undoes that, so that one threshold fits one
picture and ten: `centre + (mean cosine - centre) / sqrt(1 - narrowing * (1 - n^2))`, n the length of the mean of
the person's embeddings. Normalisation is AS-norm (Matejka et al., Interspeech 2017) with the statistics of each
probe and person drawn towards those of the cohort itself; measured in docs/thresholds.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compreface_plugin.domain.errors import EmbeddingMismatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from compreface_plugin.domain.cohort import Cohort
    from compreface_plugin.domain.faces import Float32
    from compreface_plugin.domain.gallery import Gallery
    from compreface_plugin.domain.operating_points import Normalisation, OperatingPoint

Float64 = NDArray[np.float64]

_TEMPLATE_BLOCK = 4096
_LEAST_VARIANCE = 0.3  # pictures that contradict each other do not make a person's score explode
_LEAST_SPREAD = 1e-4  # a cohort of one point would divide by zero


class Scorer:
    """Deviates of probes against the people of one gallery. Holds a few numbers per person beside the gallery."""

    def __init__(self, point: OperatingPoint, gallery: Gallery, cohort: Cohort | None) -> None:
        self._templates = gallery.templates
        variance = np.maximum(_LEAST_VARIANCE, 1.0 - point.narrowing * (1.0 - gallery.concentration**2))
        self._stretch = gallery.concentration / np.sqrt(variance)  # person score = stretch * cosine + shift
        self._shift = point.centre * (1.0 - 1.0 / np.sqrt(variance))
        rule = _usable(point, gallery, cohort)
        self._norm = CohortNorm.of(rule, cohort) if rule is not None and cohort is not None else None
        if self._norm is not None and cohort is not None:
            mean, spread = self._person_statistics(gallery, cohort, self._norm)
            self._gain, self._offset = self._norm.half_line(mean, spread)
            self._offset += self._norm.rule.tail.intercept
        else:
            self._gain = np.full(gallery.people, point.plain.slope)
            self._offset = np.full(gallery.people, point.plain.intercept)

    @property
    def normalised(self) -> bool:
        return self._norm is not None

    def exact(self, probe: Float32, people: NDArray[np.int64], line: Float64 | None = None) -> Float64:
        """Deviates (K,) of one probe (D,) against these people. `line`: its row of `lines`, where it is known."""
        products = self._templates[people].astype(np.float64) * probe.astype(np.float64)
        score = products.sum(axis=1) * self._stretch[people] + self._shift[people]
        gain, offset = self.lines(probe[None, :])[0] if line is None else line
        return np.asarray(score * (self._gain[people] + gain) + self._offset[people] + offset)

    def approximate(self, probes: Float32, lines: Float64) -> Callable[[int, int, Float32], Float32]:
        """A function of (start, stop, buffer) that fills the buffer (stop - start, P) with float32 deviates.

        `lines`: those of the probes, from `lines`.
        """
        lines32 = lines.astype(np.float32)
        stretch, shift, gain, offset = (
            column.astype(np.float32)[:, None] for column in (self._stretch, self._shift, self._gain, self._offset)
        )
        if not self.normalised:  # every probe the same line: one product, one sum
            shift, stretch = shift * gain + offset, stretch * gain
        columns = np.ascontiguousarray(probes.T)

        def block(start: int, stop: int, buffer: Float32) -> Float32:
            np.matmul(self._templates[start:stop], columns, out=buffer)
            buffer *= stretch[start:stop]
            buffer += shift[start:stop]
            if self.normalised:
                buffer *= gain[start:stop] + lines32[:, 0]
                buffer += offset[start:stop] + lines32[:, 1]
            return buffer

        return block

    def lines(self, probes: Float32) -> Float64:
        """What the cohort statistics of each probe add to gain and offset (P, 2); zeros for plain scores.

        The products are made probe by probe, so that a probe's line does not depend on what it is asked with.
        """
        if self._norm is None or not len(probes):
            return np.zeros((len(probes), 2))
        rows = np.stack([self._norm.rows @ probe for probe in probes])
        return np.stack(self._norm.half_line(*self._norm.statistics(rows)), axis=1)

    def _person_statistics(self, gallery: Gallery, cohort: Cohort, norm: CohortNorm) -> tuple[Float64, Float64]:
        """Mean and spread, (M,) each, of the cohort's person scores; entries of the person itself left out."""
        entries: dict[str, list[int]] = {}
        for row, person_id in enumerate(cohort.person_ids):
            if person_id:
                entries.setdefault(person_id, []).append(row)
        means, spreads = np.empty(gallery.people), np.empty(gallery.people)
        for start in range(0, gallery.people, _TEMPLATE_BLOCK):
            stop = min(start + _TEMPLATE_BLOCK, gallery.people)
            scores = self._templates[start:stop] @ norm.rows.T
            scores *= self._stretch[start:stop, None].astype(np.float32)
            scores += self._shift[start:stop, None].astype(np.float32)
            for person in range(start, stop):
                own = entries.get(gallery.performer_ids[person])
                if own is not None:
                    scores[person - start, own] = -1.0
            means[start:stop], spreads[start:stop] = norm.statistics(scores)
        return means, spreads


@dataclass(frozen=True, slots=True, eq=False)
class CohortNorm:
    """A cohort made ready: its rows, and the statistics its own members have among each other."""

    rule: Normalisation
    rows: Float32  # (C, D)
    mean: float
    log_spread: float

    @classmethod
    def of(cls, rule: Normalisation, cohort: Cohort) -> CohortNorm:
        rows = cohort.embeddings
        among = rows @ rows.T
        np.fill_diagonal(among, -1.0)
        means, spreads = _nearest(among, rule)
        return cls(rule, rows, float(np.median(means)), float(np.log(np.median(spreads))))

    def statistics(self, scores: Float32) -> tuple[Float64, Float64]:
        """Mean and spread (n,) of scores (n, C) against the cohort, drawn towards the cohort's own."""
        means, spreads = _nearest(scores, self.rule)
        keep = 1.0 - self.rule.shrinkage
        return (
            keep * means + self.rule.shrinkage * self.mean,
            np.exp(keep * np.log(spreads) + self.rule.shrinkage * self.log_spread),
        )

    def half_line(self, mean: Float64, spread: Float64) -> tuple[Float64, Float64]:
        """Gain and offset of the half of a deviate that one side, person or probe, brings (without intercept)."""
        small_sample = 1.0 - self.rule.small_sample / len(self.rows)
        gain = 0.5 * small_sample * self.rule.tail.slope / spread
        return gain, -mean * gain


def _usable(point: OperatingPoint, gallery: Gallery, cohort: Cohort | None) -> Normalisation | None:
    """The normalisation to use, or None: no cohort, too small a one, or a model that does not need it."""
    if cohort is None or len(cohort) == 0:
        return None
    if cohort.model_id != gallery.model_id or (gallery.people and cohort.embeddings.shape[1] != gallery.dimensions):
        raise EmbeddingMismatch(
            f"the cohort is of {cohort.model_id}, the gallery of {gallery.model_id}: "
            "they must come from one model, make a new cohort"
        )
    rule = point.normalisation
    return rule if rule is not None and len(cohort) >= rule.min_cohort else None


def _nearest(scores: Float32, rule: Normalisation) -> tuple[Float64, Float64]:
    """Mean and standard deviation of the nearest share of each row (n, C).

    Scores at or above `rule.exclude_at` are left out: the entry may be the same person.
    """
    size = scores.shape[1]
    count = min(size, max(2, round(rule.top_share * size)))
    others = np.where(scores >= rule.exclude_at, np.float32(-1.0), scores)
    nearest = np.partition(others, size - count, axis=1)[:, size - count :]
    nearest = np.sort(nearest, axis=1).astype(np.float64)  # sorted: sums do not depend on the partition
    return nearest.mean(axis=1), np.maximum(nearest.std(axis=1), _LEAST_SPREAD)
