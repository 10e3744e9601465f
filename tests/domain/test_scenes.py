"""What is decided about scenes without a video: moments, shots, tracks, agreement."""

from __future__ import annotations

import numpy as np
import pytest

from compreface_plugin.domain.agreement import ONE_FRAME, TILES_ONLY, Ballot, settle
from compreface_plugin.domain.faces import Box, Quality, SeenFace
from compreface_plugin.domain.records import CandidateRecord, Verdict, VerdictRecord
from compreface_plugin.domain.shots import CUT_AT, distance, shots, signature
from compreface_plugin.domain.timing import (
    SamplePlan,
    VideoInfo,
    closer_looks,
    nearest,
    passes,
    sample_plan,
    spread,
    unseen_shots,
)
from compreface_plugin.domain.tracks import LinkRule, Sighting, appearances, may_vote, people

RULE = LinkRule(overlap_at=0.3, shot_at=0.5, person_at=0.6)


@pytest.mark.parametrize(
    ("duration", "interval", "most", "count"),
    [
        (1200.0, 2.0, 300, 300),  # bounded, over the whole scene
        (100.0, 2.0, 300, 50),
        (9.0, 2.0, 300, 12),  # short: enough frames all the same
        (1.0, 2.0, 300, 5),  # but none nearer than a fifth of a second
        (0.1, 2.0, 300, 1),
        (600.0, 2.0, 1, 1),
        (0.0, 2.0, 300, 0),
    ],
)
def test_moments_are_spread_over_the_whole_scene(duration: float, interval: float, most: int, count: int) -> None:
    times = spread(duration, interval, most)
    assert len(times) == count
    assert all(0 < time < duration for time in times)
    if count > 1:
        step = times[1] - times[0]
        assert times[0] == pytest.approx(step / 2)
        assert duration - times[-1] == pytest.approx(step / 2)


def info(duration: float, keyframes: list[float] | None) -> VideoInfo:
    return VideoInfo(duration, 640, 360, "h264", tuple(keyframes) if keyframes is not None else None)


@pytest.mark.parametrize(
    ("given", "way"),
    [
        (info(600.0, [n * 10.4 for n in range(58)]), "keyframes"),  # x264's default at 24 frames a second
        (info(600.0, [n * 30.0 for n in range(20)]), "forward"),
        (info(600.0, None), "forward"),
        (info(600.0, [0.0]), "forward"),
        (info(9.0, [0.0, 5.0]), "forward"),  # short: too few keyframes for anybody to be seen twice
        (info(9.0, [n * 0.25 for n in range(36)]), "keyframes"),
    ],
)
def test_keyframes_where_they_are_near_enough(given: VideoInfo, way: str) -> None:
    plan = sample_plan(given, 2.0, 300)
    assert plan.way == way
    if way == "keyframes":
        assert given.keyframes is not None
        assert set(plan.times) <= set(given.keyframes)


def test_the_nearest_moments_each_once() -> None:
    assert nearest([0.0, 5.0, 10.0], [1.0, 2.0, 6.0, 99.0]) == (0.0, 5.0, 10.0)
    assert nearest([], [1.0]) == ()


def test_far_keyframes_are_enough_where_looks_lie_farther_still() -> None:
    keyframes = tuple(20.0 * n for n in range(360))
    two_hours = VideoInfo(7200.0, 640, 360, "h264", keyframes)
    plan = sample_plan(two_hours, 2.0, 300)  # a look every 24 s
    assert plan.way == "keyframes"
    assert len(plan.times) > 290
    assert sample_plan(two_hours, 2.0, 1000).way == "forward"  # every 7.2 s


@pytest.mark.parametrize(
    ("every_s", "count", "parts"),
    [
        (2.0, 300, [38, 37, 75, 150]),  # ten minutes: may end after 75 looks, 8 s apart
        (4.0, 300, [75, 75, 150]),  # twenty minutes: after 150
        (10.4, 120, [120]),  # keyframes of x264: all of them
        (1.0, 20, [20]),
    ],
)
def test_passes_go_from_coarse_to_fine_over_the_whole_scene(every_s: float, count: int, parts: list[int]) -> None:
    times = tuple(n * every_s for n in range(count))
    made = passes(SamplePlan("keyframes", times), count * every_s)
    assert [len(part.times) for part in made] == parts
    assert sorted(time for part in made for time in part.times) == list(times)
    assert all(part.times[-1] > 0.8 * times[-1] for part in made)
    assert passes(SamplePlan("forward", times), count * every_s) == [SamplePlan("forward", times)]


def test_shots_between_keyframes_of_a_clock_are_looked_into() -> None:
    wanted = [1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0]
    clock = (0.0, 10.0, 20.0)
    assert unseen_shots(clock, [(0.0, 0), (10.0, 0), (20.0, 1)], wanted) == (11.0, 13.0, 15.0, 17.0, 19.0)
    assert unseen_shots(clock, [(0.0, 0), (10.0, 0), (20.0, 0)], wanted) == ()  # one shot
    cuts = (0.0, 6.0, 9.5, 20.0)  # 6.0 and 9.5 are cuts, 20.0 is the clock's
    assert unseen_shots(cuts, [(0.0, 0), (6.0, 1), (9.5, 2), (20.0, 2)], wanted) == ()
    assert unseen_shots((0.0, 2.0, 4.0), [(0.0, 0), (2.0, 1), (4.0, 2)], wanted) == ()  # near enough
    assert unseen_shots((), [], wanted) == ()


def test_closer_looks_are_shared_fairly_and_bounded() -> None:
    times = closer_looks([[10.0, 20.0], [50.0]], [10.0, 20.0, 50.0], 60.0, 3)
    assert len(times) == 3
    assert any(50 < time < 52 for time in times)
    assert closer_looks([[10.0]], [10.0, 10.4], 10.5, 5) == ()


def test_a_cut_is_seen_and_movement_is_not() -> None:
    dice = np.random.default_rng(1)
    one, other = (dice.integers(0, 255, (12, 16, 3), dtype=np.uint8).repeat(20, 0).repeat(20, 1) for _ in range(2))
    moved = np.roll(one, 4, axis=1)
    assert distance(signature(one), signature(one)) == 0
    assert distance(signature(one), signature(moved)) < CUT_AT < distance(signature(one), signature(other))
    assert shots([signature(each) for each in (one, moved, other, other)]) == [0, 0, 1, 1]
    assert shots([]) == []


def face(direction: list[float], x: float = 0.1, score: float = 0.6, yaw: float = 0.0) -> SeenFace:
    embedding = np.asarray(direction, np.float32)
    return SeenFace(
        box=Box(x, 0.1, x + 0.2, 0.4),
        landmarks=np.zeros((5, 2), np.float32),
        det_score=0.9,
        quality=Quality(score, 100.0, 1.0, 1.0, yaw, 0.0, 0.0),
        embedding=embedding / np.linalg.norm(embedding),
        crop_jpeg=b"",
    )


def seen(frame: int, what: SeenFace, shot: int = 0) -> Sighting:
    return Sighting(frame, frame * 2.0, shot, what)


ANN, BOB = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
LIKE_ANN = [0.5, 0.0, 0.87]  # cosine 0.5: herself where the box says so, too little elsewhere


def sizes(sightings: list[Sighting]) -> list[int]:
    return [len(person.sightings) for person in people(sightings, RULE)]


def test_a_face_is_followed_through_a_shot_and_across_a_cut() -> None:
    assert sizes([seen(0, face(ANN)), seen(1, face(ANN, x=0.5)), seen(2, face(ANN, x=0.7), shot=1)]) == [3]
    assert sizes([seen(0, face(ANN)), seen(1, face(BOB))]) == [1, 1]  # the same place, somebody else
    assert sizes([]) == []


def test_place_speaks_for_a_poor_face_inside_a_shot_only() -> None:
    assert sizes([seen(0, face(ANN)), seen(1, face([0.45, 0.0, 0.89]))]) == [2]
    assert sizes([seen(0, face(ANN)), seen(1, face([0.45, 0.0, 0.89]), shot=1)]) == [1, 1]
    assert sizes([seen(0, face(ANN)), seen(1, face([0.45, 0.0, 0.89], x=0.7))]) == [1, 1]


def test_two_faces_of_one_frame_are_two_people() -> None:
    twins = [seen(n, face(ANN, x=x)) for n in range(3) for x in (0.1, 0.6)]
    assert sizes(twins) == [3, 3]


def test_the_template_is_made_of_good_faces() -> None:
    [person] = people([seen(0, face(ANN)), seen(1, face(ANN)), seen(2, face(LIKE_ANN, score=0.05))], RULE)
    assert len(person.sightings) == 3
    assert len(person.voters) == 2
    assert float(person.template @ np.asarray(ANN, np.float32)) == pytest.approx(1.0)
    assert person.representative.frame == 0
    assert len(person.exemplars(1)) == 1


@pytest.mark.parametrize(("score", "yaw", "votes"), [(0.6, 0, True), (0.05, 0, False), (0.6, 85, False)])
def test_blurred_and_averted_faces_do_not_vote(score: float, yaw: float, votes: bool) -> None:
    assert may_vote(face(ANN, score=score, yaw=yaw).quality) is votes


def test_appearances_bridge_one_missed_frame() -> None:
    times = [1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0]
    spans = appearances([seen(n, face(ANN)) for n in (0, 2, 6)], times, 14.0)
    assert spans == ((0.0, 6.0), (12.0, 14.0))


def verdict(kind: Verdict, who: str | None = "1") -> VerdictRecord:
    candidates = (CandidateRecord(who, 1, 0.95),) if who else ()
    return VerdictRecord(kind, "m", "r", 0.89, None, "", candidates)


YES, MAYBE, NO, OTHER = (
    verdict(Verdict.ACCEPT), verdict(Verdict.REVIEW), verdict(Verdict.UNKNOWN, None), verdict(Verdict.ACCEPT, "2"),
)


@pytest.mark.parametrize(
    ("ballots", "expected"),
    [
        ([(YES, [YES, YES])], [Verdict.ACCEPT]),
        ([(YES, [YES, MAYBE, NO])], [Verdict.ACCEPT]),
        ([(YES, [YES])], [Verdict.REVIEW]),  # one lucky frame
        ([(YES, [YES, NO, NO, NO, OTHER])], [Verdict.REVIEW]),
        ([(YES, [])], [Verdict.REVIEW]),
        ([(YES, [YES]), (YES, [YES])], [Verdict.ACCEPT, Verdict.ACCEPT]),  # one frame in each of two shots
        ([(YES, [YES]), (OTHER, [OTHER])], [Verdict.REVIEW, Verdict.REVIEW]),
        ([(MAYBE, [YES, YES])], [Verdict.REVIEW]),
        ([(NO, [])], [Verdict.UNKNOWN]),
        ([], []),
    ],
)
def test_a_name_needs_frames_that_agree(
    ballots: list[tuple[VerdictRecord, list[VerdictRecord]]], expected: list[Verdict]
) -> None:
    settled = settle([Ballot(whole, frames) for whole, frames in ballots])
    assert [each.verdict for each in settled] == expected
    for (whole, _), each in zip(ballots, settled, strict=True):
        if each.verdict is not whole.verdict:
            assert each.reason == ONE_FRAME


def test_tiles_alone_name_nobody() -> None:
    [settled] = settle([Ballot(YES, [YES, YES, YES])], tiles_only=True)
    assert (settled.verdict, settled.reason) == (Verdict.REVIEW, TILES_ONLY)
