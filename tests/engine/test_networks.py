"""Our own arithmetic against the libraries': dlib's network on NumPy, quantisation taken back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compreface_plugin.engine.dlib_net import FaceNet, UnknownLayout
from compreface_plugin.engine.places import find_pack


@pytest.fixture(scope="module")
def weights() -> Path:
    return find_pack("dlib", None).recogniser


@pytest.fixture(scope="module")
def chips(photos_dir: Path) -> list[np.ndarray]:
    parts = []
    for name in ("obama.jpg", "biden.jpg", "astronaut.png", "t1.jpg", "coffee.png"):
        with Image.open(photos_dir / name) as image:
            middle = (image.width // 4, 0, image.width * 3 // 4, image.width // 2)
            parts.append(np.asarray(image.convert("RGB").resize((150, 150), box=middle)))
    return parts


def test_dlibs_network_gives_dlibs_numbers(weights: Path, chips: list[np.ndarray]) -> None:
    import dlib

    expected = np.array(dlib.face_recognition_model_v1(str(weights)).compute_face_descriptor(chips))
    assert np.abs(FaceNet(weights)(chips) - expected).max() < 1e-5


def test_an_embedding_does_not_depend_on_its_batch(weights: Path, chips: list[np.ndarray]) -> None:
    net = FaceNet(weights)
    together = net(chips)
    alone = np.concatenate([net([chip]) for chip in chips])
    assert np.abs(together - alone).max() < 1e-5
    assert net([]).shape == (0, 128)


@pytest.mark.parametrize("damage", ["cut", "other", "empty"])
def test_other_files_are_refused(weights: Path, tmp_path: Path, damage: str) -> None:
    data = weights.read_bytes()
    path = tmp_path / "net.dat"
    path.write_bytes({"cut": data[:9_000_000], "other": data.replace(b"affine_", b"bn_con_"), "empty": b""}[damage])
    with pytest.raises(UnknownLayout):
        FaceNet(path)


def test_blas_is_on_one_thread() -> None:
    import ctypes

    from compreface_plugin.engine import blas

    libraries = blas._loaded_libraries()
    if not libraries:
        pytest.skip("NumPy uses no OpenBLAS here")
    assert blas.use_one_thread()
    for path in libraries:
        library = ctypes.CDLL(path)
        for name in ("scipy_openblas_get_num_threads64_", "openblas_get_num_threads"):
            if hasattr(library, name):
                assert getattr(library, name)() == 1


@pytest.mark.data
def test_dynamic_quantisation_is_taken_back(data_dir: Path) -> None:
    ort = pytest.importorskip("onnxruntime")
    from compreface_plugin.engine.onnx_file import signature, without_dynamic_quantisation

    folder = data_dir / "models" / "buffalo_sc_int8"
    path = folder / "w600k_mbf_int8.onnx"
    options = ort.SessionOptions()
    options.log_severity_level = 4
    quantised = ort.InferenceSession(str(path), options)
    plain = ort.InferenceSession(without_dynamic_quantisation(path.read_bytes()), options)
    draw = np.random.default_rng(5)
    batch = (draw.normal(0, 0.4, (6, 3, 14, 14)).repeat(8, 2).repeat(8, 3)).astype(np.float32)

    def run(session: object, rows: np.ndarray) -> np.ndarray:
        raw = session.run(None, {"input.1": rows})[0]  # type: ignore[attr-defined]
        return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True))

    alone = np.concatenate([run(plain, batch[row : row + 1]) for row in range(6)])
    before = np.concatenate([run(quantised, batch[row : row + 1]) for row in range(6)])
    assert np.abs(run(plain, batch) - alone).max() < 1e-4
    assert (alone * before).sum(axis=1).min() > 0.9
    detector = folder / "det_500m.onnx"
    assert without_dynamic_quantisation(detector.read_bytes()) == detector.read_bytes()
    assert signature(path).takes == (0, 3, 112, 112)
    assert len(signature(detector).gives) == 9


@pytest.mark.data
def test_scrfd_and_yunet_agree_with_the_libraries_that_came_with_them(data_dir: Path, photos_dir: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    pytest.importorskip("openvino")
    from compreface_plugin.engine.light_models import LightModels

    models = LightModels(find_pack("light", None, data_dir / "models"))
    with Image.open(photos_dir / "obama.jpg") as image:
        canvas = np.asarray(image.convert("RGB").resize((320, 320)))
    found = models._detect(canvas)
    detector = cv2.FaceDetectorYN.create(
        str(data_dir / "models" / "opencv" / "face_detection_yunet_2023mar.onnx"), "", (320, 320), 0.7
    )
    _, rows = detector.detect(np.ascontiguousarray(canvas[:, :, ::-1]))
    best = found.pick(np.array([int(np.argmax(found.scores))]))
    x, y, wide, high = rows[0, :4]
    assert np.abs(best.boxes[0] - [x, y, x + wide, y + high]).max() < 3
    assert np.abs(best.points[0] - rows[0, 4:14].reshape(5, 2)).max() < 3
