"""Faces held out of their own person, and what thresholds mean by them; against the matcher itself."""

from __future__ import annotations

import numpy as np
import pytest

from compreface_plugin.domain.calibration import Curve
from compreface_plugin.domain.cohort import Cohort
from compreface_plugin.domain.gallery import Gallery
from compreface_plugin.domain.leave_out import Enrolled, Known, hold_out
from compreface_plugin.domain.matching import Matcher, Verdict
from compreface_plugin.domain.operating_points import operating_point
from compreface_plugin.domain.outcomes import Outcome, Rule

MODEL = "light@000000000000"
POINT = operating_point(MODEL, "light")
PEOPLE, EACH = 40, 4


def drawn(seed: int, people: int, each: int, noise: float = 1.3) -> np.ndarray:
    """Unit rows, person by person."""
    dice = np.random.default_rng(seed)
    rows = np.repeat(dice.standard_normal((people, 64)), each, axis=0)
    rows += noise * dice.standard_normal(rows.shape)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


ROWS = drawn(1, PEOPLE, EACH)
NAMES = tuple(f"p{row // EACH:02}" for row in range(len(ROWS)))
ENROLLED = Enrolled(ROWS, tuple(range(len(ROWS))), NAMES)
COHORT = Cohort(MODEL, drawn(2, 300, 1), tuple(f"c{n}" for n in range(300)), ("",) * 300)


@pytest.mark.parametrize("cohort", [None, COHORT], ids=["plain", "cohort"])
def test_scores_are_those_of_the_matcher_without_the_face_itself(cohort: Cohort | None) -> None:
    known = Known(ROWS, NAMES, tuple(range(len(ROWS))))
    scores = hold_out(MODEL, POINT, ENROLLED, cohort, known)
    scale = POINT.similarity_scale()
    for row in range(0, len(ROWS), 23):
        left = [other for other in range(len(ROWS)) if other != row]
        names = [NAMES[other] for other in left]
        found = Matcher(POINT, Gallery.build(MODEL, ROWS[left], left, names), cohort, top_k=PEOPLE).match(ROWS[[row]])
        of = {candidate.performer_id: float(candidate.similarity) for candidate in found[0].candidates}
        own = scale.from_cosine(POINT.plain.score(scores.own[row]))
        rival = max((who for who in of if who != NAMES[row]), key=lambda who: of[who])
        assert own == pytest.approx(of[NAMES[row]], abs=2e-3)  # others keep the pictures that take turns with this one
        assert scores.other_ids[row] == rival
        assert scale.from_cosine(POINT.plain.score(scores.other[row])) == pytest.approx(of[rival], abs=1e-5)


def test_a_face_that_is_no_example_meets_all_of_its_person() -> None:
    probes = drawn(1, PEOPLE, EACH + 2)[EACH::EACH + 2]
    names = tuple(f"p{n:02}" for n in range(PEOPLE))
    scores = hold_out(MODEL, POINT, ENROLLED, None, Known(probes, names, (-1,) * PEOPLE))
    exact = Matcher(POINT, Gallery.build(MODEL, ROWS, range(len(ROWS)), NAMES), top_k=PEOPLE).match(probes)
    for own, name, match in zip(scores.own, names, exact, strict=True):
        [similarity] = [c.similarity for c in match.candidates if c.performer_id == name]
        assert POINT.similarity_scale().from_cosine(POINT.plain.score(own)) == pytest.approx(similarity, abs=1e-5)


def test_what_a_run_would_do_with_a_face_is_what_the_matcher_does() -> None:
    probes = drawn(1, PEOPLE, EACH + 4, noise=1.3)
    names = tuple(f"p{row // (EACH + 4):02}" for row in range(len(probes)))
    probes = np.concatenate([probes, drawn(5, 60, 1)])  # strangers, said to be somebody
    names += names[:60]
    scores = hold_out(MODEL, POINT, ENROLLED, None, Known(probes, names, (-1,) * len(names)))
    rule = Rule.of(POINT, PEOPLE, 0.89, 0.75)
    matches = Matcher(POINT, Gallery.build(MODEL, ROWS, range(len(ROWS)), NAMES)).match(probes)
    seen = set()
    for own, other, name, match in zip(scores.own, scores.other, names, matches, strict=True):
        assert match.best is not None
        mine = match.best.performer_id == name
        expected = {
            Verdict.ACCEPT: Outcome.NAMED if mine else Outcome.ANOTHER_NAMED,
            Verdict.REVIEW: Outcome.PROPOSED if mine else Outcome.ANOTHER_PROPOSED,
            Verdict.UNKNOWN: Outcome.UNKNOWN,
        }[match.verdict]
        assert rule.outcome(float(own), float(other)) is expected
        seen.add(expected)
    assert {Outcome.NAMED, Outcome.PROPOSED, Outcome.UNKNOWN} <= seen
    assert rule.outcome(float("nan"), 9.0) is Outcome.UNTESTED


def test_who_has_one_picture_or_nobody_beside_has_no_score() -> None:
    alone = Enrolled(ROWS[:1], (1,), NAMES[:1])
    scores = hold_out(MODEL, POINT, alone, None, Known(ROWS[:2], NAMES[:2], (0, -1)))
    assert np.isnan(scores.own[0])
    assert scores.own[1] > 0
    assert np.isnan(scores.other).all()
    assert scores.other_ids == ("", "")
    nobody = Enrolled(np.empty((0, 0), np.float32), (), ())
    assert np.isnan(hold_out(MODEL, POINT, nobody, None, Known(ROWS[:1], NAMES[:1], (-1,))).own).all()
    nothing = Known(np.empty((0, 0), np.float32), (), ())
    assert len(hold_out(MODEL, POINT, ENROLLED, None, nothing).own) == 0


def curve(similarities: np.ndarray, people: int = 50) -> Curve:
    return Curve(POINT, people, np.sort(np.full(len(similarities), 0.97)), np.sort(similarities))


def test_a_threshold_is_the_lowest_that_errs_no_more_often_than_asked() -> None:
    strangers = np.linspace(0.001, 1.0, 1000)  # 10 of them at 0.991 and above
    found = curve(strangers).threshold_for(10.0)
    assert found is not None
    reading, measured = found
    assert reading.threshold == 0.991
    assert reading.wrong_per_1000 == pytest.approx(10.0)
    assert reading.recall == 0.0
    assert measured
    assert curve(strangers).measured_down_to == 5.0
    fewer = curve(strangers).threshold_for(4.0)
    assert fewer is not None
    assert not fewer[1]
    assert curve(strangers).at(0.5).wrong_per_1000 == pytest.approx(501.0)


def test_the_correction_for_many_people_is_in_what_is_measured() -> None:
    strangers = np.linspace(0.001, 1.0, 1000)
    small, large = curve(strangers), curve(strangers, people=10_000)
    assert large.at(0.89).required > 0.96
    assert (large.at(0.89).wrong_per_1000 or 0.0) < (small.at(0.89).wrong_per_1000 or 0.0) / 2
    setting = large.threshold_for(20.0)
    assert setting is not None
    assert setting[0].threshold < 0.98 <= setting[0].required


def test_too_few_faces_say_nothing_but_what_the_model_expects() -> None:
    few = curve(np.full(49, 0.1))
    assert not few.enough
    assert few.threshold_for(1.0) is None
    reading = few.at(0.89)
    assert (reading.wrong_per_1000, reading.recall) == (None, None)
    assert reading.expected_wrong_per_1000 > 0
