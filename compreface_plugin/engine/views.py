"""What a detector looks at: which part of a picture, at which scale, on which canvas. Pure planning.

A convolutional detector finds faces between a smallest size in canvas pixels and a largest share of the
canvas. One view of the whole picture covers most of them; a small padded view finds the face that fills the
picture; tiles at a finer scale find faces that the whole view would show too small. A close view of one face
settles what is doubtful.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True)
class Reach:
    """What one detector can see, and on which canvases. Sides in canvas pixels."""

    smallest_px: float  # short side of the smallest face it finds reliably
    whole_side: int  # long side of the canvas for the whole picture
    tile_side: int  # longest side of a tile
    padded_side: int  # square canvas of the padded view
    turned_side: int  # long side of the canvas when the picture is tried on its side
    step: int  # canvas sides are multiples of this, so that the number of shapes stays small
    tile_step: int  # the same for tiles
    turned_score: float  # least score of a face found only after turning: four looks give four chances of a mistake
    tile_score: float  # least score of a face found on a tile: many tiles give many chances of a mistake
    shrinks: bool  # true: show no more pixels than the smallest face needs; false: as many as the canvas takes
    close_side: int = 0  # square canvas of the close view; 0: a second look brings this detector nothing
    doubtful: float = 0.0  # a score below this calls for a close view, in every direction
    unproven: float = 0.0  # a face below this that the close view does not confirm is none


@dataclass(frozen=True, slots=True)
class View:
    """A region of the decoded picture shown at `scale` on a canvas, its top-left corner at (left, top)."""

    region: tuple[int, int, int, int]  # x_min, y_min, x_max, y_max in decoded pixels
    scale: float  # canvas pixels per decoded pixel
    width: int  # of the canvas
    height: int
    left: int = 0
    top: int = 0
    least_score: float = 0.0  # weaker faces of this view do not count

    def paint(self, picture: Image.Image) -> Image.Image:
        """The canvas, RGB; what the region does not cover is mid-grey."""
        x0, y0, x1, y1 = self.region
        size = (max(1, round((x1 - x0) * self.scale)), max(1, round((y1 - y0) * self.scale)))
        if size == (x1 - x0, y1 - y0):
            part = picture.crop(self.region)
        else:
            part = picture.resize(size, Image.Resampling.BILINEAR, box=self.region, reducing_gap=2.0)
        if size == (self.width, self.height):
            return part
        canvas = Image.new("RGB", (self.width, self.height), (127, 127, 127))
        canvas.paste(part, (self.left, self.top))
        return canvas


MAX_ENLARGE = 2.0
"""Enlarging further shows a detector nothing new."""
PADDED_SHARE = 0.6
"""Share of the padded canvas that the picture takes: a face as large as the picture then has the margin
around it that detectors are trained with."""
CLOSE_SHARE = 0.45
"""Share of the close canvas that the face takes."""


def plan(width: int, height: int, min_face_px: float, reach: Reach) -> list[View]:
    """Views of a decoded picture in which every face with a short side of `min_face_px` decoded pixels or
    more, up to the whole picture, is seen at a size the detector handles."""
    needed = min(MAX_ENLARGE, reach.smallest_px / max(min_face_px, 1.0))
    fitting = reach.whole_side / max(width, height)
    scale = min(needed, fitting) if reach.shrinks else max(min(1.0, fitting), min(needed, fitting))
    views = [_whole(width, height, scale, reach.step), _padded(width, height, reach.padded_side)]
    if needed > scale * 1.001:
        views += _tiles(width, height, scale, needed, reach)
    return views


def turned_plan(width: int, height: int, reach: Reach) -> list[View]:
    """The cheaper views used when a picture is tried on its side."""
    scale = min(1.0, reach.turned_side / max(width, height))
    return [_whole(width, height, scale, reach.step), _padded(width, height, reach.padded_side)]


def close_view(width: int, height: int, box: tuple[float, float, float, float], reach: Reach) -> View:
    """One face with its surroundings in the middle of a square canvas."""
    x0, y0, x1, y1 = box
    scale = CLOSE_SHARE * reach.close_side / max(x1 - x0, y1 - y0, 1.0)
    half = reach.close_side / scale / 2
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    region = (
        max(0, math.floor(middle_x - half)),
        max(0, math.floor(middle_y - half)),
        min(width, math.ceil(middle_x + half)),
        min(height, math.ceil(middle_y + half)),
    )
    left, top = round((region[0] - middle_x + half) * scale), round((region[1] - middle_y + half) * scale)
    return View(region, scale, reach.close_side, reach.close_side, left, top)


def _up(value: float, step: int) -> int:
    return max(step, math.ceil(value / step - 1e-6) * step)


def _whole(width: int, height: int, scale: float, step: int) -> View:
    return View((0, 0, width, height), scale, _up(round(width * scale), step), _up(round(height * scale), step))


def _padded(width: int, height: int, side: int) -> View:
    scale = PADDED_SHARE * side / max(width, height)
    left, top = round((side - width * scale) / 2), round((side - height * scale) / 2)
    return View((0, 0, width, height), scale, side, side, left, top)


def _tiles(width: int, height: int, whole_scale: float, scale: float, reach: Reach) -> list[View]:
    """Overlapping tiles at `scale`; the overlap holds every face that the whole view would show too small."""
    overlap = min(reach.tile_side / 2, 1.4 * reach.smallest_px * scale / whole_scale)
    spans = [_spans(side * scale, reach.tile_side, overlap) for side in (width, height)]
    views = []
    for top, bottom in spans[1]:
        for left, right in spans[0]:
            region = (
                int(left / scale),
                int(top / scale),
                min(width, math.ceil(right / scale)),
                min(height, math.ceil(bottom / scale)),
            )
            wide, high = (region[2] - region[0]) * scale, (region[3] - region[1]) * scale
            canvas = (_up(round(wide), reach.tile_step), _up(round(high), reach.tile_step))
            views.append(View(region, scale, *canvas, least_score=reach.tile_score))
    return views


def _spans(length: float, tile: int, overlap: float) -> list[tuple[float, float]]:
    """Equal overlapping spans that cover 0..length, none longer than `tile`."""
    if length <= tile:
        return [(0.0, length)]
    count = math.ceil((length - overlap) / (tile - overlap))
    side = (length + (count - 1) * overlap) / count
    return [(i * (side - overlap), i * (side - overlap) + side) for i in range(count)]
