"""The face picture that is kept and shown: upright, with margin, small."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from compreface_plugin.engine.geometry import roll_degrees

if TYPE_CHECKING:
    from compreface_plugin.domain.faces import Float32

MARGIN = 0.35
"""Share of the box added on each side: enough for another detector to find the face again (spec 6: 30-40
%)."""
LONG_SIDE = 256
JPEG_QUALITY = 88
_TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)


def quarter_turns(points: Float32) -> int:
    """Counter-clockwise quarters that set a face with these (5, 2) points upright: 0, 1, 2 or 3."""
    return round(roll_degrees(points) / 90.0) % 4


def crop_jpeg(picture: Image.Image, box: Float32, points: Float32) -> bytes:
    """JPEG of the (4,) box in pixels plus margin, turned upright by quarters, long side at most 256 px."""
    wide, high = (box[2] - box[0]) * MARGIN, (box[3] - box[1]) * MARGIN
    part = (
        max(0, round(float(box[0] - wide))),
        max(0, round(float(box[1] - high))),
        min(picture.width, round(float(box[2] + wide))),
        min(picture.height, round(float(box[3] + high))),
    )
    part = (part[0], part[1], max(part[2], part[0] + 1), max(part[3], part[1] + 1))
    scale = min(1.0, LONG_SIDE / max(part[2] - part[0], part[3] - part[1]))
    size = (max(1, round((part[2] - part[0]) * scale)), max(1, round((part[3] - part[1]) * scale)))
    crop = picture.resize(size, Image.Resampling.BILINEAR, box=part, reducing_gap=2.0)
    turns = quarter_turns(points)
    if turns:
        crop = crop.transpose(_TURNS[turns - 1])
    out = io.BytesIO()
    crop.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()
