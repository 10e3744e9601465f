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
