"""Unknown faces become people: together what is one person, apart what is not, in whatever order."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks import lfw
from benchmarks.clustering import in_five_runs, ours, score
from compreface_plugin.domain.clustering import cluster_faces
from compreface_plugin.domain.errors import EmbeddingMismatch, ModelUnavailable
from compreface_plugin.domain.operating_points import deviate_of, operating_point
from compreface_plugin.engine.select import open_engine
from tests.domain.exact_cosine import embedding_at, unit_rows

if TYPE_CHECKING:
    from pathlib import Path

    from compreface_plugin.domain.faces import Float32

POINT = operating_point("", "buffalo_sc")
SURE = 0.7  # cosine of two pictures of one person
COPY = 0.98


def people(count: int, pictures: int, cosine: float = SURE, seed: int = 0) -> Float32:
    """`pictures` faces of each of `count` people, person by person; `cosine` to the person's own direction, squared."""
    own = unit_rows(count, 512, seed)
    rows = [embedding_at(own[p], cosine**0.5, 1000 * seed + 100 * p + i) for p in range(count) for i in range(pictures)]
    return np.array(rows)


def cluster(rows: Float32, items: list[str] | None = None, **more: object) -> list[int]:
    keys = items if items is not None else [f"image {i}" for i in range(len(rows))]
    return cluster_faces(rows, point=POINT, item_keys=keys, **{"qualities": [0.8] * len(rows), **more})  # type: ignore[arg-type]


def partition(labels: list[int]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(np.array(labels) == label).tolist()) for label in labels}


def test_every_person_is_one_cluster_and_lone_faces_stay_alone() -> None:
    rows = np.concatenate([people(12, 4), unit_rows(30, 512, seed=99)])
    expected = {frozenset(range(4 * p, 4 * p + 4)) for p in range(12)} | {frozenset({48 + i}) for i in range(30)}
    labels = cluster(rows)
    assert partition(labels) == expected
    assert sorted(set(labels)) == list(range(42))


def test_the_order_of_the_faces_changes_nothing_not_even_the_numbers() -> None:
    rows = np.concatenate([people(40, 3, 0.36), unit_rows(60, 512, seed=5)])
    items = [f"image {i // 2}" for i in range(len(rows))]
    labels = cluster(rows, items)
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(rows))
        assert cluster(rows[order], [items[i] for i in order]) == [labels[i] for i in order]
        others = [f"image {order[i // 2]}" for i in range(len(rows))]  # Stash numbered them otherwise
        assert cluster(rows[order], [others[i] for i in order]) == [labels[i] for i in order]


def test_two_faces_of_one_picture_are_two_people() -> None:
    rows = people(1, 2)
    assert len(set(cluster(rows, ["image 1", "image 2"]))) == 1
    assert len(set(cluster(rows, ["image 1", "image 1"]))) == 2


def test_the_same_picture_twice_in_a_collage_is_one_person() -> None:
    face = unit_rows(1, 512, seed=3)[0]
    rows = np.array([face, embedding_at(face, COPY, 1), embedding_at(face, SURE, 2)])
    assert len(set(cluster(rows, ["collage", "collage", "image 2"]))) == 1


def test_a_third_picture_does_not_bring_two_faces_of_one_picture_together() -> None:
    rows = people(1, 5)
    labels = cluster(rows, ["group", "group", "image 1", "image 2", "image 3"])
    assert labels[0] != labels[1]
    assert len(set(labels)) == 2


def test_known_people_stay_together_and_apart() -> None:
    rows = people(1, 6)
    unlike = unit_rows(2, 512, seed=8)
    labels = cluster(np.concatenate([rows, unlike]), anchors=[7, 7, 9, 9, -1, -1, 4, 4])
    assert labels[0] == labels[1] != labels[2] == labels[3]
    assert {labels[4], labels[5]} <= {labels[0], labels[2]}
    assert labels[6] == labels[7]


def test_two_earlier_people_can_turn_out_to_be_one() -> None:
    rows = np.concatenate([people(2, 4)])
    anchors = [1, 1, 2, 2, 3, 3, 3, 3]
    assert len(set(cluster(rows, anchors=anchors))) == 3
    assert partition(cluster(rows, anchors=anchors, may_unite={1, 2, 3})) == {
        frozenset(range(4)),
        frozenset(range(4, 8)),
    }


def test_a_long_shoot_does_not_hide_the_person_elsewhere() -> None:
    """Sixty near-identical pictures have only each other as nearest neighbours; so has another shoot."""
    person = unit_rows(1, 512, seed=11)[0]
    shoots = [embedding_at(person, SURE**0.5, seed) for seed in (1, 2)]
    rows = np.array([embedding_at(shoot, 0.99, 100 * s + i) for s, shoot in enumerate(shoots) for i in range(60)])
    assert len(set(cluster(rows))) == 1


def test_poor_faces_need_more() -> None:
    barely = POINT.plain.score(deviate_of(1e-5))
    face = unit_rows(1, 512, seed=13)[0]
    rows = np.array([face, embedding_at(face, barely, 1)])
    assert len(set(cluster(rows))) == 1
    assert len(set(cluster(rows, qualities=[0.35, 0.35]))) == 2


def test_more_faces_need_a_higher_similarity() -> None:
    face = unit_rows(1, 512, seed=13)[0]
    rows = np.array([face, embedding_at(face, POINT.plain.score(deviate_of(1e-5)), 1)])
    crowd = unit_rows(6000, 512, seed=14)
    assert len(set(cluster(rows))) == 1
    assert len(set(cluster(np.concatenate([rows, crowd]))[:2])) == 2


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one(count: int) -> None:
    assert cluster(unit_rows(count, 512, seed=1)) == list(range(count))


def test_what_cannot_be_clustered_is_refused() -> None:
    rows = unit_rows(3, 512, seed=1)
    with pytest.raises(EmbeddingMismatch, match="one item"):
        cluster(rows, ["only one"])
    with pytest.raises(EmbeddingMismatch, match="no embedding"):
        cluster(np.concatenate([rows, np.zeros((1, 512), np.float32)]))


def test_memory_stays_bounded() -> None:
    """8,000 faces would fill 256 MB as a matrix of similarities."""
    program = (
        "import resource, numpy as np\n"
        "from tests.domain.test_clustering import cluster, unit_rows\n"
        "rows = unit_rows(8000, 128, seed=1)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "cluster(rows)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    grown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert int(grown) < 200 * 1024


@pytest.mark.data
@pytest.mark.models
@pytest.mark.slow
def test_strangers_of_real_photographs_become_people_in_one_run_or_five(data_dir: Path) -> None:
    """A sample of LFW; the whole set is measured by benchmarks/clustering.py."""
    everybody = lfw.index(data_dir)
    known = sorted({row["identity"] for row in everybody if row["role"] == "known"})[:25]
    rows = [row for row in everybody if row["identity"] in known]
    rows += [row for row in everybody if row["role"] == "stranger"][:75]
    try:
        engine = open_engine("light", data_dir=None, models_dir=data_dir / "models")
    except ModelUnavailable as error:
        pytest.skip(str(error))
    try:
        found = list(lfw.embed(engine, data_dir / "faces" / "lfw", rows))
    finally:
        engine.close()
    faces = [(row["identity"], one) for row, one in zip(rows, found, strict=True) if one is not None]
    _, who = np.unique([name for name, _ in faces], return_inverse=True)
    embeddings = np.array([one for _, one in faces])
    point = operating_point(engine.info.model_id, "light")
    once, parts = score(ours(embeddings, point), who), score(in_five_runs(embeddings, point, 0, unite=True), who)
    assert once.precision >= 0.99
    assert once.recall >= 0.92
    assert once.split <= 0.20  # of 25 people
    assert parts.precision >= once.precision - 0.01
    assert parts.recall >= once.recall - 0.01
