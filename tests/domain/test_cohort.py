"""The cohort: one face per person, the same whatever the order, safe in the store."""

from __future__ import annotations

import numpy as np
import pytest

from compreface_plugin.domain.cohort import Cohort, build_cohort
from compreface_plugin.domain.errors import EmbeddingMismatch, StoreDamaged
from tests.domain.exact_cosine import embedding_at, unit_rows


def test_nobody_is_in_twice() -> None:
    first = unit_rows(30, 64, seed=1)
    again = np.array([embedding_at(row, 0.8, seed=100 + i) for i, row in enumerate(first)])
    keys = [f"image {i}" for i in range(60)]
    cohort = build_cohort("m@1", np.concatenate([first, again]), keys, same_person_at=0.6)
    assert len(cohort) == 30
    among = cohort.embeddings @ cohort.embeddings.T
    np.fill_diagonal(among, -1.0)
    assert among.max() < 0.6


def test_people_already_told_apart_come_once_however_unlike_their_faces() -> None:
    rows = unit_rows(6, 64, seed=2)
    cohort = build_cohort("m@1", rows, [f"k{i}" for i in range(6)], ["7", "7", "", "", "9", "9"], same_person_at=0.9)
    assert sorted(cohort.person_ids) == ["", "", "7", "9"]


def test_the_order_of_the_faces_changes_nothing() -> None:
    rows = np.concatenate([unit_rows(40, 32, seed=3), unit_rows(40, 32, seed=3)])
    keys = [f"image {i}" for i in range(80)]
    people = [""] * 60 + ["a", "b"] * 10
    shuffled = np.random.default_rng(4).permutation(80)
    one = build_cohort("m@1", rows, keys, people, same_person_at=0.5, max_size=25)
    other_keys, other_people = [keys[i] for i in shuffled], [people[i] for i in shuffled]
    other = build_cohort("m@1", rows[shuffled], other_keys, other_people, same_person_at=0.5, max_size=25)
    assert one.to_bytes() == other.to_bytes()
    assert len(one) == 25


def test_there_and_back_through_the_store() -> None:
    cohort = build_cohort("m@1", unit_rows(5, 16, seed=5), list("abcde"), ["", "1", "", "2", ""])
    back = Cohort.from_bytes(cohort.to_bytes())
    assert back.to_bytes() == cohort.to_bytes()
    assert np.array_equal(back.embeddings, cohort.embeddings)
    assert (back.model_id, back.item_keys, back.person_ids) == (cohort.model_id, cohort.item_keys, cohort.person_ids)


def test_an_empty_cohort_is_one_too() -> None:
    empty = build_cohort("m@1", np.empty((0, 16), np.float32), [])
    assert len(empty) == 0
    assert len(Cohort.from_bytes(empty.to_bytes())) == 0


@pytest.mark.parametrize("harm", ["other bytes", "cut", "no header"])
def test_damaged_bytes_are_told(harm: str) -> None:
    good = build_cohort("m@1", unit_rows(5, 16, seed=6), list("abcde")).to_bytes()
    bad = {"other bytes": b"something else", "cut": good[:-10], "no header": good[:30]}[harm]
    with pytest.raises(StoreDamaged, match="cohort"):
        Cohort.from_bytes(bad)


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(EmbeddingMismatch, match="one key and one person"):
        build_cohort("m@1", unit_rows(3, 16, seed=7), ["a", "b"])
    with pytest.raises(EmbeddingMismatch, match="one key and one person"):
        Cohort("m@1", unit_rows(3, 16, seed=7), ("a", "b", "c"), ("", ""))


def test_a_cohort_cannot_be_changed() -> None:
    cohort = build_cohort("m@1", unit_rows(3, 16, seed=8), list("abc"))
    with pytest.raises(ValueError, match="read-only"):
        cohort.embeddings[0, 0] = 1.0
