"""Plans: whether a run writes to Stash or only proposes, and how what was proposed is applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Change, ChangeState, Kind, Op, Verdict
from compreface_plugin.pipeline.held import Lists, held_lists
from compreface_plugin.pipeline.markers import marker_changes
from compreface_plugin.pipeline.tags import planned_tag_name
from compreface_plugin.values import is_missing

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

LOOKED_AT = (Kind.IMAGE, Kind.SCENE)  # have faces of their own
CHUNK = 500  # changes checked, made and marked together


def is_plan(context: Context) -> bool:
    """Whether this run only proposes: by the setting applyMode, or because the argument `plan` names a plan."""
    return context.settings.apply_mode == "review" or not is_missing(context.args.get("plan"))


@dataclass(frozen=True, slots=True)
class Part:
    """What of a plan is meant: everything, or what concerns some items or some performers."""

    items: frozenset[tuple[Kind, str]] = frozenset()  # empty: all
    performer_ids: frozenset[str] = frozenset()  # empty: all

    def of(self, changes: Sequence[Change]) -> list[Change]:
        """Tags go with their item: an item on which nothing else is meant keeps them for later."""
        chosen = [c for c in changes if not self.items or (c.kind, c.item_id) in self.items]
        if not self.performer_ids:
            return chosen
        items = {(c.kind, c.item_id) for c in chosen if self._is_meant(c)}
        return [c for c in chosen if self._is_meant(c) or (c.field != "performer_ids" and (c.kind, c.item_id) in items)]

    def _is_meant(self, change: Change) -> bool:
        return change.field == "performer_ids" and change.value in self.performer_ids


def apply_plan(context: Context, run_id: str, part: Part) -> Counter[str]:
    """Makes the changes of a plan, or a part of it, that are still right. Counts: applied, settled, refused.

    What Stash holds now decides: what is so already is nobody's doing of ours and is never undone by us; a performer no
    face of the item is accepted as any more (somebody said "not her") is left out. Killed in the middle, the next
    start finishes what was begun; doing it again takes the rest.
    """
    changes = part.of(context.store.plans.proposed(run_id))
    tags = _real_tags(context, changes, run_id)
    counts: Counter[str] = Counter()
    for start in range(0, len(changes), CHUNK):
        context.cancel.raise_if_cancelled()
        chunk = [replace(c, value=tags.get(c.value, c.value)) for c in changes[start : start + CHUNK]]
        counts.update(_apply(context, run_id, chunk))
        context.log.progress(min(1.0, (start + CHUNK) / len(changes)))
    return counts


def _real_tags(context: Context, changes: Iterable[Change], run_id: str) -> dict[str, str]:
    """Ids of tags that did not exist when the plan was made; made now."""
    waiting = {change.value for change in changes if change.field == "tag_ids"}
    return {value: context.journal.ensure_tag(name, run_id) for value in waiting if (name := planned_tag_name(value))}


def _apply(context: Context, run_id: str, changes: Sequence[Change]) -> Counter[str]:
    store = context.store
    held = held_lists(context, ((c.kind, int(c.item_id)) for c in changes))
    for (kind, item_id), words in held.unread.items():
        context.log.warning(f"{kind.value} {item_id}: stays in the plan, Stash could not read it ({words})")
    unread = sum((change.kind, int(change.item_id)) in held.unread for change in changes)
    changes = [change for change in changes if (change.kind, int(change.item_id)) not in held.unread]
    borne_out = _borne_out(context, changes)
    reasons = {c.change_id: _obstacle(c, held.lists.get((c.kind, int(c.item_id))), borne_out) for c in changes}
    ready = [change for change in changes if not reasons[change.change_id]]
    with store.transaction():
        for change in changes:
            if reasons[change.change_id]:
                store.changes.mark([change.change_id], ChangeState.DECIDED, reasons[change.change_id])
        store.plans.make_ready(ready)
        named: dict[int, set[str]] = {}
        for change in ready:
            if change.kind is Kind.SCENE and change.field == "performer_ids" and change.op is Op.ADD:
                named.setdefault(int(change.item_id), set()).add(change.value)
        store.changes.plan(marker_changes(store, context.settings, run_id, sorted(named), named))
    refused = context.journal.apply(run_id) if ready else []
    _remember_scans(context, run_id, ready)
    settled = len(changes) - len(ready)
    return Counter(applied=len(ready) - len(refused), settled=settled, refused=len(refused) + unread)


def _obstacle(change: Change, held: Lists | None, borne_out: Collection[tuple[Kind, str, str]]) -> str:
    """Why a change is not made; empty when it is."""
    if held is None:
        return f"the {change.kind.value} is gone"
    if (change.value in held[change.field]) is (change.op is Op.ADD):
        return "was so already"
    judged = change.kind in LOOKED_AT and change.field == "performer_ids" and change.op is Op.ADD
    if judged and (change.kind, change.item_id, change.value) not in borne_out:
        return "no face is accepted as this performer any more"
    return ""


def _borne_out(context: Context, changes: Iterable[Change]) -> set[tuple[Kind, str, str]]:
    """(kind, item id, performer id) for which a face is accepted."""
    named = [change for change in changes if change.field == "performer_ids"]
    return {
        (kind, str(item_id), face.verdict.best.performer_id)
        for kind in LOOKED_AT
        for item_id, faces in context.store.faces.of_items(
            kind, sorted({int(change.item_id) for change in named if change.kind is kind}), ""
        ).items()
        for face in faces
        if face.verdict is not None and face.verdict.best is not None and face.verdict.verdict is Verdict.ACCEPT
    }


def _remember_scans(context: Context, run_id: str, changes: Iterable[Change]) -> None:
    """From now on a person who takes the scanned tag off means "look again"."""
    name = context.settings.scanned_tag_name
    tag = context.library.tag_named(name) if name else None
    if tag is None:
        return
    items = [(c.kind, int(c.item_id)) for c in changes if c.field == "tag_ids" and c.value == tag.id]
    with context.store.transaction():
        context.store.plans.remember_tag(run_id, tag.id, items)
