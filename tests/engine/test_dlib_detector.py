"""The unpacked detector that is kept finds exactly what dlib's own finds, and a damaged file is never used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlib
import numpy as np
import pytest
from PIL import Image

from compreface_plugin.engine import dlib_detector
from compreface_plugin.engine.dlib_detector import new_detector

Found = list[tuple[tuple[int, int, int, int], float, int]]


@pytest.fixture(autouse=True)
def forgotten() -> None:
    dlib_detector._first.cache_clear()


@pytest.fixture(scope="module")
def picture(photos_dir: Path) -> np.ndarray:
    """Six people."""
    return np.asarray(Image.open(photos_dir / "t1.jpg").convert("RGB"))


@pytest.fixture(scope="module")
def expected(picture: np.ndarray) -> Found:
    return found(dlib.get_frontal_face_detector(), picture)


def found(detector: Any, picture: np.ndarray) -> Found:
    boxes, scores, kinds = detector.run(picture, 0, -0.1)
    sides = [(box.left(), box.top(), box.right(), box.bottom()) for box in boxes]
    return list(zip(sides, scores, kinds, strict=True))


def test_copies_and_the_file_find_what_dlibs_own_finds(
    tmp_path: Path, picture: np.ndarray, expected: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(expected) >= 6
    first, second = new_detector(dlib, tmp_path), new_detector(dlib, tmp_path)
    assert first is not second
    assert found(first, picture) == found(second, picture) == expected
    [kept] = tmp_path.iterdir()
    assert dlib.__version__ in kept.name

    dlib_detector._first.cache_clear()
    monkeypatch.delattr(dlib, "get_frontal_face_detector")  # nothing is unpacked again
    assert found(new_detector(dlib, tmp_path), picture) == expected


def test_a_damaged_file_is_made_anew(tmp_path: Path, picture: np.ndarray, expected: Found) -> None:
    new_detector(dlib, tmp_path)
    [kept] = tmp_path.iterdir()
    other = bytearray(whole := kept.read_bytes())
    other[70_000] ^= 255  # dlib itself would take it
    for damaged in (whole[:90_000], bytes(other), b""):
        kept.write_bytes(damaged)
        dlib_detector._first.cache_clear()
        assert found(new_detector(dlib, tmp_path), picture) == expected
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [whole]


def test_without_a_folder_to_write_to_it_is_made_every_time(
    tmp_path: Path, picture: np.ndarray, expected: Found
) -> None:
    (tmp_path / "file").write_bytes(b"")
    for place in (None, tmp_path / "file"):
        assert found(new_detector(dlib, place), picture) == expected
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
