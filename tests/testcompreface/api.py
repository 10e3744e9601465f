"""The API behind the gateway: keys, routes and the order in which things are checked."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import errors, management, recognition
from .params import Incoming, image_uuid

if TYPE_CHECKING:
    from .server import TestCompreFace


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"
    cache_control: str = ""


Handler = Callable[..., Any]
_NAME, _ID = r"([^/]+)", r"([^/]+)"
_ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", r"/recognition/recognize/?", recognition.recognise),
    ("POST", rf"/recognition/faces/{_ID}/verify/?", lambda s, r, i: recognition.verify_example(s, r, image_uuid(i))),
    ("POST", r"/recognition/embeddings/recognize/?", recognition.recognise_embeddings),
    (
        "POST",
        rf"/recognition/embeddings/faces/{_ID}/verify/?",
        lambda s, r, i: recognition.verify_embeddings_example(s, r, image_uuid(i)),
    ),
    ("POST", r"/detection/detect/?", recognition.detect),
    ("POST", r"/verification/verify/?", recognition.verify),
    ("POST", r"/verification/embeddings/verify/?", recognition.verify_embeddings),
    ("POST", r"/recognition/subjects/?", management.create_subject),
    ("GET", r"/recognition/subjects/?", management.list_subjects),
    ("DELETE", r"/recognition/subjects/?", management.delete_all_subjects),
    ("PUT", rf"/recognition/subjects/{_NAME}/?", management.rename_subject),
    ("DELETE", rf"/recognition/subjects/{_NAME}/?", management.delete_subject),
    ("POST", r"/recognition/faces/?", management.add_example),
    ("GET", r"/recognition/faces/?", management.list_examples),
    ("DELETE", r"/recognition/faces/?", management.delete_examples_of),
    ("POST", r"/recognition/faces/delete/?", management.delete_examples),
    ("DELETE", rf"/recognition/faces/{_ID}/?", management.delete_example),
)
_LOOKS = ("/recognize", "/verify", "/detect")


def answer(server: TestCompreFace, request: Incoming) -> Answer:
    """One request below /api/v1; `request.path` is decoded and without the prefix."""
    try:
        return _answer(server, request)
    except errors.ApiError as error:
        return Answer(error.status, pretty({"message": error.message, "code": error.code}))
    except errors.EmptyAnswer as error:
        return Answer(error.status, b"", "")


def _answer(server: TestCompreFace, request: Incoming) -> Answer:
    request.path = re.sub(r";[^/]*", "", request.path)  # Spring strips what follows a semicolon
    opened = _without_key(server, request)
    if opened is not None:
        return opened
    kind = _kind(server, request)
    if kind is None:  # a key where no service stands: a container's own page
        raise errors.HtmlAnswer(500, "HTTP Status 500 - Internal Server Error")
    if request.is_multipart:
        request.read_multipart(server.max_file_bytes)
    image = re.fullmatch(r"/recognition/faces/([^/]+)/img/?", request.path)
    if image and request.method == "GET":
        return _image(management.picture_of(server, request.key, image[1]))
    for method, pattern, handler in _ROUTES:
        match = re.fullmatch(pattern, request.path)
        if match and method == request.method:
            _slow_first(server, request)
            with server.lock:
                made = handler(server, request, *match.groups())
            status, body = made if isinstance(made, tuple) else (200, made)
            return Answer(status, pretty(body))
    if request.method != "GET":
        raise errors.method_not_supported(request.method)
    return not_found(f"/api/v1{request.path}")


def _kind(server: TestCompreFace, request: Incoming) -> str | None:
    """Header present, then the shape of a UUID, then key and type together."""
    if not request.key:
        raise errors.no_key()
    try:
        if len(request.key) < 36:
            raise ValueError
        uuid.UUID(request.key)
    except ValueError:
        raise errors.bad_key() from None
    kind = request.path.split("/")[1]
    if kind not in ("recognition", "detection", "verification"):
        return None
    if server.services.get(request.key) != kind:
        raise errors.unknown_key(kind, request.key)
    return kind


def _without_key(server: TestCompreFace, request: Incoming) -> Answer | None:
    path = request.path.rstrip("/")
    static = re.fullmatch(r"/static/([^/]+)/images/([^/]+)", path)
    if static and request.method == "GET":
        known = server.services.get(static[1]) == "recognition"
        return _image(management.picture_of(server, static[1], static[2]) if known else b"")
    if path == "/config" and request.method == "GET":
        told = {"clientMaxFileSize": server.max_file_bytes, "clientMaxBodySize": server.max_request_bytes}
        return Answer(200, pretty(told))
    if path == "/consistence/status" and request.method == "GET":
        if server.core.down:
            raise errors.core_failed("Connection refused executing GET http://compreface-core:3000/status")
        told_state = {
            "demoFaceCollectionIsInconsistent": False,
            "dbIsInconsistent": False,
            "saveImagesToDB": server.save_images,
            "status": "OK",
        }
        return Answer(200, pretty(told_state))
    if path == "/migrate" and request.method == "POST":
        if server.migrating:
            raise errors.ApiError(400, 27, "Migration already executing")
        server.migrating = True
        return Answer(200, b"Migration started", "text/plain;charset=UTF-8")
    return None


def _slow_first(server: TestCompreFace, request: Incoming) -> None:
    """Models load and the collection is read when the first picture comes."""
    if not request.path.rstrip("/").endswith(_LOOKS) or request.key in server.warm_keys:
        return
    with server.lock:
        server.loads += 1
    if server.faults.slow_first_s:
        time.sleep(server.faults.slow_first_s)
    server.warm_keys.add(request.key)


def _image(content: bytes) -> Answer:
    return Answer(200, content, "application/octet-stream", "public, max-age=31536000")


def not_found(path: str) -> Answer:
    """Spring's default: no code."""
    told = {"timestamp": "2023-08-17T00:00:00.000+00:00", "status": 404, "error": "Not Found", "path": path}
    return Answer(404, pretty(told))


def pretty(body: Any) -> bytes:
    """As Jackson indents."""
    return json.dumps(body, indent=2, separators=(",", " : "), ensure_ascii=False).encode()
