"""The only way lists in Stash are changed: planned in the store, applied by bulk ADD and REMOVE, then marked.

A process may be killed between any two steps. `settle` finishes what was open: adding what is there already and
removing what is gone change nothing, so doing it again is safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from compreface_plugin.domain.records import Change, ChangeState, Kind, Op
from compreface_plugin.stash.records import Patch

if TYPE_CHECKING:
    from compreface_plugin.ports import Progress
    from compreface_plugin.stash.library import StashLibrary
    from compreface_plugin.stash.records import PatchField, PatchKind, PatchMode
    from compreface_plugin.store.store import Store


def _mode(change: Change) -> Op:
    return change.op.inverse if change.state is ChangeState.UNDOING else change.op


def group(changes: Sequence[Change]) -> list[tuple[Patch, list[Change]]]:
    """Changes that add or remove the same value in the same list become one bulk patch, in order of first mention."""
    grouped: dict[tuple[Kind, str, Op, str], list[Change]] = {}
    for change in changes:
        grouped.setdefault((change.kind, change.field, _mode(change), change.value), []).append(change)
    return [(_patch(kind, field, mode, value, same), same) for (kind, field, mode, value), same in grouped.items()]


def _patch(kind: Kind, field: str, mode: Op, value: str, changes: Sequence[Change]) -> Patch:
    return Patch(
        cast("PatchKind", kind.value),
        tuple(change.item_id for change in changes),
        cast("PatchField", field),
        cast("PatchMode", mode.name),
        (value,),
    )


class Journal:
    """Applies what the store has open. Not thread-safe."""

    def __init__(self, store: Store, library: StashLibrary, log: Progress) -> None:
        self._store = store
        self._library = library
        self._log = log

    def settle(self) -> int:
        """Finishes what an earlier process left open; returns how many changes that were. Raises RunError."""
        left = len(self._store.changes.open())
        if left:
            self._log.info(f"settling {left} changes that an interrupted run left open")
            self.apply()
        return left

    def apply(self) -> list[Change]:
        """Makes every open change in Stash and marks it. Returns those that Stash refused, with the reason as note.

        One deleted image does not hold up the others. Raises RunError when Stash does not answer: what is open then
        stays open.
        """
        opened = self._store.changes.open()
        self._settle_creations([change for change in opened if change.op is Op.CREATE])
        grouped = group([change for change in opened if change.op is not Op.CREATE])
        if not grouped:
            return []
        results = self._library.apply([patch for patch, _ in grouped])
        refused: list[Change] = []
        with self._store.transaction():
            for (_, same), result in zip(grouped, results, strict=True):
                reasons = {failure.id: failure.message for failure in result.failures}
                self._mark_done([change for change in same if change.item_id not in reasons])
                refused.extend(self._mark_refused(c, reasons[c.item_id]) for c in same if c.item_id in reasons)
        return refused

    def _mark_done(self, changes: Sequence[Change]) -> None:
        undone = [change.change_id for change in changes if change.state is ChangeState.UNDOING]
        made = [change.change_id for change in changes if change.state is not ChangeState.UNDOING]
        self._store.changes.mark(undone, ChangeState.UNDONE)
        self._store.changes.mark(made, ChangeState.APPLIED)

    def _mark_refused(self, change: Change, reason: str) -> Change:
        self._log.warning(
            f"{change.kind.value} {change.item_id}: Stash refused to {_mode(change).value} {change.value} "
            f"in {change.field} ({reason})"
        )
        state = ChangeState.KEPT if change.state is ChangeState.UNDOING else ChangeState.FAILED
        self._store.changes.mark([change.change_id], state, reason)
        return change

    # things the plugin creates --------------------------------------------------------------------------------------

    def ensure_tag(self, name: str, run_id: str) -> str:
        """The id of the tag with this name or alias; created, and noted for undo, when there is none."""
        found = self._library.tag_named(name)
        if found is not None:
            return found.id
        planned = Change(run_id, Kind.TAG, "", "", Op.CREATE, name)
        with self._store.transaction():
            self._store.changes.plan([planned])
        made = self._library.tag_get_or_create(name)
        with self._store.transaction():
            for change in self._store.changes.open():
                if change.op is Op.CREATE and change.run_id == run_id and change.value == name:
                    self._store.changes.created(change.change_id, made.id)
        return made.id

    def _settle_creations(self, changes: Sequence[Change]) -> None:
        for change in changes:
            found = self._library.tag_named(change.value)
            with self._store.transaction():
                if found is None:  # killed before it was made: nothing to take back
                    self._store.changes.mark([change.change_id], ChangeState.UNDONE, "was never made")
                else:
                    self._store.changes.created(change.change_id, found.id)
