"""Stash's sprite sheet and VTT: the grid is the VTT's, the times are those the tiles show."""

from __future__ import annotations

import pytest
from films import sprite
from PIL import Image

from compreface_plugin.domain.errors import UndecodableMedia
from compreface_plugin.media.sprites import read_vtt, tiles

FILM = [Image.new("RGB", (320, 180), (n, n, n)) for n in range(200)]


@pytest.mark.parametrize("columns", [9, 5, 1])  # Stash makes 9 x 9, newer versions what the user chose
def test_every_tile_with_its_time(columns: int) -> None:
    sheet, vtt = sprite(FILM, columns)
    frames = tiles(sheet, vtt, duration_s=100.0, name="scene 1")
    count = columns * columns
    assert len(frames) == count
    assert [frame.at_s for frame in frames] == pytest.approx([n * 100.0 / count for n in range(count)])
    for frame in frames:
        assert (frame.picture.width, frame.picture.height) == (160, 90)
        assert frame.picture.pixels.mean() == pytest.approx(frame.at_s * 2, abs=3)


def test_without_a_duration_the_times_of_the_vtt() -> None:
    sheet, vtt = sprite(FILM, 2)
    assert [frame.at_s for frame in tiles(sheet, vtt, duration_s=0.0, name="x")] == [0.0, 1.0, 2.0, 3.0]


def test_portrait_tiles_and_windows_line_ends() -> None:
    sheet, vtt = sprite([Image.new("RGB", (90, 160))] * 4, 2)
    frames = tiles(sheet, vtt.replace(b"\n", b"\r\n"), duration_s=4.0, name="x")
    assert [(f.picture.width, f.picture.height) for f in frames] == [(160, 284)] * 4


def test_hours_in_a_vtt() -> None:
    [cue] = read_vtt("WEBVTT\n\n01:02:03.500 --> 01:02:04.000\na.jpg#xywh=0,90,160,90\n", "x")
    assert (cue.from_s, cue.x, cue.y, cue.width, cue.height) == (3723.5, 0, 90, 160, 90)


@pytest.mark.parametrize(
    ("sheet", "vtt", "said"),
    [
        (b"", None, "sprite file is empty"),
        (b"not a picture", None, "cannot be read"),
        (None, b"", "names no preview pictures"),
        (None, b"<html>login</html>", "names no preview pictures"),
        (None, b"WEBVTT\n\n00:00.000 --> 00:01.000\na.jpg#xywh=9000,0,160,90\n", "outside the sprite file"),
    ],
)
def test_missing_and_broken_ones_say_why(sheet: bytes | None, vtt: bytes | None, said: str) -> None:
    good = sprite(FILM, 2)
    with pytest.raises(UndecodableMedia) as caught:
        tiles(good[0] if sheet is None else sheet, good[1] if vtt is None else vtt, duration_s=4.0, name="scene 7")
    assert said in str(caught.value)
    assert str(caught.value).startswith("scene 7: ")
