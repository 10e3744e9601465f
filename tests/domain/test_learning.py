"""Which faces are learned from, and which examples do not belong; with drawn vectors of exact cosines."""

from __future__ import annotations

import numpy as np
import pytest

from compreface_plugin.domain.expectation import corrected_similarity, expected_wrong
from compreface_plugin.domain.learning import LearningRule, agreement, choose_examples, odd_ones
from compreface_plugin.domain.operating_points import REFERENCE_PEOPLE, operating_point
from tests.domain.exact_cosine import embedding_at as at_cosine

POINT = operating_point("light@000000000000", "light")
RULE = LearningRule.of(POINT, min_quality=0.4)
NONE = np.empty((0, 256), np.float32)


def unit(seed: int) -> np.ndarray:
    row = np.random.default_rng(seed).standard_normal(256).astype(np.float32)
    return row / np.linalg.norm(row)


def person(seed: int, count: int, cosine: float = 0.8) -> np.ndarray:
    """Pictures of one person: each at `cosine` to the same middle."""
    return np.stack([at_cosine(unit(seed), cosine, 100 * seed + n) for n in range(count)])


def test_at_most_ten_with_the_own_picture_and_no_bad_ones() -> None:
    own, faces = person(1, 1), person(1, 30)[1:]
    qualities = [0.2 if n % 3 == 0 else 0.9 for n in range(29)]
    chosen = choose_examples(own, faces, qualities, RULE)
    assert len(chosen) == 9
    assert len(set(chosen)) == 9
    assert all(qualities[row] == 0.9 for row in chosen)
    assert len(choose_examples(NONE, faces, qualities, RULE)) == 10


def test_more_of_the_same_shoot_teaches_nothing() -> None:
    distinct = person(1, 3)
    shoot = np.stack([at_cosine(distinct[0], 0.97, 7 + n) for n in range(20)])
    faces = np.concatenate([shoot, distinct[1:]])
    chosen = choose_examples(distinct[:1], faces, [0.9] * 20 + [0.6] * 2, RULE)
    assert sorted(chosen) == [20, 21]
    assert len([row for row in choose_examples(NONE, faces, [0.9] * 22, RULE) if row < 20]) == 1


def test_the_best_comes_first_and_then_what_differs_most() -> None:
    base = unit(3)
    faces = np.stack([base, at_cosine(base, 0.8, 1), at_cosine(base, 0.5, 2)])
    assert choose_examples(NONE, faces, [0.7, 0.9, 0.8], RULE)[0] == 1
    assert choose_examples(base[None], faces[1:], [0.9, 0.9], RULE)[0] == 1


def test_a_stranger_among_her_faces_is_not_learned_but_told() -> None:
    faces = np.concatenate([person(1, 5), unit(99)[None]])
    assert odd_ones(faces, RULE) == [False] * 5 + [True]
    assert 5 not in choose_examples(NONE, faces, [0.9] * 6, RULE)
    assert odd_ones(faces[4:], RULE) == [False, False]  # of two nobody can tell
    assert agreement(faces)[:5].min() > agreement(faces)[5]


@pytest.mark.parametrize("count", [0, 1])
def test_few_are_no_trouble(count: int) -> None:
    faces = person(1, 1)[:count] if count else NONE
    assert choose_examples(NONE, faces, [0.9] * count, RULE) == list(range(count))
    assert agreement(faces).tolist() == [1.0] * count


def test_expected_wrong_names_follow_rate_and_gallery() -> None:
    rate = POINT.accept_fmr
    assert expected_wrong(POINT, 0.89, 1) == pytest.approx(1000 * rate, rel=1e-6)
    assert expected_wrong(POINT, 0.89, 100) == pytest.approx(100_000 * rate, rel=0.01)
    assert expected_wrong(POINT, 0.89, 0) == 0
    assert expected_wrong(POINT, 0.0, 1000) == pytest.approx(1000)
    assert expected_wrong(POINT, 0.95, 5000) < expected_wrong(POINT, 0.89, 5000) < 1000


def test_a_larger_gallery_asks_for_more() -> None:
    assert corrected_similarity(POINT, 0.75, REFERENCE_PEOPLE) == 0.75
    large = corrected_similarity(POINT, 0.75, 10_000)
    assert large > 0.75
    small = expected_wrong(POINT, 0.75, REFERENCE_PEOPLE)
    assert expected_wrong(POINT, large, 10_000) == pytest.approx(small, rel=0.05)
