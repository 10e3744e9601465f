"""What was seen in a picture: boxes, landmarks, quality, embeddings. Frozen values; arrays are sealed.

Coordinates: fractions 0..1 of the upright picture (after EXIF), origin top-left, x to the right, y down. A box
may be clipped to 0..1. Pixels are only used inside the engines; whatever leaves them is in fractions, so that
a thumbnail, a scaled preview and the original agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Float32 = NDArray[np.float32]
    Pixels = NDArray[np.uint8]
else:  # a task that needs no model does not pay for importing numpy
    Float32 = Pixels = Any


@dataclass(frozen=True, slots=True)
class Box:
    """x_min, y_min, x_max, y_max in fractions of the upright picture; x_min < x_max, y_min < y_max."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    @property
    def width(self) -> float:
        return self.x_max - self.x_min

    @property
    def height(self) -> float:
        return self.y_max - self.y_min

    @property
    def area(self) -> float:
        """Fraction of the picture's area, 0..1."""
        return max(0.0, self.width) * max(0.0, self.height)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1; 0 when both are empty."""
        wide = min(self.x_max, other.x_max) - max(self.x_min, other.x_min)
        high = min(self.y_max, other.y_max) - max(self.y_min, other.y_min)
        shared = max(0.0, wide) * max(0.0, high)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Quality:
    """How fit a face is for recognition, each property by its name. See engine/quality.py for the measurements.

    `score` is 0..1 and the only number that gates look at; `reasons` says in words what pulled it down, worst
    first (empty for a good face).
    """

    score: float
    size_px: float  # short side of the box, in pixels of the original picture
    sharpness: float  # 0..1
    exposure: float  # 0..1, brightness and contrast together
    yaw_deg: float  # estimated from the five landmarks; 0 is frontal, positive looks to the image's right
    pitch_deg: float
    roll_deg: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """One face as an engine reports it: found, measured and embedded."""

    box: Box
    landmarks: Float32  # (5, 2) fractions: image-left eye, image-right eye, nose, image-left and -right mouth corner
    det_score: float  # detector confidence 0..1
    quality: Quality
    embedding: Float32  # (D,), L2-normalised, bound to the engine's model_id
    crop_jpeg: bytes  # the face, upright, with 35 % margin a side, long side at most 256 px
    age: float | None = None
    gender: str | None = None  # "MALE" or "FEMALE" when the model is sure
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.embedding.setflags(write=False)
        self.landmarks.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture: upright, RGB, 8 bit. `pixels` may be smaller than the original (`scale` < 1)."""

    pixels: Pixels  # (H, W, 3) RGB
    width: int  # of the original, upright, in pixels
    height: int
    source: str = ""  # where the bytes came from, for messages

    @property
    def scale(self) -> float:
        """Decoded pixels per original pixel, 0 < scale <= 1."""
        return float(self.pixels.shape[1]) / self.width


@dataclass(frozen=True, slots=True)
class DetectionLimits:
    """What an engine must find. Pixels of the original picture."""

    min_face_px: float  # short side of the smallest box that matters (two thirds of the setting minFaceSize)


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Who looked. `model_id` names detector-independent embedding weights: pack name, '@', first 12 of the SHA-256."""

    engine: str  # "local" or "compreface"
    pack: str  # "dlib", "light", "buffalo_sc", ...
    model_id: str
    detector_id: str
    dimensions: int
    device: str  # "cpu", "cuda:0", ...
