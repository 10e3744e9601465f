"""The only way lists in Stash are changed: planned in the store, applied by bulk ADD and REMOVE, then marked.

A process may be killed between any two steps. `settle` finishes what was open: adding what is there already and
removing what is gone change nothing, so doing it again is safe. What a process that lives has open is its own to do:
an operation may be at work beside the task that settles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from compreface_plugin.domain.errors import AlreadyRunning, ServiceRefused
from compreface_plugin.domain.markers import MARKER_TAG, MARKERS
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op
from compreface_plugin.pipeline.made_by_us import digest, made_by_us
from compreface_plugin.pipeline.markers import MarkerHand
from compreface_plugin.pipeline.setting_hand import apply_settings
from compreface_plugin.stash.records import Patch

if TYPE_CHECKING:
    from compreface_plugin.host.lease import Lease
    from compreface_plugin.ports import CancelToken, Progress
    from compreface_plugin.stash.library import StashLibrary
    from compreface_plugin.stash.records import (
        NewPerformer,
        PatchField,
        PatchKind,
        PatchMode,
        PerformerRecord,
        PerformerUse,
    )
    from compreface_plugin.store.store import Store

CLAIM_PAUSE_S, CLAIM_TRIES = 0.1, 200  # 20 s: what an operation writes takes a second or two


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


def _in_use(use: PerformerUse, made_as: str) -> str:
    """Why somebody who went into another performer stays; empty when nobody did anything."""
    items = use.images + use.scenes + use.galleries
    if items:
        return f"it is on {items} items again"
    return "somebody edited it" if use.edited or use.tag_ids or use.record.name != made_as else ""


class Journal:
    """Applies what the store has open. Not thread-safe."""

    def __init__(
        self, store: Store, library: StashLibrary, log: Progress, lease: Lease, cancel: CancelToken
    ) -> None:
        self._store = store
        self._library = library
        self._log = log
        self._lease = lease
        self._cancel = cancel

    def take(self, run_id: str) -> bool:
        """Makes a run this process's to work on; False while another one that lives does."""
        owner, mine = self._store.runs.owner(run_id), self._lease.token
        if owner == mine:
            return True
        if self._lease.at_work(owner):
            return False
        with self._store.transaction():
            return self._store.runs.take(run_id, mine, owner)

    def claim(self, run_id: str) -> None:
        """As `take`, after waiting for another process that lives and works on the run: somebody presses two buttons
        in a row. What was read before may have changed meanwhile. Raises AlreadyRunning when it takes too long."""
        for _ in range(CLAIM_TRIES):
            if self.take(run_id):
                return
            self._cancel.wait(CLAIM_PAUSE_S)
        raise AlreadyRunning(
            f"Another call of the plugin is still writing what belongs to run {run_id}; start this one again when "
            "that one has ended."
        )

    def settle(self) -> None:
        """Finishes what processes that are gone left open. Raises RunError."""
        for run_id in self._store.changes.open_runs():
            if self.take(run_id):
                self._log.info(f"settling {len(self._store.changes.open(run_id))} changes that run {run_id} left open")
                self.apply(run_id)

    def apply(self, run_id: str) -> list[Change]:
        """Makes every open change of a run in Stash and marks it. Returns those that Stash refused, with the reason as
        note.

        One deleted image does not hold up the others. Raises RunError when Stash does not answer: what is open then
        stays open.
        """
        opened = self._store.changes.open(run_id)
        self._settle_creations([change for change in opened if change.op is Op.CREATE])
        lists = [change for change in opened if change.op in (Op.ADD, Op.REMOVE)]
        refused = self._apply_lists([change for change in lists if change.field != MARKERS])
        refused += self._apply_markers([change for change in lists if change.field == MARKERS])
        self._destroy([change for change in opened if change.op is Op.DESTROY])
        apply_settings(self._store, self._library, [change for change in opened if change.op is Op.SET])
        return refused

    def _apply_markers(self, changes: Sequence[Change]) -> list[Change]:
        """Made after performers, removed after them."""
        if not changes:
            return []
        hand = MarkerHand(self._store, self._library)
        refused = hand.remove([change for change in changes if _mode(change) is Op.REMOVE])
        if making := [change for change in changes if _mode(change) is Op.ADD]:
            refused += hand.make(making, self.ensure_tag(MARKER_TAG, making[0].run_id))
        with self._store.transaction():
            return [self._mark_refused(change, reason) for change, reason in refused]

    def _apply_lists(self, changes: Sequence[Change]) -> list[Change]:
        grouped = group(changes)
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

    def _destroy(self, changes: Sequence[Change]) -> None:
        """Performers that went into another one go, unless somebody used or edited them meanwhile: a killed run may be
        settled days later."""
        for change in changes:
            use = self._library.performer_use(change.item_id)
            why = "" if use is None else _in_use(use, change.value)
            if use is not None and not why:
                try:
                    self._library.performer_destroy(change.item_id)
                except ServiceRefused as refusal:
                    why = str(refusal)
            if why:
                self._log.warning(f"performer {change.item_id} ({change.value}) stays: {why}")
            with self._store.transaction():
                self._store.changes.mark([change.change_id], ChangeState.FAILED if why else ChangeState.APPLIED, why)

    # things the plugin creates --------------------------------------------------------------------------------------

    def ensure_tag(self, name: str, run_id: str) -> str:
        """The id of the tag with this name or alias; created, and noted for undo, when there is none."""
        found = self._library.tag_named(name)
        if found is not None:
            return found.id
        planned = self._plan_creations(run_id, Kind.TAG, {name: ""})
        made = self._library.tag_get_or_create(name)
        with self._store.transaction():
            self._store.changes.created(planned[name], made.id)
        return made.id

    def ensure_performers(self, run_id: str, wanted: Sequence[NewPerformer]) -> dict[str, PerformerRecord]:
        """The performers of these names, by name: made, and noted for undo, once whatever happens in between.

        Names a run made before are found by the journal; those whose making was cut short were settled before.
        Raises RunError, ServiceRefused for a name that somebody has.
        """
        made = {c.value: c.item_id for c in self._store.changes.created_by(run_id, Kind.PERFORMER)}
        known = self._library.performer_uses([made[new.name] for new in wanted if new.name in made])
        found = {name: known[made[name]].record for name in made if made[name] in known}
        missing = [new for new in wanted if new.name not in found]
        planned = self._plan_creations(run_id, Kind.PERFORMER, {new.name: digest(new.picture) for new in missing})
        created = self._library.performers_create(missing)
        with self._store.transaction():
            for new, record in zip(missing, created, strict=True):
                self._store.changes.created(planned[new.name], record.id)
        return found | {new.name: record for new, record in zip(missing, created, strict=True)}

    def _plan_creations(self, run_id: str, kind: Kind, names: Mapping[str, str]) -> dict[str, int]:
        """Writes down what is going to be made, by name with what it is known again by; the changes' ids by name."""
        with self._store.transaction():
            self._store.changes.plan(
                Change(run_id, kind, "", "", Op.CREATE, name, note=known_by) for name, known_by in names.items()
            )
            opened = self._store.changes.open(run_id)
        return {change.value: change.change_id for change in opened if (change.op, change.kind) == (Op.CREATE, kind)}

    def _settle_creations(self, changes: Sequence[Change]) -> None:
        for change in changes:
            item_id = self._id_of(change)
            with self._store.transaction():
                if item_id is None:  # killed before it was made: nothing to take back
                    self._store.changes.mark([change.change_id], ChangeState.UNDONE, "was never made")
                else:
                    self._store.changes.created(change.change_id, item_id)

    def _id_of(self, change: Change) -> str | None:
        """The Stash id of what an open creation made; None when it was not made."""
        if change.kind is Kind.PERFORMER:
            made = made_by_us(self._library, change.value, change.note)
            return made.id if made else None
        found = self._library.tag_named(change.value)
        return found.id if found else None
