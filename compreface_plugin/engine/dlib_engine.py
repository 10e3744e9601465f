"""The embedded default: dlib's HOG detector and 5-point landmarks, its ResNet-29 on NumPy. No OpenCV, no
ONNX.

The HOG detector lets go of Python's lock, so threads are enough to use every core; no worker process can be
left behind when the host kills the plugin.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.engine.align import warp
from compreface_plugin.engine.base import Attributes
from compreface_plugin.engine.blas import use_one_thread
from compreface_plugin.engine.dlib_detector import new_detector
from compreface_plugin.engine.dlib_net import CHIP_SIDE, FaceNet, UnknownLayout
from compreface_plugin.engine.find import find_faces
from compreface_plugin.engine.geometry import Found, nothing
from compreface_plugin.engine.views import Reach

if TYPE_CHECKING:
    from PIL import Image

    from compreface_plugin.domain.faces import Float32, Pixels
    from compreface_plugin.engine.places import InstalledPack

HOG_SCORE = -0.1
"""A little below dlib's default of 0, which makes up for the coarser scale (docs/decisions/0011)."""
HOG_REACH = Reach(
    smallest_px=62.0,
    whole_side=1600,
    tile_side=1600,
    padded_side=256,
    turned_side=480,
    step=1,
    tile_step=1,
    turned_score=0.9,
    tile_score=0.7,
    shrinks=True,
)
"""The detector's window is 80 px with a 73 px box, and it still finds faces of 60 px
(docs/decisions/0011)."""
CHIP_PADDING = 0.25
TEMPLATE_150: Float32 = np.float32(150 / (1 + 2 * CHIP_PADDING)) * (
    np.array(
        [
            [0.85956746, 0.21349815],
            [0.64606048, 0.22896744],
            [0.12057506, 0.21372745],
            [0.33408506, 0.22906424],
            [0.49011231, 0.62779753],
        ],
        np.float32,
    )
    + np.float32(CHIP_PADDING)
)
"""Mean places of dlib's five landmarks in its chips of 150 px with padding 0.25 (dlib, interpolation code of
get_face_chip_details): corners of the image-right eye, corners of the image-left eye, below the nose."""


class DlibModels:
    """Loaded dlib models. The detector object keeps scratch memory, so every thread has its own."""

    def __init__(self, pack: InstalledPack, data_dir: Path | None = None) -> None:
        """`data_dir`: where the unpacked detector is kept, None to keep it nowhere. Raises ModelUnavailable."""
        try:
            import dlib
        except ImportError as error:
            raise ModelUnavailable(sentence("model.package", pack=pack.name, package="dlib-bin")) from error
        use_one_thread()
        self._dlib: Any = dlib
        self.batch, self.device = 4, "cpu"
        self._local, self._data_dir = threading.local(), data_dir
        recogniser, landmarks = pack.recogniser, pack.detector
        try:
            self._landmarks = dlib.shape_predictor(str(landmarks))
            self._net: FaceNet | None = FaceNet(recogniser)
        except UnknownLayout:
            self._net = None
        except (RuntimeError, OSError) as error:
            raise _damaged(recogniser.parent, error) from error
        if self._net is None:
            try:
                self._own_net = dlib.face_recognition_model_v1(str(recogniser))
            except RuntimeError as error:
                raise _damaged(recogniser.parent, error) from error

    def find(self, picture: Image.Image, min_face_px: float) -> Found:
        return find_faces(picture, min_face_px, HOG_REACH, self._detect)

    def align(self, picture: Image.Image, found: Found) -> list[Pixels]:
        return [warp(picture, points[5:], TEMPLATE_150, CHIP_SIDE) for points in found.points]

    def embed(self, chips: Sequence[Pixels]) -> Float32:
        if self._net is not None:
            raw = self._net(chips)
        else:
            raw = np.array(self._own_net.compute_face_descriptor(list(chips)), np.float32)
        return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9), np.float32)

    def attributes(self, picture: Image.Image, found: Found) -> list[Attributes]:
        return [Attributes()] * len(found)

    def _detect(self, canvas: Pixels) -> Found:
        if not hasattr(self._local, "detector"):
            self._local.detector = new_detector(self._dlib, self._data_dir)
        boxes, scores, _ = self._local.detector.run(canvas, 0, HOG_SCORE)
        if not boxes:
            return nothing(10)
        points = [_five_points(self._landmarks(canvas, box)) for box in boxes]
        sides = [[box.left(), box.top(), box.right() + 1, box.bottom() + 1] for box in boxes]
        # The HOG score is a margin, mostly 0..2.5; see docs/decisions/0011 for the ramp.
        sure = 1.0 / (1.0 + np.exp(-2.0 * np.asarray(scores, np.float32) - 0.4))
        return Found(np.array(sides, np.float32), np.stack(points), sure.astype(np.float32))


def _five_points(shape: Any) -> Float32:
    """(10, 2): eyes, nose and an estimated mouth, then dlib's own five landmarks.

    dlib's small model has a point below the nose and no mouth. On a mean face (the ArcFace template in
    align.py) the tip stands at 0.85 of the way from the eyes to that point, the mouth at 1.54, its corners
    0.83 eye distances apart. So the pitch of such a face is always about 0.
    """
    own = np.array([[shape.part(i).x, shape.part(i).y] for i in range(5)], np.float32)
    right, left = own[:2].mean(axis=0), own[2:4].mean(axis=0)
    middle, across = (left + right) / 2, (right - left) * np.float32(0.415)
    tip, mouth = middle + (own[4] - middle) * np.float32(0.85), middle + (own[4] - middle) * np.float32(1.54)
    return np.concatenate([np.stack([left, right, tip, mouth - across, mouth + across]), own])


def _damaged(folder: Path, error: Exception) -> ModelUnavailable:
    said = sentence("model.damaged", file=folder, device="cpu", reason=error, pack="face_recognition_models")
    return ModelUnavailable(said)
