"""mergePerformers: a person says that a performer the plugin made is somebody who is there already."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.unknown import Merge
from compreface_plugin.pipeline.merging import Merger, obstacles_by_hand
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context


def merge_performers(context: Context) -> dict[str, Any]:
    """`otherId` goes into `performerId`: on all items, with its subject and examples. Undoable like any run."""
    keep, gone = (str(int_arg(context.args, name, 0, minimum=1)) for name in ("performerId", "otherId"))
    if keep == gone:
        raise SettingsError(f"The arguments performerId and otherId are both {keep}; allowed are two performers.")
    merge = Merge(keep, gone)
    why = obstacles_by_hand(context, merge)
    if why:
        raise SettingsError(
            f"Performer {gone} was not merged into {keep}: {why}. Merge them in Stash itself (0.31 and later), and run "
            "Synchronize Performers."
        )
    result = execute(context, "mergePerformers", partial(_merge, context, merge))
    return {**result, "performerId": keep, "otherId": gone}


def _merge(context: Context, merge: Merge, run: ActiveRun) -> None:
    if not context.store.groups.planned(run.run_id):
        with context.store.transaction():
            context.store.merges.plan(run.run_id, [merge])
    Merger(context, run, by_hand=True).work()
