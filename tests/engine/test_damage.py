"""Damaged models, missing packs and devices that are not there: one sentence, never another engine."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.domain.faces import DetectionLimits, Picture
from compreface_plugin.engine import places
from compreface_plugin.engine.select import installed_packs, open_engine

GREY = Picture(np.full((128, 128, 3), 127, np.uint8), 128, 128)
LIMITS = DetectionLimits(40)
FILES = {
    "light": (
        "light/face_detection_yunet_2023mar.onnx",
        "light/face-reidentification-retail-0095.xml",
        "light/face-reidentification-retail-0095.bin",
    ),
    "buffalo_sc_int8": ("buffalo_sc_int8/det_500m.onnx", "buffalo_sc_int8/w600k_mbf_int8.onnx"),
}


@pytest.fixture
def copy(data_dir: Path, tmp_path: Path) -> Path:
    """Writable models, laid out as the installer does it."""
    source = data_dir / "models"
    (tmp_path / "light").mkdir()
    for path in (*source.glob("opencv/*.onnx"), *source.glob("openvino/face-reidentification-retail-0095/*")):
        shutil.copyfile(path, tmp_path / "light" / path.name)
    (tmp_path / "buffalo_sc_int8").mkdir()
    for path in source.glob("buffalo_sc_int8/*.onnx"):
        shutil.copyfile(path, tmp_path / "buffalo_sc_int8" / path.name)
    return tmp_path


def need(pack: str, folder: Path) -> None:
    if pack not in installed_packs(None, folder):
        pytest.skip(f"the package that {pack} runs on is not installed")


@pytest.mark.data
@pytest.mark.parametrize(("pack", "file"), [(pack, file) for pack, files in FILES.items() for file in files])
@pytest.mark.parametrize("damage", ["cut", "zeros", "empty"])
def test_a_damaged_file_is_one_sentence(copy: Path, pack: str, file: str, damage: str) -> None:
    need(pack, copy)
    path = copy / file
    data = path.read_bytes()
    path.write_bytes({"cut": data[: len(data) // 2], "zeros": bytes(len(data)), "empty": b""}[damage])
    with pytest.raises(ModelUnavailable) as caught:
        open_engine(pack, data_dir=None, models_dir=copy).look([GREY], LIMITS)
    message = str(caught.value)
    assert path.name in message or path.with_suffix(".xml").name in message
    assert "\n" not in message
    assert len(message) < 500


@pytest.mark.data
@pytest.mark.parametrize("pack", FILES)
def test_an_undamaged_copy_works(copy: Path, pack: str) -> None:
    need(pack, copy)
    engine = open_engine(pack, data_dir=None, models_dir=copy)
    assert engine.look([GREY], LIMITS) == [[]]
    engine.close()


@pytest.mark.data
def test_the_model_id_follows_the_weights(copy: Path) -> None:
    need("buffalo_sc_int8", copy)
    before = open_engine("buffalo_sc_int8", data_dir=None, models_dir=copy).info.model_id
    path = copy / "buffalo_sc_int8" / "w600k_mbf_int8.onnx"
    path.write_bytes(path.read_bytes() + b"\x00\x00")
    after = open_engine("buffalo_sc_int8", data_dir=None, models_dir=copy).info.model_id
    assert before != after
    assert before.startswith("buffalo_sc_int8@")


def test_the_hash_of_a_large_file_is_noted_and_follows_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_NOTED_FROM", 10)
    path = tmp_path / "large.onnx"
    path.write_bytes(b"weights, version one")
    first = places.weights_hash(path)
    assert first == hashlib.sha256(b"weights, version one").hexdigest()
    places._hash.cache_clear()
    assert places.weights_hash(path) == first
    path.write_bytes(b"weights, version two!")
    assert places.weights_hash(path) == hashlib.sha256(b"weights, version two!").hexdigest()
    (tmp_path / "large.onnx.sha256").write_bytes(b"\xff nonsense")
    places._hash.cache_clear()
    assert places.weights_hash(path) == hashlib.sha256(b"weights, version two!").hexdigest()


@pytest.mark.data
def test_packs_are_listed_best_first(copy: Path) -> None:
    need("buffalo_sc_int8", copy)
    need("light", copy)
    names = installed_packs(None, copy)
    assert names[-1] == "dlib"
    assert names.index("buffalo_sc_int8") < names.index("light")


def test_a_pack_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"install\.sh --models buffalo_l fetches it"):
        open_engine("buffalo_l", data_dir=tmp_path, models_dir=tmp_path)
    with pytest.raises(ModelUnavailable, match="no name of a model pack"):
        open_engine("../elsewhere", data_dir=None, models_dir=tmp_path)


@pytest.mark.data
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "gpu", "migraphx", "rocm:1", "coreml", "directml", "warp"])
@pytest.mark.parametrize("pack", FILES)
def test_a_device_that_is_not_there_is_never_the_cpu(copy: Path, pack: str, device: str) -> None:
    need(pack, copy)
    if pack == "buffalo_sc_int8":
        import onnxruntime

        if onnxruntime.get_available_providers() not in (
            ["CPUExecutionProvider"],
            ["AzureExecutionProvider", "CPUExecutionProvider"],
        ):
            pytest.skip("this ONNX Runtime has other devices")
    with pytest.raises(ModelUnavailable, match=f"{device}"):
        open_engine(pack, data_dir=None, models_dir=copy, device=device).look([GREY], LIMITS)


def test_dlib_runs_on_the_cpu_only() -> None:
    with pytest.raises(ModelUnavailable, match="offers only cpu"):
        open_engine("dlib", data_dir=None, device="cuda").look([GREY], LIMITS)


CLEAN = """
import sys
from pathlib import Path
from compreface_plugin.engine.select import installed_packs, open_engine
print(installed_packs(None, Path(sys.argv[1])))
open_engine("dlib", data_dir=None, models_dir=Path(sys.argv[1])).info
print(*({"dlib", "onnxruntime", "openvino", "cv2", "onnx"} & set(sys.modules)))
"""


def test_listing_packs_and_naming_the_model_loads_no_library_of_models(repo_root: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLEAN, str(tmp_path)], cwd=repo_root, capture_output=True, text=True, check=True
    )
    names, loaded = done.stdout.splitlines()
    assert "dlib" in names
    assert loaded == ""


NARROW = """
import sys
from pathlib import Path
class No:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[2:]:
            raise ImportError(name)
sys.meta_path.insert(0, No())
from compreface_plugin.domain.faces import DetectionLimits
from compreface_plugin.engine.select import open_engine
from compreface_plugin.media.pictures import decode
print(len(open_engine("dlib", data_dir=None).look([decode(Path(sys.argv[1]))], DetectionLimits(40))[0]))
"""
NOT_THERE = ("cv2", "onnxruntime", "openvino", "onnx", "insightface", "scipy", "skimage", "pkg_resources")


def test_dlib_needs_only_dlib_numpy_and_pillow(repo_root: Path, photos_dir: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NARROW, str(photos_dir / "obama.jpg"), *NOT_THERE],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"
