"""Endpoints that look at pictures or compare vectors: recognise, detect, verify."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import errors, jackson
from .core import CoreBroke, CoreFace, CoreFailed, CoreRefused, box_answer, plugin_answers
from .service import ask_core_once
from .similarity import similarity, unit

if TYPE_CHECKING:
    from .collection import Collection
    from .params import Incoming, Upload
    from .server import TestCompreFace


@dataclass(frozen=True, slots=True)
class Wanted:
    """What every endpoint that looks at pictures may be asked for, bound and validated."""

    limit: int
    threshold: float | None
    plugins: str
    status: bool

    @property
    def slugs(self) -> set[str]:
        """Unknown slugs are passed over, as `undefined` that a well-known client sends."""
        return set(self.plugins.replace(",", " ").split())

    @property
    def embeddings(self) -> bool:
        """Whether they are told. A text that only contains the word leaves core without the plugin: `checked`."""
        return "calculator" in self.plugins

    def checked(self, needed: bool = True) -> Wanted:
        """Raises the catch-all error where vectors are needed and core was not asked for them by their exact slug."""
        if needed and self.embeddings and "calculator" not in self.slugs:
            raise errors.catch_all()
        return self


def bind(request: Incoming) -> Wanted:
    """`request.validate` is still to be called."""
    return Wanted(
        request.integer("limit", 0, 0, "Limit"),
        request.number("det_prob_threshold"),
        request.text("face_plugins") or "",
        request.truth("status", False),
    )


def picture_of_request(server: TestCompreFace, request: Incoming) -> Upload:
    """The one picture of a request, a part or JSON. Raises ApiError, EmptyAnswer."""
    if request.is_json:
        return request.base64("file", "content")
    request.read_multipart(server.max_file_bytes)
    return request.part("file")


def bound(server: TestCompreFace, request: Incoming) -> tuple[Upload, Wanted]:
    """A part is bound before the parameters, a JSON body after them."""
    if request.is_json:
        wanted = bind(request)
        return request.base64("file", "content"), wanted
    upload = picture_of_request(server, request)
    return upload, bind(request)


def core_faces(
    server: TestCompreFace, upload: Upload, threshold: float | None, limit: int, detect_faces: bool = True
) -> list[CoreFace]:
    """Raises the API's errors for what core says."""
    if threshold is not None and threshold < 0.05:
        server.violations.append(f"det_prob_threshold={threshold:g} melts an InsightFace core")
    try:
        return server.core.find(upload.bytes_for_core(), threshold, limit, detect_faces)
    except CoreRefused:
        raise errors.no_face() from None
    except CoreFailed as error:
        raise errors.core_failed(str(error)) from None
    except (CoreBroke, binascii.Error) as error:
        raise errors.core_broke(str(error), "find_faces_base64" if upload.is_base64 else "find_faces") from None


def recognise(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    upload, wanted = bound(server, request)
    count = request.integer("prediction_count", 1, 1, "prediction_count")
    detect = request.truth("detect_faces", True)
    request.validate()
    if not detect and server.core.build.insightface:
        server.violations.append("detect_faces=false gives meaningless embeddings on an InsightFace build")
    faces = core_faces(server, upload.check(), wanted.threshold, wanted.limit, detect)
    wanted.checked()
    collection = server.collection(request.key)
    told = [
        {**_about(server, face, wanted, 5), "subjects": _nearest(server, collection, face.embedding, count)}
        for face in faces
    ]
    return _with_versions(server, {"result": told}, wanted, {"calculator"})


def detect(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    upload, wanted = bound(server, request)
    request.validate()
    faces = core_faces(server, upload.check(), wanted.threshold, wanted.limit)
    told = [_about(server, face, wanted, None, set()) for face in faces]
    return _with_versions(server, {"result": told}, wanted, set())


def verify_example(server: TestCompreFace, request: Incoming, image_id: str) -> dict[str, Any]:
    """Each face against one stored example; that it is unknown is told after all the work."""
    upload, wanted = bound(server, request)
    request.validate()
    faces = core_faces(server, upload.check(), wanted.threshold, wanted.limit)
    stored = server.collection(request.key).cache().get(image_id)
    if stored is None:
        raise errors.wrong_image_id()
    wanted.checked()
    told = []
    for face in faces:
        one = _about(server, face, wanted, 5)
        one["subject"] = stored.subject
        one["similarity"] = _compare(server, face.embedding, stored.vector)
        told.append(one)
    return _with_versions(server, {"result": told}, wanted, {"calculator"})


def verify(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    """Source against every face of the target, in order of area."""
    if request.is_json:
        wanted = bind(request)
        source = request.base64("source_image", "sourceImageBase64")
        target = request.base64("target_image", "targetImageBase64")
    else:
        request.read_multipart(server.max_file_bytes)
        source, target = request.part("source_image"), request.part("target_image")
        wanted = bind(request)
    request.validate()
    source.check()
    target.check()
    first = core_faces(server, source, wanted.threshold, wanted.limit)
    if len(first) > 1:
        raise errors.several_faces()
    second = core_faces(server, target, wanted.threshold, wanted.limit)
    wanted.checked()
    matches = [
        {**_about(server, face, wanted, 5), "similarity": _compare(server, first[0].embedding, face.embedding)}
        for face in second
    ]
    result = {"source_image_face": _about(server, first[0], wanted, 5), "face_matches": matches}
    return {"result": [_with_versions(server, result, wanted, {"calculator"})]}


def recognise_embeddings(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    """Input order is kept; the answers are called similarities, not subjects."""
    count = request.integer("prediction_count", 1, 1, "prediction_count")
    rows = _vectors(request, "embeddings")
    request.validate()
    collection = server.collection(request.key)
    return {
        "result": [
            {"embedding": row, "similarities": _nearest(server, collection, np.asarray(row), count)} for row in rows
        ]
    }


def verify_embeddings_example(server: TestCompreFace, request: Incoming, image_id: str) -> dict[str, Any]:
    rows = _vectors(request, "embeddings")
    stored = server.collection(request.key).cache().get(image_id)
    if stored is None:
        raise errors.wrong_image_id()
    # a single number is taken for a whole vector
    wide = [row * len(stored.vector) if len(row) == 1 else row for row in rows]
    return _sorted_by_similarity(rows, [_compare(server, row, stored.vector) for row in wide])


def verify_embeddings(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    held = request.json()
    source = held.get("source") if isinstance(held, dict) else None
    source = None if source is None else jackson.row(source)
    targets = _vectors(request, "targets")
    if not source:
        raise errors.field_empty("source")
    return _sorted_by_similarity(targets, [_compare(server, source, row) for row in targets])


def _sorted_by_similarity(rows: list[list[float]], similar: list[float]) -> dict[str, Any]:
    told = [{"embedding": row, "similarity": value} for row, value in zip(rows, similar, strict=True)]
    return {"result": sorted(told, key=lambda one: -one["similarity"])}


def _vectors(request: Incoming, name: str) -> list[list[float]]:
    rows = jackson.rows(request.json(), name)
    if not rows:
        raise errors.field_empty(name)
    return rows


def _nearest(server: TestCompreFace, collection: Collection, vector: Any, count: int) -> list[dict[str, object]]:
    if not collection.cache():
        return []
    ask_core_once(server)
    return collection.nearest(vector, count)


def _compare(server: TestCompreFace, a: Any, b: Any) -> float:
    ask_core_once(server)
    first, second = unit(a), unit(b)
    if first.shape != second.shape:
        raise errors.catch_all()
    return similarity(first, second, server.core.build.c0, server.core.build.c1)


def _about(
    server: TestCompreFace, face: CoreFace, wanted: Wanted, digits: int | None, always: set[str] | None = None
) -> dict[str, Any]:
    """What is told of every face. `always`: plugins that core is asked for besides those that are wanted."""
    slugs = wanted.slugs & set(server.core.build.plugins)
    told: dict[str, Any] = plugin_answers(face, slugs)
    if wanted.embeddings and "calculator" in slugs:
        told["embedding"] = [float(value) for value in face.embedding]
    told["box"] = box_answer(face, digits)
    if wanted.status:
        times = dict.fromkeys(slugs | ({"calculator"} if always is None else always), 10.0)
        times.pop("landmarks", None)
        told["execution_time"] = {**times, "detector": 80.0}
    return told


def _with_versions(server: TestCompreFace, body: dict[str, Any], wanted: Wanted, always: set[str]) -> dict[str, Any]:
    if not wanted.status:
        return body
    build = server.core.build
    used = [slug for slug in build.plugins if slug in wanted.slugs | always and slug != "landmarks"]
    return {**body, "plugins_versions": {slug: build.name_of(slug) for slug in ("detector", *used)}}
