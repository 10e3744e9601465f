"""From the server's answers to faces of the picture: mapped back, clipped, each face once, measured, cropped."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from compreface_plugin.compreface import jpeg
from compreface_plugin.domain.faces import Box, Float32, Quality, SeenFace

if TYPE_CHECKING:
    from PIL import Image

    Measure = Callable[[Image.Image, Float32, Float32, float, float], Quality]
    """Picture, (4,) box and (5, 2) points in its pixels, probability, short side in the original -> quality."""

    from compreface_plugin.compreface.answers import FaceAnswer
    from compreface_plugin.compreface.views import View
    from compreface_plugin.domain.faces import Picture

OVERLAP = 0.4
"""IoU from which two boxes are one face: the server's own value for RetinaFace."""
SAME_MIDDLE = 0.3
"""Boxes whose middles lie closer than this share of the smaller one are one face: two views that differ in scale."""
ENOUGH_PX = 160.0
"""Input side of the largest recogniser (FaceNet): more pixels of a face do not make its embedding better."""
SURE_GENDER = 0.9
PADDING = (0.213, 0.105, 0.223, 0.099)
"""Left, top, right and bottom share of its own box that FaceNet builds add; taken off again, so that sizes and boxes
mean the same on every engine."""
MEAN_FACE = ((0.31, 0.39), (0.69, 0.39), (0.5, 0.6), (0.35, 0.78), (0.65, 0.78))
"""Where eyes, nose and mouth corners stand in a tight box, for a server that tells no landmarks (the ArcFace template
seen in the boxes of SCRFD)."""

Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One face in decoded pixels of the picture."""

    box: Corners  # tight; may reach outside
    points: Float32  # (5, 2)
    estimated: bool  # the points were not told by the server
    told: FaceAnswer
    sent_px: float  # short side of the box in what was sent
    turns: int  # quarters the picture was turned by when it was seen


def sighting(told: FaceAnswer, view: View, width: int, height: int, padded: bool) -> Sighting | None:
    """One answer mapped back; None when an inner edge of the view cuts the face, or its middle is outside."""
    x0, y0, x1, y1 = told.box
    if x1 - x0 < 1 or y1 - y0 < 1:
        return None
    if padded:
        x0, y0, x1, y1 = _tight(told.box)
    known = told.landmarks if told.landmarks and len(told.landmarks) == 5 else None
    points = known or _mean_face((x0, y0, x1, y1))
    corners = [view.back(x0, y0), view.back(x1, y1)]
    box = (
        min(c[0] for c in corners),
        min(c[1] for c in corners),
        max(c[0] for c in corners),
        max(c[1] for c in corners),
    )
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    if _cut(box, view.region, width, height) or not (0 < middle[0] < width and 0 < middle[1] < height):
        return None
    back = np.array([view.back(float(x), float(y)) for x, y in points], np.float32)
    return Sighting(box, back, known is None, told, min(x1 - x0, y1 - y0), view.turns)


def _tight(box: Corners) -> Corners:
    """A padded box without its padding; exact unless the picture's edge clipped it."""
    wide = (box[2] - box[0]) / (1 + PADDING[0] + PADDING[2])
    high = (box[3] - box[1]) / (1 + PADDING[1] + PADDING[3])
    return (
        box[0] + PADDING[0] * wide,
        box[1] + PADDING[1] * high,
        box[2] - PADDING[2] * wide,
        box[3] - PADDING[3] * high,
    )


def _mean_face(box: Corners) -> tuple[tuple[float, float], ...]:
    return tuple((box[0] + x * (box[2] - box[0]), box[1] + y * (box[3] - box[1])) for x, y in MEAN_FACE)


def _cut(box: Corners, region: tuple[int, int, int, int], width: int, height: int) -> bool:
    """Whether an edge of the region that is no edge of the picture goes through the face: another tile has it whole."""
    return (
        (region[0] > 0 and box[0] <= region[0] + 1)
        or (region[1] > 0 and box[1] <= region[1] + 1)
        or (region[2] < width and box[2] >= region[2] - 1)
        or (region[3] < height and box[3] >= region[3] - 1)
    )


def each_once(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The best sighting of every face: seen with the most useful pixels, then surest; ties by place."""
    ranked = sorted(sightings, key=lambda s: (-min(ENOUGH_PX, s.sent_px), -s.told.probability, s.box))
    kept: list[Sighting] = []
    for one in ranked:
        if not any(_same(one.box, other.box) for other in kept):
            kept.append(one)
    return kept


def surest_turn(sightings: Sequence[Sighting]) -> list[Sighting]:
    """As `each_once` for a picture that was looked at from four sides: of boxes that overlap at all the surest stays.

    A detector sees a little of a face in one that stands on its head, at another place of the same head.
    """
    kept: list[Sighting] = []
    for one in sorted(sightings, key=lambda s: (-s.told.probability, -s.sent_px, s.turns, s.box)):
        if not any(_iou(one.box, other.box) > 0 or _same(one.box, other.box) for other in kept):
            kept.append(one)
    return kept


def _iou(a: Corners, b: Corners) -> float:
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, wide) * max(0.0, high)
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return shared / (areas[0] + areas[1] - shared)


def _same(a: Corners, b: Corners) -> bool:
    if _iou(a, b) > OVERLAP:
        return True
    gap = math.hypot(a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3]) / 2
    return gap < SAME_MIDDLE * min(a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1])


def seen_face(one: Sighting, picture: Picture, image: Image.Image, measure: Measure) -> SeenFace:
    """Measured and cropped. `image` holds the picture's pixels."""
    box = clipped(one.box, image.width, image.height)
    told = one.told
    corners = np.array(one.box, np.float32)
    size_px = min(one.box[2] - one.box[0], one.box[3] - one.box[1]) / picture.scale
    quality = measure(image, corners, one.points, told.probability, size_px)
    if one.estimated and told.pose is not None:
        pitch, roll, yaw = told.pose
        quality = replace(quality, yaw_deg=round(yaw, 1), pitch_deg=round(pitch, 1), roll_deg=round(roll, 1))
    turns = round(_roll(one.points) / 90.0) % 4
    return SeenFace(
        box=box,
        landmarks=(one.points / np.array([image.width, image.height], np.float32)).astype(np.float32),
        det_score=min(1.0, max(0.0, told.probability)),
        quality=quality,
        embedding=unit(told.embedding or ()),
        crop_jpeg=jpeg.crop(image, one.box, turns),
        age=sum(told.age) / 2 if told.age else None,
        gender=_gender(told),
        extra=_extra(one),
    )


def clipped(box: Corners, width: int, height: int) -> Box:
    """Pixels to fractions, inside the picture."""
    return Box(
        max(0.0, min(1.0, box[0] / width)),
        max(0.0, min(1.0, box[1] / height)),
        max(0.0, min(1.0, box[2] / width)),
        max(0.0, min(1.0, box[3] / height)),
    )


def unit(embedding: Sequence[float]) -> Float32:
    """L2-normalised: InsightFace builds emit vectors of any length. (0,) when there was none."""
    row = np.asarray(embedding, np.float64)
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-12), np.float32)


def _roll(points: Float32) -> float:
    right, down = points[1] - points[0]
    return math.degrees(math.atan2(float(down), float(right)))


def _gender(told: FaceAnswer) -> str | None:
    if told.gender is None or told.gender.probability < SURE_GENDER:
        return None
    return {"male": "MALE", "female": "FEMALE"}.get(told.gender.value.lower())


def _extra(one: Sighting) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if one.estimated:
        extra["landmarks"] = "estimated"
    if one.told.mask is not None:
        extra["mask"] = {"value": one.told.mask.value, "probability": one.told.mask.probability}
    return extra
