"""The JSON of CompreFace as typed values. What is missing stays absent; what is malformed is refused whole."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from compreface_plugin.domain.errors import ServiceRefused


@dataclass(frozen=True, slots=True)
class Guess:
    """What an attribute model says, and how sure it is."""

    value: str
    probability: float  # 0..1


@dataclass(frozen=True, slots=True, eq=False)
class FaceAnswer:
    """One face in pixels of the picture that was sent. Boxes may reach outside of it (InsightFace builds)."""

    box: tuple[float, float, float, float]  # x_min, y_min, x_max, y_max
    probability: float  # that it is a face
    landmarks: tuple[tuple[float, float], ...] | None  # five, image-left eye first
    embedding: tuple[float, ...] | None  # as emitted: not of unit length on InsightFace builds
    subjects: tuple[tuple[str, float], ...] = ()  # nearest examples' subjects with similarity, best first
    age: tuple[float, float] | None = None  # low, high
    gender: Guess | None = None
    mask: Guess | None = None
    pose: tuple[float, float, float] | None = None  # pitch, roll, yaw in degrees


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The answer to one picture. `versions`: slug -> plugin that worked; empty when there was no face."""

    faces: tuple[FaceAnswer, ...]
    versions: Mapping[str, str]


NOBODY = Seen((), {})


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Turns a shape that is not CompreFace's into ServiceRefused."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ServiceRefused(
            f"CompreFace's answer {what} cannot be understood ({type(error).__name__}: {error}); is it version 1.0 "
            "to 1.2?"
        ) from error


def seen(data: Any) -> Seen:
    """The body of recognise or detect. Raises ServiceRefused."""
    with understood("to a picture"):
        faces = tuple(_face(held) for held in data["result"])
        versions = {str(slug): str(name) for slug, name in (data.get("plugins_versions") or {}).items()}
        return Seen(faces, versions)


def _face(held: Mapping[str, Any]) -> FaceAnswer:
    box = held["box"]
    points = held.get("landmarks")
    embedding = held.get("embedding")
    pose, age = held.get("pose"), held.get("age")
    subjects = tuple((str(one["subject"]), float(one["similarity"])) for one in held.get("subjects") or ())
    return FaceAnswer(
        box=(float(box["x_min"]), float(box["y_min"]), float(box["x_max"]), float(box["y_max"])),
        probability=_finite(box.get("probability", 1.0)),
        landmarks=tuple((_finite(x), _finite(y)) for x, y in points) if points else None,
        embedding=tuple(float(value) for value in embedding) if embedding else None,
        subjects=tuple(sorted(subjects, key=lambda one: -one[1])),
        age=(float(age["low"]), float(age["high"])) if age else None,
        gender=_guess(held.get("gender")),
        mask=_guess(held.get("mask")),
        pose=(float(pose["pitch"]), float(pose["roll"]), float(pose["yaw"])) if pose else None,
    )


def _guess(held: Any) -> Guess | None:
    return Guess(str(held["value"]), float(held.get("probability", 1.0))) if held else None


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no coordinate")
    return number


@dataclass(frozen=True, slots=True)
class Example:
    """One stored picture of a subject. `image_id` names its embedding and its picture alike."""

    image_id: str
    subject: str


def example(data: Any) -> Example:
    """Raises ServiceRefused."""
    with understood("about an example"):
        return Example(str(data["image_id"]), str(data["subject"]))


@dataclass(frozen=True, slots=True)
class Page:
    examples: tuple[Example, ...]
    pages: int
    total: int


def page(data: Any) -> Page:
    """Raises ServiceRefused."""
    with understood("to the list of examples"):
        found = tuple(Example(str(one["image_id"]), str(one["subject"])) for one in data["faces"])
        return Page(found, int(data["total_pages"]), int(data["total_elements"]))
