"""Boxes, plans and alignment: pure arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from compreface_plugin.engine.align import ARCFACE_112, similarity, warp
from compreface_plugin.engine.detectors import SCRFD_REACH, YUNET_REACH
from compreface_plugin.engine.dlib_engine import HOG_REACH
from compreface_plugin.engine.find import find_faces
from compreface_plugin.engine.geometry import Found, nothing, turned_back, without_duplicates
from compreface_plugin.engine.quality import pose_degrees
from compreface_plugin.engine.views import Reach, close_view, plan


def found(*boxes: tuple[float, float, float, float, float]) -> Found:
    rows = np.array(boxes, np.float32).reshape(-1, 5)
    low, high = rows[:, None, :2], rows[:, None, 2:4]
    shares = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)
    return Found(rows[:, :4], low + (high - low) * shares, rows[:, 4])


def test_overlapping_boxes_become_the_best_one() -> None:
    kept = without_duplicates(found((0, 0, 10, 10, 0.6), (1, 1, 11, 11, 0.9), (30, 0, 40, 10, 0.5)))
    assert sorted(kept.scores.tolist()) == pytest.approx([0.5, 0.9])


def test_a_box_within_a_box_with_the_same_eyes_is_one_face() -> None:
    inner = found((40, 40, 60, 60, 0.5))
    outer = Found(np.array([[25, 32, 75, 82]], np.float32), inner.points, np.array([0.8], np.float32))
    both = Found(
        *(
            np.concatenate(pair)
            for pair in zip(
                (inner.boxes, inner.points, inner.scores), (outer.boxes, outer.points, outer.scores), strict=True
            )
        )
    )
    assert len(without_duplicates(both)) == 1


def test_no_face_stays_no_face() -> None:
    assert len(without_duplicates(nothing())) == 0


@pytest.mark.parametrize(("size", "looked_at"), [((20, 300), False), ((300, 20), False), ((22, 300), True)])
def test_an_icon_is_not_looked_at(size: tuple[int, int], looked_at: bool) -> None:
    canvases = []

    def detect(canvas: np.ndarray) -> Found:
        canvases.append(canvas.shape)
        return nothing()

    assert len(find_faces(Image.new("RGB", size), 42.0, HOG_REACH, detect)) == 0
    assert bool(canvases) is looked_at


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turned_coordinates_come_back(turns: int) -> None:
    canvas = np.zeros((60, 100), np.uint8)
    canvas[10:20, 70:95] = 1
    rows, columns = np.nonzero(np.rot90(canvas, turns))
    there = found((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 1.0))
    back = turned_back(there, turns, 100, 60)
    assert back.boxes[0].tolist() == [70, 10, 95, 20]


REACHES = [
    pytest.param(SCRFD_REACH, id="scrfd"),
    pytest.param(YUNET_REACH, id="yunet"),
    pytest.param(HOG_REACH, id="hog"),
]


@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize(
    "size", [(6000, 4000), (4000, 6000), (640, 480), (250, 250), (9000, 700), (120, 3000), (30, 40)]
)
@pytest.mark.parametrize("min_face", [20.0, 43.0, 64.0, 300.0])
def test_every_face_is_seen_whole_and_large_enough(reach: Reach, size: tuple[int, int], min_face: float) -> None:
    width, height = size
    views = plan(width, height, min_face, reach)
    draw = np.random.default_rng(3)
    for side in (min_face, min_face * 2.1, min_face * 7, min(size)):
        if not min_face <= side <= min(size):
            continue
        for _ in range(20):
            x, y = draw.uniform(0, width - side), draw.uniform(0, height - side)
            seen = [
                side * view.scale
                for view in views
                if view.region[0] <= x + 1
                and x + side <= view.region[2] + 1
                and view.region[1] <= y + 1
                and y + side <= view.region[3] + 1
            ]
            smallest = reach.smallest_px * min(1.0, 2.0 * min_face / reach.smallest_px)
            assert max(seen) >= smallest * 0.98
    for view in views:
        assert max(view.width, view.height) <= max(reach.whole_side, reach.tile_side) + reach.tile_step
        assert view.width * view.height > 0


def test_a_large_photo_needs_few_tiles() -> None:
    views = plan(6000, 4000, 64 * 2 / 3, SCRFD_REACH)
    assert sum(view.width * view.height for view in views) < 8e6


def test_the_close_view_has_the_face_in_its_middle() -> None:
    picture = Image.new("RGB", (400, 300))
    picture.paste((255, 255, 255), (5, 5, 65, 65))
    view = close_view(400, 300, (5, 5, 65, 65), SCRFD_REACH)
    rows, columns = np.nonzero(np.asarray(view.paint(picture))[:, :, 0] > 200)
    side = SCRFD_REACH.close_side
    assert abs((columns.min() + columns.max()) / 2 - side / 2) < 3
    assert abs((rows.min() + rows.max()) / 2 - side / 2) < 3


def test_umeyama_finds_the_transform_back() -> None:
    angle, scale = np.radians(37.0), 2.3
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (ARCFACE_112 @ turn.T + [120.0, -40.0]).astype(np.float32)
    matrix = similarity(moved, ARCFACE_112)
    again = moved @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(again - ARCFACE_112).max() < 1e-3
    assert np.linalg.det(matrix[:, :2]) == pytest.approx(1 / scale**2, rel=1e-5)


def test_points_that_coincide_give_a_finite_matrix() -> None:
    assert np.isfinite(similarity(np.zeros((5, 2), np.float32), ARCFACE_112)).all()


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0, 3.0, 9.0])
@pytest.mark.parametrize("angle", [0.0, 30.0, 180.0])
def test_warping_takes_each_pixel_from_its_place(scale: float, angle: float) -> None:
    radians = np.radians(angle)
    turn = scale * np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    side = round(120 * max(scale, 1.0))
    points = ((ARCFACE_112 - 56) @ turn.T + side / 2).astype(np.float32)
    column, row = 60, 75
    place = (np.array([column, row]) - 56) @ turn.T + side / 2
    slope = 8 / max(scale, 1.0)  # around this place red tells x and green tells y
    ramps = np.zeros((side, side, 3))
    ramps[:, :, 0] = 128 + slope * (np.arange(side)[None, :] - place[0])
    ramps[:, :, 1] = 128 + slope * (np.arange(side)[:, None] - place[1])
    picture = Image.fromarray(ramps.clip(0, 255).round().astype(np.uint8))
    crop = warp(picture, points, ARCFACE_112, 112).astype(float)
    part = crop[row - 6 : row + 7, column - 6 : column + 7, :2].mean(axis=(0, 1))
    assert np.abs(part - 128).max() < 0.2 * 8  # a fifth of a pixel of the crop


def test_a_frontal_template_has_no_pose_and_turning_it_shows() -> None:
    yaw, pitch = pose_degrees(ARCFACE_112)
    assert abs(yaw) < 5
    assert abs(pitch) < 12
    turned = ARCFACE_112.copy()
    turned[2, 0] += 15
    assert pose_degrees(turned)[0] > 20
