"""Images in order of id, page by page, matched against the people known today: what all image modes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import ItemState, Kind
from compreface_plugin.pipeline.findings import ImageFinder
from compreface_plugin.pipeline.image_batch import ImageBatches, PagePlan
from compreface_plugin.pipeline.judge import Judge, frozen_cohort
from compreface_plugin.pipeline.planning import is_plan
from compreface_plugin.pipeline.tags import Tags, open_tags
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.stash.records import ImageRecord

PAGE = 500  # images read in one request
MAX_ATTEMPTS = 3  # failures of one item before only retryFailed, or a new file, brings it back

States = Mapping[int, ItemState]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which images a mode works on. `choose`: those of a page that are owed, by what is known of them."""

    choose: Callable[[Sequence[ImageRecord], States, Tags], list[ImageRecord]]
    total: Callable[[int], int]  # of so many images in Stash, about how many are owed
    unscanned_only: bool = False  # Stash is asked for images without the scanned tag alone


@dataclass(frozen=True, slots=True)
class Opened:
    """What matching needed and what comes after may use again."""

    tags: Tags
    names: Mapping[str, str]  # of all performers, when the run began


def match_images(context: Context, run: ActiveRun, wanted: Wanted) -> Opened:
    """Looks at what is owed, judges, journals and applies, from the run's cursor on.

    Raises Cancelled, GaveWay and RunError. The argument `limit` bounds the images; 0 = all.
    """
    limit = int_arg(context.args, "limit", 0, minimum=0)
    info = context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    tags = open_tags(context, run.run_id, planned=is_plan(context))
    names = context.library.performer_names()
    opened = Opened(tags, names)
    if limit and run.counts["seen"] >= limit:
        return opened
    judge = Judge(context, info, run.run_id, set(names), frozen_cohort(context, info, run.run_id))
    context.log.info(f"{judge.people} people are enrolled; engine {info.engine}, model {info.model_id}, {info.device}")
    hidden = tags.scanned_in_stash if wanted.unscanned_only else None
    total = wanted.total(context.library.image_count(without_tag=hidden))
    run.set_total(min(total, limit) if limit else total)
    batches = ImageBatches(context, run, ImageFinder(context, judge), tags, names)
    for page in _pages(context, run, hidden):
        states = context.store.items.states(Kind.IMAGE, [image.id for image in page])
        owed = wanted.choose(page, states, tags)
        room = limit - run.counts["seen"] if limit else len(owed)
        batches.work(PagePlan(page, owed[:room], states, last=len(page) < PAGE or room < len(owed)))
        if limit and run.counts["seen"] >= limit:
            break
    return opened


def _pages(context: Context, run: ActiveRun, without_tag: str | None) -> Iterator[list[ImageRecord]]:
    """Images in order of id from the cursor on, a page at a time: order and keyset make resuming exact."""
    while True:
        context.cancel.raise_if_cancelled()
        page = context.library.image_page(after=run.cursor, per_page=PAGE, without_tag=without_tag)
        if page:
            yield page
        if len(page) < PAGE:
            return


def owes_a_scan(state: ItemState | None, image: ImageRecord, tags: Tags) -> bool:
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
