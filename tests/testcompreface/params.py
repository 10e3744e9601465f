"""Binding of a request as Spring does it: query and form alike, parts of a multipart body, and the JSON body."""

from __future__ import annotations

import base64
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from . import errors, jackson

EXTENSIONS = {"tif", "tiff", "jpg", "jpeg", "png", "bmp", "ico", "gif", "webp"}
LARGEST_INT = 2**31 - 1
LARGEST_FIELD = 2 * 1024 * 1024
"""Of everything in a form that is no file; Tomcat's own limit."""
_TRUE, _FALSE = {"true", "on", "yes", "1"}, {"false", "off", "no", "0"}
_BASE64 = re.compile(rb"[A-Za-z0-9+/_\-= \t\r\n]*")
_JAVA_DOUBLE = re.compile(r"[+-]?(NaN|Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[fFdD]?)")
_JAVA_UUID = re.compile(r"-".join([r"[0-9a-fA-F]{1,16}"] * 5))


@dataclass(frozen=True, slots=True)
class Part:
    filename: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as it came: a part with its file name, or Base64."""

    filename: str | None
    content: bytes

    @property
    def is_base64(self) -> bool:
        return self.filename is None

    def check(self) -> Upload:
        """The extension of the name, or the alphabet: nothing else of a picture is looked at before core."""
        if self.filename is None:
            if not _BASE64.fullmatch(self.content):
                raise errors.not_base64()
        else:
            extension = self.filename.rpartition(".")
            if not extension[1] or extension[2].lower() not in EXTENSIONS:
                raise errors.bad_extension(self.filename)
        return self

    def bytes_for_core(self) -> bytes:
        """Core passes over what is not of the standard alphabet. Raises binascii.Error."""
        return base64.b64decode(self.content) if self.is_base64 else self.content

    def bytes_to_save(self) -> bytes:
        """Saving decodes strictly, except that the padding may be missing. Raises ApiError."""
        if not self.is_base64:
            return self.content
        try:
            return base64.b64decode(self.content + b"=" * (-len(self.content) % 4), validate=True)
        except ValueError:
            raise errors.catch_all() from None


@dataclass(slots=True)
class Incoming:
    """One request to the API, its path decoded as it reaches Spring."""

    method: str
    path: str
    query: str
    key: str | None
    content_type: str
    body: bytes
    accept: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    violated: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, value in parse_qsl(self.query, keep_blank_values=True, errors="replace"):
            self.fields.setdefault(name, []).append(value)

    @property
    def is_multipart(self) -> bool:
        return self.content_type.lower().startswith("multipart/")

    @property
    def is_form_data(self) -> bool:
        return self.content_type.lower().startswith("multipart/form-data")

    @property
    def is_json(self) -> bool:
        return self.content_type.lower().partition(";")[0].strip() == "application/json"

    def read_multipart(self, largest_file: int) -> None:
        """Fills `parts` and adds plain fields, before those of the query. Too large is the catch-all error."""
        boundary = re.search(r'boundary="?([^";]+)"?', self.content_type)
        if boundary is None:
            raise errors.catch_all()
        form: dict[str, list[str]] = {}
        blocks = (b"\r\n" + self.body).split(b"\r\n--" + boundary[1].encode())[1:]
        if not blocks or not blocks[-1].startswith(b"--"):  # broken off
            raise errors.catch_all()
        for block in blocks:
            head, separator, content = block.partition(b"\r\n\r\n")
            if not separator:
                continue
            text = head.decode("utf-8", "replace")
            name = re.search(r'\bname="([^"]*)"', text)
            filename = re.search(r'\bfilename="([^"]*)"', text)
            if name is None:
                continue
            if len(content) > (largest_file if filename else LARGEST_FIELD):
                raise errors.catch_all()
            if filename is None:
                form.setdefault(name[1], []).append(content.decode("utf-8", "replace"))
            else:
                self.parts.setdefault(name[1], Part(filename[1], content))
        for each, values in form.items():
            self.fields[each] = values + self.fields.get(each, [])

    # parameters

    def text(self, name: str) -> str | None:
        """Of a parameter that was sent several times, all values with commas between them; None when absent."""
        held = self.fields.get(name)
        return None if held is None else ",".join(held)

    def _one(self, name: str) -> str:
        """The first value without its white space: what a number or a truth is made of; "" when absent."""
        return "".join(self.fields.get(name, [""])[0].split())

    def integer(self, name: str, default: int, minimum: int, label: str) -> int:
        """A value below `minimum` is told by `validate`."""
        text = self._one(name)
        if not text:
            return default
        try:
            value = int(text, 16) if re.match(r"[+-]?(0x|#)", text, re.IGNORECASE) else int(text)
        except ValueError:
            raise errors.EmptyAnswer(400) from None
        if not -LARGEST_INT - 1 <= value <= LARGEST_INT:
            raise errors.EmptyAnswer(400)
        if value < minimum:
            self.violated.append(f"{label} should be equal or greater than {minimum}")
        return value

    def validate(self) -> None:
        """The rules of all parameters together, after everything was bound."""
        if self.violated:
            raise errors.invalid(*self.violated)

    def number(self, name: str) -> float | None:
        text = self._one(name)
        if not text:
            return None
        if not _JAVA_DOUBLE.fullmatch(text):
            raise errors.EmptyAnswer(400)
        return float(text.rstrip("fFdD") if text[-1] in "fFdD" else text)

    def truth(self, name: str, default: bool) -> bool:
        text = self._one(name).lower()
        if not text:
            return default
        if text not in _TRUE | _FALSE:
            raise errors.EmptyAnswer(400)
        return text in _TRUE

    # pictures and bodies

    def json(self) -> Any:
        """Raises EmptyAnswer: 415 for another content type, 400 for what is no JSON, or nothing."""
        if not self.is_json:
            raise errors.EmptyAnswer(415 if self.body or self.content_type else 400)
        return jackson.read(self.body)

    def part(self, name: str) -> Upload:
        found = self.parts.get(name)
        if found is None:
            raise errors.no_part(name)
        return Upload(found.filename or "", found.content)

    def base64(self, name: str, java_name: str) -> Upload:
        """Raises ApiError when the field is missing; an empty one is a picture like any other."""
        text = jackson.text_field(self.json(), name)
        if text is None:
            raise errors.field_empty(java_name)
        return Upload(None, text.encode())


def image_uuid(text: str) -> str:
    """A UUID of the path, in the stored spelling; malformed: 400 with an empty body. Java takes short groups too."""
    if not _JAVA_UUID.fullmatch(text):
        raise errors.EmptyAnswer(400)
    groups = [int(group, 16) for group in text.split("-")]
    number = 0
    for group, bits in zip(groups, (32, 16, 16, 16, 48), strict=True):
        number = number << bits | group & (1 << bits) - 1
    return str(uuid.UUID(int=number))


def is_blank(name: str) -> bool:
    """As Java trims: everything up to the space counts, a no-break space does not."""
    return all(character <= " " for character in name)


def subject_of_body(held: Any) -> str:
    """The checked `subject` of a JSON body; text alone is taken for it. Of several violated rules one is told."""
    name = held if isinstance(held, str) else jackson.text_field(held, "subject")
    if name is None:
        raise errors.invalid_field("Subject name cannot be empty")
    if name and any(bad in name for bad in ";/\\"):
        raise errors.special_characters()
    if not 1 <= len(name.encode("utf-16-le")) // 2 <= 50:
        raise errors.invalid_field("Subject name size must be between 1 and 50")
    if is_blank(name):
        raise errors.invalid_field("Subject name cannot be empty")
    return name
