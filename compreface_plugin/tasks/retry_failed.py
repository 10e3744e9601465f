"""retryFailed: look again at items that failed, however often they did."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Kind
from compreface_plugin.pipeline.findings import ImageFinder
from compreface_plugin.pipeline.image_batch import ImageBatches, PagePlan
from compreface_plugin.pipeline.opening import Opened, judge_of_run, open_run
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.scene_findings import SceneFinder
from compreface_plugin.pipeline.scene_work import SceneWork
from compreface_plugin.pipeline.settling import Settler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.judge import Judge

PAGE = 200


def retry_failed(context: Context) -> dict[str, Any]:
    """Images, then scenes. Those that are gone from Stash are forgotten; those that fail again keep their error tag and
    their count."""
    return execute(context, "retryFailed", partial(_retry, context))


def _retry(context: Context, run: ActiveRun) -> None:
    items = context.store.items
    run.set_total(items.count_failed(Kind.IMAGE) + items.count_failed(Kind.SCENE))
    opened = open_run(context, run)
    judge = judge_of_run(context, run, opened)
    _images(context, run, opened, judge)
    _scenes(context, run, opened, judge)


def _images(context: Context, run: ActiveRun, opened: Opened, judge: Judge) -> None:
    finder = ImageFinder(context, judge)
    batches = ImageBatches(context, run, finder, Settler(context, run, opened, finder.keep))
    for ids in _failed(context, run, Kind.IMAGE):
        read = context.library.images(ids)
        with context.store.transaction():
            context.store.items.forget(Kind.IMAGE, list(read.missing))
        if read.records:
            states = context.store.items.states(Kind.IMAGE, ids)
            batches.work(PagePlan(read.records, read.records, states, last=True))


def _scenes(context: Context, run: ActiveRun, opened: Opened, judge: Judge) -> None:
    finder = SceneFinder(context, judge)
    work = SceneWork(context, run, finder, Settler(context, run, opened, finder.keep))
    for ids in _failed(context, run, Kind.SCENE):
        scenes, unread = context.library.scenes.read(ids)
        with context.store.transaction():
            context.store.items.forget(Kind.SCENE, sorted(set(ids) - {scene.id for scene in scenes} - unread.keys()))
        states = context.store.items.states(Kind.SCENE, ids)
        for scene in scenes:
            work.one(scene, states)
            run.between(computed=work.computed)


def _failed(context: Context, run: ActiveRun, kind: Kind) -> Iterator[list[int]]:
    """Pages of what failed in other runs: what this one has tried again, it tried before it was interrupted."""
    after = 0
    while ids := context.store.items.failed(kind, after, PAGE, but_not=run.run_id):
        yield ids
        after = ids[-1]
        run.between(computed=False)
