"""Who is it? Exact open-set search of probes in a gallery, and the verdict: accept, review or unknown. Pure.

Every comparison of a probe with a person becomes a normal deviate: the false match rate it stands for, plain or
normalised by a cohort. Thresholds, gallery correction and the similarity shown all follow from that one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compreface_plugin.domain.errors import EmbeddingMismatch
from compreface_plugin.domain.gallery import Gallery, unit_rows
from compreface_plugin.domain.operating_points import REFERENCE_PEOPLE, OperatingPoint, deviate_of, rate_of
from compreface_plugin.domain.scoring import Scorer
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.domain.similarity import Similarity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compreface_plugin.domain.cohort import Cohort
    from compreface_plugin.domain.faces import Float32

__all__ = ["Candidate", "FaceMatch", "Gallery", "Matcher", "Verdict"]

_PROBE_BLOCK = 64
_GALLERY_BLOCK = 4096  # its scores (1 MB for a block of probes) stay in the cache
_SPARE = 8  # people kept beyond top_k while searching in float32; the final ranking is in float64

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class Verdict(Enum):
    """What is done with a face."""

    ACCEPT = "accept"  # written by itself
    REVIEW = "review"  # proposed
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person the face may be. `example_index` is the row (as given to Gallery.build) that looks most alike."""

    performer_id: str  # "" when the subject has no performer yet
    subject_id: int  # of that example
    example_index: int
    similarity: Similarity


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """The verdict on one face. All similarities are on the scale of the settings."""

    verdict: Verdict
    candidates: tuple[Candidate, ...]  # best first, each person once; empty for an empty gallery
    required: Similarity  # to be accepted, after the correction for gallery size
    required_for_review: Similarity
    margin: float | None  # lead over the best other person, in normal deviates; None without another
    reason: str  # why it was not accepted, "" when it was

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None


class Matcher:
    """Frozen for a run: gallery, cohort and thresholds. Memory beyond them is bounded, whatever is asked.

    The same probe gives the same result whatever it is batched with. `min_similarity` and `review_similarity`
    are the values before the correction for gallery size; `required` and `required_for_review`, those after it, are
    what it takes to be accepted and to be proposed. Raises EmbeddingMismatch when gallery and cohort are of two models.
    """

    def __init__(
        self,
        point: OperatingPoint,
        gallery: Gallery,
        cohort: Cohort | None = None,
        min_similarity: float = 0.89,
        review_similarity: float = 0.75,
        top_k: int = 5,
    ) -> None:
        self._point = point
        self._gallery = gallery
        self._top_k = max(1, top_k)
        self._scale = point.similarity_scale()
        self._scorer = Scorer(point, gallery, cohort)
        self._accept_deviate = self._corrected(min_similarity)
        self._review_deviate = min(self._accept_deviate, self._corrected(review_similarity))
        self.required, self.required_for_review = self._similarities([self._accept_deviate, self._review_deviate])

    @property
    def normalised(self) -> bool:
        """Whether scores are normalised by the cohort (it may be too small, or the model not need it)."""
        return self._scorer.normalised

    def match(self, probes: Float32) -> list[FaceMatch]:
        """`probes` (P, D), P may be 0: one FaceMatch per row, in order.

        Raises EmbeddingMismatch when D is not the gallery's (embeddings of two models would be compared) or a row
        is no embedding.
        """
        rows = np.atleast_2d(np.asarray(probes, np.float32))
        if rows.size == 0:
            return []
        if rows.shape[1] != self._gallery.dimensions and self._gallery.people:
            raise EmbeddingMismatch(
                f"probes have {rows.shape[1]} dimensions, the gallery of {self._gallery.model_id} has "
                f"{self._gallery.dimensions}: they come from two models"
            )
        rows = unit_rows(rows, f"what is asked of {self._gallery.model_id}")
        found: list[FaceMatch] = []
        for start in range(0, len(rows), _PROBE_BLOCK):
            found.extend(self._match_block(rows[start : start + _PROBE_BLOCK]))
        return found

    def _match_block(self, probes: Float32) -> list[FaceMatch]:
        if self._gallery.people == 0:
            return [self._decide(probe, np.empty(0), np.empty(0, np.int64)) for probe in probes]
        answers = []
        lines = self._scorer.lines(probes)
        for probe, line, people in zip(probes, lines, self._shortlists(probes, lines), strict=True):
            deviates = self._scorer.exact(probe, people, line)
            ranking = np.lexsort((people, -deviates))[: max(2, self._top_k)]
            answers.append(self._decide(probe, deviates[ranking], people[ranking]))
        return answers

    def _shortlists(self, probes: Float32, lines: Float64) -> list[Int64]:
        """People worth an exact score, per probe: a superset of the best. Blocked, float32."""
        count = len(probes)
        wanted = min(self._gallery.people, max(2, self._top_k) + _SPARE)
        best = np.full((count, wanted), -np.inf, np.float32)
        people = np.zeros((count, wanted), np.int64)
        floor = best.min(axis=1)
        scores_of = self._scorer.approximate(probes, lines)
        buffer = np.empty((_GALLERY_BLOCK, count), np.float32)
        for start in range(0, self._gallery.people, _GALLERY_BLOCK):
            stop = min(start + _GALLERY_BLOCK, self._gallery.people)
            block = scores_of(start, stop, buffer[: stop - start])
            for i, rows in _above(block, floor, wanted):
                score = np.concatenate([best[i], block[rows, i]])
                person = np.concatenate([people[i], rows + start])
                kept = np.argpartition(score, len(score) - wanted)[-wanted:]
                best[i], people[i] = score[kept], person[kept]
                floor[i] = best[i].min()
        return list(people)

    def _decide(self, probe: Float32, deviates: Float64, people: Int64) -> FaceMatch:
        """`deviates` and `people`: the best people, best first, at least two where the gallery has two."""
        similarities = self._similarities(deviates[: self._top_k])
        shown = tuple(
            self._candidate(probe, int(person), similarity)
            for similarity, person in zip(similarities, people, strict=False)
        )
        margin = float(deviates[0] - deviates[1]) if len(deviates) > 1 else None
        verdict, reason = self._verdict(float(deviates[0]) if len(deviates) else None, margin)
        return FaceMatch(verdict, shown, self.required, self.required_for_review, margin, reason)

    def _verdict(self, best: float | None, margin: float | None) -> tuple[Verdict, str]:
        if best is None:
            return Verdict.UNKNOWN, sentence("reason.nobody")
        if best < self._review_deviate:
            return Verdict.UNKNOWN, sentence("reason.stranger")
        if best < self._accept_deviate:
            return Verdict.REVIEW, sentence("reason.below")
        if margin is not None and margin < self._point.margin:
            return Verdict.REVIEW, sentence("reason.ambiguous")
        return Verdict.ACCEPT, ""

    def _candidate(self, probe: Float32, person: int, similarity: Similarity) -> Candidate:
        examples = self._gallery.examples_of(person)
        best = 0
        if len(examples) > 1:
            best = int(np.argmax(np.round(self._gallery.embeddings[examples] @ probe, 5)))
        example = int(examples[best])
        return Candidate(
            performer_id=self._gallery.performer_ids[person],
            subject_id=int(self._gallery.subject_ids[example]),
            example_index=example,
            similarity=similarity,
        )

    def _corrected(self, similarity: float) -> float:
        """The deviate that gives as many false matches per face in this gallery as `similarity` in a small one."""
        deviate = self._point.plain.deviate(self._scale.to_cosine(similarity))
        if self._gallery.people <= REFERENCE_PEOPLE:
            return deviate
        return deviate_of(rate_of(deviate) * REFERENCE_PEOPLE / self._gallery.people)

    def _similarities(self, deviates: Sequence[float] | Float64) -> list[Similarity]:
        """Similarities at equal FMR, to the six decimals the service gives."""
        scores = np.array([self._point.plain.score(float(deviate)) for deviate in deviates], np.float64)
        return [Similarity(round(value, 6)) for value in self._scale.from_cosine(scores).tolist()]


def _above(block: Float32, floor: Float32, wanted: int) -> Iterator[tuple[int, Int64]]:
    """Per probe (column) with any: the rows of `block` (B, P) above its floor; the best `wanted` when many are."""
    rows, columns = np.nonzero(block > floor)
    if len(rows) > wanted * block.shape[1] and len(block) > wanted:  # the first blocks: nearly everybody
        rows = np.argpartition(block, len(block) - wanted, axis=0)[-wanted:].ravel()
        columns = np.tile(np.arange(block.shape[1]), wanted)
    order = np.argsort(columns, kind="stable")
    hit, first = np.unique(columns[order], return_index=True)
    yield from zip(hit.tolist(), np.split(rows[order], first[1:]), strict=True)
