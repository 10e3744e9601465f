"""How scores fall in one's own library: genuine and impostor similarities, and the thresholds they ask for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32

ENOUGH = 5  # faces above a threshold before its rate is called measured and not guessed


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Cosines of faces to their own person's other faces, and to the nearest other person. Both sorted upwards."""

    genuine: Float32  # (G,), G may be 0
    impostor: Float32  # (I,), one a face: what a stranger who looks like this would reach

    def found(self, cosine: float) -> float | None:
        """Share of genuine comparisons at or above a cosine, 0..1; None without any."""
        return _share(self.genuine, cosine)

    def wrong(self, cosine: float) -> float | None:
        """Share of faces whose nearest other person reaches the cosine, 0..1; None without any."""
        return _share(self.impostor, cosine)

    def cosine_for(self, wrong: float) -> tuple[float, bool] | None:
        """The cosine above which a share `wrong` of the impostors lies, and whether enough of them do to say so."""
        if not len(self.impostor):
            return None
        above = wrong * len(self.impostor)
        index = max(0, len(self.impostor) - 1 - int(above))
        return float(self.impostor[index]), above >= ENOUGH


def curves(embeddings: Float32, people: Sequence[str]) -> Curves:
    """`embeddings` (N, D) L2-normalised, `people` N names. A face is compared with the mean of its person's *other*
    faces (people with one face give no genuine score) and with the mean of every other person's."""
    names = sorted(set(people))
    if not len(embeddings) or len(names) < 2:
        return Curves(np.empty(0, np.float32), np.empty(0, np.float32))
    number = np.array([names.index(who) for who in people])
    sums = np.zeros((len(names), embeddings.shape[1]), np.float32)
    np.add.at(sums, number, embeddings)
    counts = np.bincount(number, minlength=len(names))
    templates = _unit(sums)
    genuine, impostor = [], []
    for row, who in zip(embeddings, number, strict=True):
        if counts[who] > 1:
            genuine.append(float(_unit((sums[who] - row)[None])[0] @ row))
        others = templates @ row
        others[who] = -1.0
        impostor.append(float(others.max()))
    return Curves(np.sort(np.array(genuine, np.float32)), np.sort(np.array(impostor, np.float32)))


def _unit(rows: Float32) -> Float32:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)


def _share(scores: Float32, cosine: float) -> float | None:
    return float((scores >= cosine).mean()) if len(scores) else None
