"""What of a picture is sent: the whole, tiles for small faces, and a second look when nothing was found. Planning only.

The server shrinks whatever it gets to 640 px for detection and finds faces from about 20 px there, but takes the face
it embeds from the pixels that were sent. So the whole picture goes at a size that keeps its faces sharp, and tiles go
where a face that matters would be smaller than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image

DETECT_SIDE = 640
"""Default of the server's max_detect_size; the API does not tell it."""
SMALLEST_PX = 20.0
"""Smallest face its detectors look for, after shrinking (MTCNN's minimum; RetinaFace goes a little lower)."""
SENT_SIDE = 1920
"""Long side of a whole picture as sent: the smallest face it shows then still has 60 px."""
PADDED_SHARE = 1.7
"""Box in pixels per pixel of the face alone: FaceNet builds pad, and a face must lie in a tile with its padding."""
SECOND_SIDE = 1920
"""Side of the square canvas of the second look: four quadrants."""
FILLED = (0.6, 0.9, 0.9, 0.9)
"""Share of its quadrant that each turn takes; the upright one gets the margin that a face filling the picture needs."""


@dataclass(frozen=True, slots=True)
class View:
    """A region of the decoded picture, turned counter-clockwise by `turns` quarters, at (left, top) of what is sent."""

    region: tuple[int, int, int, int]  # x_min, y_min, x_max, y_max in decoded pixels
    scale: float  # sent pixels per decoded pixel
    turns: int = 0
    left: int = 0
    top: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as sent, before turning."""
        x0, y0, x1, y1 = self.region
        return max(1, round((x1 - x0) * self.scale)), max(1, round((y1 - y0) * self.scale))

    def back(self, x: float, y: float) -> tuple[float, float]:
        """A point of what was sent, in decoded pixels."""
        wide, high = self.size
        x, y = x - self.left, y - self.top
        if self.turns == 1:  # a counter-clockwise quarter sends (x, y) to (y, wide - x)
            x, y = wide - y, x
        elif self.turns == 2:
            x, y = wide - x, high - y
        elif self.turns == 3:
            x, y = y, high - x
        return x / self.scale + self.region[0], y / self.scale + self.region[1]

    def paint(self, picture: Image.Image) -> Image.Image:
        """The region as it is sent, turned."""
        x0, y0, x1, y1 = self.region
        if self.size == (x1 - x0, y1 - y0):
            part = picture.crop(self.region)
        else:
            part = picture.resize(self.size, Image.Resampling.LANCZOS, box=self.region, reducing_gap=2.0)
        return part.transpose(_TURNS[self.turns - 1]) if self.turns else part


_TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)


def plan(width: int, height: int, min_face_px: float, detect_side: int = DETECT_SIDE) -> list[View]:
    """The whole picture, then tiles, so that every face of `min_face_px` decoded pixels is shown large enough.

    Small pictures are enlarged at most twice: that shows the detector a face it would call too small.
    """
    long_side = max(width, height)
    shrink = min(1.0, SENT_SIDE / long_side)
    needed = SMALLEST_PX / max(1.0, min_face_px)  # detector pixels per decoded pixel
    shown = min(1.0, detect_side / long_side)
    if shown == 1.0:
        return [View((0, 0, width, height), min(2.0, max(1.0, needed)))]
    views = [View((0, 0, width, height), shrink)]
    if needed > shown * 1.001:
        views += _tiles(width, height, shown, min(1.0, needed), detect_side)
    return views


def _tiles(width: int, height: int, shown: float, needed: float, detect_side: int) -> list[View]:
    """Overlapping tiles; the overlap holds, with padding, every face that the whole picture shows too small."""
    side = detect_side / needed
    overlap = min(side / 2, PADDED_SHARE * SMALLEST_PX / shown)
    return [
        View((left, top, right, bottom), 1.0)
        for top, bottom in _spans(height, side, overlap)
        for left, right in _spans(width, side, overlap)
    ]


def _spans(length: int, tile: float, overlap: float) -> list[tuple[int, int]]:
    """Equal overlapping spans that cover 0..length, none longer than `tile` by more than a pixel."""
    if length <= tile:
        return [(0, length)]
    count = math.ceil((length - overlap) / (tile - overlap))
    side = (length + (count - 1) * overlap) / count
    starts = [i * (side - overlap) for i in range(count)]
    return [(int(start), min(length, math.ceil(start + side))) for start in starts]


def second_look(width: int, height: int) -> list[View]:
    """Four views for one canvas: with margin, on both sides and upside down. For pictures without a face."""
    half = SECOND_SIDE // 2
    views = []
    for turns, share in enumerate(FILLED):
        scale = min(2.0, share * half / max(width, height))
        plain = View((0, 0, width, height), scale, turns)
        wide, high = plain.size if turns % 2 == 0 else plain.size[::-1]
        corner = (half * (turns % 2), half * (turns // 2))
        left, top = corner[0] + (half - wide) // 2, corner[1] + (half - high) // 2
        views.append(View((0, 0, width, height), scale, turns, left, top))
    return views


def paint_second(picture: Image.Image, views: list[View]) -> Image.Image:
    """The canvas of `second_look`, mid-grey between the pictures."""
    canvas = Image.new("RGB", (SECOND_SIDE, SECOND_SIDE), (127, 127, 127))
    for view in views:
        canvas.paste(view.paint(picture), (view.left, view.top))
    return canvas


def quadrant(x: float, y: float) -> int:
    """Which of the four views a point of the canvas lies in."""
    half = SECOND_SIDE / 2
    return (1 if x >= half else 0) + (2 if y >= half else 0)
