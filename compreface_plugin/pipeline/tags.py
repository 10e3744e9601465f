"""The three tags the plugin puts on items. Output only: what was done stands in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

_PLANNED = "new tag: "


@dataclass(frozen=True, slots=True)
class Tags:
    """Stash ids of the tags in use; None where the user switched one off. In a plan, a tag that is still to be made
    stands as `planned_tag(name)`."""

    scanned: str | None
    matched: str | None
    error: str | None
    planned: bool = False  # nothing is written to Stash

    @property
    def scanned_in_stash(self) -> str | None:
        """The scanned tag to ask Stash for; None when there is none yet."""
        return None if self.scanned is None or planned_tag_name(self.scanned) else self.scanned


def open_tags(context: Context, run_id: str, *, planned: bool = False) -> Tags:
    """Finds the tags by name or alias, creating those that are missing. Created ones can be undone with the run.

    `planned`: for a run that only proposes, creates none.
    """
    settings, journal = context.settings, context.journal

    def one(name: str | None) -> str | None:
        if not name:
            return None
        if not planned:
            return journal.ensure_tag(name, run_id)
        found = context.library.tag_named(name)
        return found.id if found is not None else planned_tag(name)

    scanned, matched = one(settings.scanned_tag_name), one(settings.matched_tag_name)
    return Tags(scanned, matched, one(settings.error_tag_name), planned)


def planned_tag(name: str) -> str:
    """Stands in a plan for the id of a tag that does not exist yet."""
    return _PLANNED + name


def planned_tag_name(value: str) -> str:
    """The name behind a `planned_tag`; empty for the id of a tag."""
    return value[len(_PLANNED) :] if value.startswith(_PLANNED) else ""
