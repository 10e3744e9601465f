"""Endpoints that look at pictures or compare vectors: recognise, detect, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import errors
from .core import CoreFace, CoreFailed, CoreRefused, box_answer, plugin_answers
from .similarity import similarity, unit

if TYPE_CHECKING:
    from .params import Incoming
    from .server import TestCompreFace


def slugs_of(request: Incoming) -> set[str]:
    """Unknown slugs are passed over, as `undefined` that a well-known client sends."""
    return set(request.fields.get("face_plugins", "").replace(",", " ").split())


def core_faces(
    server: TestCompreFace, content: bytes, request: Incoming, limit: int, detect_faces: bool = True
) -> list[CoreFace]:
    """Raises the API's errors for what core says."""
    threshold = request.number("det_prob_threshold")
    if threshold is not None and threshold < 0.05:
        server.violations.append(f"det_prob_threshold={threshold:g} melts an InsightFace core")
    try:
        return server.core.find(content, threshold, limit, detect_faces)
    except CoreRefused:
        raise errors.no_face() from None
    except CoreFailed as error:
        raise errors.core_failed(str(error)) from None


def recognise(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    limit = request.integer("limit", 0, 0)
    count = request.integer("prediction_count", 1, 1)
    status, detect = request.truth("status", False), request.truth("detect_faces", True)
    content = request.picture("file", "file", "content")
    if not detect and server.core.build.insightface:
        server.violations.append("detect_faces=false gives meaningless embeddings on an InsightFace build")
    faces = core_faces(server, content, request, limit, detect)
    collection = server.collection(request.key)
    slugs = slugs_of(request)
    told = []
    for face in faces:
        one: dict[str, Any] = {**plugin_answers(face, slugs & set(server.core.build.plugins))}
        if "calculator" in request.fields.get("face_plugins", ""):
            one["embedding"] = [float(value) for value in face.embedding]
        one["box"] = box_answer(face, 5)
        one["subjects"] = collection.nearest(face.embedding, count)
        told.append(_timed(one, slugs | {"calculator"}, len(faces)) if status else one)
    return _with_versions(server, {"result": told}, slugs | {"calculator"}, status)


def detect(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    limit, status = request.integer("limit", 0, 0), request.truth("status", False)
    faces = core_faces(server, request.picture("file", "file", "content"), request, limit)
    slugs = slugs_of(request)
    told = []
    for face in faces:
        one = {**plugin_answers(face, slugs & set(server.core.build.plugins))}
        if "calculator" in request.fields.get("face_plugins", ""):
            one["embedding"] = [float(value) for value in face.embedding]
        one["box"] = box_answer(face, None)
        told.append(_timed(one, slugs, len(faces)) if status else one)
    return _with_versions(server, {"result": told}, slugs, status)


def verify_example(server: TestCompreFace, request: Incoming, image_id: str) -> dict[str, Any]:
    """Each face against one stored example; that it is unknown is told after all the work."""
    limit, status = request.integer("limit", 0, 0), request.truth("status", False)
    faces = core_faces(server, request.picture("file", "file", "content"), request, limit)
    stored = server.collection(request.key).examples.get(image_id)
    if stored is None:
        raise errors.wrong_image_id()
    slugs = slugs_of(request)
    told = []
    for face in faces:
        one: dict[str, Any] = {**plugin_answers(face, slugs & set(server.core.build.plugins))}
        one["box"] = box_answer(face, 5)
        one["subject"] = stored.subject
        one["similarity"] = _compare(server, face.embedding, stored.vector)
        told.append(_timed(one, slugs | {"calculator"}, len(faces)) if status else one)
    return _with_versions(server, {"result": told}, slugs | {"calculator"}, status)


def verify(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    """Source against every face of the target, in order of area."""
    limit, status = request.integer("limit", 0, 0), request.truth("status", False)
    source = request.picture("source_image", "source_image", "sourceImageBase64")
    target = request.picture("target_image", "target_image", "targetImageBase64")
    first = core_faces(server, source, request, limit)
    if len(first) > 1:
        raise errors.several_faces()
    second = core_faces(server, target, request, limit)
    slugs = slugs_of(request)
    wanted = slugs & set(server.core.build.plugins)
    matches = [
        {
            **plugin_answers(face, wanted),
            "box": box_answer(face, 5),
            "similarity": _compare(server, first[0].embedding, face.embedding),
        }
        for face in second
    ]
    face = {**plugin_answers(first[0], wanted), "box": box_answer(first[0], 5)}
    result = {"source_image_face": face, "face_matches": matches}
    return {"result": [_with_versions(server, result, slugs | {"calculator"}, status)]}


def recognise_embeddings(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    """Input order is kept; the answers are called similarities, not subjects."""
    count = request.integer("prediction_count", 1, 1)
    rows = _vectors(request.json(), "embeddings", 1)
    collection = server.collection(request.key)
    return {"result": [{"embedding": row, "similarities": collection.nearest(np.asarray(row), count)} for row in rows]}


def verify_embeddings_example(server: TestCompreFace, request: Incoming, image_id: str) -> dict[str, Any]:
    rows = _vectors(request.json(), "embeddings", 1)
    stored = server.collection(request.key).examples.get(image_id)
    if stored is None:
        raise errors.wrong_image_id()
    return _sorted_by_similarity(server, rows, stored.vector)


def verify_embeddings(server: TestCompreFace, request: Incoming) -> dict[str, Any]:
    held = request.json()
    source = held.get("source") if isinstance(held, dict) else None
    if not source:
        raise errors.field_empty("source")
    return _sorted_by_similarity(server, _vectors(held, "targets", 1), source)


def _sorted_by_similarity(server: TestCompreFace, rows: list[list[float]], other: Any) -> dict[str, Any]:
    told = [{"embedding": row, "similarity": _compare(server, row, other)} for row in rows]
    return {"result": sorted(told, key=lambda one: -one["similarity"])}


def _vectors(held: Any, name: str, least: int) -> list[list[float]]:
    rows = held.get(name) if isinstance(held, dict) else None
    if rows is None:
        raise errors.field_empty(name)
    if len(rows) < least:
        raise errors.too_few_embeddings(least, len(rows))
    return rows


def _compare(server: TestCompreFace, a: Any, b: Any) -> float:
    first, second = unit(a), unit(b)
    if first.shape != second.shape:
        raise errors.catch_all()
    return similarity(first, second, server.core.build.c0, server.core.build.c1)


def _timed(one: dict[str, Any], slugs: set[str], faces: int) -> dict[str, Any]:
    times = dict.fromkeys(sorted(slugs - {"landmarks", "undefined"}), 10.0)
    return {**one, "execution_time": {**times, "detector": 80.0 / max(1, faces)}}


def _with_versions(server: TestCompreFace, body: dict[str, Any], slugs: set[str], status: bool) -> dict[str, Any]:
    if not status:
        return body
    build = server.core.build
    used = [slug for slug in build.plugins if slug in slugs and slug != "landmarks"]
    return {**body, "plugins_versions": {slug: build.name_of(slug) for slug in ("detector", *used)}}
