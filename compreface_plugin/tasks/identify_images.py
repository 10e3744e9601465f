"""identifyImagesNew and identifyImagesAll: put known people on images. Never creates anybody."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import ItemState, Kind
from compreface_plugin.pipeline.findings import ImageFinder
from compreface_plugin.pipeline.image_batch import ImageBatches, PagePlan
from compreface_plugin.pipeline.judge import Judge, frozen_cohort
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.tags import Tags, open_tags
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import ImageRecord

PAGE = 500  # images read in one request
MAX_ATTEMPTS = 3  # failures of one item before only retryFailed, or a new file, brings it back


def identify_new(context: Context) -> dict[str, Any]:
    """Images not yet scanned, and those whose scanned tag a person took off."""
    return execute(context, "identifyImagesNew", partial(_identify, context, only_new=True))


def identify_all(context: Context) -> dict[str, Any]:
    """Every image; files that did not change are matched from the store without being decoded."""
    return execute(context, "identifyImagesAll", partial(_identify, context, only_new=False))


def _identify(context: Context, run: ActiveRun, *, only_new: bool) -> None:
    limit = int_arg(context.args, "limit", 0, minimum=0)
    info = context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    tags = open_tags(context, run.run_id)
    names = context.library.performer_names()
    judge = Judge(context, info, run.run_id, set(names), frozen_cohort(context, info, run.run_id))
    context.log.info(f"{judge.people} people are enrolled; engine {info.engine}, model {info.model_id}, {info.device}")
    hidden = tags.scanned if only_new else None
    total = context.library.image_count(without_tag=hidden)
    run.set_total(min(total, limit) if limit else total)
    batches = ImageBatches(context, run, ImageFinder(context, judge), tags, names)
    for page in _pages(context, run, hidden):
        states = context.store.items.states(Kind.IMAGE, [image.id for image in page])
        owed = [image for image in page if not only_new or _owes(states.get(image.id), image, tags)]
        room = limit - run.counts["seen"] if limit else len(owed)
        batches.work(PagePlan(page, owed[:room], states, last=len(page) < PAGE or room < len(owed)))
        if limit and run.counts["seen"] >= limit:
            break


def _pages(context: Context, run: ActiveRun, without_tag: str | None) -> Iterator[list[ImageRecord]]:
    """Images in order of id from the cursor on, a page at a time: order and keyset make resuming exact."""
    while True:
        page = context.library.image_page(after=run.cursor, per_page=PAGE, without_tag=without_tag)
        if page:
            yield page
        if len(page) < PAGE:
            return


def _owes(state: ItemState | None, image: ImageRecord, tags: Tags) -> bool:
    """Whether an image is still to be scanned: never was, its tag was taken off, or it failed and may try again."""
    if state is None:
        return True
    if state.attempts:
        return state.attempts < MAX_ATTEMPTS or state.fingerprint != image.fingerprint
    if state.scanned_at is None:
        return True
    return (
        state.scanned_tag_id is not None and state.scanned_tag_id == tags.scanned and tags.scanned not in image.tag_ids
    )
