"""Ways in which the same photograph turns up in a real library: mirrored, too dark, badly compressed, tilted.

Each takes and returns an RGB picture. `VARIANTS` gives them their names; nothing here knows about people.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

Variant = Callable[[Image.Image], Image.Image]


def as_is(picture: Image.Image) -> Image.Image:
    return picture.copy()


def mirrored(picture: Image.Image) -> Image.Image:
    return ImageOps.mirror(picture)


def dark(picture: Image.Image) -> Image.Image:
    """An evening without flash: half the light, less contrast."""
    return ImageEnhance.Contrast(ImageEnhance.Brightness(picture).enhance(0.5)).enhance(0.9)


def bright(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(1.35)


def warm(picture: Image.Image) -> Image.Image:
    """Lamp light: more red, less blue."""
    pixels = np.asarray(picture, dtype=np.float32) * np.array([1.12, 1.0, 0.78], dtype=np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def grey(picture: Image.Image) -> Image.Image:
    return ImageOps.autocontrast(ImageOps.grayscale(picture), cutoff=1).convert("RGB")


def compressed(picture: Image.Image) -> Image.Image:
    """Sent through a messenger twice: JPEG quality 22."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=22)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def small(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * 2 // 3, picture.height * 2 // 3), Image.Resampling.LANCZOS)


def large(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.BICUBIC)


def soft(picture: Image.Image) -> Image.Image:
    """Slightly out of focus: the blur is 0.4 % of the width."""
    return picture.filter(ImageFilter.GaussianBlur(picture.width * 0.004))


def tilted(picture: Image.Image) -> Image.Image:
    """A camera held 9 degrees askew; the corners are filled by stretching the picture a little."""
    turned = picture.rotate(9, Image.Resampling.BICUBIC, expand=False)
    margin_x, margin_y = picture.width // 12, picture.height // 12
    return turned.crop((margin_x, margin_y, picture.width - margin_x, picture.height - margin_y))


def grainy(picture: Image.Image) -> Image.Image:
    """Sensor noise with a standard deviation of 12 of 255 steps; the same noise every time."""
    noise = np.random.default_rng(7).normal(0.0, 12.0, (picture.height, picture.width, 3))
    return Image.fromarray(np.clip(np.asarray(picture, np.float32) + noise, 0, 255).astype(np.uint8))


VARIANTS: dict[str, Variant] = {
    "as it is": as_is,
    "mirrored": mirrored,
    "dark": dark,
    "bright": bright,
    "lamp light": warm,
    "black and white": grey,
    "compressed twice": compressed,
    "small": small,
    "large": large,
    "out of focus": soft,
    "tilted": tilted,
    "grainy": grainy,
}


def contact_sheet(pictures: list[Image.Image], columns: int, tile: tuple[int, int]) -> Image.Image:
    """A video call: equal tiles on a dark ground, each picture cut to fill its tile."""
    gap = 14
    rows = -(-len(pictures) // columns)
    size = (columns * (tile[0] + gap) + gap, rows * (tile[1] + gap) + gap)
    sheet = Image.new("RGB", size, (24, 26, 31))
    for index, picture in enumerate(pictures):
        fitted = ImageOps.fit(picture, tile, Image.Resampling.LANCZOS, centering=(0.5, 0.35))
        row, column = divmod(index, columns)
        sheet.paste(fitted, (gap + column * (tile[0] + gap), gap + row * (tile[1] + gap)))
    return sheet


def wall_of_frames(pictures: list[Image.Image], size: tuple[int, int], heights: list[int]) -> Image.Image:
    """Framed photographs in a row on a papered wall, each `heights[i]` pixels tall."""
    wall = Image.new("RGB", size, (112, 126, 118))
    draw = ImageDraw.Draw(wall)
    for x in range(0, size[0], 48):
        draw.rectangle((x, 0, x + 23, size[1]), fill=(104, 118, 110))
    draw.rectangle((0, size[1] - 60, size[0], size[1]), fill=(74, 60, 48))
    framed = [_framed(picture, height) for picture, height in zip(pictures, heights, strict=True)]
    space = (size[0] - sum(frame.width for frame in framed)) // (len(framed) + 1)
    x = space
    for index, frame in enumerate(framed):
        y = (size[1] - 60 - frame.height) // 2 + (18 if index % 2 else -18)
        draw.rectangle((x + 8, y + 10, x + frame.width + 8, y + frame.height + 10), fill=(78, 90, 84))
        wall.paste(frame, (x, y))
        x += frame.width + space
    return wall


def _framed(picture: Image.Image, height: int) -> Image.Image:
    width = round(picture.width * height / picture.height)
    scaled = picture.resize((width, height), Image.Resampling.LANCZOS)
    mount = ImageOps.expand(scaled, border=max(6, height // 16), fill=(240, 236, 226))
    return ImageOps.expand(mount, border=max(5, height // 30), fill=(58, 42, 30))
