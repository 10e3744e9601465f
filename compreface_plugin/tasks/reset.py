"""resetUnmatched, resetUnmatchedScenes: scanned items on which nobody was found are looked at again next time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Change, Kind, Op
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.tags import open_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import ItemRecord

BATCH = 200


def reset_unmatched(context: Context) -> dict[str, Any]:
    """Takes the scanned tag off again, and forgets that these images were scanned. Faces stay known."""
    return execute(context, "resetUnmatched", partial(_reset, context, Kind.IMAGE))


def reset_unmatched_scenes(context: Context) -> dict[str, Any]:
    """The same for scenes."""
    return execute(context, "resetUnmatchedScenes", partial(_reset, context, Kind.SCENE))


def _reset(context: Context, kind: Kind, run: ActiveRun) -> None:
    items, tags, library = context.store.items, open_tags(context, run.run_id), context.library
    run.set_total(items.count_unmatched(kind))
    while ids := items.unmatched(kind, run.cursor, BATCH):
        held: Sequence[ItemRecord] = library.images(ids).records if kind is Kind.IMAGE else library.scenes.some(ids)
        changes = [
            Change(run.run_id, kind, str(item.id), "tag_ids", Op.REMOVE, tags.scanned)
            for item in held
            if tags.scanned is not None and tags.scanned in item.tag_ids
        ]
        write = partial(_store, context, kind, ids, changes)
        run.commit(write, cursor=ids[-1], counts={"seen": len(ids)}, items=len(ids))
        if changes:
            context.journal.apply(run.run_id)
        run.tell(f"{kind.value}s reset")
        run.between(computed=False)


def _store(context: Context, kind: Kind, ids: list[int], changes: list[Change]) -> None:
    context.store.changes.plan(changes)
    context.store.items.forget_scans(kind, ids)
