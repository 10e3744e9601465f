"""JSON as the server reads and writes it: Jackson's indentation, and its readiness to take numbers for text."""

from __future__ import annotations

import json
from typing import Any

from .errors import EmptyAnswer, catch_all


def pretty(body: Any) -> bytes:
    """Objects over several lines, arrays on one: `"faces" : [ {`."""
    return _pretty(body, "\n").encode()


def _pretty(value: Any, line: str) -> str:
    if isinstance(value, dict):
        if not value:
            return "{ }"
        inner = line + "  "
        held = ",".join(f"{inner}{json.dumps(str(k))} : {_pretty(v, inner)}" for k, v in value.items())
        return f"{{{held}{line}}}"
    if isinstance(value, (list, tuple)):
        return f"[ {', '.join(_pretty(each, line) for each in value)} ]" if value else "[ ]"
    return json.dumps(value, ensure_ascii=False)


def read(body: bytes) -> Any:
    """The first JSON value of a body; what follows it is not looked at. Raises EmptyAnswer."""
    try:
        return json.JSONDecoder().raw_decode(body.decode().lstrip())[0]
    except ValueError:
        raise EmptyAnswer(400) from None


def text_field(held: Any, name: str) -> str | None:
    """A field that is to be text: numbers and truths are taken for it, None when absent. Raises EmptyAnswer."""
    if not isinstance(held, dict):
        raise EmptyAnswer(400)
    value = held.get(name)
    if isinstance(value, (dict, list)):
        raise EmptyAnswer(400)
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def rows(held: Any, name: str) -> list[list[float]] | None:
    """A field that is to be vectors; numbers may come as text. None when absent. Raises EmptyAnswer, ApiError."""
    value = held.get(name) if isinstance(held, dict) else 0
    if value is None:
        return None
    if isinstance(value, str):  # taken for Base64
        raise catch_all()
    if not isinstance(value, list):
        raise EmptyAnswer(400)
    return [row(each) for each in value]


def row(value: Any) -> list[float]:
    """One vector. Raises EmptyAnswer."""
    if not isinstance(value, list):
        raise EmptyAnswer(400)
    try:
        return [0.0 if each is None else float(each) for each in value]
    except (TypeError, ValueError):
        raise EmptyAnswer(400) from None
