"""Every engine there is, one after the other: the local packs, a CompreFace server, and a real one that was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from realcompreface import needs_real_server, real_server
from testcompreface import DLIB, LIGHT, TestCompreFace

from compreface_plugin.compreface.open import open_compreface
from compreface_plugin.domain.faces import Picture
from compreface_plugin.engine.quality import measure
from compreface_plugin.engine.select import installed_packs, open_engine
from compreface_plugin.media.pictures import decode
from compreface_plugin.ports import FaceEngine

PACKS = ("dlib", "light", "buffalo_sc_int8")
COMPREFACE, REAL = "compreface", "real compreface"


def models_of(request: pytest.FixtureRequest, pack: str) -> Path:
    """The folder that holds `pack`; skips with the reason when the pack or its library is not there."""
    folder = Path("/nonexistent") if pack == "dlib" else Path(request.getfixturevalue("data_dir")) / "models"
    if pack not in installed_packs(None, folder):
        pytest.skip(f"the pack {pack} or the package it runs on is not installed")
    return folder


@contextmanager
def server_engine(models: Path | None) -> Iterator[FaceEngine]:
    """A CompreFace server that looks with `light`, or with dlib where the weights are not at hand; a careful client."""
    build, dimensions = (LIGHT, 256) if models else (DLIB, 128)
    with TestCompreFace(build, models_dir=models) as server:
        service = open_compreface(server.base_url, server.recognition_key)
        engine = service.engine(measure, dimensions=dimensions)
        yield engine
        engine.close()
        service.close()
        assert server.violations == []
        assert server.most_at_once <= 2


@contextmanager
def real_engine() -> Iterator[tuple[FaceEngine, str]]:
    server = real_server()
    server.wipe()
    service = open_compreface(server.base_url, server.recognition_key)
    engine = service.engine(measure)
    yield engine, server.calculator().partition(".")[0]
    engine.close()
    service.close()


@pytest.fixture(scope="session", params=[*PACKS, COMPREFACE, pytest.param(REAL, marks=needs_real_server)])
def opened(request: pytest.FixtureRequest) -> Iterator[tuple[FaceEngine, str]]:
    """(engine, the pack that really looks)."""
    if request.param == COMPREFACE:
        try:
            models: Path | None = models_of(request, "light")
        except pytest.skip.Exception:
            models = None
        with server_engine(models) as engine:
            yield engine, "light" if models else "dlib"
    elif request.param == REAL:
        with real_engine() as opened_on_real:
            yield opened_on_real
    else:
        local = open_engine(request.param, data_dir=None, models_dir=models_of(request, request.param))
        yield local, request.param
        local.close()


@pytest.fixture
def engine(opened: tuple[FaceEngine, str]) -> FaceEngine:
    return opened[0]


@pytest.fixture
def looks_with(opened: tuple[FaceEngine, str]) -> str:
    """The pack whose networks look, behind a server too: what cannot be asked of the weakest is asked by it."""
    return opened[1]


@pytest.fixture(scope="session")
def photo(photos_dir: Path) -> Callable[[str], Picture]:
    """A photograph by its file name."""
    return lambda name: decode(photos_dir / name)
