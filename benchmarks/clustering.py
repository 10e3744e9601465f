"""Unknown people on the LFW development set: what the plugin does, and what published methods would.

    python -m benchmarks.clustering [--engine light ...] [--compare] [--size 5000 ...] [--reuse]

Every picture counts with the face nearest its centre; nobody is known. `pairs`: precision and recall over pairs of
faces; `B-cubed`: over faces; `split`: share of people with several pictures who stand in several clusters; `mixed`:
clusters with several people. `five runs`: the set dealt into five, every run matches against the people earlier
ones made, then clusters the rest beside them (`apart`), or lets these people turn out to be one (`united`).
`--compare`: every method with its parameter fitted on half of the people (most pairs found at a precision of 99 %),
measured on the other half. `--size`: made-up faces with the spread of the real ones, for time and memory.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks import lfw
from benchmarks.clustering_methods import methods
from compreface_plugin.domain.clustering import cluster_faces
from compreface_plugin.domain.cohort import build_cohort
from compreface_plugin.domain.gallery import Gallery
from compreface_plugin.domain.matching import Matcher, Verdict
from compreface_plugin.domain.operating_points import OperatingPoint, operating_point

Labels = NDArray[np.int64]

HEAD = f"{'':44s}{'pairs':>17s}{'B-cubed':>17s}{'split':>8s}{'mixed':>7s}"
_LEAST_PRECISION = 0.99
_HALVINGS = 3


@dataclass(frozen=True, slots=True)
class Score:
    """How well clusters agree with people; all but `mixed` are shares 0..1."""

    precision: float
    recall: float
    b_precision: float
    b_recall: float
    split: float
    mixed: float

    def __str__(self) -> str:
        pairs = f"{self.precision:8.2%} {self.recall:8.2%}"
        return f"{pairs}{self.b_precision:8.2%} {self.b_recall:8.2%}{self.split:8.1%}{self.mixed:7.1f}"


def score(labels: Labels, people: Labels) -> Score:
    _, cluster = np.unique(labels, return_inverse=True)
    _, person = np.unique(people, return_inverse=True)
    table = np.zeros((cluster.max() + 1, person.max() + 1))
    np.add.at(table, (cluster, person), 1)
    sizes, counts = table.sum(axis=1), table.sum(axis=0)
    together = _pairs(table)
    return Score(
        precision=together / max(1.0, _pairs(sizes)),
        recall=together / max(1.0, _pairs(counts)),
        b_precision=float((table**2 / sizes[:, None]).sum() / len(labels)),
        b_recall=float((table**2 / counts[None, :]).sum() / len(labels)),
        split=float(((table > 0).sum(axis=0)[counts > 1] > 1).mean()),
        mixed=float(((table > 0).sum(axis=1) > 1).sum()),
    )


def _pairs(counts: NDArray[np.float64]) -> float:
    return float((counts * (counts - 1) / 2).sum())


def mean(scores: list[Score]) -> Score:
    columns = zip(*((s.precision, s.recall, s.b_precision, s.b_recall, s.split, s.mixed) for s in scores), strict=True)
    return Score(*(float(np.mean(column)) for column in columns))


def ours(rows: lfw.Float32, point: OperatingPoint, keys: list[str] | None = None) -> Labels:
    """The plugin's answer; every face on an item of its own."""
    keys = keys if keys is not None else [str(i) for i in range(len(rows))]
    return np.array(cluster_faces(rows, point=point, item_keys=keys, qualities=[1.0] * len(rows)), np.int64)


def in_five_runs(rows: lfw.Float32, point: OperatingPoint, seed: int, *, unite: bool) -> Labels:
    """Who each face belongs to after five runs over parts of the set."""
    owner = np.full(len(rows), -1)
    for part in np.array_split(np.random.default_rng(seed).permutation(len(rows)), 5):
        _match(rows, point, owner, part)
        rest, seen = part[owner[part] < 0], np.flatnonzero(owner >= 0)
        faces = np.concatenate([rest, seen])
        labels = np.array(
            cluster_faces(
                rows[faces],
                point=point,
                item_keys=[str(face) for face in faces],
                qualities=[1.0] * len(faces),
                anchors=[-1] * len(rest) + [int(person) for person in owner[seen]],
                may_unite=range(len(rows)) if unite else (),
            )
        )
        if unite:
            owner[faces] = labels
            continue
        whose = dict(zip(labels[len(rest) :].tolist(), owner[seen].tolist(), strict=True))
        for face, label in zip(rest, labels, strict=False):
            owner[face] = whose.setdefault(int(label), max([-1, *whose.values()]) + 1)
    return owner


def _match(rows: lfw.Float32, point: OperatingPoint, owner: Labels, part: Labels) -> None:
    seen = np.flatnonzero(owner >= 0)
    if not len(seen):
        return
    people = [str(person) for person in owner[seen]]
    gallery = Gallery.build("lfw", rows[seen], [int(face) for face in seen], people)
    cohort = build_cohort("lfw", rows[seen], [str(face) for face in seen], people, point.same_person_at)
    for face, found in zip(part, Matcher(point, gallery, cohort).match(rows[part]), strict=True):
        if found.verdict is Verdict.ACCEPT and found.best is not None:
            owner[face] = int(found.best.performer_id)


def report(pack: str, rows: lfw.Float32, people: Labels, point: OperatingPoint) -> None:
    labels = ours(rows, point)
    line(f"{pack}: one run", score(labels, people))
    same = True
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(rows))
        same &= bool((ours(rows[order], point) == labels[order]).all())  # the items have other names too
    print(f"{'  three shuffled orders: ' + ('the same people' if same else 'DIFFERENT PEOPLE')}")
    for unite in (False, True):
        for seed in range(3):
            name = f"  five runs, people {'united' if unite else 'apart'}, draw {seed}"
            line(name, score(in_five_runs(rows, point, seed, unite=unite), people))


def compare(rows: lfw.Float32, people: Labels, point: OperatingPoint) -> None:
    cosines = rows @ rows.T
    halves = [half for seed in range(_HALVINGS) for half in _halves(people, seed)]
    line("  this plugin, nothing fitted", mean([score(ours(rows[test], point), people[test]) for _, test in halves]))
    thresholds = [point.plain.score(deviate) for deviate in np.linspace(2.8, 6.0, 33)]
    for name, run, parameters in methods(thresholds):
        found = []
        for fit, test in halves:
            tried = [(score(run(_square(cosines, fit), x), people[fit]), x) for x in parameters]
            good = [(s.recall, x) for s, x in tried if s.precision >= _LEAST_PRECISION]
            chosen = max(good)[1] if good else max((s.precision, x) for s, x in tried)[1]
            found.append(score(run(_square(cosines, test), chosen), people[test]))
        line(f"  {name}", mean(found))


def _halves(people: Labels, seed: int) -> list[tuple[Labels, Labels]]:
    shuffled = np.random.default_rng(seed).permutation(np.unique(people))
    first = np.isin(people, shuffled[: len(shuffled) // 2])
    one, other = np.flatnonzero(first), np.flatnonzero(~first)
    return [(one, other), (other, one)]


def _square(cosines: lfw.Float32, faces: Labels) -> lfw.Float32:
    return cosines[np.ix_(faces, faces)]


def made_up(rows: lfw.Float32, people: Labels, count: int) -> lfw.Float32:
    """`count` faces of people drawn from the spread of the real ones; most people have few pictures, some thousands."""
    rng = np.random.default_rng(0)
    size = rows.shape[1]
    groups = [rows[people == person] for person in np.unique(people)]
    between, within = np.stack([g.mean(axis=0) for g in groups]), np.concatenate([g - g.mean(axis=0) for g in groups])
    wide = np.linalg.cholesky(np.cov(between.T) + 1e-6 * np.eye(size))
    narrow = np.linalg.cholesky(np.cov(within.T) + 1e-6 * np.eye(size))
    made: list[NDArray[np.float64]] = []
    while (missing := count - sum(map(len, made))) > 0:
        centre = between.mean(axis=0) + wide @ rng.standard_normal(size)
        pictures = min(missing, 3000, int(rng.zipf(1.6)))
        made.append(centre + rng.standard_normal((pictures, size)) @ narrow.T)
    faces = np.concatenate(made).astype(np.float32)
    return np.asarray(faces / np.linalg.norm(faces, axis=1, keepdims=True), np.float32)


def line(name: str, result: Score) -> None:
    print(f"{name:44s}{result}", flush=True)


def main() -> None:
    parser = lfw.arguments("How well unknown faces become people.")
    parser.add_argument("--compare", action="store_true", help="published methods as well (minutes)")
    parser.add_argument("--size", action="append", type=int, default=[], help="made-up faces, for time and memory")
    chosen = parser.parse_args()
    print(HEAD)
    for pack in chosen.engine or lfw.ENGINES:
        faces = lfw.load(pack, chosen.data, chosen.cache, reuse=chosen.reuse)
        point = operating_point(faces.model_id, pack)
        _, people = np.unique(faces.identities, return_inverse=True)
        report(pack, faces.embeddings, people, point)
        if chosen.compare:
            compare(faces.embeddings, people, point)
        for count in chosen.size:
            rows = made_up(faces.embeddings, people, count)
            started = time.perf_counter()
            found = ours(rows, point).max() + 1
            seconds = time.perf_counter() - started
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
            print(f"  {count} faces: {found} clusters, {seconds:.1f} s, peak {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
