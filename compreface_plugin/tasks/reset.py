"""resetUnmatched, resetUnmatchedScenes: scanned items on which nobody was found are looked at again next time."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Change, Kind, Op
from compreface_plugin.pipeline.held import records_of
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.tags import open_tags

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

BATCH = 200


def reset_unmatched(context: Context) -> dict[str, Any]:
    """Takes the scanned tag off again, and forgets that these images were scanned. Faces stay known."""
    return execute(context, "resetUnmatched", partial(_reset, context, Kind.IMAGE))


def reset_unmatched_scenes(context: Context) -> dict[str, Any]:
    """The same for scenes."""
    return execute(context, "resetUnmatchedScenes", partial(_reset, context, Kind.SCENE))


def _reset(context: Context, kind: Kind, run: ActiveRun) -> None:
    items, tags = context.store.items, open_tags(context, run.run_id)
    run.set_total(items.count_unmatched(kind))
    while ids := items.unmatched(kind, run.cursor, BATCH):
        held, unread = records_of(context, [(kind, each) for each in ids])
        for (_, item_id), words in unread.items():
            context.log.warning(f"{kind.value} {item_id} is left alone: Stash could not read it ({words})")
        ready = [each for each in ids if (kind, each) not in unread]
        changes = [
            Change(run.run_id, kind, str(item.id), "tag_ids", Op.REMOVE, tags.scanned)
            for item in held.values()
            if tags.scanned is not None and tags.scanned in item.tag_ids
        ]
        write = partial(_store, context, kind, ready, changes)
        run.commit(write, cursor=ids[-1], counts={"seen": len(ids), "failed": len(unread)}, items=len(ids))
        if changes:
            context.journal.apply(run.run_id)
        run.tell(f"{kind.value}s reset")
        run.between(computed=False)


def _store(context: Context, kind: Kind, ids: list[int], changes: list[Change]) -> None:
    context.store.changes.plan(changes)
    context.store.items.forget_scans(kind, ids)
