"""From views to faces of one picture: run the detector over the plan, map back, drop cut-off and double
ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from compreface_plugin.domain.faces import Pixels
from compreface_plugin.engine.geometry import Found, join, nothing, roll_degrees, turned_back, without_duplicates
from compreface_plugin.engine.views import Reach, View, close_view, plan, turned_plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

Detect = Callable[[Pixels], Found]
"""(H, W, 3) RGB canvas -> faces in its pixels."""

SMALL_PX = 40.0
"""A face seen smaller than this on its canvas is looked at closely when the picture has more pixels of it:
landmarks are then placed better, and the embedding depends on them."""
TILTED_DEG = 40.0
"""Beyond this roll the landmarks of a detector trained on upright faces are checked by turning the face."""
UPRIGHT_BONUS = 0.03
"""What a turned look must score more than the upright one."""
_TURNS = ((1, Image.Transpose.ROTATE_90), (3, Image.Transpose.ROTATE_270), (2, Image.Transpose.ROTATE_180))


def find_faces(picture: Image.Image, min_face_px: float, reach: Reach, detect: Detect) -> Found:
    """Faces of an RGB picture in its own pixels, without duplicates, `min_face_px` (short side) and larger.

    When nothing is found upright, the picture is tried on both sides and upside down. A picture less than half as
    wide or high as the smallest face, an icon, is not looked at: a face may reach beyond the edges, but not so far.
    """
    if 2 * min(picture.size) < min_face_px:
        return nothing()
    views = plan(picture.width, picture.height, min_face_px, reach)
    found = _large_enough(_look(picture, views, detect), min_face_px * 0.9)
    if not len(found):
        found = _turned(picture, reach, detect)
    if reach.close_side and len(found):
        finest = max(view.scale for view in views)
        found = _closely(picture, found, finest, reach, detect)
    return _large_enough(found, min_face_px)


def _look(picture: Image.Image, views: list[View], detect: Detect) -> Found:
    return without_duplicates(join([_seen(picture, view, detect) for view in views]))


def _seen(picture: Image.Image, view: View, detect: Detect) -> Found:
    found = _back(detect(np.asarray(view.paint(picture))), view)
    whole = _whole_faces(found, view.region, picture.width, picture.height)
    return found.pick(whole & (found.scores >= view.least_score))


def _back(found: Found, view: View) -> Found:
    """From canvas pixels to those of the picture."""
    x0, y0 = view.region[:2]
    return found.moved(1 / view.scale, x0 - view.left / view.scale, y0 - view.top / view.scale)


def _whole_faces(found: Found, region: tuple[int, int, int, int], width: int, height: int) -> NDArray[np.bool_]:
    """False for boxes cut by an inner edge of a tile (the next tile sees them whole) or centred outside."""
    x0, y0, x1, y1 = region
    boxes = found.boxes
    keep = np.ones(len(found), bool)
    if x0 > 0:
        keep &= boxes[:, 0] > x0 + 1
    if y0 > 0:
        keep &= boxes[:, 1] > y0 + 1
    if x1 < width:
        keep &= boxes[:, 2] < x1 - 1
    if y1 < height:
        keep &= boxes[:, 3] < y1 - 1
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.asarray(keep & (centre > 0).all(axis=1) & (centre[:, 0] < width) & (centre[:, 1] < height))


def _turned(picture: Image.Image, reach: Reach, detect: Detect) -> Found:
    parts = []
    for turns, transpose in _TURNS:
        turned = picture.transpose(transpose)
        found = _look(turned, turned_plan(turned.width, turned.height, reach), detect)
        found = found.pick(found.scores >= reach.turned_score)
        parts.append(turned_back(found, turns, picture.width, picture.height))
    return without_duplicates(join(parts)) if any(len(part) for part in parts) else nothing()


def _closely(picture: Image.Image, found: Found, scale: float, reach: Reach, detect: Detect) -> Found:
    """Every face that was seen small, with a low score or tilted, looked at once more from near by.

    A small one gets better landmarks. One that scores low or is tilted is turned by quarters: networks do
    find faces that lie on their side, but often put upright landmarks on them.
    """
    parts = []
    for row in range(len(found)):
        face = found.pick(np.array([row]))
        side = float((face.boxes[0, 2:] - face.boxes[0, :2]).min())
        doubtful = float(face.scores[0]) < reach.doubtful or abs(roll_degrees(face.points[0])) > TILTED_DEG
        small = side * scale < SMALL_PX and scale < 0.8
        if doubtful or small:
            turns, nearer = _nearer(picture, face, reach, detect, doubtful)
            if len(nearer) and (turns or small):
                face = Found(nearer.boxes, nearer.points, np.maximum(nearer.scores, face.scores))
            elif not len(nearer) and float(face.scores[0]) < reach.unproven:
                continue
        parts.append(face)
    return without_duplicates(join(parts)) if parts else nothing(found.points.shape[1])


def _nearer(picture: Image.Image, face: Found, reach: Reach, detect: Detect, every_way: bool) -> tuple[int, Found]:
    """The same face from a close view: the quarters it was turned by to score best, and the face, empty when
    it is not seen again."""
    box = (float(face.boxes[0, 0]), float(face.boxes[0, 1]), float(face.boxes[0, 2]), float(face.boxes[0, 3]))
    view = close_view(picture.width, picture.height, box, reach)
    canvas = np.asarray(view.paint(picture))
    best, best_turns, best_score = nothing(face.points.shape[1]), 0, -1.0
    for turns in (0, 1, 3, 2) if every_way else (0,):
        seen = _central(detect(np.ascontiguousarray(np.rot90(canvas, turns))), reach.close_side, turns > 0)
        score = float(seen.scores[0]) - (UPRIGHT_BONUS if turns else 0.0) if len(seen) else -1.0
        if score > best_score:
            best_turns, best_score = turns, score
            best = _back(turned_back(seen, turns, view.width, view.height), view)
    return best_turns, best


def _central(found: Found, side: int, upright_only: bool) -> Found:
    """The best face in the middle of a close canvas, as a row of one; empty when there is none."""
    if not len(found):
        return found
    centre = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    sides = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1)
    fits = np.abs(centre - side / 2).max(axis=1) < 0.2 * side
    fits &= (sides > 0.25 * side) & (sides < 0.8 * side)
    if upright_only:
        fits &= np.array([abs(roll_degrees(points)) <= TILTED_DEG + 10 for points in found.points])
    rows = np.flatnonzero(fits)
    return found.pick(rows[np.argsort(-found.scores[rows], kind="stable")][:1])


def _large_enough(found: Found, min_face_px: float) -> Found:
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    return found.pick(sides.min(axis=1) >= min_face_px)
