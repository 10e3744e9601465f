"""Pictures of every format, upright and in 8-bit RGB, or an error of this one picture."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from compreface_plugin.domain.errors import ItemError, MediaUnavailable, PictureRefused, UndecodableMedia
from compreface_plugin.media.pictures import decode

RED_LEFT = Image.fromarray(
    np.hstack([np.full((40, 30, 3), (220, 30, 40)), np.full((40, 30, 3), (20, 40, 210))]).astype(np.uint8)
)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def is_red_left(pixels: np.ndarray) -> bool:
    left, right = pixels[:, : pixels.shape[1] // 3].mean((0, 1)), pixels[:, -pixels.shape[1] // 3 :].mean((0, 1))
    return bool(left[0] > 150 > left[2] and right[2] > 150 > right[0])


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {}),
        ("PNG", {}),
        ("WEBP", {"quality": 90}),
        ("GIF", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("JPEG2000", {}),
        pytest.param(
            "AVIF", {}, marks=pytest.mark.skipif(not features.check("avif"), reason="Pillow has no AVIF here")
        ),
    ],
)
def test_every_format_comes_out_as_rgb(form: str, options: dict[str, object]) -> None:
    picture = decode(saved(RED_LEFT, form, **options))
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.shape == (40, 60, 3)
    assert (picture.width, picture.height, picture.scale) == (60, 40, 1.0)
    assert is_red_left(picture.pixels)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "P", "RGBA"])
def test_every_colour_mode_comes_out_as_rgb(mode: str) -> None:
    form = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    assert is_red_left(decode(saved(RED_LEFT.convert(mode), form)).pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_set_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = RED_LEFT.transpose(undo[orientation]) if orientation in undo else RED_LEFT
    picture = decode(saved(stored, "JPEG", exif=exif, quality=95))
    assert (picture.width, picture.height) == (60, 40)
    assert picture.pixels.shape == (40, 60, 3)
    assert is_red_left(picture.pixels)


def test_sixteen_bit_grey_keeps_its_shades() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)
    picture = decode(saved(Image.fromarray(np.tile(ramp, (8, 1))), "PNG"))
    assert np.abs(picture.pixels[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def sixteen_bit_rgb_png() -> bytes:
    row = b"\x00" + struct.pack(">HHH", 60000, 2000, 30000) * 4

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 4, 3, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * 3)) + chunk(b"IEND", b"")


def test_sixteen_bit_colour_png() -> None:
    pixels = decode(sixteen_bit_rgb_png()).pixels
    assert np.abs(pixels[0, 0].astype(int) - [234, 8, 117]).max() <= 1


def test_float_tiff() -> None:
    values = np.tile(np.linspace(0.0, 1.0, 64, dtype=np.float32), (16, 1))
    pixels = decode(saved(Image.fromarray(values), "TIFF")).pixels
    assert pixels[0, 0, 0] == 0
    assert pixels[0, -1, 0] == 255


def test_transparency_lies_on_a_neutral_ground() -> None:
    clear = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    assert np.abs(decode(saved(clear, "PNG")).pixels.astype(int) - 127).max() <= 1
    palette = Image.new("P", (10, 10), 0)
    palette.putpalette([255, 0, 0] * 256)
    assert np.abs(decode(saved(palette, "PNG", transparency=0)).pixels.astype(int) - 127).max() <= 1


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animated_files_give_their_first_frame(form: str) -> None:
    other = Image.new("RGB", RED_LEFT.size, (0, 255, 0))
    assert is_red_left(decode(saved(RED_LEFT, form, save_all=True, append_images=[other])).pixels)


def test_a_broken_exif_block_does_not_lose_the_picture() -> None:
    assert is_red_left(decode(saved(RED_LEFT, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")).pixels)


def test_a_picture_over_the_limit_is_refused_before_it_is_decoded() -> None:
    flat = saved(Image.new("1", (20_000, 15_000)), "PNG")
    with pytest.raises(PictureRefused, match="300 megapixels, more than the 100"):
        decode(flat)
    with pytest.raises(PictureRefused):
        decode(flat[:200])


def test_a_very_large_picture_is_held_smaller() -> None:
    picture = decode(saved(Image.new("RGB", (9000, 5000), (200, 10, 10)), "JPEG", quality=40))
    assert (picture.width, picture.height) == (9000, 5000)
    assert picture.pixels.shape == (2500, 4500, 3)
    assert picture.scale == pytest.approx(0.5)


def test_a_jpeg_is_decoded_no_larger_than_enough() -> None:
    data = saved(Image.new("RGB", (4000, 3000), (10, 200, 10)), "JPEG")
    picture = decode(data, enough_side=900)
    assert picture.pixels.shape == (750, 1000, 3)
    assert (picture.width, picture.height) == (4000, 3000)
    assert decode(saved(RED_LEFT, "PNG"), enough_side=10).pixels.shape == (40, 60, 3)


BAD = {
    "empty": b"",
    "text": b"this is a text file that somebody named picture.jpg\n" * 20,
    "html": b"<!DOCTYPE html><html><body>Login</body></html>",
    "jpeg header only": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01",
    "zeros": bytes(5000),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_picture_is_an_error_of_this_item(name: str, tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(BAD[name])
    with pytest.raises(UndecodableMedia) as caught:
        decode(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_truncated_files_are_undecodable(form: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8))
    data = saved(noise, form)
    with pytest.raises(UndecodableMedia):
        decode(data[: len(data) // 2])


def test_damaged_bytes_never_raise_anything_else() -> None:
    noise = np.random.default_rng(7)
    for form in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"):
        clean = saved(RED_LEFT, form)
        for _ in range(60):
            spoilt = bytearray(clean)
            for _ in range(6):
                spoilt[noise.integers(len(spoilt))] = noise.integers(256)
            with contextlib.suppress(ItemError):
                assert decode(bytes(spoilt)).pixels.shape[2] == 3


def test_a_clip_is_refused_with_its_reason() -> None:
    with pytest.raises(PictureRefused, match="video clip"):
        decode(b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(100))


def test_a_missing_file_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(MediaUnavailable, match="No such file"):
        decode(tmp_path / "gone.jpg")
    with pytest.raises(MediaUnavailable):
        decode(tmp_path)
