"""The inference service: decodes as it does (no EXIF), shrinks to 640 px for detection, answers for every face.

Real faces: the local engine looks. Age, gender and mask are constants, for no model stands behind them; they are told
with the low probability they deserve.
"""

from __future__ import annotations

import hashlib
import io
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from compreface_plugin.domain.faces import DetectionLimits, Picture, SeenFace
from compreface_plugin.engine.select import open_engine

from .builds import Build
from .similarity import rounded

SMALLEST_PX = 30.0  # what the engine below finds for certain; the real detectors go down to about 20
PADDING = (0.213, 0.105, 0.223, 0.099)  # left, top, right, bottom share of the box in FaceNet builds
UPRIGHT_DEG = 55.0  # its detectors find no face that lies on its side


class CoreRefused(Exception):
    """Core answers 400: the API tells "no face", whatever the reason."""


class CoreFailed(Exception):
    """Core does not answer."""


class CoreBroke(Exception):
    """Core answers 500."""


@dataclass(slots=True, eq=False)
class CoreFace:
    """A face in pixels of the picture as decoded."""

    box: tuple[int, int, int, int]
    probability: float
    landmarks: list[list[int]]
    embedding: np.ndarray
    pose: tuple[float, float, float]  # pitch, roll, yaw

    @property
    def area(self) -> int:
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])


@dataclass(slots=True)
class Core:
    """One per server. `down` makes every call fail; `poison` holds picture sizes that break it."""

    build: Build
    detect_side: int = 640
    models_dir: Path | None = None
    down: bool = False
    poison: set[tuple[int, int]] = field(default_factory=set)
    looks: int = 0
    _kept: dict[str, list[CoreFace]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, content: bytes, threshold: float | None, limit: int, detect_faces: bool = True) -> list[CoreFace]:
        """Largest first, cut to `limit` after everything was computed. Raises CoreRefused, CoreBroke, CoreFailed."""
        if self.down:
            raise CoreFailed("Connection refused executing POST http://compreface-core:3000/find_faces")
        if threshold is not None and not 0.0 <= threshold <= 1.0:
            raise CoreRefused("det_prob_threshold")
        pixels = _decoded(content)
        if (pixels.shape[1], pixels.shape[0]) in self.poison:
            raise CoreFailed("Read timed out executing POST http://compreface-core:3000/find_faces")
        with self._lock:
            self.looks += 1
            digest = hashlib.sha256(content).hexdigest()
            if digest not in self._kept:
                self._kept[digest] = self._look(pixels)
            found = self._kept[digest]
        least = self.build.threshold if threshold is None else threshold
        faces = [face for face in found if face.probability > least]
        if not faces and detect_faces:
            raise CoreRefused("no face")
        faces.sort(key=lambda face: -face.area)
        return faces[:limit] if limit else faces

    def _look(self, pixels: np.ndarray) -> list[CoreFace]:
        high, wide = pixels.shape[:2]
        scale = min(1.0, self.detect_side / max(wide, high))
        shown = pixels if scale == 1.0 else _resized(pixels, scale)
        faces = []
        for face in self._engine_look(shown, SMALLEST_PX):
            if abs(face.quality.roll_deg) > UPRIGHT_DEG:
                continue
            faces.append(self._answer(face, self._fine(face, pixels) if scale < 1.0 else face.embedding, wide, high))
        return faces

    def _engine_look(self, pixels: np.ndarray, smallest: float) -> list[SeenFace]:
        picture = Picture(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0])
        outcome = _engine(self.build.pack, self.models_dir).look([picture], DetectionLimits(smallest))[0]
        if isinstance(outcome, Exception):
            raise CoreBroke(str(outcome))
        return outcome

    def _fine(self, face: SeenFace, pixels: np.ndarray) -> np.ndarray:
        """The embedding from the original pixels, as the real one cuts faces out of what was sent."""
        high, wide = pixels.shape[:2]
        box = face.box
        across, down = box.width / 2, box.height / 2
        x0, x1 = max(0, int((box.x_min - across) * wide)), min(wide, int((box.x_max + across) * wide))
        y0, y1 = max(0, int((box.y_min - down) * high)), min(high, int((box.y_max + down) * high))
        part = pixels[y0:y1, x0:x1]
        found = self._engine_look(_resized(part, min(1.0, 400 / max(part.shape[:2]))), 60.0)
        middle = [abs((f.box.x_min + f.box.x_max - 1) / 2) + abs((f.box.y_min + f.box.y_max - 1) / 2) for f in found]
        return found[int(np.argmin(middle))].embedding if found and min(middle) < 0.25 else face.embedding

    def _answer(self, face: SeenFace, embedding: np.ndarray, wide: int, high: int) -> CoreFace:
        box = [face.box.x_min * wide, face.box.y_min * high, face.box.x_max * wide, face.box.y_max * high]
        if self.build.padded_boxes:
            across, down = box[2] - box[0], box[3] - box[1]
            box = [
                max(0.0, box[0] - PADDING[0] * across),
                max(0.0, box[1] - PADDING[1] * down),
                min(float(wide), box[2] + PADDING[2] * across),
                min(float(high), box[3] + PADDING[3] * down),
            ]
        points = face.landmarks * np.array([wide, high], np.float32)
        return CoreFace(
            box=(round(box[0]), round(box[1]), round(box[2]), round(box[3])),
            probability=float(face.det_score),
            landmarks=[[round(float(x)), round(float(y))] for x, y in points],
            embedding=np.asarray(embedding, np.float64) * self.build.vector_length,
            pose=(face.quality.pitch_deg, face.quality.roll_deg, face.quality.yaw_deg),
        )

    def status(self) -> dict[str, Any]:
        """GET /core/status."""
        return {
            "available_plugins": {slug: self.build.name_of(slug) for slug in ("detector", *self.build.plugins)},
            "build_version": "1.2.0",
            "calculator_version": self.build.calculator,
            "similarity_coefficients": [self.build.c0, self.build.c1],
            "status": "OK",
        }


def plugin_answers(face: CoreFace, slugs: set[str]) -> dict[str, Any]:
    """What the plugins asked for say about a face, in the API's words."""
    told: dict[str, Any] = {}
    if "age" in slugs:
        told["age"] = {"probability": 0.4, "high": 32, "low": 25}
    if "gender" in slugs:
        told["gender"] = {"probability": 0.51, "value": "male"}
    if "pose" in slugs:
        told["pose"] = dict(zip(("pitch", "roll", "yaw"), face.pose, strict=True))
    if "mask" in slugs:
        told["mask"] = {"probability": 0.6, "value": "without_mask"}
    if "landmarks" in slugs:
        told["landmarks"] = face.landmarks
    return told


def box_answer(face: CoreFace, digits: int | None) -> dict[str, Any]:
    probability = face.probability if digits is None else rounded(face.probability, digits)
    x_min, y_min, x_max, y_max = face.box
    return {"probability": probability, "x_max": x_max, "y_max": y_max, "x_min": x_min, "y_min": y_min}


def _decoded(content: bytes) -> np.ndarray:
    """(H, W, 3) as imageio gives it: first frame, EXIF orientation ignored. Raises CoreRefused, CoreBroke."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.mode == "LA":
                raise CoreBroke("PluginError: unsupported number of channels")
            if image.mode == "CMYK":
                return np.asarray(image)[..., :3].copy()
            return np.asarray(image.convert("RGB")).copy()
    except (OSError, ValueError, SyntaxError) as error:
        raise CoreRefused(str(error)) from error


def _resized(pixels: np.ndarray, scale: float) -> np.ndarray:
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


_ENGINES: dict[tuple[str, Path | None], Any] = {}


def _engine(pack: str, models_dir: Path | None) -> Any:
    """One per process: every server of a test session shares the loaded models."""
    if (pack, models_dir) not in _ENGINES:
        _ENGINES[pack, models_dir] = open_engine(pack, data_dir=None, models_dir=models_dir, workers=1)
    return _ENGINES[pack, models_dir]
