"""How faces whose person is known score against the enrolled, each held out of its own person. Pure.

The arithmetic is the matcher's (person scores, cohort), so that what is counted here is what a run would do. A face
that is itself an example is held against the other examples of its person: a face always resembles itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compreface_plugin.domain.gallery import Gallery, unit_rows
from compreface_plugin.domain.scoring import Scorer

if TYPE_CHECKING:
    from compreface_plugin.domain.cohort import Cohort
    from compreface_plugin.domain.faces import Float32
    from compreface_plugin.domain.operating_points import OperatingPoint

_PROBES = 64
_PEOPLE = 4096  # as the matcher's blocks: their scores stay in the cache
MOST_HELD_OUT = 10
"""Examples of one person that are held out in turn, one gallery each; as many as a person learns by itself."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """The examples of one model, in columns; N may be 0."""

    embeddings: Float32  # (N, D), unit length
    subject_ids: tuple[int, ...]
    performer_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Faces whose performer is known; K may be 0. `example_rows`: the row of the example that a face is, or -1."""

    embeddings: Float32  # (K, D), unit length
    performer_ids: tuple[str, ...]
    example_rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """One row a face, as normal deviates (see operating_points)."""

    own: Float64  # (K,) against the own person's other examples; NaN without any
    other: Float64  # (K,) against the nearest other person; NaN without another
    other_ids: tuple[str, ...]  # who that is, "" without


def hold_out(model_id: str, point: OperatingPoint, enrolled: Enrolled, cohort: Cohort | None, known: Known) -> HeldOut:
    """Deviates of every known face. Memory is bounded by blocks; time grows with faces times people.

    Raises EmbeddingMismatch when the columns come from two models.
    """
    nothing = np.full(len(known.performer_ids), np.nan)
    if not len(known.performer_ids) or not len(enrolled.performer_ids):
        return HeldOut(nothing, nothing.copy(), ("",) * len(nothing))
    probes = unit_rows(np.asarray(known.embeddings, np.float32), f"what is asked of {model_id}")
    gallery = Gallery.build(model_id, enrolled.embeddings, enrolled.subject_ids, enrolled.performer_ids)
    own, other, rivals = _search(Scorer(point, gallery, cohort), gallery, probes, known.performer_ids)
    _without_themselves(own, model_id, point, enrolled, cohort, known, probes)
    return HeldOut(own, other, tuple(gallery.performer_ids[i] if i >= 0 else "" for i in rivals))


def _search(
    scorer: Scorer, gallery: Gallery, probes: Float32, performer_ids: Sequence[str]
) -> tuple[Float64, Float64, NDArray[np.int64]]:
    """(own, nearest other, index of that other or -1) of every probe, in the whole gallery."""
    index = {who: at for at, who in enumerate(gallery.performer_ids)}
    persons = np.array([index.get(who, -1) for who in performer_ids], np.int64)
    own, other = np.full(len(probes), np.nan), np.full(len(probes), np.nan)
    rivals = np.full(len(probes), -1, np.int64)
    for first in range(0, len(probes), _PROBES):
        last = min(first + _PROBES, len(probes))
        block = scorer.approximate(probes[first:last], scorer.lines(probes[first:last]))
        columns = np.arange(last - first)
        buffer = np.empty((_PEOPLE, last - first), np.float32)
        best = np.full(last - first, -np.inf)
        for start in range(0, gallery.people, _PEOPLE):
            stop = min(start + _PEOPLE, gallery.people)
            scores = block(start, stop, buffer[: stop - start])
            mine = persons[first:last] - start
            here = (mine >= 0) & (mine < stop - start)
            own[first:last][here] = scores[mine[here], columns[here]]
            scores[mine[here], columns[here]] = -np.inf
            top = scores.argmax(axis=0)
            better = scores[top, columns] > best
            best[better] = scores[top, columns][better]
            rivals[first:last][better] = top[better] + start
        found = np.isfinite(best)
        other[first:last][found] = best[found]
    return own, other, rivals


def _without_themselves(
    own: Float64,
    model_id: str,
    point: OperatingPoint,
    enrolled: Enrolled,
    cohort: Cohort | None,
    known: Known,
    probes: Float32,
) -> None:
    """Replaces the own scores of faces that are examples: each round a gallery without one example of everybody."""
    turn = _turns(enrolled.performer_ids)
    waiting = [(at, row) for at, row in enumerate(known.example_rows) if row >= 0]
    for at, _ in waiting:
        own[at] = np.nan
    for number in range(min(MOST_HELD_OUT, 1 + max((int(turn[row]) for _, row in waiting), default=-1))):
        kept = np.flatnonzero(turn != number)
        if not len(kept):
            continue
        gallery = Gallery.build(
            model_id,
            enrolled.embeddings[kept],
            [enrolled.subject_ids[row] for row in kept],
            [enrolled.performer_ids[row] for row in kept],
        )
        scorer = Scorer(point, gallery, cohort)
        index = {who: person for person, who in enumerate(gallery.performer_ids)}
        for at, row in waiting:
            person = index.get(known.performer_ids[at])
            if turn[row] == number and person is not None:
                own[at] = scorer.exact(probes[at], np.array([person]))[0]


def _turns(performer_ids: Sequence[str]) -> NDArray[np.int64]:
    """For each example, how many of the same person stand before it: the round in which it is held out."""
    seen: dict[str, int] = {}
    turns = np.empty(len(performer_ids), np.int64)
    for row, who in enumerate(performer_ids):
        turns[row] = seen.get(who, 0)
        seen[who] = int(turns[row]) + 1
    return turns
