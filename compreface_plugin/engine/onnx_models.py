"""InsightFace packs on ONNX Runtime: SCRFD detector, ArcFace recogniser, optional genderage.

The files are told apart by their shapes, as InsightFace itself does: a detector has 9 or 15 outputs, a
recogniser takes squares of 112 px or more and gives one vector, genderage takes 96 px and gives three
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.engine.align import ARCFACE_112, warp
from compreface_plugin.engine.base import Attributes
from compreface_plugin.engine.detectors import SCRFD_REACH, scrfd_faces, scrfd_input
from compreface_plugin.engine.find import find_faces

if TYPE_CHECKING:
    from PIL import Image

    from compreface_plugin.domain.faces import Float32, Pixels
    from compreface_plugin.engine.geometry import Found


class OnnxModels:
    """Loaded models of one pack folder."""

    def __init__(self, folder: Path, sessions: dict[str, Any], batches: tuple[int, ...]) -> None:
        self._folder, self._batches = folder, batches
        self._detector, self._recogniser = sessions["detection"], sessions["recognition"]
        self._genderage = sessions.get("genderage")
        self._input = self._recogniser.get_inputs()[0]
        self._size = int(self._input.shape[2])

    def find(self, picture: Image.Image, min_face_px: float) -> Found:
        return find_faces(picture, min_face_px, SCRFD_REACH, self._detect)

    def align(self, picture: Image.Image, found: Found) -> list[Pixels]:
        template = ARCFACE_112 * np.float32(self._size / 112)
        return [warp(picture, points, template, self._size) for points in found.points]

    def embed(self, chips: Sequence[Pixels]) -> Float32:
        rows = []
        for chip in chips:
            batch = ((chip.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
            rows.append(self._recogniser.run(None, {self._input.name: batch})[0].reshape(1, -1))
        raw = np.concatenate(rows).astype(np.float32)
        return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9))

    def attributes(self, picture: Image.Image, found: Found) -> list[Attributes]:
        return [Attributes()] * len(found)

    def _detect(self, canvas: Pixels) -> Found:
        outputs = self._detector.run(None, {self._detector.get_inputs()[0].name: scrfd_input(canvas)})
        return scrfd_faces(outputs, canvas.shape[1], canvas.shape[0])


def load_pack(folder: Path) -> OnnxModels:
    """Every model of the folder that is needed. Raises ModelUnavailable."""
    try:
        import onnxruntime as ort
    except ImportError as error:
        raise ModelUnavailable(
            f"The model pack {folder.name} needs the Python package onnxruntime: {error}."
        ) from error
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    sessions: dict[str, Any] = {}
    for path in sorted(folder.glob("*.onnx")):
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        kind = _kind(session)
        if kind:
            sessions.setdefault(kind, session)
    return OnnxModels(folder, sessions, (1,))


def _kind(session: Any) -> str:
    outputs, shape = session.get_outputs(), session.get_inputs()[0].shape
    if len(outputs) in (9, 15):
        return "detection"
    if len(outputs) == 1 and shape[2:] == [96, 96]:
        return "genderage"
    if (
        len(outputs) == 1
        and shape[2] == shape[3]
        and isinstance(shape[2], int)
        and shape[2] >= 112
        and shape[2] != 192
    ):
        return "recognition"
    return ""
