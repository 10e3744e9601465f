"""The suite of every engine, over a CompreFace server: the promises are the same, whoever looks.

The functions are those of tests/engine/test_contract.py. The server looks with the pack `light` where its weights are
at hand, else with dlib, which cannot keep the promises named in WEAK.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from testcompreface import DLIB, LIGHT, TestCompreFace

from compreface_plugin.compreface.engine import CompreFaceEngine
from compreface_plugin.compreface.open import open_compreface
from compreface_plugin.domain.faces import Picture
from compreface_plugin.engine.quality import measure
from compreface_plugin.engine.select import installed_packs
from compreface_plugin.media.pictures import decode

SUITE = Path(__file__).resolve().parent.parent / "engine" / "test_contract.py"
MISSED = 1
"""Picture 16: a head tilted far beside an upright one. Pictures in which a face was found are not turned as well."""
OWN = {"test_the_engine_says_who_it_is"}  # model ids of local packs; ours: test_engine.py
WEAK = {"test_one_person_is_nearer_than_another", "test_counts_on_photoprism_pictures", "test_pose_is_measured"}


def _suite() -> dict[str, object]:
    spec = importlib.util.spec_from_file_location("engine_contract", SUITE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "ALLOWED"):
        module.ALLOWED.setdefault("compreface", MISSED)
    return {name: held for name, held in vars(module).items() if name.startswith("test_") and name not in OWN}


globals().update(_suite())


@pytest.fixture(scope="module")
def models(request: pytest.FixtureRequest) -> Path | None:
    """Where the weights of `light` are; None without them."""
    try:
        folder = Path(request.getfixturevalue("data_dir")) / "models"
    except pytest.skip.Exception:
        return None
    return folder if "light" in installed_packs(None, folder) else None


@pytest.fixture(scope="module")
def opened(models: Path | None) -> Iterator[CompreFaceEngine]:
    build, dimensions = (LIGHT, 256) if models else (DLIB, 128)
    with TestCompreFace(build, models_dir=models) as server:
        found = open_compreface(server.base_url, server.recognition_key)
        engine = found.engine(measure, dimensions=dimensions)
        yield engine
        engine.close()
        found.close()
        assert server.violations == []
        assert server.most_at_once <= 2


@pytest.fixture
def engine(request: pytest.FixtureRequest, opened: CompreFaceEngine, models: Path | None) -> CompreFaceEngine:
    if models is None and request.node.originalname in WEAK:
        pytest.skip("the server looks with dlib: the weights of the pack light are not at hand")
    return opened


@pytest.fixture(scope="module")
def photo(photos_dir: Path) -> Callable[[str], Picture]:
    return lambda name: decode(photos_dir / name)
