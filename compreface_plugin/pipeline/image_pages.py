"""Images in order of id, page by page, matched against the people known today: what all image modes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import ItemState, Kind
from compreface_plugin.pipeline.findings import ImageFinder
from compreface_plugin.pipeline.image_batch import ImageBatches, PagePlan
from compreface_plugin.pipeline.opening import Opened, judge_of_run, open_run
from compreface_plugin.pipeline.settling import Settler
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.pipeline.tags import Tags
    from compreface_plugin.stash.records import ImageRecord

PAGE = 500  # images read in one request

States = Mapping[int, ItemState]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which images a mode works on. `choose`: those of a page that are owed, by what is known of them."""

    choose: Callable[[Sequence[ImageRecord], States, Tags], list[ImageRecord]]
    total: Callable[[int], int]  # of so many images in Stash, about how many are owed
    unscanned_only: bool = False  # Stash is asked for images without the scanned tag alone


def match_images(context: Context, run: ActiveRun, wanted: Wanted) -> Opened:
    """Looks at what is owed, judges, journals and applies, from the run's cursor on.

    Raises Cancelled, GaveWay and RunError. The argument `limit` bounds the images; 0 = all.
    """
    limit = int_arg(context.args, "limit", 0, minimum=0)
    opened = open_run(context, run)
    if limit and run.counts["seen"] >= limit:
        return opened
    finder = ImageFinder(context, judge_of_run(context, run, opened))
    batches = ImageBatches(context, run, finder, Settler(context, run, opened, finder.keep))
    hidden = opened.tags.scanned_in_stash if wanted.unscanned_only else None
    total = wanted.total(context.library.image_count(without_tag=hidden))
    run.set_total(min(total, limit) if limit else total)
    for page in _pages(context, run, hidden):
        states = context.store.items.states(Kind.IMAGE, [image.id for image in page])
        owed = wanted.choose(page, states, opened.tags)
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
