"""A setting that the plugin changes, in the journal like everything else it does in Stash: so there is a way back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Change, ChangeState, Kind, Op

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context


def set_setting(context: Context, run_id: str, key: str, now: object) -> object:
    """Sets one setting of the plugin and returns what it was, None for not set."""
    before = context.library.settings_held(context.plugin_id).get(key)
    value = json.dumps([before, now])
    with context.store.transaction():
        context.store.changes.plan([Change(run_id, Kind.PLUGIN, context.plugin_id, key, Op.SET, value)])
    context.journal.apply(run_id)
    return before


def take_settings_back(context: Context, changes: Sequence[Change], run_id: str) -> Counter[str]:
    """Of a run that is this process's to work on. Counts of "undone" and "alreadyGone" (somebody changed it since)."""
    held = context.library.settings_held(context.plugin_id) if changes else {}
    standing = sum(held.get(change.field) == json.loads(change.value)[1] for change in changes)
    with context.store.transaction():
        context.store.changes.mark([change.change_id for change in changes], ChangeState.UNDOING)
    if changes:
        context.journal.apply(run_id)
    return Counter(undone=standing, alreadyGone=len(changes) - standing)
