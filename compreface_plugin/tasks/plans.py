"""plans, plan, applyPlan, deletePlan: what runs propose, looked through and applied, in part or whole, or dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Change, Kind, Op, Run, RunState
from compreface_plugin.pipeline.held import records_of
from compreface_plugin.pipeline.planning import Part, apply_plan
from compreface_plugin.pipeline.tags import planned_tag_name
from compreface_plugin.tasks.face_view import Names
from compreface_plugin.tasks.item_arg import ITEMS
from compreface_plugin.values import int_arg, is_missing, read_text, str_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import ItemRecord

MOST_IDS = 10_000  # in one argument


def plans(context: Context) -> dict[str, Any]:
    """The plans that wait, newest first: id (the run's, which also undoes it), name, how much it changes."""
    found = []
    for row in context.store.plans.all():
        run = context.store.runs.get(row.run_id)
        if run is not None:
            found.append({**_head(run), "items": row.items, "changes": context.store.changes.counts(row.run_id)})
    return {"plans": found}


def plan(context: Context) -> dict[str, Any]:
    """A page (`limit`, `offset`) of the items that `planId` would change: per item and list what is added and removed.

    `before` is what Stash holds now.
    """
    run = _plan(context)
    store = context.store
    total, items = store.plans.items(
        run.run_id, int_arg(context.args, "limit", 50, minimum=1, maximum=500), int_arg(context.args, "offset", 0)
    )
    changes = {item: [c for c in store.plans.proposed_on(*item) if c.run_id == run.run_id] for item in items}
    records, unread = records_of(context, _whole(items))
    now = {(kind, str(each)): held for (kind, each), held in records.items()}
    values = [c.value for each in changes.values() for c in each if c.field == "performer_ids"]
    held = [who for record in now.values() for who in record.performer_ids]
    view = _Diff(context, Names(context).of([*values, *held]))
    there = {*now, *((kind, str(each)) for kind, each in unread)}
    shown = [{**view.item(item, changes[item], now.get(item)), "exists": item in there} for item in items]
    return {**_head(run), "total": total, "items": shown}


def apply(context: Context) -> dict[str, Any]:
    """Applies `planId`: all of it, or what concerns `imageIds`, `sceneIds` and `galleryIds`, or `performerIds`. undoRun
    with its id undoes it."""
    run = _plan(context)
    items = frozenset((kind, each) for name, kind in ITEMS.items() for each in _ids(context, f"{name}s"))
    part = Part(items, _ids(context, "performerIds"))
    context.journal.claim(run.run_id)
    counts = apply_plan(context, run.run_id, part)
    left = len(context.store.plans.proposed(run.run_id))
    context.log.info(
        f"plan {_name(run)}: {counts['applied']} changes made, {counts['settled']} were settled already, "
        f"{counts['refused']} refused by Stash, {left} left"
    )
    names = ("applied", "settled", "refused")
    return {"planId": run.run_id, "name": _name(run), **{name: counts[name] for name in names}, "left": left}


def delete(context: Context) -> dict[str, Any]:
    """Forgets what `planId` would still change. Items it changed nothing on are as before it: those that it scanned
    first count as not scanned again."""
    run = _plan(context)
    store = context.store
    with store.transaction():
        untouched = store.plans.untouched(run.run_id)
        dropped = store.plans.drop(run.run_id)
        for item in untouched:
            store.items.refresh_matched(store.groups.restore_verdicts(run.run_id, item=item))
        scanned = sorted({*untouched}.intersection(store.items.scanned_by(run.run_id)))
        for kind, item_id in scanned:
            store.items.forget_scans(kind, [item_id])
    context.log.info(f"plan {_name(run)}: {dropped} changes dropped, {len(scanned)} items are to be scanned again")
    return {"planId": run.run_id, "name": _name(run), "dropped": dropped, "items": len(scanned)}


# ----------------------------------------------------------------------------------------------------------------------


def _plan(context: Context) -> Run:
    """The run of `planId` (an id, or the name of the newest plan of that name). Raises SettingsError."""
    wanted = str_arg(context.args, "planId")
    waiting = [run for row in context.store.plans.all() if (run := context.store.runs.get(row.run_id)) is not None]
    found = next((run for run in waiting if wanted and wanted in (run.run_id, _name(run))), None)
    if found is None:
        allowed = ", ".join(f"{run.run_id} ({_name(run)})" for run in waiting) or "none: no plan waits"
        raise SettingsError(f"The argument planId is {wanted!r}; allowed is the id or name of a plan: {allowed}.")
    if found.state is RunState.RUNNING and context.task_holder() is not None:
        raise SettingsError(f"The plan {_name(found)} is still being made: wait for its run to end, or stop it.")
    return found


def _name(run: Run) -> str:
    return str(run.args.get("plan") or run.mode)


def _head(run: Run) -> dict[str, Any]:
    name, state = _name(run), run.state.value
    return {"planId": run.run_id, "name": name, "mode": run.mode, "madeAt": run.started_at, "state": state}


def _ids(context: Context, name: str) -> frozenset[str]:
    """Ids given as a list, or as text with commas. Raises SettingsError."""
    given = context.args.get(name)
    if is_missing(given):
        return frozenset()
    many = given if isinstance(given, list) else str(given).split(",")
    if len(many) > MOST_IDS:
        raise SettingsError(f"The argument {name} has {len(many)} ids; allowed are at most {MOST_IDS}.")
    return frozenset(read_text(f"The argument {name}", each) for each in many if not is_missing(each))


def _whole(items: Sequence[tuple[Kind, str]]) -> list[tuple[Kind, int]]:
    return [(kind, int(item_id)) for kind, item_id in items]


class _Diff:
    """Items with what would change, in words."""

    def __init__(self, context: Context, names: dict[str, str]) -> None:
        self._context = context
        self._names = names
        self._tags: dict[str, str] = {}

    def item(self, item: tuple[Kind, str], changes: Sequence[Change], now: ItemRecord | None) -> dict[str, Any]:
        """`now`: as Stash has the item, None when it is gone or cannot be read."""
        return {
            "kind": item[0].value,
            "id": item[1],
            "name": now.name if now is not None else "",
            "fields": [
                self._field(name, [change for change in changes if change.field == name], now)
                for name in dict.fromkeys(change.field for change in changes)
            ],
        }

    def _field(self, name: str, changes: Sequence[Change], now: ItemRecord | None) -> dict[str, Any]:
        held = () if now is None else now.tag_ids if name == "tag_ids" else now.performer_ids
        return {
            "field": name,
            "before": [self._value(name, value) for value in held],
            "add": [self._value(name, change.value) for change in changes if change.op is Op.ADD],
            "remove": [self._value(name, change.value) for change in changes if change.op is Op.REMOVE],
        }

    def _value(self, name: str, value: str) -> dict[str, str | None]:
        if name == "performer_ids":
            return {"id": value, "name": self._names.get(value, "")}
        new = planned_tag_name(value)
        return {"id": None, "name": new} if new else {"id": value, "name": self._tag(value)}

    def _tag(self, tag_id: str) -> str:
        if tag_id not in self._tags:
            tag = self._context.library.tag(tag_id)
            self._tags[tag_id] = tag.name if tag is not None else ""
        return self._tags[tag_id]
