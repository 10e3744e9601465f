"""Boxes and points in pixels: what the detectors share. NumPy only.

Boxes are (N, 4) float32 x_min, y_min, x_max, y_max; points (N, P, 2) float32: first five in the order of
`SeenFace.landmarks` (image-left eye, image-right eye, nose, image-left and image-right mouth corner of the
*upright* face), then whatever further landmarks the detector wants back for its alignment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32

OVERLAP = 0.4
"""IoU at which two boxes are one face: the value InsightFace uses for SCRFD."""
SAME_EYES = 0.25
"""Two faces whose eye midpoints lie closer than this share of the smaller box are one face: it catches the
pair that two scales or two tiles report with boxes of different size, where IoU fails."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Detections of one picture, in pixels of whatever was looked at. All three arrays have N rows; N may
    be 0."""

    boxes: Float32  # (N, 4)
    points: Float32  # (N, P, 2), P >= 5
    scores: Float32  # (N,) 0..1

    def __len__(self) -> int:
        return len(self.scores)

    def pick(self, rows: np.ndarray) -> Found:
        """The rows named by an index or mask array, in its order."""
        return Found(self.boxes[rows], self.points[rows], self.scores[rows])

    def moved(self, scale: float, shift_x: float, shift_y: float) -> Found:
        """Every coordinate times `scale`, then shifted."""
        shift = np.array([shift_x, shift_y], np.float32)
        boxes = self.boxes * np.float32(scale) + np.tile(shift, 2)
        return Found(boxes, self.points * np.float32(scale) + shift, self.scores)


def nothing(points: int = 5) -> Found:
    """No face."""
    return Found(np.zeros((0, 4), np.float32), np.zeros((0, points, 2), np.float32), np.zeros(0, np.float32))


def join(parts: list[Found]) -> Found:
    """All detections of several looks at one picture, duplicates included."""
    parts = [part for part in parts if len(part)] or parts[:1]
    if not parts:
        return nothing()
    return Found(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def iou_with(box: Float32, boxes: Float32) -> Float32:
    """Intersection over union of one (4,) box with (N, 4) boxes, (N,) 0..1."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    union = np.prod(box[2:] - box[:2]) + areas - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)


def without_duplicates(found: Found, overlap: float = OVERLAP, same_eyes: float = SAME_EYES) -> Found:
    """Greedy non-maximum suppression by score; ties are broken by position so that the order is always the
    same."""
    order = np.lexsort((found.boxes[:, 1], found.boxes[:, 0], -found.scores))
    eyes = found.points[:, :2].mean(axis=1)
    size = np.minimum(found.boxes[:, 2] - found.boxes[:, 0], found.boxes[:, 3] - found.boxes[:, 1])
    kept: list[int] = []
    while order.size:
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        gap = np.linalg.norm(eyes[rest] - eyes[best], axis=1)
        twin = gap < same_eyes * np.minimum(size[rest], size[best])
        order = rest[~(twin | (iou_with(found.boxes[best], found.boxes[rest]) > overlap))]
    return found.pick(np.array(kept, np.intp))


def turned_back(found: Found, turns: int, width: int, height: int) -> Found:
    """Coordinates of a picture that was turned counter-clockwise by `turns` quarters, back in the unturned
    one.

    `width` and `height` are those of the unturned picture in the same pixels. Boxes stay axis-parallel.
    """
    points = _unturn(found.points, turns, width, height)
    corners = _unturn(found.boxes.reshape(-1, 2, 2), turns, width, height)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return Found(boxes.astype(np.float32), points.astype(np.float32), found.scores)


def _unturn(points: Float32, turns: int, width: int, height: int) -> Float32:
    x, y = points[..., 0], points[..., 1]
    if turns % 4 == 1:  # a counter-clockwise quarter sends (x, y) to (y, width - x)
        x, y = width - y, x
    elif turns % 4 == 2:
        x, y = width - x, height - y
    elif turns % 4 == 3:
        x, y = y, height - x
    return np.stack([x, y], axis=-1)


def roll_degrees(points: Float32) -> float:
    """Angle of the eye line of (5, 2) points, -180..180; 0 is upright, positive is clockwise in the
    picture."""
    right, down = points[1] - points[0]
    return float(np.degrees(np.arctan2(down, right)))
