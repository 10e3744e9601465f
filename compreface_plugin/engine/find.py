"""From views to faces of one picture: run the detector over the plan, map back, drop cut-off and double
ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from compreface_plugin.domain.faces import Pixels
from compreface_plugin.engine.geometry import Found, join, nothing, turned_back, without_duplicates
from compreface_plugin.engine.views import Reach, View, plan, turned_plan

Detect = Callable[[Pixels], Found]
"""(H, W, 3) RGB canvas -> faces in its pixels."""

TURNED_SCORE = 0.65
"""A face that is only found after turning the picture must be surer: four looks give four chances of a
mistake."""
_TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270, Image.Transpose.ROTATE_180)


def find_faces(picture: Image.Image, min_face_px: float, reach: Reach, detect: Detect) -> Found:
    """Faces of an RGB picture in its own pixels, without duplicates, `min_face_px` (short side) and larger.

    When nothing is found upright, the picture is tried on both sides and upside down.
    """
    found = _look(picture, plan(picture.width, picture.height, min_face_px, reach), detect)
    found = _large_enough(found, min_face_px)
    return found if len(found) else _large_enough(_turned(picture, reach, detect), min_face_px)


def _look(picture: Image.Image, views: list[View], detect: Detect) -> Found:
    parts = [_seen(picture, view, detect) for view in views]
    return without_duplicates(join(parts))


def _seen(picture: Image.Image, view: View, detect: Detect) -> Found:
    found = detect(np.asarray(view.paint(picture)))
    x0, y0, x1, y1 = view.region
    back = found.moved(1 / view.scale, x0 - view.left / view.scale, y0 - view.top / view.scale)
    return back.pick(_whole_faces(back, view.region, picture.width, picture.height))


def _whole_faces(found: Found, region: tuple[int, int, int, int], width: int, height: int) -> np.ndarray:
    """Mask: false for boxes cut by an inner edge of a tile (the next tile sees them whole) or centred
    outside."""
    x0, y0, x1, y1 = region
    boxes = found.boxes
    slack = 0.05 * (boxes[:, 2:] - boxes[:, :2])
    keep = np.ones(len(found), bool)
    if x0 > 0:
        keep &= boxes[:, 0] > x0 + 1 - slack[:, 0] * 0
    if y0 > 0:
        keep &= boxes[:, 1] > y0 + 1
    if x1 < width:
        keep &= boxes[:, 2] < x1 - 1
    if y1 < height:
        keep &= boxes[:, 3] < y1 - 1
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = (centre > 0).all(axis=1) & (centre[:, 0] < width) & (centre[:, 1] < height)
    return np.asarray(keep & inside)


def _turned(picture: Image.Image, reach: Reach, detect: Detect) -> Found:
    parts = []
    for turns, transpose in zip((1, 3, 2), _TURNS, strict=True):
        turned = picture.transpose(transpose)
        found = _look(turned, turned_plan(turned.width, turned.height, reach), detect)
        found = found.pick(found.scores >= TURNED_SCORE)
        parts.append(turned_back(found, turns, picture.width, picture.height))
    return without_duplicates(join(parts)) if any(len(part) for part in parts) else nothing()


def _large_enough(found: Found, min_face_px: float) -> Found:
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    return found.pick(sides.min(axis=1) >= min_face_px)
