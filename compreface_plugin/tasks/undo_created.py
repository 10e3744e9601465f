"""What a run created goes when nobody uses it: tags that nothing carries, performers that nobody touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ServiceRefused
from compreface_plugin.domain.records import Change, ChangeState, Kind
from compreface_plugin.pipeline.touched import edits

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import PerformerUse

GONE, KEPT, UNDONE = "alreadyGone", "kept", "undone"


@dataclass(slots=True)
class CreatedThings:
    """What became of them. `kept_performers` keep their subjects and examples, so that they are still recognised."""

    counts: Counter[str] = field(default_factory=Counter)
    kept_performers: set[str] = field(default_factory=set)
    removed_performers: set[str] = field(default_factory=set)


def remove_created(context: Context, changes: Sequence[Change]) -> CreatedThings:
    """Takes back creations after the run's list entries were taken back: what is still carried is used by others."""
    done = CreatedThings()
    for change in changes:
        context.cancel.raise_if_cancelled()
        try:
            outcome, note = _performer(context, change) if change.kind is Kind.PERFORMER else _tag(context, change)
        except ServiceRefused as refusal:  # one that Stash does not let go does not hold up the others
            context.log.warning(f"{change.kind.value} {change.item_id} ({change.value}) stays: {refusal}")
            outcome, note = KEPT, str(refusal)
        if change.kind is Kind.PERFORMER:
            (done.kept_performers if outcome == KEPT else done.removed_performers).add(change.item_id)
        with context.store.transaction():
            if change.kind is Kind.PERFORMER and outcome != KEPT:
                _forget(context, change.item_id)
            state = ChangeState.KEPT if outcome == KEPT else ChangeState.UNDONE
            context.store.changes.mark([change.change_id], state, note)
        done.counts[outcome] += 1
    return done


def _tag(context: Context, change: Change) -> tuple[str, str]:
    used = context.library.tag_use(change.item_id)
    if used is None:
        return GONE, "was removed by somebody before"
    if used:
        context.log.info(f"the tag {change.value} stays: {used} things carry it")
        return KEPT, f"{used} things carry it"
    context.library.tag_destroy(change.item_id)
    return UNDONE, ""


def _performer(context: Context, change: Change) -> tuple[str, str]:
    use = context.library.performer_use(change.item_id)
    if use is None:
        return GONE, "was removed by somebody before"
    why = _touched(context, change, use)
    if why:
        context.log.info(f"performer {change.item_id} ({use.record.name}) stays: {why}")
        return KEPT, why
    context.library.performer_destroy(change.item_id)
    return UNDONE, ""


def _touched(context: Context, change: Change, use: PerformerUse) -> str:
    """What a person, another plugin or another run did to a performer; empty when nobody did anything."""
    items = use.images + use.scenes + use.galleries
    if items:
        return f"it is on {items} items that this run did not put it on"
    return edits(context, change.value, use)


def _forget(context: Context, performer_id: str) -> None:
    """Inside a transaction: the subjects of a performer that is gone, with all examples and its picture."""
    people = context.store.people
    for subject in people.subjects_of(performer_id):
        people.delete_subject(subject.subject_id)
    people.forget_enrolments([performer_id])
