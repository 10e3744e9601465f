"""retryFailed: look again at images that failed, however often they did."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Kind
from compreface_plugin.pipeline.findings import ImageFinder
from compreface_plugin.pipeline.image_batch import ImageBatches, PagePlan
from compreface_plugin.pipeline.judge import Judge, frozen_cohort
from compreface_plugin.pipeline.planning import is_plan
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.tags import open_tags

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

PAGE = 200


def retry_failed(context: Context) -> dict[str, Any]:
    """Images that are gone from Stash are forgotten; those that fail again keep their error tag and their count."""
    return execute(context, "retryFailed", partial(_retry, context))


def _retry(context: Context, run: ActiveRun) -> None:
    items, info = context.store.items, context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    run.set_total(items.count_failed(Kind.IMAGE))
    tags = open_tags(context, run.run_id, planned=is_plan(context))
    names = context.library.performer_names()
    judge = Judge(context, info, run.run_id, set(names), frozen_cohort(context, info, run.run_id))
    batches = ImageBatches(context, run, ImageFinder(context, judge), tags, names)
    while ids := items.failed(Kind.IMAGE, run.cursor, PAGE):
        read = context.library.images(ids)
        with context.store.transaction():
            items.forget(Kind.IMAGE, list(read.missing))
        if not read.records:
            run.commit(lambda: None, cursor=ids[-1], counts={}, items=0)
            continue
        states = items.states(Kind.IMAGE, ids)
        batches.work(PagePlan(read.records, read.records, states, last=len(ids) < PAGE))
        if len(ids) < PAGE:
            break
