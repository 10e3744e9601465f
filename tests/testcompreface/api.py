"""The API behind the gateway: keys, routes and the order in which things are checked."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from . import errors, management, recognition, service
from .jackson import pretty
from .params import Incoming, image_uuid

if TYPE_CHECKING:
    from .server import TestCompreFace

JSON, OCTETS = "application/json", "application/octet-stream"
OPEN = ("/migrate", "/consistence/status", "/static", "/config")
"""Beginnings of the paths below /api/v1 that want no key."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = JSON
    cache_control: str = ""
    location: str = ""


Handler = Callable[..., Any]
_ANY, _JSON, _PICTURE = "any", "json", "picture"  # content types that a route takes
_NAME = _ID = r"([^/]+)"
_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("POST", r"/recognition/recognize", _PICTURE, recognition.recognise),
    (
        "POST",
        rf"/recognition/faces/{_ID}/verify",
        _PICTURE,
        lambda s, r, i: recognition.verify_example(s, r, image_uuid(i)),
    ),
    ("POST", r"/recognition/embeddings/recognize", _JSON, recognition.recognise_embeddings),
    (
        "POST",
        rf"/recognition/embeddings/faces/{_ID}/verify",
        _JSON,
        lambda s, r, i: recognition.verify_embeddings_example(s, r, image_uuid(i)),
    ),
    ("POST", r"/detection/detect", _PICTURE, recognition.detect),
    ("POST", r"/verification/verify", _PICTURE, recognition.verify),
    ("POST", r"/verification/embeddings/verify", _JSON, recognition.verify_embeddings),
    ("POST", r"/recognition/subjects", _ANY, management.create_subject),
    ("GET", r"/recognition/subjects", _ANY, management.list_subjects),
    ("DELETE", r"/recognition/subjects", _ANY, management.delete_all_subjects),
    ("PUT", rf"/recognition/subjects/{_NAME}", _ANY, management.rename_subject),
    ("DELETE", rf"/recognition/subjects/{_NAME}", _ANY, management.delete_subject),
    ("POST", r"/recognition/faces", _ANY, management.add_example),
    ("GET", r"/recognition/faces", _ANY, management.list_examples),
    ("DELETE", r"/recognition/faces", _ANY, management.delete_examples_of),
    ("POST", r"/recognition/faces/delete", _ANY, management.delete_examples),
    ("DELETE", rf"/recognition/faces/{_ID}", _ANY, management.delete_example),
    ("GET", rf"/recognition/faces/{_ID}/img", _ANY, lambda s, r, i: management.picture_of(s, r.key, i)),
    ("GET", rf"/static/([^/]+)/images/{_ID}", _ANY, lambda s, _, k, i: management.picture_of(s, k, i)),
    ("GET", r"/config", _ANY, service.limits),
    ("GET", r"/consistence/status", _ANY, service.consistence),
    ("POST", r"/migrate", _ANY, service.migrate),
)
_LOOKS = ("/recognize", "/verify", "/detect")


def answer(server: TestCompreFace, request: Incoming) -> Answer:
    """One request below /api/v1; `request.path` is decoded and without the prefix."""
    path = request.path
    try:
        request.path = re.sub(r";[^/]*", "", path)  # Spring strips what follows a semicolon
        return _answer(server, request)
    except errors.ApiError as error:
        content_type = f"{JSON};charset=ISO-8859-1" if isinstance(error, errors.FilterError) else JSON
        return Answer(error.status, pretty({"message": error.message, "code": error.code}), content_type)
    except errors.EmptyAnswer as error:
        return Answer(error.status, b"", "")
    except errors.Unmapped as error:
        return Answer(error.status, pretty(_spring_page(error.status, f"/api/v1{path}")))


def _answer(server: TestCompreFace, request: Incoming) -> Answer:
    if not request.path.startswith(OPEN):
        _check_key(server, request)
    handler, groups = _route(request)
    _slow_first(server, request)
    with server.lock:
        made = handler(server, request, *groups)
    status, body = made if isinstance(made, tuple) else (200, made)
    if isinstance(body, bytes):
        return Answer(status, body, OCTETS, "public, max-age=31536000")
    if isinstance(body, str):
        return Answer(status, body.encode(), "text/plain;charset=UTF-8")
    if not _accepts(request.accept, JSON):  # noticed when the work is done
        raise errors.EmptyAnswer(406)
    return Answer(status, pretty(body))


def _route(request: Incoming) -> tuple[Handler, tuple[str, ...]]:
    """Path, then verb, then content type, then what is accepted; a multipart body is read before any parameter."""
    path = request.path[:-1] if len(request.path) > 1 and request.path.endswith("/") else request.path
    known = [(route, match) for route in _ROUTES if (match := re.fullmatch(route[1], path))]
    if not known:
        raise errors.Unmapped(404)
    method = "GET" if request.method == "HEAD" else request.method
    fitting = [(route, match) for route, match in known if route[0] == method]
    if not fitting:
        raise errors.method_not_supported(request.method)
    (_, _, consumed, handler), match = fitting[0]
    if (consumed == _JSON and not request.is_json) or (
        consumed == _PICTURE and not (request.is_json or request.is_form_data)
    ):
        raise errors.EmptyAnswer(415)
    if path.endswith("/img") and not _accepts(request.accept, OCTETS):
        raise errors.EmptyAnswer(406)
    return handler, match.groups()


def _accepts(accept: str, content_type: str) -> bool:
    kinds = {each.partition(";")[0].strip().lower() for each in accept.split(",")}
    return not accept or bool(kinds & {"*/*", content_type, f"{content_type.partition('/')[0]}/*"})


def _check_key(server: TestCompreFace, request: Incoming) -> None:
    """Header present, then the shape of a UUID, then key and type together."""
    if request.key is None:
        raise errors.no_key()
    try:
        if len(request.key) < 36:
            raise ValueError
        uuid.UUID(request.key)
    except ValueError:
        raise errors.bad_key() from None
    url = f"/api/v1{request.path}"
    for kind in ("detection", "verification", "recognition"):
        if f"/api/v1/{kind}" in url:
            break
    else:  # an error inside the filter
        raise errors.Unmapped(500)
    if server.services.get(request.key) != kind:
        raise errors.unknown_key(kind, request.key)


def _slow_first(server: TestCompreFace, request: Incoming) -> None:
    """Models load and the collection is read when the first picture comes."""
    key = request.key or ""
    if not request.path.rstrip("/").endswith(_LOOKS) or key in server.warm_keys:
        return
    with server.lock:
        server.loads += 1
    if server.faults.slow_first_s:
        time.sleep(server.faults.slow_first_s)
    server.warm_keys.add(key)


def _spring_page(status: int, path: str) -> dict[str, Any]:
    """Spring's default: no code. The path as the gateway wrote it."""
    error = {404: "Not Found", 500: "Internal Server Error"}[status]
    sent = quote(path, safe="/:@!$&'()*+,;=~[]")
    return {"timestamp": "2023-08-17T00:00:00.000+00:00", "status": status, "error": error, "path": sent}
