"""Whether a performer found by its name is the one a killed call made: names that people choose may be somebody
else's."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.subjects import is_drawn

if TYPE_CHECKING:
    from compreface_plugin.stash.library import StashLibrary
    from compreface_plugin.stash.records import PerformerRecord


def digest(picture: bytes | None) -> str:
    """What a performer is known again by; empty without a picture."""
    return "" if picture is None else hashlib.sha256(picture).hexdigest()


def made_by_us(library: StashLibrary, name: str, known_by: str) -> PerformerRecord | None:
    """The performer of this name that was made with the picture of this digest; None when there is none.

    A name that we drew is enough. Raises RunError.
    """
    for record in library.performers_named(name):
        if is_drawn(name) or (known_by and record.has_own_image and _picture(library, record) == known_by):
            return record
    return None


def _picture(library: StashLibrary, record: PerformerRecord) -> str:
    try:
        return digest(library.performer_picture(record))
    except ItemError:
        return ""
