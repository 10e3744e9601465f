"""Whether anybody but the plugin did something to a performer that the plugin made."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import PerformerUse


def edits(context: Context, made_as: str, use: PerformerUse) -> str:
    """What a person or another plugin changed on the performer itself since it was made under the name `made_as`, as a
    clause; empty when nobody did. Its items are not looked at. Raises RunError."""
    record = use.record
    if record.name != made_as or record.disambiguation:
        return f"it was made as {made_as} and has another name now"
    subjects = {subject.name for subject in context.store.people.subjects_of(record.id)}
    if use.tag_ids or use.edited or set(record.aliases) - subjects:
        return "somebody edited it"
    return _other_picture(context, use)


def _other_picture(context: Context, use: PerformerUse) -> str:
    made_with = context.store.people.enrolments().get(use.record.id)
    if made_with is None or not made_with.picture_sha:
        return ""
    if not use.record.has_own_image:
        return "somebody took its picture away"
    try:
        data = context.library.performer_picture(use.record)
    except ItemError:
        return "its picture cannot be read"
    return "" if hashlib.sha256(data).hexdigest() == made_with.picture_sha else "somebody gave it another picture"
