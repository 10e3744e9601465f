"""Two performers that grouping made, and that turn out to be one person, become one: in Stash, in the store, and back.

Only performers that nobody touched: made by a run, still as they were made, on exactly the items the plugin put them
on, and nobody said anything about them or their faces. The one on more items stays. The other's subject and examples
become the first one's as they are, so that nothing changes on a CompreFace server.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Change, ChangeState, Kind, Op
from compreface_plugin.domain.unknown import GROUPED, Merge
from compreface_plugin.pipeline.held import Lists, held_lists
from compreface_plugin.pipeline.made_by_us import digest, made_by_us
from compreface_plugin.pipeline.markers import marker_changes
from compreface_plugin.pipeline.touched import edits
from compreface_plugin.stash.records import NewPerformer
from compreface_plugin.store.merges import MergedPerformer

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.stash.records import PerformerRecord, PerformerUse

AT_ONCE = 20  # performers that go between two commits
Item = tuple[Kind, int]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What Stash and the journal say about performers at one moment."""

    uses: Mapping[str, PerformerUse]
    items: Mapping[str, Sequence[Item]]  # where the plugin put each
    held: Mapping[Item, Lists]
    unread: Mapping[Item, str]


def merges_of(context: Context, people: Iterable[Collection[str]]) -> list[Merge]:
    """Of each person the performer on most items stays (of equal ones the older), the others go into it."""
    found = []
    for performers in people:
        ordered = sorted(performers, key=lambda who: (-len(context.store.merges.items_of(who)), int(who)))
        found += [Merge(ordered[0], gone) for gone in ordered[1:]]
    return found


def obstacles(context: Context, merges: Sequence[Merge]) -> dict[str, str]:
    """Performer id -> why it may not be united with another, of those that may not. Asks Stash. Raises RunError."""
    return _obstacles(context, merges, _look(context, merges))


def obstacles_by_hand(context: Context, merge: Merge) -> str:
    """Why one may not go into the other when a person says that they are one, "" when it may.

    What the person knows counts for the one who stays, and for both beside each other on an item; the one who goes
    must still be as the plugin made it, or undo could not make it again. Raises RunError.
    """
    return _by_hand(context, merge, _look(context, [merge]))


def _look(context: Context, merges: Sequence[Merge]) -> _Seen:
    people = list(dict.fromkeys(who for merge in merges for who in (merge.keep_id, merge.gone_id)))
    items = {who: context.store.merges.items_of(who) for who in people}
    held = held_lists(context, dict.fromkeys(item for each in items.values() for item in each))
    return _Seen(context.library.performer_uses(people), items, held.lists, held.unread)


def _obstacles(context: Context, merges: Sequence[Merge], seen: _Seen) -> dict[str, str]:
    made = context.store.merges.untouched()
    found = {who: why for who in seen.items if (why := _touched(context, who, made.get(who), seen))}
    for merge in merges:
        if set(seen.items[merge.keep_id]) & set(seen.items[merge.gone_id]):
            found.setdefault(merge.gone_id, f"it is beside performer {merge.keep_id} on an item")
    return found


def _by_hand(context: Context, merge: Merge, seen: _Seen) -> str:
    if merge.keep_id not in seen.uses:
        return f"performer {merge.keep_id} is not there any more"
    made_by = context.store.merges.made_by(merge.gone_id)
    if made_by is None:
        return "the plugin did not make it"
    return _touched(context, merge.gone_id, context.store.merges.untouched().get(merge.gone_id), seen)


def _touched(context: Context, performer_id: str, made_as: str | None, seen: _Seen) -> str:
    use = seen.uses.get(performer_id)
    if use is None:
        return "it is not there any more"
    if made_as is None:
        return "somebody decided about its faces"
    if any(item in seen.unread for item in seen.items[performer_id]):
        return "it is on an item that Stash cannot read"
    mine = [item for item in seen.items[performer_id] if item in seen.held]  # the others were deleted in Stash
    if any(performer_id not in seen.held[item]["performer_ids"] for item in mine):
        return "somebody took it off an item"
    counts = [sum(kind is each for kind, _ in mine) for each in (Kind.IMAGE, Kind.SCENE, Kind.GALLERY)]
    if [use.images, use.scenes, use.galleries] != counts:
        return "somebody put it on an item"
    return edits(context, made_as, use)


class Merger:
    """Works off the merges that a run planned; each step may be killed and done again.

    `by_hand`: a person said that they are one, see `obstacles_by_hand`.
    """

    def __init__(self, context: Context, run: ActiveRun, *, by_hand: bool = False) -> None:
        self._context = context
        self._run = run
        self._by_hand = by_hand

    def work(self) -> None:
        """Raises Cancelled or GaveWay between two steps, RunError."""
        while planned := self._context.store.merges.open(self._run.run_id, AT_ONCE):
            self._step(planned)
            self._run.between(computed=False)

    def _step(self, planned: Sequence[Merge]) -> None:
        seen = _look(self._context, planned)
        hindered = self._hindered(planned, seen)
        for who, why in hindered.items():
            self._context.log.info(f"performer {who} is not united with another: {why}")
        merges = [merge for merge in planned if not {merge.keep_id, merge.gone_id} & set(hindered)]
        remembered = [self._as_it_was(merge, seen.uses[merge.gone_id]) for merge in merges]

        def write() -> None:
            for merge, merged in zip(merges, remembered, strict=True):
                self._unite(merge, merged, seen)
            self._context.store.merges.done(self._run.run_id, planned)

        self._run.commit(write, cursor=self._run.cursor, counts={"united": len(merges)}, items=0)
        if merges:
            self._context.journal.apply(self._run.run_id)
        for merge in merges:
            self._context.log.info(f"performer {merge.gone_id} turned out to be {merge.keep_id}: united")

    def _hindered(self, planned: Sequence[Merge], seen: _Seen) -> dict[str, str]:
        if not self._by_hand:
            return _obstacles(self._context, planned, seen)
        return {merge.gone_id: why for merge in planned if (why := _by_hand(self._context, merge, seen))}

    def _as_it_was(self, merge: Merge, use: PerformerUse) -> MergedPerformer:
        people, record = self._context.store.people, use.record
        return MergedPerformer(
            gone_id=merge.gone_id,
            run_id=self._run.run_id,
            keep_id=merge.keep_id,
            name=record.name,
            gender=record.gender,
            picture=self._context.library.performer_picture(record) if record.has_own_image else None,
            subjects=tuple(subject.subject_id for subject in people.subjects_of(merge.gone_id)),
            enrolment=people.enrolments().get(merge.gone_id),
        )

    def _unite(self, merge: Merge, merged: MergedPerformer, seen: _Seen) -> None:
        """Inside the step's transaction: all that follows for the store, and the changes to be made in Stash."""
        store, run_id = self._context.store, self._run.run_id
        store.merges.keep(merged)
        store.groups.replace_verdicts(run_id, store.merges.verdicts_as(merge, run_id, GROUPED))
        for subject_id in merged.subjects:
            store.people.link(subject_id, merge.keep_id)
        store.people.forget_enrolments([merge.gone_id])
        store.changes.plan(self._changes(merge, merged, seen))
        scenes = sorted(item_id for kind, item_id in seen.items[merge.gone_id] if kind is Kind.SCENE)
        on = dict.fromkeys(scenes, (merge.keep_id,))
        store.changes.plan(marker_changes(store, self._context.settings, run_id, scenes, on))

    def _changes(self, merge: Merge, merged: MergedPerformer, seen: _Seen) -> list[Change]:
        """Where one was the other is; then the one goes. What this very run had added of it is taken back instead."""
        store, run_id = self._context.store, self._run.run_id
        own = store.merges.additions(run_id, merge.gone_id)
        items = [item for item in seen.items[merge.gone_id] if item in seen.held]
        store.changes.mark([own[item] for item in items if item in own], ChangeState.UNDOING, f"is {merge.keep_id}")
        changes = [
            Change(run_id, kind, str(item_id), "performer_ids", Op.ADD, merge.keep_id)
            for kind, item_id in items
            if merge.keep_id not in seen.held[kind, item_id]["performer_ids"]
        ]
        changes += [
            Change(run_id, kind, str(item_id), "performer_ids", Op.REMOVE, merge.gone_id)
            for kind, item_id in items
            if (kind, item_id) not in own
        ]
        return [*changes, Change(run_id, Kind.PERFORMER, merge.gone_id, "", Op.DESTROY, merged.name)]


def last_link(context: Context, run_id: str) -> str:
    """The run to be undone before anything else when `run_id` is to be: the newest that united its people further."""
    while (later := context.store.merges.later(run_id)) is not None:
        run_id = later.run_id
    return run_id


def why_not_undone(context: Context, run_id: str, item: Item | None, performer_id: str) -> str:
    """Why a run that united performers cannot be undone, whole or in part, as a sentence; empty when it can.

    An item alone cannot get its performer back, who exists no more; and who was united twice comes apart from the last
    time on: taken back in another order, both performers would stand on the same items.
    """
    merges = context.store.merges
    if item is not None:
        off = merges.taken_off(run_id, *item)
        return "" if off is None else (
            f"The run {run_id} united performer {off.gone_id} with {off.keep_id}, who took its place on "
            f"{item[0].value} {item[1]}: undo the whole run, or performerId {off.keep_id} of it."
        )
    gone = next((each for each in merges.of_run(run_id) if each.gone_id == performer_id), None)
    if gone is not None:
        return (
            f"The run {run_id} united performer {performer_id} with {gone.keep_id}: undo performerId "
            f"{gone.keep_id} of this run to get both back."
        )
    later = merges.later(run_id, performer_id)
    return "" if later is None else (
        f"The run {run_id} united others with performer {later.gone_id}, whom the run {later.run_id} united with "
        f"{later.keep_id} since: undo the run {later.run_id} first."
    )


def bring_back(context: Context, run_id: str, keep_id: str = "") -> set[str]:
    """Makes performers again that a run united with others (with `keep_id`: with this one), before its changes are
    taken back; their new ids. Somebody whose making was undone too stays away. Doing it twice changes nothing."""
    store, back = context.store, set[str]()
    for merged in store.merges.of_run(run_id):
        if keep_id and merged.keep_id != keep_id:
            continue
        context.cancel.raise_if_cancelled()
        made_by = store.merges.made_by(merged.gone_id)
        record = _again(context, merged) if made_by is not None else None
        with store.transaction():
            about = store.merges.changes_about(run_id, merged.gone_id)
            if record is None or made_by is None:
                store.changes.mark(about, ChangeState.UNDONE, "the performer was taken back before")
            else:
                back.add(record.id)
                _restore(context, merged, record, made_by)
                store.changes.mark([each for each, op in about.items() if op is Op.DESTROY], ChangeState.UNDONE)
            store.merges.forget(merged.gone_id)
    return back


def _again(context: Context, merged: MergedPerformer) -> PerformerRecord:
    """The performer: still there when its removal failed, found by its name when an undo was killed, else made."""
    use = context.library.performer_use(merged.gone_id)
    if use is not None:
        return use.record
    made = made_by_us(context.library, merged.name, digest(merged.picture))
    if made is not None:
        return made
    return context.library.performers_create([NewPerformer(merged.name, merged.picture, merged.gender)])[0]


def _restore(context: Context, merged: MergedPerformer, record: PerformerRecord, made_by: str) -> None:
    """Inside a transaction: what the store knew of the performer is of the new one."""
    store = context.store
    store.merges.renumber(merged.gone_id, record.id)
    for subject_id in merged.subjects:
        store.people.link(subject_id, record.id)
    if merged.enrolment is not None:
        known = replace(merged.enrolment, performer_id=record.id, picture_url=record.image_url)
        store.people.save_enrolment(known, made_by)
