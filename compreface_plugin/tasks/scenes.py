"""recognizeNewScenes, recognizeAllScenes, their sprite variants and scanPartial.

Known people are put on scenes; then unknown people who were seen in enough scenes become performers, as with images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Kind
from compreface_plugin.pipeline.grouping import gates_of
from compreface_plugin.pipeline.opening import owes_a_scan
from compreface_plugin.pipeline.people import PeopleMaker
from compreface_plugin.pipeline.planning import is_plan
from compreface_plugin.pipeline.planning_people import plan_people
from compreface_plugin.pipeline.rescan import request_scan
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.scene_work import States, WantedScenes, match_scenes
from compreface_plugin.pipeline.tags import Tags
from compreface_plugin.values import bool_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.scenes import SceneRecord

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
    opened = match_scenes(context, run, wanted)
    context.cancel.raise_if_cancelled()
    if is_plan(context):
        return
    if not context.store.groups.planned(run.run_id):
        plan = plan_people(context, run.run_id, gates_of(context), Kind.SCENE)
        context.log.info(f"unknown people of scenes: {plan.groups} groups, {plan.new} new performers")
    PeopleMaker(context, run, context.engine.info, opened.tags.matched, gates_of(context).min_quality).work()
    if run.counts["created"]:
        request_scan(context, run.run_id)


def _all(page: Sequence[SceneRecord], _states: States, _tags: Tags) -> list[SceneRecord]:
    return list(page)


def _unscanned(page: Sequence[SceneRecord], states: States, tags: Tags) -> list[SceneRecord]:
    return [scene for scene in page if owes_a_scan(states.get(scene.id), scene, tags)]


def _with_unknown(context: Context, page: Sequence[SceneRecord], states: States, _tags: Tags) -> list[SceneRecord]:
    unknown = context.store.unknown.unsettled(Kind.SCENE, list(states))
    return [scene for scene in page if scene.id in unknown]
