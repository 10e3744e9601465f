"""Frames of real files, decoded in a real child process."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av")

from films import BY_CODEC, encoder, write_film

from compreface_plugin.domain.errors import ItemError, MediaUnavailable, UndecodableMedia
from compreface_plugin.domain.timing import Frame, SamplePlan, sample_plan
from compreface_plugin.host.process import bound_to_us
from compreface_plugin.media.video import DecodeLimits, VideoFile

FPS = 10


def grey(level: int, size: tuple[int, int] = (160, 90)) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


def staircase(count: int, size: tuple[int, int] = (160, 90)) -> list[Image.Image]:
    """Frame n is grey 40 + n: a picture tells its own time."""
    return [grey(40 + n % 200, size) for n in range(count)]


def level(frame: Frame) -> float:
    return float(frame.picture.pixels.mean())


def sampled(path: Path, interval_s: float = 1.0, most: int = 300) -> list[Frame]:
    with VideoFile(str(path), bind=bound_to_us()) as video:
        return list(video.sample(sample_plan(video.info, interval_s, most)))


@pytest.mark.parametrize("codec", sorted(BY_CODEC))
@pytest.mark.parametrize("gop", [10, 1000])
def test_times_are_those_of_the_pictures(tmp_path: Path, codec: str, gop: int) -> None:
    name = encoder([BY_CODEC[codec]])
    if name is None:
        pytest.skip(f"this PyAV has no encoder for {codec}")
    suffix = "webm" if codec in ("vp9", "av1") else "mp4"
    path = write_film(tmp_path / f"film.{suffix}", staircase(150), fps=FPS, codec=name, gop=gop, quality=20)
    frames = sampled(path)
    assert len(frames) >= 10
    assert [f.at_s for f in frames] == sorted({f.at_s for f in frames})
    for frame in frames:
        assert level(frame) == pytest.approx(40 + frame.at_s * FPS, abs=4.0)
        assert (frame.picture.width, frame.picture.height) == (160, 90)
    with VideoFile(str(path), bind=bound_to_us()) as video:
        exact = list(video.at([2.0, 2.3, 11.1]))
    assert [f.at_s for f in exact] == pytest.approx([2.0, 2.3, 11.1], abs=0.11)
    for frame in exact:
        assert level(frame) == pytest.approx(40 + frame.at_s * FPS, abs=4.0)


def test_near_keyframes_are_enough_and_far_ones_are_not(tmp_path: Path) -> None:
    near = write_film(tmp_path / "near.mp4", staircase(600), fps=FPS, gop=40)
    far = write_film(tmp_path / "far.mp4", staircase(600), fps=FPS, gop=1000)
    for path, way in ((near, "keyframes"), (far, "forward")):
        with VideoFile(str(path), bind=bound_to_us()) as video:
            assert sample_plan(video.info, 4.0, 300).way == way


@pytest.mark.data
def test_times_are_those_of_a_player(data_dir: Path) -> None:
    """In this file the sound begins 0.844 s before the first picture."""
    with VideoFile(str(data_dir / "videos/short_hamilton_clip.mp4"), bind=bound_to_us()) as video:
        assert video.info.duration_s == pytest.approx(10.02, abs=0.01)
        assert [f.at_s for f in video.at([0.0, 5.0])] == pytest.approx([0.844, 5.0], abs=0.04)
        frames = list(video.sample(sample_plan(video.info, 2.0, 300)))
    assert frames[-1].at_s > 9.0


def test_one_film_takes_orders_of_every_kind_one_after_the_other(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", staircase(200), fps=FPS, gop=10)
    with VideoFile(str(path), bind=bound_to_us()) as video:
        for plan in (
            SamplePlan("keyframes", (0.0, 8.0, 16.0)),
            SamplePlan("keyframes", (4.0, 12.0)),
            SamplePlan("forward", (2.5, 10.0)),
            SamplePlan("keyframes", (6.0,)),
        ):
            frames = list(video.sample(plan))
            assert [f.at_s for f in frames] == pytest.approx(plan.times, abs=0.4)
            assert [level(f) for f in frames] == pytest.approx([40 + f.at_s * FPS for f in frames], abs=4.0)
        assert [f.at_s for f in video.at([3.3])] == pytest.approx([3.3], abs=0.01)


def test_a_variable_frame_rate(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 3.0, 3.05, 6.5, 9.0, 9.1, 12.0]
    path = write_film(tmp_path / "vfr.mkv", staircase(len(times)), times=times, fps=1000, gop=3)
    with VideoFile(str(path), bind=bound_to_us()) as video:
        frames = list(video.at([2.5, 6.0, 11.0]))
    assert [f.at_s for f in frames] == pytest.approx([3.0, 6.5, 12.0], abs=0.02)


def test_the_clock_is_that_of_players_where_pictures_begin_after_the_sound(tmp_path: Path) -> None:
    times = [1.5 + n / FPS for n in range(60)]
    path = write_film(tmp_path / "late.mp4", staircase(60), fps=FPS, times=times, gop=10, sound=True)
    frames = sampled(path)
    assert frames[0].at_s == pytest.approx(1.5, abs=0.06)
    with VideoFile(str(path), bind=bound_to_us()) as video:
        frames += video.at([3.0, 6.2])
        assert video.info.duration_s == pytest.approx(7.5, abs=0.2)
    for frame in frames:
        assert level(frame) == pytest.approx(40 + (frame.at_s - 1.5) * FPS, abs=4.0)


def test_wide_pixels_become_square_ones(tmp_path: Path) -> None:
    path = write_film(tmp_path / "wide.mkv", staircase(30, (120, 90)), fps=FPS, pixel_ratio=Fraction(4, 3))
    frame = sampled(path)[0]
    assert frame.picture.pixels.shape[:2] == (90, 160)
    assert (frame.picture.width, frame.picture.height) == (160, 90)


@pytest.mark.parametrize(
    ("matrix", "shape", "red"),
    [
        ((0, 1, -1, 0), (160, 90), np.s_[:30, :]),  # the left side becomes the top
        ((0, -1, 1, 0), (160, 90), np.s_[-30:, :]),
        ((-1, 0, 0, -1), (90, 160), np.s_[:, -30:]),
    ],
)
def test_a_rotated_film_stands_upright(
    tmp_path: Path, matrix: tuple[int, int, int, int], shape: tuple[int, int], red: tuple[slice, slice]
) -> None:
    picture = Image.new("RGB", (160, 90), "black")
    picture.paste((255, 0, 0), (0, 0, 40, 90))
    path = write_film(tmp_path / "turned.mp4", [picture] * 20, fps=FPS)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # ISO 14496-12, 8.3.2: the matrix of the track
    a, b, c, d = (value * 0x10000 for value in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path.write_bytes(bytes(data))
    frame = sampled(path)[0]
    assert frame.picture.pixels.shape[:2] == shape
    assert (frame.picture.height, frame.picture.width) == shape
    assert frame.picture.pixels[red][..., 0].mean() > 150
    assert frame.picture.pixels[..., 0].mean() < 80


def test_large_pictures_are_scaled_and_keep_their_true_size(tmp_path: Path) -> None:
    path = write_film(tmp_path / "8k.mp4", [grey(90, (7680, 4320))] * 2, fps=1, quality=40)
    frame = sampled(path)[0]
    assert max(frame.picture.pixels.shape) == 1920
    assert (frame.picture.width, frame.picture.height) == (7680, 4320)


@pytest.mark.parametrize(("fps", "count"), [(1, 20), (240, 480)])
def test_slow_and_fast_films(tmp_path: Path, fps: int, count: int) -> None:
    frames = sampled(write_film(tmp_path / "film.mp4", staircase(count), fps=fps))
    assert len(frames) >= 9
    assert frames[-1].at_s <= count / fps


def broken(folder: Path, case: str) -> Path:
    whole = write_film(folder / "whole.mp4", staircase(100), fps=FPS)
    path = folder / f"{case}.mp4"
    if case == "index at the end cut off":
        path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    elif case == "text":
        path.write_text("this is no film")
    elif case == "zeros":
        path.write_bytes(bytes(100_000))
    elif case == "empty":
        path.write_bytes(b"")
    elif case == "no frames":
        return write_film(folder / "film.avi", [], codec="mpeg4", empty=True)
    elif case == "sound":
        write_film(path, [], sound=True)
    elif case == "playlist":
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{whole}\n#EXT-X-ENDLIST\n")
    return path


@pytest.mark.parametrize(
    ("case", "kind", "said"),
    [
        ("index at the end cut off", UndecodableMedia, "no video that can be read"),
        ("text", UndecodableMedia, "no video that can be read"),
        ("zeros", UndecodableMedia, "no video that can be read"),
        ("empty", UndecodableMedia, "the file is empty"),
        ("sound", UndecodableMedia, "no moving picture, only audio"),
        ("no frames", UndecodableMedia, "no picture of this video can be decoded"),
        ("playlist", UndecodableMedia, ""),
        ("missing", MediaUnavailable, "cannot be read here"),
    ],
)
def test_broken_files_say_why(tmp_path: Path, case: str, kind: type[ItemError], said: str) -> None:
    with pytest.raises(kind) as caught:
        sampled(broken(tmp_path, case))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_ends_early_gives_what_it_has(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.mkv", staircase(200), fps=FPS, gop=20)
    half = tmp_path / "half.mkv"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = sampled(half)
    assert frames
    assert frames[-1].at_s < 15.0


def test_damaged_pictures_are_left_out(tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.mkv", staircase(200), fps=FPS, gop=10)
    data = bytearray(whole.read_bytes())
    for at in range(len(data) // 3, len(data) // 2, 997):
        data[at : at + 60] = b"\xff" * 60
    path = tmp_path / "damaged.mkv"
    path.write_bytes(bytes(data))
    with VideoFile(str(path), bind=bound_to_us()) as video:
        frames = list(video.sample(SamplePlan("forward", tuple(n / 2 for n in range(40)))))
    assert len(frames) >= 10


def test_a_decoder_without_memory_costs_its_own_file_alone(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", [grey(90, (3840, 2160))] * 2, fps=1, quality=40)
    little = DecodeLimits(memory_mb=200)
    with pytest.raises(UndecodableMedia), VideoFile(str(path), bind=bound_to_us(), limits=little) as video:
        list(video.sample(sample_plan(video.info, 1.0, 10)))


def test_the_child_ends_with_whoever_started_it(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", staircase(300), fps=FPS)
    code = (
        "import sys, time; from compreface_plugin.media.video import VideoFile;"
        "from compreface_plugin.host.process import bound_to_us;"
        f"video = VideoFile({str(path)!r}, bind=bound_to_us() if sys.argv[1] == 'bound' else None);"
        "print(video._child.pid, flush=True); time.sleep(60)"
    )
    for how in ("bound", "unbound"):  # by the kernel; by the end of its input, as on systems without prctl
        parent = subprocess.Popen([sys.executable, "-c", code, how], stdout=subprocess.PIPE)
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
        deadline = time.monotonic() + 10
        while _alive(child) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[-1][0] != "Z"
    except OSError:
        return False


def test_leaving_early_leaves_nothing_behind(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", staircase(300), fps=FPS)
    with VideoFile(str(path), bind=bound_to_us()) as video:
        next(iter(video.sample(SamplePlan("forward", tuple(n / 10 for n in range(290))))))
        pid = video._child.pid
    assert not _alive(pid)
