"""Makes changes of the plugin's own settings, and takes them back, for the journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Change, ChangeState

if TYPE_CHECKING:
    from compreface_plugin.stash.library import StashLibrary
    from compreface_plugin.store.store import Store


def apply_settings(store: Store, library: StashLibrary, changes: Sequence[Change]) -> None:
    """Open changes of settings are made, or taken back, where nobody set another value since: whoever was killed in
    between leaves them to a task that may begin days later."""
    for change in changes:
        before, now = json.loads(change.value)
        done, outcome = now, ChangeState.APPLIED
        if change.state is ChangeState.UNDOING:
            before, done, outcome = now, before, ChangeState.UNDONE
        held = library.settings_held(change.item_id).get(change.field)
        if held == before:
            library.change_setting(change.item_id, change.field, done)
        note = ""
        if held not in (before, done):
            outcome, note = ChangeState.UNDONE, "was changed by somebody before"
        with store.transaction():
            store.changes.mark([change.change_id], outcome, note)
