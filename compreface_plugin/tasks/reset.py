"""resetUnmatched: scanned images on which nobody was found lose the scanned tag and are looked at again next time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Change, Kind, Op
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.tags import open_tags

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

BATCH = 200


def reset_unmatched(context: Context) -> dict[str, Any]:
    """Takes the scanned tag off again, and forgets that these images were scanned. Faces stay known."""
    return execute(context, "resetUnmatched", partial(_reset, context))


def _reset(context: Context, run: ActiveRun) -> None:
    items, tags = context.store.items, open_tags(context, run.run_id)
    run.set_total(items.count_unmatched(Kind.IMAGE))
    while True:
        ids = items.unmatched(Kind.IMAGE, run.cursor, BATCH)
        if not ids:
            return
        images = context.library.images(ids).records
        changes = [
            Change(run.run_id, Kind.IMAGE, str(image.id), "tag_ids", Op.REMOVE, tags.scanned)
            for image in images
            if tags.scanned is not None and tags.scanned in image.tag_ids
        ]
        run.commit(partial(_store, context, ids, changes), cursor=ids[-1], counts={"seen": len(ids)}, items=len(ids))
        if changes:
            context.journal.apply()
        run.tell("images reset")
        run.between(computed=False)


def _store(context: Context, ids: list[int], changes: list[Change]) -> None:
    context.store.changes.plan(changes)
    context.store.items.forget_scans(Kind.IMAGE, ids)
