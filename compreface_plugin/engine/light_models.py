"""The pack `light` on the OpenVINO runtime: YuNet and face-reidentification-retail-0095."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.engine.align import RETAIL_128, warp
from compreface_plugin.engine.base import Attributes
from compreface_plugin.engine.detectors import YUNET_REACH, yunet_faces, yunet_input
from compreface_plugin.engine.find import find_faces

if TYPE_CHECKING:
    from PIL import Image

    from compreface_plugin.domain.faces import Float32, Pixels
    from compreface_plugin.engine.geometry import Found

DETECTOR_FILE = "face_detection_yunet_2023mar.onnx"
RECOGNISER_XML = "face-reidentification-retail-0095.xml"
RECOGNISER_BIN = "face-reidentification-retail-0095.bin"
_OUTPUTS = tuple(f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32))


class LightModels:
    """Loaded models; a compiled detector per canvas shape, an inference request per thread and shape."""

    def __init__(self, detector: Path, recogniser: Path, device: str = "CPU") -> None:
        try:
            import openvino
        except ImportError as error:
            raise ModelUnavailable(
                f"The model pack light needs the Python package openvino: {error}."
            ) from error
        self._core: Any = openvino.Core()
        self._device, self._detector_path = device, detector
        self._local, self._lock = threading.local(), threading.Lock()
        self._compiled: dict[tuple[int, int], Any] = {}
        self._config = {"PERFORMANCE_HINT": "THROUGHPUT"}
        self._recogniser = self._core.compile_model(self._core.read_model(recogniser), device, self._config)

    def find(self, picture: Image.Image, min_face_px: float) -> Found:
        return find_faces(picture, min_face_px, YUNET_REACH, self._detect)

    def align(self, picture: Image.Image, found: Found) -> list[Pixels]:
        return [warp(picture, points, RETAIL_128, 128) for points in found.points]

    def embed(self, chips: Sequence[Pixels]) -> Float32:
        request = self._request("recogniser", self._recogniser)
        rows = []
        for chip in chips:
            batch = np.ascontiguousarray(chip[:, :, ::-1].astype(np.float32).transpose(2, 0, 1)[None])
            request.infer({0: batch})
            rows.append(request.get_output_tensor(0).data.reshape(1, -1).copy())
        raw = np.concatenate(rows).astype(np.float32)
        return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9))

    def attributes(self, picture: Image.Image, found: Found) -> list[Attributes]:
        return [Attributes()] * len(found)

    def _detect(self, canvas: Pixels) -> Found:
        high, wide = canvas.shape[:2]
        request = self._request((high, wide), self._detector(high, wide))
        request.infer({0: yunet_input(canvas)})
        outputs = {name: request.get_output_tensor(row).data for row, name in enumerate(_OUTPUTS)}
        return yunet_faces(outputs, wide, high)

    def _detector(self, high: int, wide: int) -> Any:
        with self._lock:
            if (high, wide) not in self._compiled:
                model = self._core.read_model(self._detector_path)
                model.reshape([1, 3, high, wide])
                self._compiled[high, wide] = self._core.compile_model(model, self._device, self._config)
            return self._compiled[high, wide]

    def _request(self, key: object, compiled: Any) -> Any:
        requests = self._local.__dict__.setdefault("requests", {})
        if key not in requests:
            requests[key] = compiled.create_infer_request()
        return requests[key]
