"""Endpoints of the collection: subjects, examples, pictures."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from . import errors, jackson
from .params import LARGEST_INT, image_uuid, is_blank, subject_of_body
from .recognition import core_faces, picture_of_request

if TYPE_CHECKING:
    from .collection import Stored
    from .params import Incoming
    from .server import TestCompreFace

PAGE_SIZE, LARGEST_PAGE = 20, 2000
LONGEST_NAME = 255
"""Of the column in the database; only names of a body have a shorter limit."""


def create_subject(server: TestCompreFace, request: Incoming) -> tuple[int, Any]:
    name = subject_of_body(request.json())
    if "\0" in name:
        raise errors.catch_all()
    server.collection(request.key).create(name)
    return 201, {"subject": name}


def list_subjects(server: TestCompreFace, request: Incoming) -> Any:
    return {"subjects": list(server.collection(request.key).subjects)}


def rename_subject(server: TestCompreFace, request: Incoming, name: str) -> Any:
    new = subject_of_body(request.json())
    _not_blank(name)
    return {"updated": server.collection(request.key).rename(name, new)}


def delete_subject(server: TestCompreFace, request: Incoming, name: str) -> Any:
    _not_blank(name)
    return {"subject": server.collection(request.key).delete_subject(name)}


def delete_all_subjects(server: TestCompreFace, request: Incoming) -> Any:
    server.violations.append(f"{request.method} {request.path} wiped the whole collection")
    return {"deleted": server.collection(request.key).delete_all()}


def add_example(server: TestCompreFace, request: Incoming) -> tuple[int, Any]:
    """This mapping has no condition on the content type: what is neither form nor JSON is the catch-all error."""
    if request.is_json:
        subject = _subject(request)
        upload = picture_of_request(server, request)
    elif request.is_multipart:
        upload = picture_of_request(server, request)
        subject = _subject(request)
    else:
        raise errors.catch_all()
    threshold = request.number("det_prob_threshold")
    _not_blank(subject)
    _no_writing(server)
    faces = core_faces(server, upload.check(), threshold, 2)
    content = upload.bytes_to_save()
    if len(faces) > 1:
        raise errors.several_faces()
    if len(subject) > LONGEST_NAME or "\0" in subject:
        raise errors.catch_all()
    calculator = server.core.build.calculator
    stored = server.collection(request.key).add(subject, faces[0].embedding, content, calculator)
    return 201, {"image_id": stored.image_id, "subject": subject}


def list_examples(server: TestCompreFace, request: Incoming) -> Any:
    number, size = _page(request)
    wanted = request.text("subject")
    held = [
        each for each in server.collection(request.key).examples.values() if wanted is None or each.subject == wanted
    ]
    order = _order(request)
    if order is not None:
        held.sort(key=lambda each: each.image_id if order[0] == "id" else each.subject, reverse=order[1])
    elif server.faults.unordered_pages:
        random.shuffle(held)
    rows = held[number * size : (number + 1) * size]
    return {
        "faces": [_told(each) for each in rows],
        "page_size": size,
        "page_number": number,
        "total_pages": math.ceil(len(held) / size),
        "total_elements": len(held),
    }


def _page(request: Incoming) -> tuple[int, int]:
    """Page and size; what is no number, or too small, is the default. Raises ApiError for one that is too far."""

    def _or_default(name: str, least: int, default: int) -> int:
        text = request.fields.get(name, [""])[0].strip()
        value = int(text) if text.isdecimal() else -1
        return value if least <= value <= LARGEST_INT else default

    number, size = _or_default("page", 0, 0), min(LARGEST_PAGE, _or_default("size", 1, PAGE_SIZE))
    if number * size > LARGEST_INT:
        raise errors.catch_all()
    return number, size


def _order(request: Incoming) -> tuple[str, bool] | None:
    """Property and whether descending. Raises ApiError for a property that there is not."""
    name, _, direction = (request.text("sort") or "").partition(",")
    if not name:
        return None
    if name not in ("id", "subject", "calculator"):
        raise errors.catch_all()
    return name, direction.lower() == "desc"


def delete_examples_of(server: TestCompreFace, request: Incoming) -> Any:
    """The documentation says that all faces go without `subject`; the code refuses."""
    subject = request.text("subject") or ""
    _not_blank(subject)
    _no_writing(server)
    return {"deleted": server.collection(request.key).delete_examples_of(subject)}


def delete_example(server: TestCompreFace, request: Incoming, image_id: str) -> Any:
    wanted = image_uuid(image_id)
    _no_writing(server)
    gone = server.collection(request.key).delete_example(wanted)
    if gone is None:
        raise errors.no_image(wanted)
    return _told(gone)


def delete_examples(server: TestCompreFace, request: Incoming) -> Any:
    """An array, where the documentation shows an object; unknown ids are passed over."""
    held = request.json()
    if not isinstance(held, list):
        raise errors.EmptyAnswer(400)
    wanted = [None if each is None else image_uuid(jackson.text_field({"id": each}, "id") or "") for each in held]
    _no_writing(server)
    gone = []
    for each in wanted:
        if each is None:
            raise errors.catch_all()
        gone.append(server.collection(request.key).delete_example(each))
    return [_told(each) for each in gone if each is not None]


def picture_of(server: TestCompreFace, key: str, image_id: str) -> bytes:
    """The original upload; nothing at all, with 200, when there is none."""
    wanted = image_uuid(image_id)
    stored = server.collection(key).examples.get(wanted) if server.services.get(key) == "recognition" else None
    return stored.content if stored else b""


def _told(stored: Stored) -> dict[str, str]:
    return {"image_id": stored.image_id, "subject": stored.subject}


def _subject(request: Incoming) -> str:
    subject = request.text("subject")
    if subject is None:
        raise errors.no_parameter("subject")
    return subject


def _not_blank(name: str) -> None:
    if is_blank(name):
        raise errors.invalid("Subject name is empty")


def _no_writing(server: TestCompreFace) -> None:
    if server.migrating:
        raise errors.migrating()
