"""The official Stash image is Alpine (musl): what the plugin needs there has ready-made wheels, or is pure Python."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

BUILT_HERE = "face_recognition_models"  # comes as source alone: data and a few lines of Python
NO_INDEX = ("Connection", "Temporary failure", "Network is unreachable", "timed out", "Could not fetch URL")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_requirement_has_a_wheel_for_musl(repo_root: Path, tmp_path: Path, machine: str) -> None:
    lines = (repo_root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = tmp_path / "requirements.txt"
    listed.write_text("\n".join(line for line in lines if not line.startswith(BUILT_HERE)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--implementation", "cp",
         "--platform", f"musllinux_1_2_{machine}", "--python-version", "3.12",
         "--dest", tmp_path / "wheels", "--requirement", listed],
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    if done.returncode != 0 and any(words in done.stderr for words in NO_INDEX):
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    names = [wheel.name for wheel in (tmp_path / "wheels").iterdir()]
    assert {"numpy", "pillow", "dlib_bin", "requests"} <= {name.split("-")[0].lower() for name in names}
    assert [name for name in names if not name.endswith(("none-any.whl", f"{machine}.whl"))] == []


def test_what_is_built_on_the_spot_needs_no_compiler() -> None:
    wheel = importlib.metadata.distribution(BUILT_HERE).read_text("WHEEL")
    assert wheel is not None
    assert "Root-Is-Purelib: true" in wheel
