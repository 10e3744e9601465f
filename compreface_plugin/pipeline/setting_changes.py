"""A setting that the plugin changes, in the journal like everything else it does in Stash: so there is a way back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Change, ChangeState, Kind, Op

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.library import StashLibrary
    from compreface_plugin.store.store import Store


def set_setting(context: Context, run_id: str, key: str, now: object) -> object:
    """Sets one setting of the plugin and returns what it was, None for not set."""
    before = context.library.settings_held(context.plugin_id).get(key)
    value = json.dumps([before, now])
    with context.store.transaction():
        context.store.changes.plan([Change(run_id, Kind.PLUGIN, context.plugin_id, key, Op.SET, value)])
    context.journal.apply(run_id)
    return before


def apply_settings(store: Store, library: StashLibrary, changes: Sequence[Change]) -> None:
    """Open changes of settings are made, or taken back where the setting still is what the change made it."""
    for change in changes:
        before, now = json.loads(change.value)
        if change.state is ChangeState.UNDOING:
            stands = library.settings_held(change.item_id).get(change.field) == now
            if stands:
                library.change_setting(change.item_id, change.field, before)
            outcome, note = ChangeState.UNDONE, "" if stands else "was changed by somebody before"
        else:
            library.change_setting(change.item_id, change.field, now)
            outcome, note = ChangeState.APPLIED, ""
        with store.transaction():
            store.changes.mark([change.change_id], outcome, note)


def take_settings_back(context: Context, changes: Sequence[Change], run_id: str) -> Counter[str]:
    """Of a run that is this process's to work on. Counts of "undone" and "alreadyGone" (somebody changed it since)."""
    held = context.library.settings_held(context.plugin_id) if changes else {}
    standing = sum(held.get(change.field) == json.loads(change.value)[1] for change in changes)
    with context.store.transaction():
        context.store.changes.mark([change.change_id for change in changes], ChangeState.UNDOING)
    if changes:
        context.journal.apply(run_id)
    return Counter(undone=standing, alreadyGone=len(changes) - standing)
