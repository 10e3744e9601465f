"""Subject names: the contract with existing CompreFace databases. One function builds them, one parses them.

`Person {id} {16 characters of A-Z0-9}`; `id` is the Stash id of the item the face was first seen on, or the
performer's id when enrolled from the performer's own picture. Databases in use hold thousands of these, some
with fewer random characters; anything that begins with "Person " is one of ours.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Iterable

_ALPHABET = string.ascii_uppercase + string.digits
_RANDOM_LENGTH = 16
_OURS = re.compile(r"^Person .*$")
_PARTS = re.compile(r"^Person (\d+) ([A-Z0-9]+)$")


def build_subject_name(stash_id: str | int, choose: Callable[[str], str] = secrets.choice) -> str:
    """A new subject name for a Stash id. `choose` picks one character of a string (tests hand in their own)."""
    return f"Person {stash_id} " + "".join(choose(_ALPHABET) for _ in range(_RANDOM_LENGTH))


def is_subject_name(text: str) -> bool:
    """Whether an alias or name is one of our subject names (`^Person .*$`)."""
    return _OURS.match(text) is not None


def is_drawn(text: str) -> bool:
    """Whether `build_subject_name` made it: nobody else comes upon such a name."""
    parts = parse_subject_name(text)
    return parts is not None and len(parts[1]) == _RANDOM_LENGTH


def parse_subject_name(text: str) -> tuple[str, str] | None:
    """(stash id, random part) of a name that follows the contract, else None."""
    found = _PARTS.match(text)
    return (found.group(1), found.group(2)) if found else None


def subject_names_of(name: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """Subject names a performer carries: aliases first, then the name itself; without repetition."""
    found = [text for text in (*aliases, name) if is_subject_name(text)]
    return tuple(dict.fromkeys(found))
