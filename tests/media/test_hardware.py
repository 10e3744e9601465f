"""Hardware decoding: what does not work costs one sentence, and the CPU decodes. Nothing here proves that one works."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("av")

from films import write_film

from compreface_plugin.domain.timing import sample_plan
from compreface_plugin.host.process import bound_to_us
from compreface_plugin.media.hardware import HardwareDecoder
from compreface_plugin.media.video import VideoFile


def test_nobody_asked(tmp_path: Path) -> None:
    said: list[str] = []
    assert HardwareDecoder(None, said.append).name() == ""
    assert said == []


@pytest.mark.parametrize("asked", ["auto", "cuda", "cuda:99", "videotoolbox", "mediacodec"])
def test_what_does_not_work_is_said_once_and_the_cpu_decodes(asked: str, tmp_path: Path) -> None:
    said: list[str] = []
    decoder = HardwareDecoder(asked, said.append, bound_to_us())
    found = decoder.name()
    if found:
        assert said == []
        pytest.skip(f"{found} works on this machine")
    assert decoder.name() == ""
    assert len(said) == 1
    assert said[0].startswith(f"Hardware decoding ({asked}) does not work here, the CPU decodes: ")
    assert "\n" not in said[0]


def test_a_driver_that_crashes_costs_its_own_process() -> None:
    said: list[str] = []
    assert HardwareDecoder("cuda", said.append, lambda: os.kill(os.getpid(), signal.SIGKILL)).name() == ""
    assert "ends the process (status -9)" in said[0]


def test_a_device_that_fails_later_leaves_the_file_to_the_cpu(tmp_path: Path) -> None:
    """As when it was lost, or is full, after it passed its test."""
    path = write_film(tmp_path / "film.mp4", [Image.new("RGB", (160, 90), (90, 90, 90))] * 40, fps=10)
    with VideoFile(str(path), bind=bound_to_us(), hardware="cuda:99") as video:
        frames = list(video.sample(sample_plan(video.info, 1.0, 300)))
    assert len(frames) == 12
    assert frames[0].picture.pixels.mean() == pytest.approx(90, abs=3)
