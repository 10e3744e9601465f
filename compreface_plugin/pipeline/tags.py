"""The three tags the plugin puts on items. Output only: what was done stands in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context


@dataclass(frozen=True, slots=True)
class Tags:
    """Stash ids of the tags in use; None where the user switched one off."""

    scanned: str | None
    matched: str | None
    error: str | None


def open_tags(context: Context, run_id: str) -> Tags:
    """Finds the tags by name or alias, creating those that are missing. Created ones can be undone with the run."""
    settings, journal = context.settings, context.journal

    def one(name: str | None) -> str | None:
        return journal.ensure_tag(name, run_id) if name else None

    return Tags(one(settings.scanned_tag_name), one(settings.matched_tag_name), one(settings.error_tag_name))
