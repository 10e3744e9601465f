"""The similarity scale: CompreFace's numbers, monotone, invertible."""

from __future__ import annotations

import numpy as np
import pytest

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.similarity import Cosine, Similarity, SimilarityScale

FACENET = SimilarityScale(1.1817961, 5.291995557)
MOBILENET = SimilarityScale(1.26538905, 5.552089201)
ARCFACE_R100 = SimilarityScale(1.224676, 6.322647217)


@pytest.mark.parametrize(
    ("scale", "cosine", "expected"),
    [
        (FACENET, 0.0, 0.0787),
        (FACENET, 0.5, 0.8726),
        (MOBILENET, 0.4, 0.8684),
        (ARCFACE_R100, 0.25, 0.4998),
        (ARCFACE_R100, 0.7, 0.9966),
    ],
)
def test_it_gives_the_numbers_of_the_shipped_builds(scale: SimilarityScale, cosine: float, expected: float) -> None:
    assert scale.from_cosine(cosine) == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize("scale", [FACENET, MOBILENET, ARCFACE_R100])
def test_it_rises_with_the_cosine(scale: SimilarityScale) -> None:
    similarity = scale.from_cosine(np.linspace(-1.0, 1.0, 2001))
    assert np.all(np.diff(similarity) > 0)
    assert similarity.min() > 0.0
    assert similarity.max() <= 1.0


@pytest.mark.parametrize("cosine", [-0.3, 0.0, 0.2, 0.4078, 0.5156, 0.8])
def test_there_and_back(cosine: float) -> None:
    for scale in (FACENET, MOBILENET, ARCFACE_R100):
        assert scale.to_cosine(scale.from_cosine(cosine)) == pytest.approx(cosine, abs=1e-9)


def test_the_ends_of_the_scale() -> None:
    assert ARCFACE_R100.to_cosine(0.0) == -1.0
    assert ARCFACE_R100.to_cosine(1.0) == 1.0
    assert ARCFACE_R100.to_cosine(1e-12) == -1.0  # below what opposite vectors have
    assert ARCFACE_R100.to_cosine(1.0 - 1e-12) == 1.0
    assert ARCFACE_R100.from_cosine(1.0000001) == ARCFACE_R100.from_cosine(1.0)  # float32 products overshoot


def test_a_scale_through_two_points_meets_both() -> None:
    scale = SimilarityScale.through((Cosine(0.45), Similarity(0.89)), (Cosine(0.36), Similarity(0.75)))
    assert scale.from_cosine(0.45) == pytest.approx(0.89, abs=1e-12)
    assert scale.from_cosine(0.36) == pytest.approx(0.75, abs=1e-12)


def test_coefficients_that_are_no_scale_are_refused() -> None:
    with pytest.raises(SettingsError, match="c1"):
        SimilarityScale(1.2, 0.0)
    with pytest.raises(SettingsError, match="finite"):
        SimilarityScale(float("nan"), 5.0)
    with pytest.raises(SettingsError, match="two different"):
        SimilarityScale.through((Cosine(0.4), Similarity(0.89)), (Cosine(0.4), Similarity(0.75)))
