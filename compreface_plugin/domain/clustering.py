"""Which unknown faces are of one person: agglomerative clustering of a sparse graph of nearest neighbours.

Linkage: the *person score* of two clusters (scoring.py): their mean cosine, stretched by how much averaging has
narrowed what strangers score, so that one threshold holds for single faces and for large clusters. It is average
linkage (UPGMA; Sokal and Michener 1958) for single faces, and grows towards the cosine of the means. Merging goes
in rounds of reciprocal nearest neighbours (Sumengen et al., "Scaling Hierarchical Agglomerative Clustering to
Billion-sized Datasets", 2021). Compared with DBSCAN, HDBSCAN, Chinese whispers, rank-order and plain linkages on
LFW in docs/clustering.md; `python -m benchmarks.clustering` repeats it.

Faces are first put into an order of their own (a hash of embedding and item), so the same faces give the same
people in whatever order they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compreface_plugin.domain.errors import EmbeddingMismatch
from compreface_plugin.domain.operating_points import OperatingPoint, deviate_of

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

SAME_CLUSTER_FMR = 2e-5
"""False match rate at which two clusters are one person. One number for every model; measured on LFW."""
REFERENCE_FACES = 1500
"""Number of faces up to which that rate holds. Beyond it shrinks in proportion: pairs grow with the square."""

_NEIGHBOURS = 32  # nearest faces kept per face: bounds memory; more changed nothing on LFW
_EDGE_SLACK = 1.5  # deviates below the threshold from which pairs are remembered: clusters may lift them over it
_LEAST_VARIANCE = 0.3  # as in scoring.py
_NEARLY_IDENTICAL = 0.15  # share of the way from cosine 1 down to `same_person_at` within which pictures are copies
_BLOCK = 1024


def cluster_faces(
    embeddings: Float32,
    *,
    point: OperatingPoint,
    item_keys: Sequence[str],
    qualities: Sequence[float],
    anchors: Sequence[int] | None = None,
) -> list[int]:
    """A label per face: equal labels, one person. Deterministic; the same partition in whatever order faces come.

    `embeddings` (N, D) L2-normalised, of one model, N may be 0; `item_keys` N names of the items they were seen on:
    two faces of one item are two people unless nearly identical (one picture twice in a collage); `qualities` N
    scores 0..1. `anchors`: N numbers of people already told apart, -1 for none: faces of one number stay together,
    faces of two are never joined. Labels are 0..K-1, numbered by the stable order of the faces; a face alone has its
    own. Raises EmbeddingMismatch when the lengths differ.
    """
    rows = np.asarray(embeddings, np.float32)
    known = list(anchors) if anchors is not None else [-1] * len(rows)
    if rows.ndim != 2 or not len(rows) == len(item_keys) == len(qualities) == len(known):
        raise EmbeddingMismatch(
            f"clustering needs one item, one quality and one anchor per face, "
            f"got {rows.shape}, {len(item_keys)}, {len(qualities)} and {len(known)}"
        )
    order = _stable_order(rows, item_keys)
    clusters = _Clusters(rows[order], point, [item_keys[i] for i in order], [known[i] for i in order])
    clusters.join_anchors()
    clusters.join_neighbours(_threshold(point, len(rows)))
    return _labels(clusters.parent, order)


def _threshold(point: OperatingPoint, faces: int) -> float:
    """Person score from which two clusters are one person, among so many faces."""
    return point.plain.score(deviate_of(SAME_CLUSTER_FMR * min(1.0, REFERENCE_FACES / max(faces, 1))))


def _stable_order(rows: Float32, item_keys: Sequence[str]) -> list[int]:
    digests = [hashlib.sha256(row.tobytes() + key.encode()).digest() for row, key in zip(rows, item_keys, strict=True)]
    return sorted(range(len(rows)), key=digests.__getitem__)


def _labels(parent: Int64, order: list[int]) -> list[int]:
    """Numbers 0..K-1 by first appearance in the stable order, handed back in the caller's order."""
    numbers: dict[int, int] = {}
    labels = [0] * len(order)
    for place, face in enumerate(order):
        labels[face] = numbers.setdefault(int(parent[place]), len(numbers))
    return labels


class _Clusters:
    """The partition while it grows. A cluster is named by its smallest face; `parent` (N,) names every face's."""

    def __init__(self, rows: Float32, point: OperatingPoint, items: list[str], anchors: list[int]) -> None:
        self._rows, self._point = rows, point
        self._sums: Float64 = rows.astype(np.float64)
        self._sizes: Float64 = np.ones(len(rows))
        self._variances: Float64 = np.ones(len(rows))
        self._faces_by_item: list[dict[str, list[int]]] = [{item: [face]} for face, item in enumerate(items)]
        self._anchors = anchors
        self._copies_at = 1.0 - _NEARLY_IDENTICAL * (1.0 - point.same_person_at)
        self.parent: Int64 = np.arange(len(rows))

    def join_anchors(self) -> None:
        first: dict[int, int] = {}
        for face, anchor in enumerate(self._anchors):
            if anchor >= 0 and first.setdefault(anchor, face) != face:
                self._join(first[anchor], face)

    def join_neighbours(self, threshold: float) -> None:
        floor = threshold - _EDGE_SLACK / self._point.plain.slope
        left, right = _contracted(*_neighbour_pairs(self._rows, floor), self.parent)
        scores = self._scores(left, right)
        while True:
            chosen = _reciprocal(left, right, scores, threshold, len(self._rows))
            if not len(chosen):
                return
            merged = np.zeros(len(self._rows), bool)
            apart = np.zeros(len(left), bool)
            for pair in chosen:
                a, b = int(left[pair]), int(right[pair])
                if merged[a] or merged[b]:  # equal scores: one of them is enough for this round
                    continue
                if self._conflict(a, b):
                    apart[pair] = True
                    continue
                self._join(a, b)
                merged[[a, b]] = True
            left, right, scores, apart = left[~apart], right[~apart], scores[~apart], apart[~apart]
            touched = merged[left] | merged[right]
            again = _contracted(left[touched], right[touched], self.parent)
            left = np.concatenate([left[~touched], again[0]])
            right = np.concatenate([right[~touched], again[1]])
            scores = np.concatenate([scores[~touched], self._scores(*again)])

    def _join(self, a: int, b: int) -> None:
        a, b = min(a, b), max(a, b)
        self._sums[a] += self._sums[b]
        self._sizes[a] += self._sizes[b]
        length_squared = float(self._sums[a] @ self._sums[a]) / self._sizes[a] ** 2
        self._variances[a] = max(_LEAST_VARIANCE, 1.0 - self._point.narrowing * (1.0 - length_squared))
        for item, faces in self._faces_by_item[b].items():
            self._faces_by_item[a].setdefault(item, []).extend(faces)
        self._faces_by_item[b] = {}
        self._anchors[a] = max(self._anchors[a], self._anchors[b])
        self.parent[self.parent == b] = a

    def _conflict(self, a: int, b: int) -> bool:
        """Whether they cannot be one person: two known people, or two faces side by side on one item."""
        if self._anchors[a] >= 0 and self._anchors[b] >= 0 and self._anchors[a] != self._anchors[b]:
            return True
        few, many = sorted((self._faces_by_item[a], self._faces_by_item[b]), key=len)
        return any(self._side_by_side(faces, many[item]) for item, faces in few.items() if item in many)

    def _side_by_side(self, faces: list[int], others: list[int]) -> bool:
        return bool((self._rows[faces] @ self._rows[others].T).min() < self._copies_at)

    def _scores(self, left: Int64, right: Int64) -> Float64:
        """Person score of each pair of clusters."""
        scores = np.empty(len(left))
        for start in range(0, len(left), _BLOCK):
            a, b = left[start : start + _BLOCK], right[start : start + _BLOCK]
            mean = np.einsum("ij,ij->i", self._sums[a], self._sums[b]) / (self._sizes[a] * self._sizes[b])
            stretched = (mean - self._point.centre) / np.sqrt(self._variances[a] * self._variances[b])
            scores[start : start + _BLOCK] = self._point.centre + stretched
        return scores


def _neighbour_pairs(rows: Float32, floor: float) -> tuple[Int64, Int64]:
    """Pairs (smaller, larger) where one is among the nearest of the other and their cosine reaches `floor`."""
    count = len(rows)
    lefts: list[Int64] = []
    rights: list[Int64] = []
    for start in range(0, count, _BLOCK):
        cosines = rows[start : start + _BLOCK] @ rows.T
        height = len(cosines)
        cosines[np.arange(height), np.arange(start, start + height)] = -2.0
        if count > _NEIGHBOURS:
            least = np.partition(cosines, count - _NEIGHBOURS, axis=1)[:, count - _NEIGHBOURS, None]
            near = cosines >= np.maximum(least, floor)
        else:
            near = cosines >= floor
        here, there = np.nonzero(near)
        lefts.append(here + start)
        rights.append(there)
    empty = np.empty(0, np.int64)
    return np.concatenate([empty, *lefts]), np.concatenate([empty, *rights])


def _contracted(left: Int64, right: Int64, parent: Int64) -> tuple[Int64, Int64]:
    """The pairs of faces as pairs of their clusters, smaller first, each once, none with itself."""
    a, b = parent[left], parent[right]
    low, high = np.minimum(a, b), np.maximum(a, b)
    keys = np.unique(low[low != high] * len(parent) + high[low != high])
    return keys // max(len(parent), 1), keys % max(len(parent), 1)


def _reciprocal(left: Int64, right: Int64, scores: Float64, threshold: float, count: int) -> Int64:
    """Indices of the pairs that are best for both, best first."""
    good = np.flatnonzero(scores >= threshold)
    best = np.full(count, -np.inf)
    np.maximum.at(best, left[good], scores[good])
    np.maximum.at(best, right[good], scores[good])
    mutual = good[(scores[good] == best[left[good]]) & (scores[good] == best[right[good]])]
    order: Int64 = np.lexsort((right[mutual], left[mutual], -scores[mutual]))
    return np.asarray(mutual[order])
