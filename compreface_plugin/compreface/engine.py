"""A CompreFace server as FaceEngine: it finds and embeds, everything else is ours.

Embeddings are asked for and kept; matching, margins and thresholds happen here, so that the server's habit of answering
with nearest examples hides no runner-up. Pictures go upright, as JPEG, within its limits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image

from compreface_plugin.compreface import faces, jpeg, views
from compreface_plugin.compreface.models import ServerModel
from compreface_plugin.domain.calculators import known_calculator
from compreface_plugin.domain.errors import EmbeddingMismatch, ItemError, ModelUnavailable, ServiceRefused
from compreface_plugin.domain.faces import DetectionLimits, EngineInfo, Picture, SeenFace
from compreface_plugin.domain.sentences import sentence
from compreface_plugin.domain.worked import Step
from compreface_plugin.stopwatch import Stopwatch

if TYPE_CHECKING:
    from compreface_plugin.compreface.answers import FaceAnswer, Seen
    from compreface_plugin.compreface.client import CompreFaceClient
    from compreface_plugin.compreface.faces import Measure, Sighting
    from compreface_plugin.compreface.views import View

PACK = "compreface"
"""The server takes the place of a model pack; which model it runs stands in the model id."""
PLUGINS = ("calculator", "landmarks", "pose", "gender", "age")
SECOND_PROBABILITY = 0.65
"""A face found only by the second look must be surer: four views give four chances of a mistake."""

Answer = tuple["View", "Seen"]


class CompreFaceEngine:
    """FaceEngine over REST. `close` leaves the client to its owner."""

    def __init__(
        self,
        client: CompreFaceClient,
        measure: Measure,
        *,
        plugins: Sequence[str] = PLUGINS,
        least_probability: float | None = None,
        detect_side: int = views.DETECT_SIDE,
        probe: Callable[[], bytes | None] = lambda: None,
        dimensions: int = 0,
        steps: Stopwatch | None = None,
    ) -> None:
        """`measure` says how good a face is, the same for every engine.

        `least_probability` None leaves the detection threshold to the server. `probe` gives a picture with a face,
        `dimensions` is what is remembered; both only help where the server is silent or runs a model of its own.
        """
        self._client, self._measure, self._plugins = client, measure, tuple(plugins)
        self._least, self._side = least_probability, detect_side
        self._probe, self._dimensions = probe, dimensions
        self._model: ServerModel | None = None
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._steps = steps or Stopwatch()

    @property
    def info(self) -> EngineInfo:
        """Asks the server once. Raises ModelUnavailable when it does not tell, ServiceUnavailable, NotAuthorised."""
        model = self.model
        return EngineInfo(
            engine="compreface",
            pack=PACK,
            model_id=model.model_id,
            detector_id=model.detector or "compreface",
            dimensions=model.dimensions,
            device=self._client.base,
        )

    @property
    def model(self) -> ServerModel:
        """What the server runs. Errors as `info`."""
        with self._lock:
            if self._model is None:
                self._model = self._learn()
            return self._model

    def look(self, pictures: Sequence[Picture], limits: DetectionLimits) -> list[list[SeenFace] | ItemError]:
        if not pictures:
            return []
        _ = self.model
        largest = self._client.limits().picture_bytes
        asked = [self._ask(picture, limits, largest) for picture in pictures]
        try:
            outcomes = [self._outcome(*each, limits) for each in asked]
            return self._second_looks(pictures, outcomes, limits, largest)
        except BaseException:
            for _picture, _image, futures in asked:
                for future in futures:
                    future.cancel()
            raise

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    @property
    def _workers(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._client.concurrency, "compreface")
        return self._pool

    # looking ------------------------------------------------------------------------------------------------------

    def _ask(
        self, picture: Picture, limits: DetectionLimits, largest: int
    ) -> tuple[Picture, Image.Image, list[Future[Answer]]]:
        image = Image.fromarray(picture.pixels)
        planned = views.plan(image.width, image.height, limits.min_face_px * picture.scale, self._side)
        return picture, image, [self._workers.submit(self._look_at, image, view, largest) for view in planned]

    def _look_at(self, image: Image.Image, view: View, largest: int) -> Answer:
        with self._steps.of(Step.PREPARE):
            content = jpeg.encode(view.paint(image), largest)
            while content is None:  # so much detail that it does not fit: send fewer pixels
                view = replace(view, scale=view.scale * 0.7)
                content = jpeg.encode(view.paint(image), largest)
        return view, self._client.look(content, self._wanted(), self._least)

    def _outcome(
        self, picture: Picture, image: Image.Image, futures: Sequence[Future[Answer]], limits: DetectionLimits
    ) -> list[SeenFace] | ItemError:
        try:
            answers = [future.result() for future in futures]
        except ItemError as error:
            for future in futures:
                future.cancel()
            return error
        found = [(told, view) for view, seen in answers for told in self._believed(seen)]
        return self._faces(found, picture, image, limits)

    def _second_looks(
        self,
        pictures: Sequence[Picture],
        outcomes: list[list[SeenFace] | ItemError],
        limits: DetectionLimits,
        largest: int,
    ) -> list[list[SeenFace] | ItemError]:
        """Pictures without a face once more, in one request: with margin, on both sides, upside down."""
        without = [index for index, outcome in enumerate(outcomes) if isinstance(outcome, list) and not outcome]
        futures = {
            index: self._workers.submit(self._second_look, pictures[index], limits, largest) for index in without
        }
        for index, future in futures.items():
            try:
                outcomes[index] = future.result()
            except ItemError:
                outcomes[index] = []  # the first look worked; the second is a bonus
            except BaseException:
                for other in futures.values():
                    other.cancel()
                raise
        return outcomes

    def _second_look(self, picture: Picture, limits: DetectionLimits, largest: int) -> list[SeenFace]:
        with self._steps.of(Step.PREPARE):
            image = Image.fromarray(picture.pixels)
            planned = views.second_look(image.width, image.height)
            content = jpeg.encode(views.paint_second(image, planned), largest)
        if content is None:
            return []
        seen = self._client.look(content, self._wanted(), self._least)
        found = []
        for told in self._believed(seen):
            x0, y0, x1, y1 = told.box
            if told.probability >= SECOND_PROBABILITY:
                found.append((told, planned[views.quadrant((x0 + x1) / 2, (y0 + y1) / 2)]))
        return self._faces(found, picture, image, limits, faces.surest_turn)

    def _faces(
        self,
        found: Sequence[tuple[FaceAnswer, View]],
        picture: Picture,
        image: Image.Image,
        limits: DetectionLimits,
        choose: Callable[[Sequence[Sighting]], list[Sighting]] = faces.each_once,
    ) -> list[SeenFace]:
        padded = self.model.detector.startswith("facenet.")
        sightings = [
            one
            for told, view in found
            if told.embedding and (one := faces.sighting(told, view, image.width, image.height, padded)) is not None
        ]
        smallest = limits.min_face_px * picture.scale
        kept = [one for one in choose(sightings) if min(one.box[2] - one.box[0], one.box[3] - one.box[1]) >= smallest]
        with self._steps.of(Step.PREPARE, things=0):
            made = [faces.seen_face(one, picture, image, self._measure) for one in kept]
        return sorted(made, key=lambda face: (-face.box.area, face.box.x_min, face.box.y_min))

    # the server's model -------------------------------------------------------------------------------------------

    def _wanted(self) -> tuple[str, ...]:
        """The plugins worth asking for: what the server has, or everything when it does not tell."""
        known = self.model.plugins | {"calculator", "landmarks"}
        return tuple(slug for slug in self._plugins if not self.model.plugins or slug in known)

    def _believed(self, seen: Seen) -> tuple[FaceAnswer, ...]:
        """The faces, if they come from the model we know. Raises EmbeddingMismatch when the server was changed."""
        told = seen.versions.get("calculator")
        model = self.model
        if told is not None and told != model.calculator:
            raise EmbeddingMismatch(
                f"CompreFace at {self._client.base} now runs {told}, and the faces here were made with "
                f"{model.calculator}: run the task Switch Engine to move to it, or start the earlier version again."
            )
        for face in seen.faces:
            if face.embedding is None:
                raise ServiceRefused(
                    f"CompreFace at {self._client.base} gives no embeddings; version 1.0 or newer is needed."
                )
            self._check_dimensions(len(face.embedding))
        return seen.faces

    def _check_dimensions(self, dimensions: int) -> None:
        with self._lock:
            if self._model is not None and self._model.dimensions == 0:
                self._model = replace(self._model, dimensions=dimensions)
            expected = self._model.dimensions if self._model is not None else dimensions
        if dimensions != expected:
            raise EmbeddingMismatch(
                f"CompreFace at {self._client.base} gave an embedding of {dimensions} dimensions where its model has "
                f"{expected}: run the task Switch Engine."
            )

    def _learn(self) -> ServerModel:
        model = self._client.model() or self._learn_from_probe()
        if model.dimensions == 0 and self._dimensions:
            model = replace(model, dimensions=self._dimensions)
        if model.dimensions == 0 and (picture := self._probe()) is not None:
            seen = self._client.look(picture, ("calculator",))
            told = next((len(face.embedding) for face in seen.faces if face.embedding), 0)
            model = replace(model, dimensions=told)
        return model

    def _learn_from_probe(self) -> ServerModel:
        """Where the gateway keeps /core/status closed: the answer to a picture with a face tells the same."""
        picture = self._probe()
        seen = self._client.look(picture, PLUGINS) if picture is not None else None
        name = seen.versions.get("calculator", "") if seen else ""
        known = known_calculator(name)
        if not seen or not name or known is None:
            raise ModelUnavailable(sentence("server.model", address=self._client.base))
        return ServerModel(name, seen.versions.get("detector", ""), known.dimensions, known.c0, known.c1, frozenset())
