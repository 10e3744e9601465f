"""Bytes or a file to an upright 8-bit RGB `Picture`, or one clear reason why not.

The size is read from the header before anything is decoded, so that a decompression bomb costs nothing.
"""

from __future__ import annotations

import errno
import io
import struct
import warnings
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from compreface_plugin.domain.errors import ItemError, MediaUnavailable, PictureRefused, UndecodableMedia
from compreface_plugin.domain.faces import Picture

MAX_MEGAPIXELS = 100.0
"""The default of the setting maxImageMegapixels."""
FULL_MEGAPIXELS = 40.0
"""Larger pictures are halved until they are below: three times that many megabytes are held per picture, and
a face that matters still has half its pixels."""
NEUTRAL = (127, 127, 127)
"""Behind transparent pixels; black or white would make an edge that looks like a feature."""
FORMATS = (
    "JPEG",
    "MPO",
    "PNG",
    "WEBP",
    "GIF",
    "BMP",
    "DIB",
    "TIFF",
    "AVIF",
    "HEIF",
    "JPEG2000",
    "PPM",
    "TGA",
)
"""What may be opened. Formats that start other programs (EPS) or are no photographs are left out."""
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    struct.error,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    ZeroDivisionError,
    NotImplementedError,
    AttributeError,
)
"""What Pillow's format readers let through on files that are damaged in creative ways."""
_CLIP_MARKS = ((4, b"ftypisom"), (4, b"ftypmp4"), (4, b"ftypM4V"), (4, b"ftypqt"), (0, b"\x1aE\xdf\xa3"))

# Our own limit is checked on the header, with the user's number and as an error of the one picture.
Image.MAX_IMAGE_PIXELS = None
# Pillow warns about every odd tag; what matters becomes an error of the picture, the rest would fill the log.
warnings.filterwarnings("ignore", module=r"PIL\..*")


def decode(
    source: bytes | Path,
    *,
    max_megapixels: float = MAX_MEGAPIXELS,
    enough_side: int = 0,
    name: str = "",
) -> Picture:
    """The first frame of `source`: upright (EXIF), RGB, 8 bit.

    `enough_side` > 0: a JPEG may be decoded smaller as long as its long side keeps that many pixels; `width`
    and `height` of the answer are always those of the original. `name` stands in messages, the path when
    empty. Raises UndecodableMedia, PictureRefused (too large, a video) or MediaUnavailable (a file that
    cannot be read).
    """
    shown = name or (printable(source) if isinstance(source, Path) else "picture")
    stream = _open(source, shown)
    with stream:
        try:
            return _decode(stream, shown, max_megapixels, enough_side)
        except ItemError:
            raise
        except MemoryError as error:
            raise PictureRefused(f"{shown}: not enough memory to decode this picture") from error
        except _BROKEN as error:
            raise _translated(error, stream, shown) from error


def printable(path: Path | str) -> str:
    """A path for messages: bytes that are no UTF-8 become question marks."""
    return str(path).encode("utf-8", "replace").decode("utf-8")


def _open(source: bytes | Path, shown: str) -> IO[bytes]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return source.open("rb")
    except OSError as error:
        raise MediaUnavailable(f"{shown}: the file cannot be read ({error.strerror or error})") from error


def _decode(stream: IO[bytes], shown: str, max_megapixels: float, enough_side: int) -> Picture:
    head = stream.read(32)
    stream.seek(0)
    if not head:
        raise UndecodableMedia(f"{shown}: the file is empty")
    _prepare_heif(head)
    with Image.open(stream, formats=_known_formats()) as opened:
        image: Image.Image = opened
        width, height = image.size
        if width * height > max_megapixels * 1e6:
            raise PictureRefused(
                f"{shown}: {width} x {height} is {width * height / 1e6:.0f} megapixels, more than the "
                f"{max_megapixels:g} that maxImageMegapixels allows"
            )
        wanted = _wanted_side(width, height, enough_side)
        if wanted < max(width, height):
            # Chooses the largest of 1/2, 1/4, 1/8 that is not below this size; other formats do nothing.
            share = wanted / max(width, height)
            image.draft("RGB", (max(1, int(width * share)), max(1, int(height * share))))
        image.load()
        turned = _upright(image)
        if turned.size != image.size and width != height:  # lying on its side
            width, height = height, width
        rgb = _eight_bit_rgb(turned)
    while rgb.width * rgb.height > FULL_MEGAPIXELS * 1e6:
        rgb = rgb.reduce(2)
    return Picture(pixels=np.asarray(rgb), width=width, height=height, source=shown)


def _wanted_side(width: int, height: int, enough_side: int) -> int:
    """Long side that is enough, in pixels; the original's when everything is wanted."""
    long_side = max(width, height)
    wanted = min(long_side, enough_side) if enough_side > 0 else long_side
    if width * height > FULL_MEGAPIXELS * 1e6:
        wanted = min(wanted, long_side // 2)
    return wanted


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN:  # a broken EXIF block is no reason to lose the picture
        return image


def _eight_bit_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode to RGB: 16-bit and float grey scaled, transparency laid on a neutral ground."""
    if image.mode.startswith(("I", "F")):
        return _scaled_grey(image).convert("RGB")
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*NEUTRAL, 255))
        return Image.alpha_composite(ground, image).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _scaled_grey(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float grey to 8 bit. Sixteen bits are scaled by 1/257, other ranges by what
    occurs."""
    values = np.asarray(image).astype(np.float32)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if image.mode != "F" and low >= 0 and 255 < high <= 65535:
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 255 and high > 1:
        low, high = 0.0, 255.0
    scaled = (values - low) * (255.0 / max(high - low, 1e-9))
    return Image.fromarray(scaled.round().astype(np.uint8))


def _known_formats() -> list[str]:
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _prepare_heif(head: bytes) -> None:
    """Lets pillow-heif, when it is installed, register itself for HEIC files."""
    if head[4:8] != b"ftyp" or head[8:12] not in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return
    if "HEIF" in Image.OPEN:
        return
    try:
        import pillow_heif  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        return
    pillow_heif.register_heif_opener()


def _translated(error: BaseException, stream: IO[bytes], shown: str) -> ItemError:
    """The one place where Pillow's errors become ours."""
    if isinstance(error, OSError) and error.errno in (errno.EIO, errno.ESTALE, errno.ENXIO, errno.ETIMEDOUT):
        return MediaUnavailable(f"{shown}: reading the file failed ({error.strerror})")
    head = _head(stream)
    if any(head[at : at + len(mark)] == mark for at, mark in _CLIP_MARKS):
        return PictureRefused(f"{shown}: this is a video clip, not a picture")
    if head[4:8] == b"ftyp":
        return UndecodableMedia(
            f"{shown}: this HEIC or AVIF picture cannot be read here; installing the package pillow-heif may help"
        )
    if isinstance(error, UnidentifiedImageError):
        return UndecodableMedia(f"{shown}: the file is no picture in a format that can be read")
    return UndecodableMedia(f"{shown}: the picture is damaged ({_short(error)})")


def _head(stream: IO[bytes]) -> bytes:
    try:
        stream.seek(0)
        return stream.read(32)
    except (OSError, ValueError):
        return b""


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:120]
