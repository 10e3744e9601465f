"""Binding of a request as Spring does it: query and form alike, parts of a multipart body, and the JSON body."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from . import errors

EXTENSIONS = {"tif", "tiff", "jpg", "jpeg", "png", "bmp", "ico", "gif", "webp"}
_TRUE, _FALSE = {"true", "on", "yes", "1"}, {"false", "off", "no", "0", ""}
_BASE64 = re.compile(rb"^[A-Za-z0-9+/_\-=\s]*$")


@dataclass(frozen=True, slots=True)
class Part:
    filename: str | None
    content: bytes


@dataclass(slots=True)
class Incoming:
    """One request to the API, its path decoded as it reaches Spring."""

    method: str
    path: str
    query: str
    key: str
    content_type: str
    body: bytes
    fields: dict[str, str] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fields = dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def is_multipart(self) -> bool:
        return self.content_type.lower().startswith("multipart/")

    @property
    def is_json(self) -> bool:
        return "json" in self.content_type.lower()

    def read_multipart(self, largest_file: int) -> None:
        """Fills `parts` and adds plain fields. A part that is too large is the server's catch-all error."""
        boundary = re.search(r'boundary="?([^";]+)"?', self.content_type)
        if boundary is None:
            raise errors.catch_all()
        for block in (b"\r\n" + self.body).split(b"\r\n--" + boundary[1].encode())[1:]:
            head, separator, content = block.partition(b"\r\n\r\n")
            if not separator:
                continue
            text = head.decode("utf-8", "replace")
            name = re.search(r'\bname="([^"]*)"', text)
            filename = re.search(r'\bfilename="([^"]*)"', text)
            if name is None:
                continue
            if filename is None:
                self.fields.setdefault(name[1], content.decode("utf-8", "replace"))
            elif len(content) > largest_file:
                raise errors.catch_all()
            else:
                self.parts[name[1]] = Part(filename[1], content)

    # parameters

    def integer(self, name: str, default: int, minimum: int | None = None) -> int:
        text = self.fields.get(name, "")
        if not text:
            return default
        try:
            value = int(text)
        except ValueError:
            raise errors.EmptyAnswer(400) from None
        if minimum is not None and value < minimum:
            label = name.replace("_", " ")
            raise errors.invalid(f"{label} should be equal or greater than {minimum}")
        return value

    def number(self, name: str) -> float | None:
        text = self.fields.get(name, "")
        if not text:
            return None
        try:
            return float(text)
        except ValueError:
            raise errors.EmptyAnswer(400) from None

    def truth(self, name: str, default: bool) -> bool:
        text = self.fields.get(name, "").lower()
        if not text:
            return default
        if text not in _TRUE | _FALSE:
            raise errors.EmptyAnswer(400)
        return text in _TRUE

    # pictures and bodies

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            raise errors.EmptyAnswer(400) from None

    def picture(self, part: str, json_name: str, java_name: str, strict: bool = False) -> bytes:
        """The picture of a part or of a JSON field. `strict`: it will be saved, and saving decodes Base64 strictly."""
        if self.is_multipart:
            found = self.parts.get(part)
            if found is None:
                raise errors.no_part(part)
            extension = (found.filename or "").rpartition(".")
            if not extension[1] or extension[2].lower() not in EXTENSIONS:
                raise errors.bad_extension(found.filename or "")
            return found.content
        if not self.is_json:
            raise errors.EmptyAnswer(415)
        held = self.json()
        text = held.get(json_name) if isinstance(held, dict) else None
        if not isinstance(text, str) or not text:
            raise errors.field_empty(java_name)
        return _decoded(text.encode(), strict)


def _decoded(text: bytes, strict: bool) -> bytes:
    if not _BASE64.match(text):
        raise errors.not_base64()
    try:
        if strict:
            return base64.b64decode(text, validate=True)
        return base64.urlsafe_b64decode(b"".join(text.translate(bytes.maketrans(b"+/", b"-_")).split()))
    except (binascii.Error, ValueError):
        raise (errors.catch_all() if strict else errors.not_base64()) from None


def image_uuid(text: str) -> str:
    """A UUID of the path, in the stored spelling; malformed: 400 with an empty body."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise errors.EmptyAnswer(400) from None


def subject_of_body(held: Any) -> str:
    """The checked `subject` of a JSON body."""
    name = held.get("subject") if isinstance(held, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise errors.invalid("Subject name is empty")
    if not 1 <= len(name) <= 50:
        raise errors.invalid("size must be between 1 and 50")
    if any(bad in name for bad in ";/\\"):
        raise errors.special_characters()
    return name
