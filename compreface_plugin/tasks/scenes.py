"""recognizeNewScenes, recognizeAllScenes, their sprite variants, scanPartial and resetUnmatchedScenes.

Known people are put on scenes; then unknown people who were seen in enough scenes become performers, as with images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Change, Kind, Op
from compreface_plugin.pipeline.grouping import gates_of
from compreface_plugin.pipeline.image_pages import MAX_ATTEMPTS
from compreface_plugin.pipeline.people import PeopleMaker, plan_people
from compreface_plugin.pipeline.planning import is_plan
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.scene_work import States, WantedScenes, match_scenes
from compreface_plugin.pipeline.tags import Tags, open_tags
from compreface_plugin.values import bool_arg

if TYPE_CHECKING:
    from compreface_plugin.domain.records import ItemState
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.scenes import SceneRecord

BATCH = 200
Choose = Callable[[Sequence["SceneRecord"], States, Tags], list["SceneRecord"]]


def recognize_new(context: Context) -> dict[str, Any]:
    """Scenes never looked at, by the frames of their files. The argument `scanPartial`: see `scan_partial`."""
    return _new(context, "recognizeNewScenes", sprites=False)


def recognize_new_sprites(context: Context) -> dict[str, Any]:
    """Scenes never looked at, by Stash's preview pictures; names come from the file where it can be read."""
    return _new(context, "recognizeNewSceneSprites", sprites=True)


def recognize_all(context: Context) -> dict[str, Any]:
    """Every scene. Unchanged files are not decoded again: they are matched with the performers known today."""
    return _execute(context, "recognizeAllScenes", WantedScenes(_all))


def recognize_all_sprites(context: Context) -> dict[str, Any]:
    """The same by Stash's preview pictures."""
    return _execute(context, "recognizeAllSceneSprites", WantedScenes(_all, sprites=True))


def scan_partial(context: Context) -> dict[str, Any]:
    """Only scenes in which somebody stayed unknown. The argument `useSprites`: by Stash's preview pictures."""
    return _partial(context, "scanPartial", sprites=bool_arg(context.args, "useSprites"))


def reset_unmatched(context: Context) -> dict[str, Any]:
    """Scanned scenes on which nobody was recognised lose the scanned tag and are looked at again next time."""
    return execute(context, "resetUnmatchedScenes", partial(_reset, context))


def _new(context: Context, mode: str, *, sprites: bool) -> dict[str, Any]:
    if bool_arg(context.args, "scanPartial"):
        return _partial(context, mode, sprites=sprites)
    return _execute(context, mode, WantedScenes(_unscanned, unscanned_only=True, sprites=sprites))


def _partial(context: Context, mode: str, *, sprites: bool) -> dict[str, Any]:
    settled = context.store.unknown.count_settled(Kind.SCENE)
    choose = partial(_with_unknown, context)
    return _execute(context, mode, WantedScenes(choose, total=lambda n: max(0, n - settled), sprites=sprites))


def _execute(context: Context, mode: str, wanted: WantedScenes) -> dict[str, Any]:
    return execute(context, mode, partial(_recognize, context, wanted))


def _recognize(context: Context, wanted: WantedScenes, run: ActiveRun) -> None:
    tags = match_scenes(context, run, wanted)
    context.cancel.raise_if_cancelled()
    if is_plan(context):
        return
    if not context.store.groups.planned(run.run_id):
        plan = plan_people(context, run.run_id, gates_of(context), Kind.SCENE)
        context.log.info(f"unknown people of scenes: {plan.groups} groups, {plan.new} new performers")
    PeopleMaker(context, run, context.engine.info, tags.matched, gates_of(context).min_quality).work()


def _all(page: Sequence[SceneRecord], _states: States, _tags: Tags) -> list[SceneRecord]:
    return list(page)


def _unscanned(page: Sequence[SceneRecord], states: States, tags: Tags) -> list[SceneRecord]:
    return [scene for scene in page if _owes_a_scan(states.get(scene.id), scene, tags)]


def _with_unknown(context: Context, page: Sequence[SceneRecord], states: States, _tags: Tags) -> list[SceneRecord]:
    unknown = context.store.unknown.unsettled(Kind.SCENE, list(states))
    return [scene for scene in page if scene.id in unknown]


def _owes_a_scan(state: ItemState | None, scene: SceneRecord, tags: Tags) -> bool:
    """Never was scanned, its tag was taken off, or it failed and may try again."""
    if state is None:
        return True
    if state.attempts:
        return state.attempts < MAX_ATTEMPTS or state.fingerprint != scene.fingerprint
    taken_off = state.scanned_tag_id is not None and state.scanned_tag_id == tags.scanned
    return state.scanned_at is None or (taken_off and tags.scanned not in scene.tag_ids)


def _reset(context: Context, run: ActiveRun) -> None:
    items, tags = context.store.items, open_tags(context, run.run_id)
    run.set_total(items.count_unmatched(Kind.SCENE))
    while ids := items.unmatched(Kind.SCENE, run.cursor, BATCH):
        changes = [
            Change(run.run_id, Kind.SCENE, str(scene.id), "tag_ids", Op.REMOVE, tags.scanned)
            for scene in context.library.scenes.some(ids)
            if tags.scanned is not None and tags.scanned in scene.tag_ids
        ]
        run.commit(partial(_forget, context, ids, changes), cursor=ids[-1], counts={"seen": len(ids)}, items=len(ids))
        if changes:
            context.journal.apply()
        run.tell("scenes reset")
        run.between(computed=False)


def _forget(context: Context, ids: list[int], changes: list[Change]) -> None:
    context.store.changes.plan(changes)
    context.store.items.forget_scans(Kind.SCENE, ids)
