"""What a server claims to run, and how the claims show in its answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from compreface_plugin.domain.operating_points import operating_point


@dataclass(frozen=True, slots=True)
class Build:
    """`pack` is the local engine that really looks; the rest is what is told."""

    pack: str
    detector: str
    calculator: str
    c0: float
    c1: float
    threshold: float  # default of det_prob_threshold
    plugins: tuple[str, ...] = ("landmarks", "gender", "age", "calculator", "pose", "mask")
    padded_boxes: bool = False  # FaceNet builds tell boxes with padding
    vector_length: float = 1.0  # InsightFace builds emit vectors of any length
    insightface: bool = False

    def name_of(self, slug: str) -> str:
        """As plugins_versions tells it."""
        if slug == "detector":
            return self.detector
        return (
            self.calculator if slug == "calculator" else f"{self.calculator.partition('.')[0]}.{slug.title()}Detector"
        )


_DLIB_SCALE = operating_point("dlib", "dlib").similarity_scale()
_LIGHT_SCALE = operating_point("light", "light").similarity_scale()

DLIB = Build("dlib", "dlib.FaceDetector", "dlib.Calculator", _DLIB_SCALE.c0, _DLIB_SCALE.c1, threshold=0.5)
"""Honest about itself: a self-built server with a dlib plugin, 0.89 at dlib's accept point."""
LIGHT = Build("light", "light.FaceDetector", "light.Calculator", _LIGHT_SCALE.c0, _LIGHT_SCALE.c1, threshold=0.6)
"""The same with the pack light, whose weights must be at hand."""
FACENET_LIKE = replace(DLIB, detector="facenet.FaceDetector", padded_boxes=True)
INSIGHTFACE_LIKE = replace(
    DLIB, detector="insightface.FaceDetector@retinaface_r50_v1", vector_length=21.5, insightface=True
)
