"""What people said since about what a run wrote: undo leaves it, and it goes with their word from then on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from compreface_plugin.domain.markers import performer_of
from compreface_plugin.domain.records import Change, Kind, Op

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

Spot = tuple[Kind, str]


class Confirmed:
    """For the undo of one run."""

    def __init__(self, context: Context, run_id: str) -> None:
        self._context = context
        self._run_id = run_id

    @cached_property
    def matched_tag(self) -> str | None:
        """The id of the matched tag; None when there is none."""
        name = self._context.settings.matched_tag_name
        found = self._context.library.tag_named(name) if name else None
        return found.id if found is not None else None

    def hand_over(self, changes: Sequence[Change]) -> set[int]:
        """Additions of performers whom a person confirmed on the item in another run, with the item's matched tag,
        become that run's, which takes them back when it is undone. Returns their ids."""
        added = [change for change in changes if change.op is Op.ADD]
        runs = self._runs(added)
        by_item = {spot: run_id for (spot, _), run_id in runs.items()}
        kept: dict[int, str] = {}
        for change in added:
            spot, who = (change.kind, change.item_id), performer_of(change)
            if (spot, who) in runs:
                kept[change.change_id] = runs[spot, who]
            elif spot in by_item and change.field == "tag_ids" and change.value == self.matched_tag:
                kept[change.change_id] = by_item[spot]
        with self._context.store.transaction():
            for change_id, run_id in kept.items():
                self._context.store.changes.hand_over(change_id, run_id)
        return set(kept)

    def _runs(self, changes: Sequence[Change]) -> dict[tuple[Spot, str], str]:
        """(item, performer) -> the other run in which a person confirmed it."""
        found = {}
        for kind in (Kind.IMAGE, Kind.SCENE):
            ids = sorted({int(change.item_id) for change in changes if change.kind is kind})
            for (item_id, who), run_id in self._context.store.decisions.confirmed_on(kind, ids).items():
                if run_id != self._run_id:
                    found[(kind, str(item_id)), who] = run_id
        return found
