"""How fit a face is for recognition: each property measured by name, then one score and the reasons.

Every measurement is turned into 0..1 by a ramp between "useless" and "as good as it gets"; the score is their
product, softened by a root so that two middling properties do not count as one hopeless one. The ramps are
set by eye on press photographs and stand here alone; they order faces, they are no probability.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from compreface_plugin.domain.faces import Float32, Pixels, Quality
from compreface_plugin.engine.geometry import roll_degrees

CHIP = 96
"""Side of the upright grey face patch on which sharpness and exposure are measured."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """0 at or below `bad`, 1 at or above `good`, straight between; `bad` > `good` turns it round."""

    bad: float
    good: float

    def __call__(self, value: float) -> float:
        share = (value - self.bad) / (self.good - self.bad)
        return min(1.0, max(0.0, share))


SIZE = Ramp(20.0, 90.0)  # px, short side in the original; recognisers see 112 px
DETECTOR = Ramp(0.3, 0.75)
SHARPNESS = Ramp(0.6, 4.0)  # mean absolute Laplacian of the patch over its contrast, in percent; see sharpness()
BRIGHTNESS_LOW = Ramp(20.0, 60.0)  # mean grey
BRIGHTNESS_HIGH = Ramp(245.0, 215.0)
CONTRAST = Ramp(8.0, 28.0)  # standard deviation of grey
YAW = Ramp(70.0, 25.0)  # degrees off frontal
PITCH = Ramp(55.0, 25.0)
FLOORS = {"size": 0.0, "detector": 0.2, "sharpness": 0.15, "exposure": 0.1, "pose": 0.15}
"""What is left of the score when one property alone is useless: only a too small face is worth nothing."""
MENTION = 0.6
"""A property below this is named as a reason."""


def measure(picture: Image.Image, box: Float32, points: Float32, det_score: float, size_px: float) -> Quality:
    """Quality of the face at (4,) `box`, (5, 2) `points` in pixels of `picture`.

    `size_px` is the short side of the box in pixels of the original, which may be larger than `picture`.
    """
    patch = grey_patch(picture, box)
    sharp = SHARPNESS(sharpness(patch))
    light = exposure(patch)
    yaw, pitch = pose_degrees(points)
    parts = {
        "size": SIZE(size_px),
        "detector": DETECTOR(det_score),
        "sharpness": sharp,
        "exposure": light,
        "pose": YAW(abs(yaw)) * PITCH(abs(pitch)),
    }
    words = {
        "size": f"small ({size_px:.0f} px)",
        "detector": f"barely recognisable as a face ({det_score:.2f})",
        "sharpness": "blurred",
        "exposure": "badly lit",
        "pose": f"turned away (yaw {yaw:.0f}, pitch {pitch:.0f} degrees)",
    }
    score = math.prod(FLOORS[name] + (1 - FLOORS[name]) * part for name, part in parts.items()) ** 0.5
    reasons = tuple(words[name] for name, part in sorted(parts.items(), key=lambda item: item[1]) if part < MENTION)
    return Quality(
        score=round(score, 4),
        size_px=round(size_px, 1),
        sharpness=round(sharp, 4),
        exposure=round(light, 4),
        yaw_deg=round(yaw, 1),
        pitch_deg=round(pitch, 1),
        roll_deg=round(roll_degrees(points), 1),
        reasons=reasons,
    )


def grey_patch(picture: Image.Image, box: Float32) -> Pixels:
    """The middle of the box as (96, 96) grey; smaller faces are enlarged and therefore count as less
    sharp."""
    x0, y0, x1, y1 = (float(v) for v in box)
    inset_x, inset_y = (x1 - x0) * 0.1, (y1 - y0) * 0.1
    part = (
        min(max(0.0, x0 + inset_x), picture.width - 1.0),
        min(max(0.0, y0 + inset_y), picture.height - 1.0),
        max(min(float(picture.width), x1 - inset_x), 1.0),
        max(min(float(picture.height), y1 - inset_y), 1.0),
    )
    if part[2] - part[0] < 1 or part[3] - part[1] < 1:
        return np.zeros((CHIP, CHIP), np.uint8)
    patch = picture.resize((CHIP, CHIP), Image.Resampling.BILINEAR, box=part, reducing_gap=2.0)
    return np.asarray(patch.convert("L"))


def sharpness(patch: Pixels) -> float:
    """Mean absolute Laplacian per unit of contrast, times 10: about 1 for a blurred face, 5 and more for a
    sharp one."""
    grey = patch.astype(np.float32)
    laplace = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return float(10.0 * np.abs(laplace).mean() / max(8.0, float(grey.std())))


def exposure(patch: Pixels) -> float:
    """Brightness and contrast together, 0..1."""
    mean, deviation = float(patch.mean()), float(patch.std())
    return BRIGHTNESS_LOW(mean) * BRIGHTNESS_HIGH(mean) * CONTRAST(deviation)


def pose_degrees(points: Float32) -> tuple[float, float]:
    """Yaw and pitch from (5, 2) points, each about -90..90 degrees.

    Yaw: how far the nose lies off the middle between the eyes, in eye distances; a nose stands out of the
    face by about 0.6 eye distances, so the offset is that times tan(yaw), foreshortened with the eyes.
    Positive looks to the image's right. Pitch: where the nose stands between eyes and mouth; 0.55 of the way
    on a frontal face; positive looks up.
    """
    angle = math.radians(roll_degrees(points))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    upright = (points.astype(np.float64) - points.mean(axis=0)) @ turn.T
    eyes, mouth, nose = upright[:2].mean(axis=0), upright[3:].mean(axis=0), upright[2]
    eye_gap = max(float(upright[1, 0] - upright[0, 0]), 1e-3)
    face_height = max(float(mouth[1] - eyes[1]), 1e-3)
    axis_x = float(eyes[0] + (mouth[0] - eyes[0]) * 0.55)
    yaw = math.degrees(math.atan((float(nose[0]) - axis_x) / (0.6 * eye_gap)))
    drop = (float(nose[1]) - float(eyes[1])) / face_height
    pitch = math.degrees(math.atan((0.55 - drop) / 0.5))
    return yaw, pitch
