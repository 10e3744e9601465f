"""What follows from what people said, decided without a store or a model; and how far it reaches, with real faces."""

from __future__ import annotations

import numpy as np
import pytest

from compreface_plugin.domain.faces import Box
from compreface_plugin.domain.memory import (
    Decision,
    MemoryRule,
    Recollection,
    Said,
    apply_memory,
    decisions_at,
    neighbourhood,
    recollect,
    same_face_at,
    same_photo_at,
    same_place,
)
from compreface_plugin.domain.operating_points import operating_point
from compreface_plugin.domain.records import CandidateRecord, Kind, Verdict, VerdictRecord
from tests.domain.exact_cosine import embedding_at as at_cosine

POINT = operating_point("light@000000000000", "light")
RULE = MemoryRule.of(POINT, review_at=0.75)
BOX = Box(0.4, 0.4, 0.6, 0.6)


def word(said: Said, performer: str | None = None, box: Box = BOX, number: int = 1) -> Decision:
    return Decision(Kind.IMAGE, 1, box, said, performer, 7, "run", 0.0, "", number)


def verdict(kind: Verdict, *candidates: tuple[str, float], required: float = 0.89) -> VerdictRecord:
    return VerdictRecord(
        kind, "m", "r", required, 3.0, "", tuple(CandidateRecord(who, 1, similarity) for who, similarity in candidates)
    )


NOTHING = Recollection()
HER = verdict(Verdict.ACCEPT, ("1", 0.95), ("2", 0.8), ("3", 0.3))


def test_the_last_word_counts_and_rejections_add_up() -> None:
    no_1, no_2, yes_1 = word(Said.NOT_HER, "1"), word(Said.NOT_HER, "2"), word(Said.CONFIRMED, "1")
    silent = word(Said.NOT_A_FACE)
    assert recollect([]).empty
    assert recollect([no_1, no_2]) == Recollection(None, None, frozenset("12"))
    assert recollect([no_1, no_2, yes_1]) == Recollection("1", None, frozenset("2"))
    assert recollect([yes_1, no_1]) == Recollection(None, None, frozenset("1"))
    assert recollect([yes_1, silent]) == Recollection(None, Said.NOT_A_FACE, frozenset())
    assert recollect([silent, no_2]) == Recollection(None, None, frozenset("2"))
    assert recollect([word(Said.EXAMPLE, "1"), word(Said.NO_EXAMPLE, "1")]).empty


def test_nothing_said_changes_nothing() -> None:
    assert apply_memory(HER, NOTHING, RULE, NOTHING) is HER


def test_a_rejected_best_leaves_the_next_as_a_proposal_at_most() -> None:
    sure_of_both = verdict(Verdict.ACCEPT, ("1", 0.99), ("2", 0.97), ("3", 0.3))
    after = apply_memory(sure_of_both, recollect([word(Said.NOT_HER, "1")]), RULE)
    assert after.verdict is Verdict.REVIEW
    assert [c.performer_id for c in after.candidates] == ["2", "3"]
    after = apply_memory(sure_of_both, Recollection(rejected=frozenset("12")), RULE)
    assert (after.verdict, after.margin) == (Verdict.UNKNOWN, None)
    assert [c.performer_id for c in after.candidates] == ["3"]
    nobody = apply_memory(verdict(Verdict.REVIEW, ("1", 0.8)), Recollection(rejected=frozenset("1")), RULE)
    assert (nobody.verdict, nobody.candidates) == (Verdict.UNKNOWN, ())


def test_a_rejected_double_no_longer_holds_up_the_right_one() -> None:
    close = verdict(Verdict.REVIEW, ("1", 0.95), ("2", 0.949), ("3", 0.1))
    assert apply_memory(close, Recollection(rejected=frozenset("2")), RULE).verdict is Verdict.ACCEPT
    weak = verdict(Verdict.REVIEW, ("1", 0.85), ("2", 0.849))
    assert apply_memory(weak, Recollection(rejected=frozenset("2")), RULE).verdict is Verdict.REVIEW


def test_a_confirmed_face_is_hers_whatever_was_measured() -> None:
    after = apply_memory(verdict(Verdict.UNKNOWN, ("2", 0.4)), Recollection(confirmed="9"), RULE)
    assert (after.verdict, after.best and after.best.performer_id) == (Verdict.ACCEPT, "9")
    near_says_no = Recollection(rejected=frozenset("1"))
    assert apply_memory(HER, Recollection(confirmed="1"), RULE, near_says_no).verdict is Verdict.ACCEPT


@pytest.mark.parametrize("said", [Said.NOT_A_FACE, Said.IGNORE])
def test_a_silenced_face_is_named_and_proposed_to_nobody(said: Said) -> None:
    assert apply_memory(HER, Recollection(silenced=said), RULE).verdict is Verdict.IGNORED
    assert apply_memory(HER, NOTHING, RULE, Recollection(silenced=said)).verdict is Verdict.IGNORED


def test_applying_it_twice_is_applying_it_once() -> None:
    words = Recollection(confirmed="2"), Recollection(rejected=frozenset("1")), Recollection(silenced=Said.IGNORE)
    for said in words:
        once = apply_memory(HER, said, RULE)
        assert apply_memory(once, said, RULE) == once


def test_a_decision_stays_with_its_face_in_a_crowd() -> None:
    row = [Box(0.1 * n, 0.4, 0.1 * n + 0.12, 0.6) for n in range(5)]
    for box in row:
        moved = Box(box.x_min + 0.01, box.y_min - 0.02, box.x_max + 0.01, box.y_max + 0.01)
        assert [each for each in row if decisions_at(each, row, [word(Said.NOT_A_FACE, box=moved)])] == [box]
    assert not decisions_at(Box(0.8, 0.8, 0.9, 0.9), row, [word(Said.NOT_A_FACE, box=row[0])])


def test_two_detectors_draw_one_face_differently() -> None:
    tall, square = Box(0.40, 0.30, 0.60, 0.62), Box(0.38, 0.38, 0.62, 0.62)
    assert same_place(tall, square)
    assert not same_place(tall, Box(0.55, 0.3, 0.75, 0.62))
    assert not same_place(Box(0.0, 0.0, 1.0, 1.0), Box(0.4, 0.4, 0.6, 0.6))


def unit(seed: int) -> np.ndarray:
    row = np.random.default_rng(seed).standard_normal(256).astype(np.float32)
    return row / np.linalg.norm(row)


def test_the_neighbourhood_ends_where_it_was_measured_to_end() -> None:
    face = unit(1)
    for said, performer, reach in (
        (Said.NOT_HER, "1", RULE.same_face_at),
        (Said.IGNORE, None, RULE.same_face_at),
        (Said.NOT_A_FACE, None, RULE.same_photo_at),
    ):
        for distance, hit in ((0.01, True), (-0.01, False)):
            known = at_cosine(face, reach + distance, 2)[None]
            found = neighbourhood(face, known, [word(said, performer)], RULE)
            assert found.empty is not hit
    assert neighbourhood(face, np.empty((0, 0), np.float32), [], RULE).empty


def test_a_confirmed_face_as_near_outweighs_a_rejection() -> None:
    face = unit(1)
    known = np.stack([at_cosine(face, 0.9, 2), at_cosine(face, 0.95, 3)])
    no, yes = word(Said.NOT_HER, "1"), word(Said.CONFIRMED, "1", number=2)
    assert neighbourhood(face, known, [no, yes], RULE).empty
    assert neighbourhood(face, known, [yes, no], RULE).rejected == frozenset("1")
    assert neighbourhood(face, known, [no, word(Said.CONFIRMED, "2")], RULE).rejected == frozenset("1")


@pytest.mark.parametrize("pack", ["dlib", "light", "buffalo_sc", "buffalo_l", "something"])
def test_reaches_are_in_order_for_every_model(pack: str) -> None:
    point = operating_point(f"{pack}@000000000000", pack)
    accept = point.similarity_scale().to_cosine(0.89)
    assert accept <= same_face_at(point) < same_photo_at(point) < 1
