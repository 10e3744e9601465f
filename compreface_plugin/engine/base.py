"""The engine that every local model shares: find, align, embed, measure. The parts that differ are handed in.

Pictures are looked at by a few threads at once (the libraries let go of Python's lock while they compute),
the faces of all of them are embedded in batches, and both overlap. There are no worker processes: nothing
outlives the plugin.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from compreface_plugin.domain.errors import PictureRefused
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
from compreface_plugin.domain.worked import Step
from compreface_plugin.engine.crops import crop_jpeg
from compreface_plugin.engine.quality import measure
from compreface_plugin.stopwatch import Stopwatch

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

    batch: int
    """Chips per call of `embed` at most."""
    device: str
    """Where the models really run."""

    def find(self, picture: Image.Image, min_face_px: float) -> Found:
        """Faces in pixels of an RGB picture, no duplicates, short side `min_face_px` or more."""
        ...

    def align(self, picture: Image.Image, found: Found) -> list[Pixels]:
        """One RGB chip per face, as the recogniser wants it."""
        ...

    def embed(self, chips: Sequence[Pixels]) -> Float32:
        """(N, D) L2-normalised embeddings of 1..batch chips, the same whatever stands beside a chip."""
        ...

    def attributes(self, picture: Image.Image, found: Found) -> list[Attributes]:
        """Age and gender per face; empty values when the pack has no such model."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """One face between finding and embedding."""

    box: Box
    points: Float32  # fractions
    score: float
    quality: Quality
    crop: bytes
    chip: Pixels
    about: Attributes


class LocalEngine:
    """FaceEngine over `Models`; loads them on the first look."""

    def __init__(
        self, info: EngineInfo, load: Callable[[], Models], workers: int = 0, steps: Stopwatch | None = None
    ) -> None:
        self._info, self._load = info, load
        self._workers = workers or max(1, min(8, _usable_cores()))
        self._steps = steps or Stopwatch()
        self._loaded: tuple[Models, ThreadPoolExecutor] | None = None

    @property
    def info(self) -> EngineInfo:
        return self._info

    def look(self, pictures: Sequence[Picture], limits: DetectionLimits) -> list[list[SeenFace] | ItemError]:
        models, pool = self._ready()
        look = self._steps.timed(Step.DETECT, _look_at)
        sights = [pool.submit(look, models, picture, limits) for picture in pictures]
        embedded: list[Future[Float32]] = []
        waiting: list[Pixels] = []
        seen: list[list[_Sight] | ItemError] = []
        for future, picture in zip(sights, pictures, strict=True):  # in order: a batch always holds the same faces
            one = _result(future, picture)
            seen.append(one)
            waiting += [sight.chip for sight in one] if isinstance(one, list) else []
            while len(waiting) >= models.batch:
                embedded.append(pool.submit(self._embed, models, waiting[: models.batch]))
                del waiting[: models.batch]
        if waiting:
            embedded.append(pool.submit(self._embed, models, waiting))
        rows = (row for future in embedded for row in future.result())
        return [_faces(one, rows) if isinstance(one, list) else one for one in seen]

    def _embed(self, models: Models, chips: Sequence[Pixels]) -> Float32:
        with self._steps.of(Step.EMBED, len(chips)):
            return models.embed(chips)

    def close(self) -> None:
        if self._loaded is not None:
            self._loaded[1].shutdown(wait=True, cancel_futures=True)
        self._loaded = None

    def _ready(self) -> tuple[Models, ThreadPoolExecutor]:
        if self._loaded is None:
            with self._steps.of(Step.LOAD):
                models = self._load()
            self._info = replace(self._info, device=models.device)
            self._loaded = (models, ThreadPoolExecutor(self._workers, thread_name_prefix="faces"))
        return self._loaded


def _result(future: Future[list[_Sight]], picture: Picture) -> list[_Sight] | ItemError:
    try:
        return future.result()
    except MemoryError:
        return PictureRefused(f"{picture.source or 'picture'}: not enough memory to look for faces in it")


def _usable_cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _look_at(models: Models, picture: Picture, limits: DetectionLimits) -> list[_Sight]:
    """Every face of one picture, largest first."""
    image = Image.fromarray(picture.pixels)
    found = models.find(image, limits.min_face_px * picture.scale)
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    found = found.pick(np.argsort(-np.prod(sides, axis=1), kind="stable"))
    chips, about = models.align(image, found), models.attributes(image, found)
    return [_sight(image, found, row, picture.scale, chips[row], about[row]) for row in range(len(found))]


def _sight(image: Image.Image, found: Found, row: int, scale: float, chip: Pixels, about: Attributes) -> _Sight:
    box, points, score = found.boxes[row], found.points[row, :5], float(found.scores[row])
    size_px = float(min(box[2] - box[0], box[3] - box[1])) / scale
    return _Sight(
        box=_fraction_box(box, image.width, image.height),
        points=(points / np.array([image.width, image.height], np.float32)).astype(np.float32),
        score=min(1.0, max(0.0, score)),
        quality=measure(image, box, points, score, size_px),
        crop=crop_jpeg(image, box, points),
        chip=chip,
        about=about,
    )


def _fraction_box(box: Float32, width: int, height: int) -> Box:
    """Pixels to fractions, clipped to the picture."""
    x0, x1 = (min(1.0, max(0.0, float(x) / width)) for x in (box[0], box[2]))
    y0, y1 = (min(1.0, max(0.0, float(y) / height)) for y in (box[1], box[3]))
    return Box(x0, y0, x1, y1)


def _faces(sights: list[_Sight], rows: Iterator[Float32]) -> list[SeenFace]:
    """The next embeddings go with these sights, in order."""
    faces = [
        SeenFace(
            box=sight.box,
            landmarks=sight.points,
            det_score=sight.score,
            quality=sight.quality,
            embedding=np.array(next(rows), np.float32),
            crop_jpeg=sight.crop,
            age=sight.about.age,
            gender=sight.about.gender,
        )
        for sight in sights
    ]
    return sorted(faces, key=lambda face: -face.box.area)
