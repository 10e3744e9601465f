"""The engine that every local model shares: find, align, embed, measure. The parts that differ are handed
in."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from compreface_plugin.domain.faces import (
    Box,
    DetectionLimits,
    EngineInfo,
    Float32,
    Picture,
    Pixels,
    Quality,
    SeenFace,
)
from compreface_plugin.engine.crops import crop_jpeg
from compreface_plugin.engine.quality import measure

if TYPE_CHECKING:
    from compreface_plugin.domain.errors import ItemError
    from compreface_plugin.engine.geometry import Found


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a pack's genderage model says of one face."""

    age: float | None = None
    gender: str | None = None  # "MALE", "FEMALE" or None when it is not sure


class Models(Protocol):
    """Loaded weights of one pack. Called from several threads at once."""

    def find(self, picture: Image.Image, min_face_px: float) -> Found:
        """Faces in pixels of an RGB picture, no duplicates, short side `min_face_px` or more."""
        ...

    def align(self, picture: Image.Image, found: Found) -> list[Pixels]:
        """One RGB chip per face, as the recogniser wants it."""
        ...

    def embed(self, chips: Sequence[Pixels]) -> Float32:
        """(N, D) L2-normalised embeddings, whatever N and whatever stands beside a chip."""
        ...

    def attributes(self, picture: Image.Image, found: Found) -> list[Attributes]:
        """Age and gender per face; empty values when the pack has no such model."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """One picture between finding and embedding."""

    found: Found
    chips: list[Pixels]
    measured: list[tuple[Box, Float32, float, Quality, bytes]]
    attributes: list[Attributes]


class LocalEngine:
    """FaceEngine over `Models`; loads them on the first look."""

    def __init__(self, info: EngineInfo, load: Callable[[], Models], workers: int = 0) -> None:
        self._info, self._load = info, load
        self._workers = workers or max(1, min(8, os.cpu_count() or 1))
        self._models: Models | None = None
        self._pool: ThreadPoolExecutor | None = None

    @property
    def info(self) -> EngineInfo:
        return self._info

    def look(self, pictures: Sequence[Picture], limits: DetectionLimits) -> list[list[SeenFace] | ItemError]:
        if self._models is None:
            self._models = self._load()
            self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="faces")
        assert self._pool is not None
        models = self._models
        looked = list(self._pool.map(lambda picture: _look_at(models, picture, limits), pictures))
        chips = [chip for one in looked for chip in one.chips]
        embeddings = models.embed(chips) if chips else np.zeros((0, 1), np.float32)
        answers: list[list[SeenFace] | ItemError] = []
        start = 0
        for one in looked:
            answers.append(_faces(one, embeddings[start : start + len(one.chips)]))
            start += len(one.chips)
        return answers

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = self._models = None


def _look_at(models: Models, picture: Picture, limits: DetectionLimits) -> _Looked:
    image = Image.fromarray(picture.pixels)
    scale = picture.scale
    found = models.find(image, limits.min_face_px * scale)
    order = np.argsort(-np.prod(found.boxes[:, 2:] - found.boxes[:, :2], axis=1), kind="stable")
    found = found.pick(order)
    measured = []
    for box, points, score in zip(found.boxes, found.points[:, :5], found.scores, strict=True):
        size_px = float(min(box[2] - box[0], box[3] - box[1])) / scale
        quality = measure(image, box, points, float(score), size_px)
        shown = fraction_box(box, image.width, image.height)
        fractions = (points / np.array([image.width, image.height], np.float32)).astype(np.float32)
        measured.append((shown, fractions, float(score), quality, crop_jpeg(image, box, points)))
    return _Looked(found, models.align(image, found), measured, models.attributes(image, found))


def fraction_box(box: Float32, width: int, height: int) -> Box:
    """Pixels to fractions, clipped to the picture."""
    x0, y0, x1, y1 = (float(v) for v in box)
    return Box(
        max(0.0, min(1.0, x0 / width)),
        max(0.0, min(1.0, y0 / height)),
        max(0.0, min(1.0, x1 / width)),
        max(0.0, min(1.0, y1 / height)),
    )


def _faces(one: _Looked, embeddings: Float32) -> list[SeenFace]:
    faces = []
    for row, (box, points, score, quality, crop) in enumerate(one.measured):
        about = one.attributes[row]
        faces.append(
            SeenFace(
                box=box,
                landmarks=points,
                det_score=min(1.0, max(0.0, score)),
                quality=quality,
                embedding=np.ascontiguousarray(embeddings[row], dtype=np.float32),
                crop_jpeg=crop,
                age=about.age,
                gender=about.gender,
            )
        )
    return sorted(faces, key=lambda face: -face.box.area)
