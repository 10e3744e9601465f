"""Endpoints of the collection: subjects, examples, pictures."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from . import errors
from .params import image_uuid, subject_of_body
from .recognition import core_faces

if TYPE_CHECKING:
    from .params import Incoming
    from .server import TestCompreFace

PAGE_SIZE, LARGEST_PAGE = 20, 2000


def create_subject(server: TestCompreFace, request: Incoming) -> tuple[int, Any]:
    name = subject_of_body(request.json())
    server.collection(request.key).create(name)
    return 201, {"subject": name}


def list_subjects(server: TestCompreFace, request: Incoming) -> Any:
    return {"subjects": list(server.collection(request.key).subjects)}


def rename_subject(server: TestCompreFace, request: Incoming, name: str) -> Any:
    new = subject_of_body(request.json())
    return {"updated": server.collection(request.key).rename(name, new)}


def delete_subject(server: TestCompreFace, request: Incoming, name: str) -> Any:
    return {"subject": server.collection(request.key).delete_subject(name)}


def delete_all_subjects(server: TestCompreFace, request: Incoming) -> Any:
    server.violations.append(f"{request.method} {request.path} wiped the whole collection")
    return {"deleted": server.collection(request.key).delete_all()}


def add_example(server: TestCompreFace, request: Incoming) -> tuple[int, Any]:
    _no_writing(server)
    if not (request.is_multipart or request.is_json):
        raise errors.catch_all()  # this mapping has no condition on the content type
    subject = request.fields.get("subject")
    if subject is None:
        raise errors.no_parameter("subject")
    if not subject.strip():
        raise errors.invalid("Subject name is empty")
    content = request.picture("file", "file", "content", strict=True)
    faces = core_faces(server, content, request, 2)
    if len(faces) > 1:
        raise errors.several_faces()
    stored = server.collection(request.key).add(subject, faces[0].embedding, content)
    return 201, {"image_id": stored.image_id, "subject": subject}


def list_examples(server: TestCompreFace, request: Incoming) -> Any:
    number = request.integer("page", 0)
    size = min(LARGEST_PAGE, max(1, request.integer("size", PAGE_SIZE)))
    wanted = request.fields.get("subject")
    held = [
        each for each in server.collection(request.key).examples.values() if wanted is None or each.subject == wanted
    ]
    if "sort" in request.fields:
        held.sort(key=lambda each: each.image_id)
    elif server.faults.unordered_pages:
        random.shuffle(held)
    rows = held[number * size : (number + 1) * size]
    return {
        "faces": [{"image_id": each.image_id, "subject": each.subject} for each in rows],
        "page_number": number,
        "page_size": size,
        "total_pages": math.ceil(len(held) / size),
        "total_elements": len(held),
    }


def delete_examples_of(server: TestCompreFace, request: Incoming) -> Any:
    """The documentation says that all faces go without `subject`; the code refuses."""
    _no_writing(server)
    subject = request.fields.get("subject", "")
    if not subject.strip():
        raise errors.invalid("Subject name is empty")
    return {"deleted": server.collection(request.key).delete_examples_of(subject)}


def delete_example(server: TestCompreFace, request: Incoming, image_id: str) -> Any:
    _no_writing(server)
    gone = server.collection(request.key).delete_example(image_uuid(image_id))
    if gone is None:
        raise errors.no_image(image_id)
    return {"image_id": gone.image_id, "subject": gone.subject}


def delete_examples(server: TestCompreFace, request: Incoming) -> Any:
    """An array, where the documentation shows an object; unknown ids are passed over."""
    _no_writing(server)
    held = request.json()
    if not isinstance(held, list):
        raise errors.EmptyAnswer(400)
    gone = [server.collection(request.key).delete_example(image_uuid(str(each))) for each in held]
    return [{"image_id": each.image_id, "subject": each.subject} for each in gone if each is not None]


def picture_of(server: TestCompreFace, key: str, image_id: str) -> bytes:
    """The original upload; nothing at all, with 200, when there is none."""
    stored = server.collection(key).examples.get(image_uuid(image_id))
    return stored.content if stored else b""


def _no_writing(server: TestCompreFace) -> None:
    if server.migrating:
        raise errors.migrating()
