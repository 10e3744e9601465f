"""Learning from confirmed faces: which of them become examples of a person, and which examples do not agree. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.memory import same_photo_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from compreface_plugin.domain.faces import Float32
    from compreface_plugin.domain.operating_points import OperatingPoint

    Float64 = NDArray[np.float64]

MOST_EXAMPLES = 10
"""A person, the own picture among them."""
ODD_FMR = 3e-3
"""A face that resembles the mean of the person's other faces less than one of 300 strangers does is odd. Measured on
the LFW development set (100 people, up to 10 pictures, one stranger slipped in): of the wrong faces 99 % or more are
found, of the right ones at most 0.2 % are suspected, with dlib, light and buffalo_sc alike."""
FEWEST_TO_JUDGE = 3
"""Of two faces that disagree nobody can tell which one is wrong."""


@dataclass(frozen=True, slots=True)
class LearningRule:
    """Cosines of one model, and what a good face is."""

    same_photo_at: float
    odd_at: float
    min_quality: float  # 0..1
    most: int = MOST_EXAMPLES

    @classmethod
    def of(cls, point: OperatingPoint, min_quality: float) -> LearningRule:
        from compreface_plugin.domain.operating_points import deviate_of

        return cls(same_photo_at(point), point.plain.score(deviate_of(ODD_FMR)), min_quality)


def agreement(embeddings: Float32) -> Float64:
    """Cosine of every face (N, D) to the mean of the others, -1..1; ones where there is no other. N may be 0."""
    import numpy as np

    rows = np.asarray(embeddings, np.float64)
    if len(rows) < 2:
        return np.ones(len(rows))
    others = rows.sum(axis=0) - rows
    length = np.maximum(np.linalg.norm(others, axis=1), 1e-9)
    answer: Float64 = np.einsum("ij,ij->i", rows, others) / length
    return answer


def odd_ones(embeddings: Float32, rule: LearningRule) -> list[bool]:
    """Which faces (N, D) are probably somebody else's. Nobody is where there are too few to tell."""
    if len(embeddings) < FEWEST_TO_JUDGE:
        return [False] * len(embeddings)
    return [bool(value < rule.odd_at) for value in agreement(embeddings)]


def choose_examples(
    fixed: Float32, candidates: Float32, qualities: Sequence[float], rule: LearningRule
) -> list[int]:
    """Rows of `candidates` (N, D) to learn from beside `fixed` (M, D): good, diverse, at most `rule.most` in all.

    Left out are bad pictures, odd ones, and those nearly the same as one that is in: more of the same shoot teaches
    nothing and outvotes the rest. Of the others the one farthest from all that are in comes next (farthest-point
    sampling, Gonzalez 1985), the best picture first where nothing is in yet. The order of the candidates matters only
    between equals.
    """
    import numpy as np

    if not len(candidates):
        return []
    odd = odd_ones(np.concatenate([fixed, candidates]) if len(fixed) else candidates, rule)[len(fixed) :]
    left = [row for row, quality in enumerate(qualities) if quality >= rule.min_quality and not odd[row]]
    nearest = (candidates @ fixed.T).max(axis=1) if len(fixed) else np.full(len(candidates), -1.0)
    chosen: list[int] = []
    while len(fixed) + len(chosen) < rule.most:
        left = [row for row in left if nearest[row] < rule.same_photo_at]
        if not left:
            break
        nothing_yet = not chosen and not len(fixed)
        best = max(left, key=lambda row: qualities[row]) if nothing_yet else min(left, key=lambda row: nearest[row])
        chosen.append(best)
        left.remove(best)
        nearest = np.maximum(nearest, candidates @ candidates[best])
    return chosen
