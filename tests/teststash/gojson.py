"""JSON as Go's encoder writes it and decodes it, where the difference reaches a plugin."""

from __future__ import annotations

import json
import re
from typing import Any


class NumberText(float):
    """A JSON number that remembers how it was written (`1e-05` stays `1e-05`)."""

    text: str

    def __new__(cls, text: str) -> NumberText:
        made = super().__new__(cls, text)
        made.text = text
        return made


def loads(text: str | bytes) -> Any:
    """Decodes JSON; numbers with a point or an exponent keep their text."""
    return json.loads(text, parse_float=NumberText)


def loads_strict(text: str) -> Any:
    """Decodes as Go does: no NaN or Infinity. Raises ValueError."""

    def refuse(name: str) -> Any:
        raise ValueError(f"invalid character in {name}")

    return json.loads(text, parse_constant=refuse)


_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def _string(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[<>&\u2028\u2029]", lambda found: _ESCAPED[found[0]], text)


def dumps(value: Any, *, sort: bool = True) -> str:
    """Encodes with Go's HTML escapes and no blanks. Maps are sorted by key; `sort=False` keeps the order (structs)."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, NumberText):
        return value.text
    if isinstance(value, dict):
        items = sorted(value.items()) if sort else list(value.items())
        return "{" + ",".join(f"{_string(str(k))}:{dumps(v, sort=sort)}" for k, v in items) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(dumps(one, sort=sort) for one in value) + "]"
    return json.dumps(value)


def stored_number(value: Any) -> Any:
    """What `configurePlugin` makes of a number: a point means float, else integer, and what is neither becomes 0."""
    if isinstance(value, NumberText):
        if "." in value.text:
            return float(value)
        return int(value.text) if re.fullmatch(r"-?\d+", value.text) else 0
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-(2**63), min(value, 2**63 - 1))
    if isinstance(value, dict):
        return {key: stored_number(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def printed(value: Any) -> str:
    """A JSON value as Go prints it (`map[a:1 b:[2 3]]`)."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{printed(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(printed(one) for one in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "<nil>", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def plain(value: Any) -> Any:
    """Numbers without memory of their text: those in lists are kept as they are."""
    if isinstance(value, NumberText):
        return float(value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value
