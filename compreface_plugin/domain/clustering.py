"""Which unknown faces are of one person: agglomerative clustering of a sparse graph of nearest neighbours.

Linkage: the *person score* of two clusters (scoring.py): their mean cosine, stretched by how much averaging has
narrowed what strangers score, so that one threshold holds for single faces and for large clusters. It is average
linkage (UPGMA; Sokal and Michener 1958) corrected for cluster size. Where the model is normalised in matching it is
here too, with the faces themselves as cohort. Merging goes in rounds of reciprocal nearest neighbours (Sumengen et
al., "Scaling Hierarchical Agglomerative Clustering to Billion-sized Datasets", 2021). Compared with DBSCAN, HDBSCAN,
Chinese whispers, rank-order and plain linkages on LFW in docs/clustering.md; `python -m benchmarks.clustering`
repeats it.

Faces are first put into an order of their own (a hash of the embedding), so the same faces give the same people in
whatever order they come and whatever their items are called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from compreface_plugin.domain.cohort import build_cohort
from compreface_plugin.domain.errors import EmbeddingMismatch
from compreface_plugin.domain.gallery import unit_rows
from compreface_plugin.domain.operating_points import OperatingPoint, deviate_of
from compreface_plugin.domain.scoring import CohortNorm

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

STRANGERS_PER_FACE = 0.015
"""How many strangers of each face may stand above the threshold: the false match rate times the number of faces. A
fixed rate would mix ever more people as a library grows. One number for every model; measured in docs/clustering.md."""
LARGEST_FMR = 2e-5
"""The rate with few faces (below 750), where the former would allow more."""
GOOD_QUALITY = 0.45
"""Quality from which a face is believed. Strangers blurred below it look alike: scores of LFW at 32 and 48 pixels a
side ran high by 1.0 and 0.3 deviates (buffalo_sc_int8; `light` by half of that), at 80 by none."""
_DOUBT = 5.0  # deviates that a face loses per missing quality: what these scores ran high by, half to each of two
_MOST_DOUBT = 1.0

_NEIGHBOURS = 16  # nearest clusters kept of each: bounds memory; 4 and 32 gave the same people on LFW
_EDGE_SLACK = 1.5  # deviates below the threshold from which pairs are remembered: clusters may lift them over it
_CERTAIN = 6.0  # deviates (FMR 1e-9): such pairs need not wait until they are each other's best; saves rounds
_LEAST_VARIANCE = 0.3  # as in scoring.py
_NEARLY_IDENTICAL = 0.25
"""Share of the way from cosine 1 down to `same_person_at` within which two faces are one picture twice. A picture and
the same at half the size, cropped, or as JPEG of quality 40 stayed within it (115 of LFW, three engines)."""
_BLOCK = 1024


def cluster_faces(
    embeddings: Float32,
    *,
    point: OperatingPoint,
    item_keys: Sequence[str],
    qualities: Sequence[float],
    anchors: Sequence[int] | None = None,
    may_unite: Collection[int] = (),
) -> list[int]:
    """A label per face: equal labels, one person. Deterministic; the same partition in whatever order faces come.

    `embeddings` (N, D) L2-normalised, of one model, N may be 0; `item_keys` N names of the items they were seen on:
    two faces of one item are two people unless nearly identical (one picture twice in a collage); `qualities` N
    scores 0..1: poor faces need a higher similarity. `anchors`: N numbers of people already told apart, -1 for none:
    faces of one number stay together, faces of two are joined only when both numbers are in `may_unite`, and then
    as freely as others. Labels are 0..K-1, numbered by the stable order of the faces; a face alone has its own. Raises
    EmbeddingMismatch when the lengths differ or a row is no embedding.
    """
    rows = np.asarray(embeddings, np.float32)
    known = list(anchors) if anchors is not None else [-1] * len(rows)
    if rows.ndim != 2 or not len(rows) == len(item_keys) == len(qualities) == len(known):
        raise EmbeddingMismatch(
            f"clustering needs one item, one quality and one anchor per face, "
            f"got {rows.shape}, {len(item_keys)}, {len(qualities)} and {len(known)}"
        )
    if not len(rows):
        return []
    rows = unit_rows(rows, "what is to be clustered")
    order = _stable_order(rows, item_keys)
    clusters = _Clusters(rows[order], point, [item_keys[i] for i in order], [known[i] for i in order], may_unite)
    clusters.doubt(np.asarray(qualities, np.float64)[order])
    clusters.join_anchors()
    clusters.join_neighbours(deviate_of(min(LARGEST_FMR, STRANGERS_PER_FACE / max(len(rows), 1))))
    return _labels(clusters.parent, order)


def _stable_order(rows: Float32, item_keys: Sequence[str]) -> list[int]:
    """By the hash of the embedding: the item's number follows from the order of the images, so it breaks ties alone."""
    digests = [(hashlib.sha256(row.tobytes()).digest(), key) for row, key in zip(rows, item_keys, strict=True)]
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

    def __init__(
        self, rows: Float32, point: OperatingPoint, items: list[str], anchors: list[int], may_unite: Collection[int]
    ) -> None:
        self._rows, self._point = rows, point
        self._sums: Float64 = rows.astype(np.float64)
        self._sizes: Float64 = np.ones(len(rows))
        self._variances: Float64 = np.ones(len(rows))
        self._faces_by_item: list[dict[str, list[int]]] = [{item: [face]} for face, item in enumerate(items)]
        self._anchors = anchors
        self._may_unite = frozenset(may_unite)
        self._gains, self._offsets = _lines(rows, point)
        self._copies_at = 1.0 - _NEARLY_IDENTICAL * (1.0 - point.same_person_at)
        self.parent: Int64 = np.arange(len(rows))

    def doubt(self, qualities: Float64) -> None:
        """Lets faces (N,) below good quality count for less; a cluster doubts as much as its faces on average."""
        self._offsets -= np.clip(_DOUBT * (GOOD_QUALITY - qualities), 0.0, _MOST_DOUBT)

    def join_anchors(self) -> None:
        first: dict[int, int] = {}
        for face, anchor in enumerate(self._anchors):
            if anchor >= 0 and first.setdefault(anchor, face) != face:
                self._join(first[anchor], face)

    def join_neighbours(self, threshold: float) -> None:
        """Joins until no two clusters reach the threshold. The graph is made anew from what has become of the clusters
        until that changes nothing: fifty pictures of one shoot are each other's nearest, and would see nobody else."""
        before = -1
        while before != (before := int(np.count_nonzero(self._sizes))):
            self._join_graph(*self._neighbour_pairs(threshold - _EDGE_SLACK), threshold)

    def _join_graph(self, left: Int64, right: Int64, threshold: float) -> None:
        scores = self._scores(left, right)
        while len(chosen := _best_pairs(left, right, scores, threshold, len(self._rows))):
            merged = np.zeros(len(self._rows), bool)
            apart = np.zeros(len(left), bool)
            for pair in chosen:
                a, b = int(self.parent[left[pair]]), int(self.parent[right[pair]])
                if a == b or (scores[pair] < _CERTAIN and (merged[a] or merged[b])):
                    continue  # their scores are not those of this round any more
                if self._conflict(a, b):
                    apart[pair] = True
                    continue
                self._join(a, b)
                merged[[a, b]] = True
            left, right, scores = left[~apart], right[~apart], scores[~apart]
            touched = merged[left] | merged[right]
            again = _contracted(left[touched], right[touched], self.parent)
            left = np.concatenate([left[~touched], again[0]])
            right = np.concatenate([right[~touched], again[1]])
            scores = np.concatenate([scores[~touched], self._scores(*again)])

    def _join(self, a: int, b: int) -> None:
        a, b = min(a, b), max(a, b)
        share = self._sizes[b] / (self._sizes[a] + self._sizes[b])
        self._gains[a] += share * (self._gains[b] - self._gains[a])
        self._offsets[a] += share * (self._offsets[b] - self._offsets[a])
        self._sums[a] += self._sums[b]
        self._sizes[a] += self._sizes[b]
        self._sizes[b] = 0.0
        length_squared = float(self._sums[a] @ self._sums[a]) / self._sizes[a] ** 2
        self._variances[a] = max(_LEAST_VARIANCE, 1.0 - self._point.narrowing * (1.0 - length_squared))
        for item, faces in self._faces_by_item[b].items():
            self._faces_by_item[a].setdefault(item, []).extend(faces)
        self._faces_by_item[b] = {}
        self._anchors[a] = max(self._anchors[a], self._anchors[b])
        self.parent[self.parent == b] = a

    def _conflict(self, a: int, b: int) -> bool:
        """Whether they cannot be one person: two known people, or two faces side by side on one item."""
        one, other = self._anchors[a], self._anchors[b]
        if min(one, other) >= 0 and one != other and not {one, other} <= self._may_unite:
            return True
        few, many = sorted((self._faces_by_item[a], self._faces_by_item[b]), key=len)
        return any(self._side_by_side(faces, many[item]) for item, faces in few.items() if item in many)

    def _side_by_side(self, faces: list[int], others: list[int]) -> bool:
        return bool((self._rows[faces] @ self._rows[others].T).min() < self._copies_at)

    def _scores(self, left: Int64, right: Int64) -> Float64:
        """Person score of each pair of clusters, as a normal deviate."""
        scores = np.empty(len(left))
        for start in range(0, len(left), _BLOCK):
            a, b = left[start : start + _BLOCK], right[start : start + _BLOCK]
            mean = np.einsum("ij,ij->i", self._sums[a], self._sums[b]) / (self._sizes[a] * self._sizes[b])
            score = self._point.centre + (mean - self._point.centre) / np.sqrt(self._variances[a] * self._variances[b])
            scores[start : start + _BLOCK] = (
                score * (self._gains[a] + self._gains[b]) + self._offsets[a] + self._offsets[b]
            )
        return scores

    def _neighbour_pairs(self, floor: float) -> tuple[Int64, Int64]:
        """Pairs of clusters where one is among the nearest of the other and their score reaches `floor`."""
        live = np.flatnonzero(self._sizes)
        stretches = 1.0 / np.sqrt(self._variances[live])
        rows = (self._sums[live] * (stretches / self._sizes[live])[:, None]).astype(np.float32)
        stretch, gain, offset = (c.astype(np.float32) for c in (stretches, self._gains[live], self._offsets[live]))
        lefts, rights = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for start in range(0, len(live), _BLOCK):
            own = slice(start, start + _BLOCK)
            scores = rows[own] @ rows.T
            scores += np.float32(self._point.centre) * (1.0 - stretch[own, None] * stretch)
            scores *= gain[own, None] + gain
            scores += offset[own, None] + offset
            np.fill_diagonal(scores[:, own], -np.inf)
            if len(live) > _NEIGHBOURS:
                least = np.partition(scores, len(live) - _NEIGHBOURS, axis=1)[:, len(live) - _NEIGHBOURS, None]
                here, there = np.nonzero(scores >= np.maximum(least, floor))
            else:
                here, there = np.nonzero(scores >= floor)
            lefts.append(live[here + start])
            rights.append(live[there])
        return _contracted(np.concatenate(lefts), np.concatenate(rights), self.parent)


def _lines(rows: Float32, point: OperatingPoint) -> tuple[Float64, Float64]:
    """Gain and offset (N,) of every face: the deviate of two faces is `cosine * (g1 + g2) + o1 + o2`."""
    plain = np.full(len(rows), point.plain.slope / 2), np.full(len(rows), point.plain.intercept / 2)
    rule = point.normalisation
    if rule is None or len(rows) < rule.min_cohort:
        return plain
    cohort = build_cohort(point.name, rows, [""] * len(rows), same_person_at=point.same_person_at)
    if len(cohort) < rule.min_cohort:
        return plain
    norm = CohortNorm.of(rule, cohort)
    blocks = [norm.statistics(rows[i : i + _BLOCK] @ norm.rows.T) for i in range(0, len(rows), _BLOCK)]
    means, spreads = (np.concatenate(column) for column in zip(*blocks, strict=True))
    gains, offsets = norm.half_line(means, spreads)
    return gains, offsets + rule.tail.intercept / 2


def _contracted(left: Int64, right: Int64, parent: Int64) -> tuple[Int64, Int64]:
    """The pairs of faces as pairs of their clusters, smaller first, each once, none with itself."""
    a, b = parent[left], parent[right]
    low, high = np.minimum(a, b), np.maximum(a, b)
    keys = np.unique(low[low != high] * len(parent) + high[low != high])
    return keys // max(len(parent), 1), keys % max(len(parent), 1)


def _best_pairs(left: Int64, right: Int64, scores: Float64, threshold: float, count: int) -> Int64:
    """Indices of the pairs that are best for both sides, or certain and best for one; best first."""
    good = np.flatnonzero(scores >= threshold)
    best = np.full(count, -np.inf)
    np.maximum.at(best, left[good], scores[good])
    np.maximum.at(best, right[good], scores[good])
    for_left, for_right = scores[good] == best[left[good]], scores[good] == best[right[good]]
    chosen = good[(for_left & for_right) | ((for_left | for_right) & (scores[good] >= _CERTAIN))]
    order: Int64 = np.lexsort((right[chosen], left[chosen], -scores[chosen]))
    return np.asarray(chosen[order])
