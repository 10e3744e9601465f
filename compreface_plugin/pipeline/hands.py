"""What people took off by hand in Stash stays off: it is proposed again at most, never written again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import TAKEN_OFF, ItemState, Verdict

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.item_finding import ItemFinding
    from compreface_plugin.stash.records import ItemRecord


def respect_hands(
    context: Context,
    findings: Sequence[ItemFinding],
    items: Mapping[int, ItemRecord],
    states: Mapping[int, ItemState],
    scanned_tag: str | None,
) -> None:
    """Accepts of performers that we had put on an item, and that are not on it any more, become proposals.

    `findings`: of one kind; `items`: as Stash has them, by id. Unless the item is to be looked at anew: never scanned,
    undone, or its scanned tag was taken off too.
    """
    named = [(finding, items[finding.item.id]) for finding in findings]
    missing = [
        (finding, item)
        for finding, item in named
        if any(who not in item.performer_ids for who in finding.named)
        and not _look_again(item, states.get(item.id), scanned_tag)
    ]
    if not missing:
        return
    kind = missing[0][0].kind
    ours = context.store.plans.ours(kind, [str(item.id) for _, item in missing], "performer_ids")
    for finding, item in missing:
        taken = {who for who in finding.named if who not in item.performer_ids and (str(item.id), who) in ours}
        finding.verdicts = [
            replace(verdict, verdict=Verdict.REVIEW, reason=TAKEN_OFF)
            if verdict.verdict is Verdict.ACCEPT and verdict.best is not None and verdict.best.performer_id in taken
            else verdict
            for verdict in finding.verdicts
        ]


def _look_again(item: ItemRecord, state: ItemState | None, scanned_tag: str | None) -> bool:
    if state is None or state.scanned_at is None:
        return True
    # only the tag in use counts: one that was renamed, merged or deleted was taken off by nobody
    return scanned_tag is not None and state.scanned_tag_id == scanned_tag and scanned_tag not in item.tag_ids
