"""undoRun: take back exactly what a run, or one item or performer in it, added, and nothing anybody did since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import RESUMABLE, Change, ChangeState, Kind, Op, RunState
from compreface_plugin.pipeline.model_in_use import model_in_use
from compreface_plugin.tasks.decide import forget_decisions
from compreface_plugin.tasks.undo_created import CreatedThings, remove_created
from compreface_plugin.values import int_arg, str_arg

if TYPE_CHECKING:
    from compreface_plugin.domain.memory import Decision
    from compreface_plugin.pipeline.context import Context

CHUNK = 500  # changes planned, applied and marked together


def undo_run(context: Context) -> dict[str, Any]:
    """Undoes the run `runId` (without: the last one that changed anything); `imageId` or `performerId` narrow it.

    Killed in the middle, the next start settles what was begun; a second undo takes the rest. Doing it twice changes
    nothing.
    """
    context.journal.settle()
    run_id = str_arg(context.args, "runId") or context.store.changes.undoable_run()
    if run_id is None:
        context.log.info("there is nothing to undo")
        return {"runId": None, "undone": 0, "kept": 0, "alreadyGone": 0, "examples": 0, "subjects": 0}
    run = context.store.runs.get(run_id)
    if run is None:
        raise SettingsError(f"The argument runId is {run_id!r}; allowed is the id of a run in the list of runs.")
    context.log.info(f"undoing run {run_id} ({run.mode})")
    result = _Undo(context, run_id, _id_arg(context, "imageId"), _id_arg(context, "performerId")).work()
    if run.state in RESUMABLE and not (_id_arg(context, "imageId") or _id_arg(context, "performerId")):
        with context.store.transaction():  # a later start of the same task begins anew, not behind what was taken back
            context.store.runs.end(run_id, RunState.FINISHED, context.clock.now(), "was undone before its end")
    context.log.progress(1.0)
    context.log.info(
        f"run {run_id} undone: {result['undone']} additions taken back, {result['alreadyGone']} were gone already, "
        f"{result['kept']} kept because they are in use"
    )
    return {"runId": run_id, "mode": run.mode, **result}


class _Undo:
    def __init__(self, context: Context, run_id: str, image_id: str, performer_id: str) -> None:
        self._context = context
        self._run_id = run_id
        self._image_id = image_id
        self._performer_id = performer_id

    def work(self) -> dict[str, int]:
        changes = [c for c in self._context.store.changes.applied(self._run_id) if self._concerns(c)]
        lists = [change for change in changes if change.op is not Op.CREATE]
        made = [change for change in changes if change.op is Op.CREATE]
        counts: Counter[str] = Counter()
        for start in range(0, len(lists), CHUNK):
            self._context.cancel.raise_if_cancelled()
            counts.update(self._take_back(lists[start : start + CHUNK]))
            self._context.log.progress(start / len(lists))
        created = remove_created(self._context, made)
        counts.update(created.counts)
        forgotten = self._forget(created)
        return {name: counts[name] for name in ("undone", "alreadyGone", "kept")} | forgotten

    def _concerns(self, change: Change) -> bool:
        if self._image_id:
            return change.kind is Kind.IMAGE and change.item_id == self._image_id
        if self._performer_id:
            return (change.field == "performer_ids" and change.value == self._performer_id) or (
                change.kind is Kind.PERFORMER and change.item_id == self._performer_id
            )
        return True

    def _take_back(self, changes: Sequence[Change]) -> Counter[str]:
        """List entries: those that are still as the run left them are reversed, the others only marked."""
        held = self._held(changes)
        standing = [c for c in changes if _stands(c, held.get((c.kind, c.item_id, c.field)))]
        ids = {change.change_id for change in standing}
        changed = [change for change in changes if change.change_id not in ids]
        store = self._context.store
        with store.transaction():
            store.changes.mark([c.change_id for c in standing], ChangeState.UNDOING)
            store.changes.mark([c.change_id for c in changed], ChangeState.UNDONE, "was changed by somebody before")
        refused = self._context.journal.apply()
        return Counter(undone=len(standing) - len(refused), alreadyGone=len(changed), kept=len(refused))

    def _held(self, changes: Iterable[Change]) -> dict[tuple[Kind, str, str], tuple[str, ...]]:
        """What the lists in question hold now; objects that are gone are absent."""
        library = self._context.library
        wanted: dict[Kind, list[str]] = {}
        for change in changes:
            wanted.setdefault(change.kind, []).append(change.item_id)
        held: dict[tuple[Kind, str, str], tuple[str, ...]] = {}
        for image in library.images(sorted({int(item_id) for item_id in wanted.get(Kind.IMAGE, ())})).records:
            held[Kind.IMAGE, str(image.id), "tag_ids"] = image.tag_ids
            held[Kind.IMAGE, str(image.id), "performer_ids"] = image.performer_ids
        for scene in library.scenes.some(sorted({int(item_id) for item_id in wanted.get(Kind.SCENE, ())})):
            held[Kind.SCENE, str(scene.id), "tag_ids"] = scene.tag_ids
            held[Kind.SCENE, str(scene.id), "performer_ids"] = scene.performer_ids
        for gallery_id in sorted({int(item_id) for item_id in wanted.get(Kind.GALLERY, ())}):
            gallery = library.gallery(gallery_id)
            if gallery is not None:
                held[Kind.GALLERY, str(gallery_id), "tag_ids"] = gallery.tag_ids
                held[Kind.GALLERY, str(gallery_id), "performer_ids"] = gallery.performer_ids
        if wanted.get(Kind.PERFORMER):
            for performer in library.performers():
                held[Kind.PERFORMER, performer.id, "alias_list"] = performer.aliases
        return held

    def _forget(self, created: CreatedThings) -> dict[str, int]:
        """The store's side: scans of the run count as not done, its verdicts and what it enrolled are forgotten."""
        store, run_id = self._context.store, self._run_id
        with store.transaction():
            if said := store.decisions.of_run(run_id):
                return self._forget_words(said, created)
            if self._image_id:
                store.items.forget_scans(Kind.IMAGE, [int(self._image_id)])
                store.faces.forget_verdicts(run_id, Kind.IMAGE, int(self._image_id))
                return {"examples": 0, "subjects": 0}
            store.items.refresh_matched(store.groups.restore_verdicts(run_id, self._performer_id or None))
            if self._performer_id:
                if self._performer_id in created.kept_performers:
                    return {"examples": 0, "subjects": 0}
                return store.people.forget_run(run_id, self._performer_id)
            scanned = store.items.scanned_by(run_id)
            for each in (Kind.IMAGE, Kind.SCENE):
                store.items.forget_scans(each, [item for kind, item in scanned if kind is each])
            store.groups.forget_run(run_id)
            return store.people.forget_run(run_id, keeping=created.kept_performers)

    def _forget_words(self, said: Sequence[Decision], created: CreatedThings) -> dict[str, int]:
        """Of a run of decisions: what was said, with everything that followed from it. Scans stay."""
        store, run_id = self._context.store, self._run_id
        wanted = [
            each
            for each in said
            if (not self._image_id or (each.kind is Kind.IMAGE and str(each.item_id) == self._image_id))
            and (not self._performer_id or each.performer_id == self._performer_id)
        ]
        forgotten = {"examples": 0, "subjects": 0}
        if len(wanted) == len(said):
            forgotten = store.people.forget_run(run_id, keeping=created.kept_performers)
        forget_decisions(self._context, model_in_use(self._context), run_id, wanted)
        return forgotten


def _id_arg(context: Context, name: str) -> str:
    """The id given as an argument, empty when there is none. Raises SettingsError."""
    number = int_arg(context.args, name, 0)
    return str(number) if number else ""


def _stands(change: Change, held: tuple[str, ...] | None) -> bool:
    """Whether the list still is as the change left it."""
    if held is None:
        return False
    return (change.value in held) is (change.op is Op.ADD)
