"""Published clustering methods to compare with, each as labels over one matrix of cosines and a parameter to sweep.

SciPy brings the hierarchies; scikit-learn, when it is installed, DBSCAN and HDBSCAN. The plugin uses neither.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Cosines = NDArray[np.float32]  # (N, N)
Labels = NDArray[np.int64]  # (N,)
Run = Callable[[Cosines, float], Labels]

_WHISPERS = 20  # rounds; Biemann 2006 finds that few suffice
_RANKED = 20  # neighbours ranked by rank-order: twice what most people have here


def methods(cosines: Sequence[float]) -> Iterator[tuple[str, Run, Sequence[float]]]:
    """Name, function and the parameters to try. `cosines`: the thresholds of those that have one."""
    yield "connected components", _components, cosines
    for name in ("average", "complete"):
        yield f"{name} linkage", _linkage(name), cosines
    yield "Chinese whispers", _chinese_whispers, cosines
    yield "approximate rank-order", _rank_order, [x / 20 for x in range(30)]
    if importlib.util.find_spec("sklearn") is None:
        print("scikit-learn is not installed: DBSCAN and HDBSCAN are left out")
        return
    for points in (2, 3):
        yield f"DBSCAN, {points} points", _dbscan(points), cosines
    yield "HDBSCAN", _hdbscan, range(1, 7)


def _components(cosines: Cosines, threshold: float) -> Labels:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    return np.asarray(connected_components(csr_array(cosines >= threshold), directed=False)[1], np.int64)


def _linkage(name: str) -> Run:
    def run(cosines: Cosines, threshold: float) -> Labels:
        from scipy.cluster.hierarchy import fcluster, linkage

        tree = linkage(_distances(cosines)[np.triu_indices(len(cosines), 1)], name)
        return np.asarray(fcluster(tree, 1.0 - threshold, "distance"), np.int64)

    return run


def _chinese_whispers(cosines: Cosines, threshold: float) -> Labels:
    """Biemann, "Chinese Whispers", TextGraphs 2006: each face takes the label with most weight around it."""
    rng = np.random.default_rng(0)
    labels = np.arange(len(cosines))
    near = [np.flatnonzero(row >= threshold) for row in cosines]
    for _ in range(_WHISPERS):
        for face in rng.permutation(len(cosines)):
            around = near[face][near[face] != face]
            if len(around):
                told, places = np.unique(labels[around], return_inverse=True)
                labels[face] = told[np.argmax(np.bincount(places, cosines[face, around]))]
    return labels


def _rank_order(cosines: Cosines, threshold: float) -> Labels:
    """Otto, Wang, Jain, "Clustering Millions of Faces by Identity", TPAMI 2017, equations 3 and 4."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count = min(_RANKED, len(cosines) - 1)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, : count + 1]
    rank = np.full(cosines.shape, count + 1)
    np.put_along_axis(rank, order, np.arange(count + 1)[None, :], axis=1)
    absent = rank > count
    one_way = np.full(cosines.shape, np.inf)  # of a's neighbours up to b, how many b does not have
    for a, near in enumerate(order):
        one_way[a, near] = np.diagonal(np.cumsum(absent[near][:, near], axis=1))
    distances = (one_way + one_way.T) / np.maximum(1, np.minimum(rank, rank.T))
    return np.asarray(connected_components(csr_array(distances <= threshold), directed=False)[1], np.int64)


def _dbscan(points: int) -> Run:
    def run(cosines: Cosines, threshold: float) -> Labels:
        from sklearn.cluster import DBSCAN

        found = DBSCAN(eps=1.0 - threshold, min_samples=points, metric="precomputed").fit(_distances(cosines))
        return _noise_alone(found.labels_)

    return run


def _hdbscan(cosines: Cosines, points: float) -> Labels:
    """Campello et al. 2013; no distance to cut at, so what is swept is the number of points that make it dense."""
    from sklearn.cluster import HDBSCAN

    found = HDBSCAN(min_cluster_size=2, min_samples=int(points), metric="precomputed", copy=True)
    return _noise_alone(found.fit(_distances(cosines)).labels_)


def _distances(cosines: Cosines) -> NDArray[np.float64]:
    distances = np.clip(1.0 - cosines.astype(np.float64), 0.0, None)
    distances = (distances + distances.T) / 2.0
    np.fill_diagonal(distances, 0.0)
    return distances


def _noise_alone(labels: Labels) -> Labels:
    """Faces that a method calls noise are people seen once."""
    own = np.arange(len(labels)) + len(labels)
    return np.where(labels < 0, own, labels)
