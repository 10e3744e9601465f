"""The table of operating points: what the default similarities mean."""

from __future__ import annotations

import pytest

from compreface_plugin.domain.operating_points import (
    OperatingPoint,
    Tail,
    deviate_of,
    operating_point,
    operating_point_for_service,
    rate_of,
)

PACKS = ["dlib", "light", "buffalo_sc", "buffalo_s", "buffalo_sc_int8", "buffalo_l", "antelopev2", "my_own_pack"]


@pytest.mark.parametrize("pack", PACKS)
def test_the_defaults_mean_the_stated_error(pack: str) -> None:
    point = operating_point(f"{pack}@0123456789ab", pack)
    scale = point.similarity_scale()
    assert point.plain.fmr(scale.to_cosine(0.89)) == pytest.approx(point.accept_fmr, rel=1e-6)
    assert point.plain.fmr(scale.to_cosine(0.75)) == pytest.approx(point.review_fmr, rel=1e-6)
    assert point.accept_fmr < point.review_fmr <= 1e-3
    assert point.source


def test_buffalo_l_stands_at_the_published_cosine() -> None:
    point = operating_point("buffalo_l@0123456789ab", "buffalo_l")
    assert point.similarity_scale().to_cosine(0.89) == pytest.approx(0.4078, abs=1e-9)
    assert point.accept_fmr == pytest.approx(1e-6)


def test_a_pack_nobody_measured_is_judged_more_strictly() -> None:
    stranger, known = operating_point("x@1", "x"), operating_point("buffalo_l@1", "buffalo_l")
    assert stranger.accept_fmr < known.accept_fmr
    assert stranger.normalisation is None
    assert "never measured" in stranger.source


def test_both_precisions_of_the_small_pack_share_one_point() -> None:
    assert operating_point("a@1", "buffalo_sc") is operating_point("b@2", "buffalo_sc_int8")


def test_a_pack_in_a_renamed_folder_is_found_by_its_model_id() -> None:
    assert operating_point("buffalo_l@0123456789ab", "my-models").name == "buffalo_l"


@pytest.mark.parametrize(
    ("calculator", "c0", "c1", "accept"),
    [
        ("facenet.Calculator", 1.1817961, 5.291995557, 0.5156),
        ("insightface.Calculator@arcface-r100-msfdrop75", 1.224676, 6.322647217, 0.4389),
    ],
)
def test_a_server_keeps_its_own_scale(calculator: str, c0: float, c1: float, accept: float) -> None:
    point = operating_point_for_service(c0, c1, calculator)
    scale = point.similarity_scale()
    assert (scale.c0, scale.c1) == (c0, c1)
    assert scale.to_cosine(0.89) == pytest.approx(accept, abs=1e-4)
    assert point.accept_fmr < point.review_fmr
    assert "assumed" in point.source


@pytest.mark.parametrize("rate", [0.5, 1e-2, 1e-6, 1e-12, 1e-100])
def test_rates_and_deviates_are_inverse(rate: float) -> None:
    assert rate_of(deviate_of(rate)) == pytest.approx(rate, rel=1e-6)


def test_extreme_rates_stay_finite() -> None:
    assert deviate_of(0.0) > 30
    assert deviate_of(1.0) < -8


def test_a_tail_falls_as_the_score_rises() -> None:
    tail = Tail(0.8, 6.7)
    rates = [tail.fmr(score / 20) for score in range(20)]
    assert rates == sorted(rates, reverse=True)
    assert tail.score(tail.deviate(0.37)) == pytest.approx(0.37)


def test_points_are_frozen() -> None:
    with pytest.raises(AttributeError):
        operating_point("dlib@1", "dlib").accept_fmr = 1.0  # type: ignore[misc]
    assert isinstance(operating_point("dlib@1", "dlib"), OperatingPoint)
