"""Pictures as they are sent and kept: upright RGB, JPEG, below the server's limits; crops with margin."""

from __future__ import annotations

import io

from PIL import Image

QUALITIES = (92, 85, 75)
"""Of what is sent, best first: the first is compression below the noise of the recognisers."""
CROP_MARGIN = 0.35
"""Share of the box added on each side: enough for the server's own detector to find the face again (30-40 %)."""
CROP_QUALITY = 88
CROP_SIDE = 256

Corners = tuple[float, float, float, float]


def encode(image: Image.Image, largest: int) -> bytes | None:
    """JPEG of at most `largest` bytes; None when only fewer pixels would do."""
    for each in QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=each)
        if out.tell() <= largest:
            return out.getvalue()
    return None


def crop(picture: Image.Image, box: Corners, turns: int, long_side: int = CROP_SIDE) -> bytes:
    """The box in pixels plus margin, turned counter-clockwise by `turns` quarters, long side at most `long_side`."""
    wide, high = (box[2] - box[0]) * CROP_MARGIN, (box[3] - box[1]) * CROP_MARGIN
    x0, y0 = max(0, round(box[0] - wide)), max(0, round(box[1] - high))
    x1 = max(min(picture.width, round(box[2] + wide)), x0 + 1)
    y1 = max(min(picture.height, round(box[3] + high)), y0 + 1)
    scale = min(1.0, long_side / max(x1 - x0, y1 - y0))
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    part = picture.resize(size, Image.Resampling.BILINEAR, box=(x0, y0, x1, y1), reducing_gap=2.0)
    if turns:
        part = part.transpose(_TURNS[turns - 1])
    out = io.BytesIO()
    part.save(out, "JPEG", quality=CROP_QUALITY)
    return out.getvalue()


_TURNS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
