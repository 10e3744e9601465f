"""How a run, or one item or performer in it, is taken back: its additions in Stash, what it made, what the store knows
by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.markers import performer_of
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op
from compreface_plugin.pipeline.held import take_back
from compreface_plugin.pipeline.learning import Learner
from compreface_plugin.pipeline.merging import bring_back
from compreface_plugin.pipeline.model_in_use import model_in_use
from compreface_plugin.pipeline.setting_changes import take_settings_back
from compreface_plugin.tasks.confirmed import Confirmed
from compreface_plugin.tasks.decide import forget_decisions
from compreface_plugin.tasks.undo_created import CreatedThings, remove_created

if TYPE_CHECKING:
    from compreface_plugin.domain.memory import Decision
    from compreface_plugin.pipeline.context import Context

CHUNK = 500  # changes planned, applied and marked together


@dataclass(frozen=True, slots=True)
class Part:
    """What is taken back: a run; of it only what concerns an item, or a performer ("": all)."""

    run_id: str
    item: tuple[Kind, int] | None = None
    performer_id: str = ""

    @property
    def whole(self) -> bool:
        return self.item is None and not self.performer_id


class Undoing:
    """Takes one run, or a part of it, back. May be killed anywhere and done again."""

    def __init__(self, context: Context, part: Part) -> None:
        self._context = context
        self._whole = part.whole
        self._run_id = part.run_id
        self._item = part.item
        self._performer_id = part.performer_id
        self._performers = {part.performer_id}  # with those that had gone into it
        self._confirmed = Confirmed(context, part.run_id)

    def work(self) -> dict[str, int]:
        store, counts, made = self._context.store, Counter[str](), list[Change]()
        if self._item is None:
            back = bring_back(self._context, self._run_id, self._performer_id)
            self._performers |= back
            counts["undone"] += len(back)
        total, before, done = store.changes.counts(self._run_id).get(ChangeState.APPLIED.value, 0), None, 0
        while page := store.changes.applied(self._run_id, before, CHUNK):
            self._context.cancel.raise_if_cancelled()
            before, done = page[-1].change_id, done + len(page)
            mine = [change for change in page if self._concerns(change)]
            made += [change for change in mine if change.op is Op.CREATE]
            lists = [change for change in mine if change.op in (Op.ADD, Op.REMOVE)]
            kept = self._confirmed.hand_over(lists)
            counts["kept"] += len(kept)
            counts.update(take_back(self._context, [c for c in lists if c.change_id not in kept], self._run_id))
            settings = [change for change in mine if change.op is Op.SET]
            counts.update(take_settings_back(self._context, settings, self._run_id))
            self._context.log.progress(min(1.0, done / max(1, total)))
        created = remove_created(self._context, made if self._item is None else self._left_over())
        counts.update(created.counts)
        forgotten = self._forget(created)
        if self._performer_id:
            counts.update(take_back(self._context, self._idle_tags(), self._run_id))
        return {name: counts[name] for name in ("undone", "alreadyGone", "kept")} | forgotten

    def _concerns(self, change: Change) -> bool:
        if self._item:
            return (change.kind, change.item_id) == (self._item[0], str(self._item[1]))
        if self._performer_id:
            return performer_of(change) in self._performers or (
                change.kind is Kind.PERFORMER and change.item_id in self._performers
            )
        return True

    def _taken_off(self) -> set[tuple[Kind, int, str]]:
        """(kind, item, performer): who went off which item, in an undo before this one that was killed too."""
        return {
            (change.kind, int(change.item_id), who)
            for change in self._context.store.changes.taken_back(self._run_id)
            if change.op is Op.ADD and self._concerns(change) and (who := performer_of(change))
        }

    def _left_over(self) -> list[Change]:
        """Of one item: performers whom the run made and put on nothing else."""
        changes = self._context.store.changes
        on_items = {performer_of(change) for change in changes.applied(self._run_id) if change.op is Op.ADD}
        gone = {who for *_, who in self._taken_off()} - on_items
        return [change for change in changes.created_by(self._run_id, Kind.PERFORMER) if change.item_id in gone]

    def _idle_tags(self) -> list[Change]:
        """Of one performer: the matched tag where the run put it on an item on which nobody is left."""
        store, tag = self._context.store, self._confirmed.matched_tag
        added = [change for change in store.changes.applied(self._run_id) if change.op is Op.ADD]
        tagged = [change for change in added if change.field == "tag_ids" and change.value == tag]
        matched = {(change.kind, change.item_id) for change in added if performer_of(change)}
        for kind in (Kind.IMAGE, Kind.SCENE):
            ids = [int(change.item_id) for change in tagged if change.kind is kind]
            matched |= {(kind, str(each)) for each, state in store.items.states(kind, ids).items() if state.matched}
        return [change for change in tagged if (change.kind, change.item_id) not in matched]

    def _forget(self, created: CreatedThings) -> dict[str, int]:
        """The store's side: scans of the run count as not done, faces get the verdicts back that they had before, what
        was enrolled is forgotten."""
        store, run_id = self._context.store, self._run_id
        with store.transaction():
            if said := store.decisions.of_run(run_id):
                return self._forget_words(said, created)
            learned = store.people.learned_in(run_id)
            store.items.refresh_matched(store.groups.restore_verdicts(run_id, self._performer_id or None, self._item))
            forgotten = self._forget_people(created)
            scans = store.items.scanned_by(run_id) if not self._performer_id else []
            for each in (Kind.IMAGE, Kind.SCENE):
                mine = [item for item in scans if item[0] is each and self._item in (None, item)]
                store.items.forget_scans(each, [item_id for _, item_id in mine])
            # a later run found the same and had nothing to add: its items are owed another look
            store.items.forget_scans_of(self._taken_off())
            if self._whole:
                store.groups.forget_run(run_id)
            self._relearn(learned)
            return forgotten

    def _forget_people(self, created: CreatedThings) -> dict[str, int]:
        people = self._context.store.people
        if self._item:
            return {"examples": people.forget_faces(self._run_id, *self._item), "subjects": 0}
        if self._performer_id in created.kept_performers:
            return {"examples": 0, "subjects": 0}
        return people.forget_run(self._run_id, self._performer_id or None, keeping=created.kept_performers)

    def _relearn(self, performers: set[str]) -> None:
        """Whom people confirmed is learned anew from what they confirmed."""
        told = {who for who in performers if self._context.store.decisions.of_performer(who)}
        if told:
            model = model_in_use(self._context)
            learner = Learner(self._context, model.model_id, model.point, "")
            for who in sorted(told):
                learner.relearn(who)

    def _forget_words(self, said: Sequence[Decision], created: CreatedThings) -> dict[str, int]:
        """Of a run of decisions: what was said, with everything that followed from it. Scans stay."""
        store, run_id = self._context.store, self._run_id
        wanted = [
            each
            for each in said
            if self._item in (None, (each.kind, each.item_id))
            and (not self._performer_id or each.performer_id == self._performer_id)
        ]
        forgotten = {"examples": 0, "subjects": 0}
        if len(wanted) == len(said):
            forgotten = store.people.forget_run(run_id, keeping=created.kept_performers)
        forget_decisions(self._context, model_in_use(self._context), run_id, wanted)
        return forgotten
