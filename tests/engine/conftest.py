"""Engines and pictures for this room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compreface_plugin.domain.faces import DetectionLimits, Picture
from compreface_plugin.engine.base import LocalEngine
from compreface_plugin.engine.select import installed_packs, open_engine
from compreface_plugin.media.pictures import decode

PACKS = ("dlib", "light", "buffalo_sc_int8")
DEFAULT = DetectionLimits(min_face_px=64 * 2 / 3)


def models_of(request: pytest.FixtureRequest, pack: str) -> Path:
    """The folder that holds `pack`; skips with the reason when the pack or its library is not there."""
    folder = Path("/nonexistent") if pack == "dlib" else Path(request.getfixturevalue("data_dir")) / "models"
    if pack not in installed_packs(None, folder):
        pytest.skip(f"the pack {pack} or the package it runs on is not installed")
    return folder


@pytest.fixture(scope="session", params=PACKS)
def engine(request: pytest.FixtureRequest) -> Iterator[LocalEngine]:
    """Every engine, one after the other."""
    opened = open_engine(request.param, data_dir=None, models_dir=models_of(request, request.param))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def photo(photos_dir: Path) -> Callable[[str], Picture]:
    """A photograph by its file name."""
    return lambda name: decode(photos_dir / name)


def as_picture(image: Image.Image) -> Picture:
    return Picture(np.asarray(image.convert("RGB")), image.width, image.height)
