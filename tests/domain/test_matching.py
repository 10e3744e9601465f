"""Who is it: candidates, verdicts, margins, the correction for gallery size. No model: vectors with exact cosines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from compreface_plugin.domain.cohort import Cohort
from compreface_plugin.domain.errors import EmbeddingMismatch
from compreface_plugin.domain.matching import FaceMatch, Gallery, Matcher, Verdict
from compreface_plugin.domain.operating_points import OperatingPoint, Tail, deviate_of, operating_point
from tests.domain.exact_cosine import embedding_at, unit_rows

MODEL = "light@0123456789ab"
POINT = operating_point(MODEL, "light")
PLAIN = replace(POINT, normalisation=None)
SCALE = POINT.similarity_scale()
D = 64


def gallery_of(rows: np.ndarray, performers: list[str] | None = None) -> Gallery:
    names = performers if performers is not None else [str(100 + i) for i in range(len(rows))]
    return Gallery.build(MODEL, rows, list(range(len(rows))), names)


def spread_out(count: int) -> np.ndarray:
    """People who do not resemble each other at all."""
    return np.eye(D, dtype=np.float32)[:count]


def ask(person: np.ndarray, cosine: float, others: np.ndarray, seed: int = 0) -> np.ndarray:
    """A probe at `cosine` to `person` and 0 to all `others` (rows orthogonal to each other)."""
    probe = embedding_at(person, cosine, seed)
    for other in others:
        probe = probe - (probe @ other) * other
    rest = probe - (probe @ person) * person
    rest *= np.sqrt(1.0 - cosine**2) / np.linalg.norm(rest)
    return np.asarray(cosine * person + rest, np.float32)


@pytest.mark.parametrize(
    ("similarity", "verdict"),
    [(0.90, Verdict.ACCEPT), (0.88, Verdict.REVIEW), (0.76, Verdict.REVIEW), (0.74, Verdict.UNKNOWN)],
)
def test_the_two_thresholds(similarity: float, verdict: Verdict) -> None:
    people = spread_out(3)
    match = Matcher(PLAIN, gallery_of(people)).match(ask(people[1], SCALE.to_cosine(similarity), people[[0, 2]]))[0]
    assert match.verdict is verdict
    assert match.best is not None
    assert match.best.performer_id == "101"
    assert match.best.similarity == pytest.approx(similarity, abs=1e-4)
    assert match.required == pytest.approx(0.89, abs=1e-6)
    assert match.required_for_review == pytest.approx(0.75, abs=1e-6)
    assert (match.reason == "") == (verdict is Verdict.ACCEPT)


def test_settings_move_the_thresholds() -> None:
    people = spread_out(2)
    probe = ask(people[0], SCALE.to_cosine(0.93), people[1:])
    assert Matcher(PLAIN, gallery_of(people), min_similarity=0.95).match(probe)[0].verdict is Verdict.REVIEW
    assert Matcher(PLAIN, gallery_of(people), min_similarity=0.92).match(probe)[0].verdict is Verdict.ACCEPT
    strict = Matcher(PLAIN, gallery_of(people), min_similarity=0.97, review_similarity=0.95)
    assert strict.match(probe)[0].verdict is Verdict.UNKNOWN


def test_a_probe_between_two_performers_is_proposed_not_written() -> None:
    people = spread_out(2)
    probe = np.asarray((people[0] + people[1]) / np.sqrt(2.0), np.float32)
    match = Matcher(PLAIN, gallery_of(people)).match(probe)[0]
    assert match.verdict is Verdict.REVIEW
    assert match.margin == pytest.approx(0.0, abs=1e-6)
    assert "another performer" in match.reason


def test_two_subjects_of_one_performer_are_no_rivals() -> None:
    people = spread_out(2)
    probe = np.asarray((people[0] + people[1]) / np.sqrt(2.0), np.float32)
    match = Matcher(PLAIN, gallery_of(people, ["7", "7"])).match(probe)[0]
    assert match.verdict is Verdict.ACCEPT
    assert match.margin is None
    assert len(match.candidates) == 1


def test_subjects_without_performer_are_people_of_their_own() -> None:
    people = spread_out(2)
    probe = np.asarray((people[0] + people[1]) / np.sqrt(2.0), np.float32)
    match = Matcher(PLAIN, gallery_of(people, ["", ""])).match(probe)[0]
    assert {candidate.subject_id for candidate in match.candidates} == {0, 1}
    assert match.verdict is Verdict.REVIEW


def test_a_candidate_points_to_its_most_alike_example() -> None:
    people = spread_out(3)
    rows = np.array([people[0], people[1], embedding_at(people[1], 0.7, 1), people[2]])
    gallery = Gallery.build(MODEL, rows, [10, 20, 21, 30], ["1", "2", "2", "3"])
    match = Matcher(PLAIN, gallery).match(rows[2])[0]
    assert match.best is not None
    assert (match.best.performer_id, match.best.subject_id, match.best.example_index) == ("2", 21, 2)


def test_candidates_are_ranked_and_limited() -> None:
    gallery = gallery_of(unit_rows(200, D, seed=1))
    match = Matcher(PLAIN, gallery, top_k=7).match(unit_rows(1, D, seed=2))[0]
    similarities = [candidate.similarity for candidate in match.candidates]
    assert len(similarities) == 7
    assert similarities == sorted(similarities, reverse=True)
    assert len({candidate.performer_id for candidate in match.candidates}) == 7


def test_the_search_is_exact_over_many_blocks() -> None:
    rows = unit_rows(40_000, 16, seed=3)
    probes = unit_rows(70, 16, seed=4)
    best = [match.best for match in Matcher(PLAIN, gallery_of(rows)).match(probes)]
    expected = np.argmax(probes.astype(np.float64) @ rows.astype(np.float64).T, axis=1)
    assert [candidate.example_index for candidate in best if candidate is not None] == list(expected)


@pytest.mark.parametrize("with_cohort", [False, True])
def test_batching_changes_nothing(*, with_cohort: bool) -> None:
    gallery = gallery_of(unit_rows(500, D, seed=5), [str(i // 2) for i in range(500)])
    matcher = Matcher(POINT, gallery, _cohort(300) if with_cohort else None)
    assert matcher.normalised is with_cohort
    probes = unit_rows(150, D, seed=6)
    together = matcher.match(probes)
    assert together == [matcher.match(probe)[0] for probe in probes]
    assert together == matcher.match(probes[:37]) + matcher.match(probes[37:])


def test_the_order_of_enrolment_changes_nothing_but_the_index() -> None:
    rows, people = unit_rows(60, D, seed=7), [str(i // 3) for i in range(60)]
    order = np.random.default_rng(8).permutation(60)
    shuffled = Gallery.build(MODEL, rows[order], [int(i) for i in order], [people[i] for i in order])
    for one, other in zip(
        Matcher(PLAIN, gallery_of(rows, people)).match(rows),
        Matcher(PLAIN, shuffled).match(rows),
        strict=True,
    ):
        assert one.verdict is other.verdict
        assert [(c.performer_id, c.similarity) for c in one.candidates] == [
            (c.performer_id, c.similarity) for c in other.candidates
        ]


def test_many_pictures_do_not_make_a_person_easier_to_be_mistaken_for() -> None:
    """Strangers' scores against averages of four pictures reach as far as against single pictures."""
    rng = np.random.default_rng(9)
    people = unit_rows(150, 512, seed=10)
    noise = rng.standard_normal((150, 4, 512)).astype(np.float32) / np.sqrt(512) * 0.66
    rows = people[:, None] + noise
    rows /= np.linalg.norm(rows, axis=2, keepdims=True)
    strangers = unit_rows(400, 512, seed=11)
    point = replace(PLAIN, centre=0.0, narrowing=1.0)  # isotropic noise narrows as much as the mean shortens
    top = []
    for pictures in (1, 4):
        names = [str(i) for i in range(150) for _ in range(pictures)]
        gallery = gallery_of(rows[:, :pictures].reshape(-1, 512), names)
        best = [match.best for match in Matcher(point, gallery).match(strangers)]
        top.append(np.mean([SCALE.to_cosine(candidate.similarity) for candidate in best if candidate]))
    assert top[0] == pytest.approx(top[1], abs=0.01)


def _gaussian_point() -> OperatingPoint:
    """A point that is exactly right for random directions in D dimensions: cosines have deviation 1/sqrt(D)."""
    return replace(PLAIN, plain=Tail(0.0, float(np.sqrt(D))), accept_fmr=5e-4, review_fmr=5e-3, margin=0.0)


def test_ten_thousand_performers_bring_no_more_wrong_names_than_a_hundred() -> None:
    """Random impostors: strangers accepted stay at accept_fmr * 100 = 5 % from 100 to 10,000 people."""
    strangers = unit_rows(2000, D, seed=12)
    named = {}
    for people in (100, 1000, 10_000):
        matcher = Matcher(_gaussian_point(), gallery_of(unit_rows(people, D, seed=13)))
        named[people] = np.mean([match.verdict is Verdict.ACCEPT for match in matcher.match(strangers)])
    assert 0.02 < named[100] < 0.065
    assert named[1000] <= named[100] + 0.01
    assert named[10_000] <= named[100] + 0.01


def test_the_requirement_rises_with_the_gallery_and_is_told() -> None:
    small, large = gallery_of(unit_rows(100, D, seed=14)), gallery_of(unit_rows(5000, D, seed=15))
    assert Matcher(PLAIN, small).required == pytest.approx(0.89, abs=1e-6)
    matcher = Matcher(PLAIN, large)
    assert matcher.required > 0.92
    assert 0.75 < matcher.required_for_review < matcher.required
    needed = PLAIN.plain.fmr(SCALE.to_cosine(matcher.required))
    assert needed == pytest.approx(PLAIN.accept_fmr * 100 / 5000, rel=0.01)
    assert matcher.match(unit_rows(1, D, seed=16))[0].required == matcher.required


def test_an_identical_picture_is_accepted_in_any_gallery() -> None:
    rows = unit_rows(5000, D, seed=17)
    match = Matcher(PLAIN, gallery_of(rows)).match(rows[4321])[0]
    assert match.verdict is Verdict.ACCEPT
    assert match.best is not None
    assert match.best.example_index == 4321
    assert match.best.similarity > 0.99


def test_nobody_enrolled() -> None:
    match = Matcher(POINT, Gallery.build(MODEL, np.empty((0, D), np.float32), [], []), _cohort(300)).match(
        unit_rows(2, D, seed=18)
    )
    assert [one.verdict for one in match] == [Verdict.UNKNOWN, Verdict.UNKNOWN]
    assert match[0].candidates == ()
    assert match[0].best is None
    assert match[0].reason == "nobody is enrolled"


def test_nobody_asked() -> None:
    matcher = Matcher(POINT, gallery_of(spread_out(3)))
    assert matcher.match(np.empty((0, D), np.float32)) == []


def test_embeddings_of_two_models_never_meet() -> None:
    matcher = Matcher(POINT, gallery_of(spread_out(3)))
    with pytest.raises(EmbeddingMismatch, match="two models"):
        matcher.match(unit_rows(1, 32, seed=19))
    foreign = Cohort("dlib@0", unit_rows(300, D, seed=20), tuple(map(str, range(300))), ("",) * 300)
    with pytest.raises(EmbeddingMismatch, match="one model"):
        Matcher(POINT, gallery_of(spread_out(3)), foreign)


@pytest.mark.parametrize("row", [np.zeros(D, np.float32), np.full(D, np.nan, np.float32)])
def test_rows_that_are_no_embedding_are_refused(row: np.ndarray) -> None:
    with pytest.raises(EmbeddingMismatch, match="no embedding"):
        gallery_of(np.array([spread_out(1)[0], row]))
    with pytest.raises(EmbeddingMismatch, match="no embedding"):
        Matcher(POINT, gallery_of(spread_out(3))).match(row)
    with pytest.raises(EmbeddingMismatch, match="one subject and one performer"):
        Gallery.build(MODEL, spread_out(2), [1], ["1", "2"])


def test_vectors_of_any_length_are_judged_by_their_direction() -> None:
    rows, probes = unit_rows(30, D, seed=21), unit_rows(20, D, seed=22)
    plain = Matcher(POINT, gallery_of(rows)).match(probes)
    longer = Matcher(POINT, gallery_of(rows * np.float32(17.0))).match(probes * np.float32(0.25))
    for one, other in zip(plain, longer, strict=True):
        assert one.verdict is other.verdict
        assert _similarity(one) == pytest.approx(_similarity(other), abs=2e-6)


def test_the_callers_arrays_stay_theirs() -> None:
    rows = unit_rows(4, D, seed=23)
    gallery = gallery_of(rows)
    rows[0] = 0.0  # still writable, and the gallery does not see it
    assert np.linalg.norm(gallery.embeddings[0]) == pytest.approx(1.0, abs=1e-5)
    with pytest.raises(ValueError, match="read-only"):
        gallery.embeddings[0, 0] = 1.0


def _cohort(size: int, person_ids: tuple[str, ...] = (), seed: int = 30) -> Cohort:
    people = person_ids + ("",) * (size - len(person_ids))
    return Cohort(MODEL, unit_rows(size, D, seed), tuple(f"image {i}" for i in range(size)), people)


def _look_alike_cohort(person: np.ndarray, size: int, nearer: float) -> Cohort:
    """The same strangers, all of them by `nearer` more like `person`."""
    rows = unit_rows(size, D, seed=30)
    closer = [embedding_at(person, float(row @ person) + nearer, seed=1000 + i) for i, row in enumerate(rows)]
    return Cohort(MODEL, np.array(closer), tuple(f"image {i}" for i in range(size)), ("",) * size)


def _similarity(match: FaceMatch) -> float:
    assert match.best is not None
    return match.best.similarity


def test_a_common_face_needs_more_to_be_accepted() -> None:
    people = spread_out(3)
    probe = ask(people[0], 0.5, people[1:])
    rare = Matcher(POINT, gallery_of(people), _cohort(300)).match(probe)[0]
    common = Matcher(POINT, gallery_of(people), _look_alike_cohort(people[0], 300, 0.1)).match(probe)[0]
    assert _similarity(common) < _similarity(rare)


def test_a_cohort_below_the_minimum_is_off() -> None:
    people = spread_out(3)
    probe = ask(people[0], 0.5, people[1:])
    with_small = Matcher(POINT, gallery_of(people), _cohort(199))
    assert not with_small.normalised
    assert with_small.match(probe) == Matcher(POINT, gallery_of(people)).match(probe)
    assert Matcher(POINT, gallery_of(people), _cohort(200)).normalised


def test_a_model_that_gains_nothing_ignores_the_cohort() -> None:
    assert not Matcher(PLAIN, gallery_of(spread_out(3)), _cohort(300)).normalised


def test_the_candidates_own_face_in_the_cohort_changes_nothing() -> None:
    """Once marked with the performer's id, once only by likeness: neither counts as somebody else's face."""
    people = spread_out(3)
    probe = ask(people[0], 0.6, people[1:])
    cohort = _cohort(300)
    without = _similarity(Matcher(POINT, gallery_of(people), cohort).match(probe)[0])
    nearest_last = np.argsort(cohort.embeddings @ people[0])  # replace somebody who does not count anyway
    rows = cohort.embeddings.copy()
    rows[nearest_last[0]] = embedding_at(people[0], 0.85, seed=40)
    unnamed = Cohort(MODEL, rows, cohort.item_keys, ("",) * 300)
    assert _similarity(Matcher(POINT, gallery_of(people), unnamed).match(probe)[0]) == pytest.approx(without, abs=0.002)
    ids = [""] * 300
    ids[nearest_last[0]] = "100"
    named = Cohort(MODEL, rows, cohort.item_keys, tuple(ids))
    assert _similarity(Matcher(POINT, gallery_of(people), named).match(probe)[0]) == pytest.approx(without, abs=0.002)


def test_normalised_scores_come_back_on_the_similarity_scale_at_equal_error() -> None:
    """Strangers like the cohort: about as many reach similarity 0.75 with normalisation as without."""
    point = replace(
        _gaussian_point(),
        centre=0.0,
        normalisation=replace(POINT.normalisation, tail=_fitted_tail()) if POINT.normalisation else None,
    )
    gallery, strangers = gallery_of(unit_rows(80, D, seed=50)), unit_rows(1500, D, seed=51)
    shares = []
    for cohort in (None, _cohort(600, seed=52)):
        matches = Matcher(point, gallery, cohort).match(strangers)
        shares.append(np.mean([_similarity(match) >= 0.75 for match in matches]))
    assert shares[0] == pytest.approx(80 * point.review_fmr, rel=0.35)
    assert shares[1] == pytest.approx(shares[0], rel=0.35)


def _fitted_tail() -> Tail:
    """What normalised scores of random directions mean, by the same fit as the benchmark's."""
    from compreface_plugin.domain.scoring import Scorer

    assert POINT.normalisation is not None
    probe_point = replace(
        _gaussian_point(), centre=0.0, normalisation=replace(POINT.normalisation, tail=Tail(0.0, 1.0))
    )
    gallery = gallery_of(unit_rows(300, D, seed=60))
    scorer = Scorer(probe_point, gallery, _cohort(600, seed=61))
    everyone = np.arange(300)
    scores = np.concatenate([scorer.exact(probe, everyone) for probe in unit_rows(400, D, seed=62)])
    rates = np.geomspace(2e-2, 1e-3, 6)
    slope, intercept = np.polyfit(np.quantile(scores, 1 - rates), [deviate_of(rate) for rate in rates], 1)
    return Tail(float(intercept), float(slope))
