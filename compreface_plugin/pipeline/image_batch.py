"""One page of images, cut into batches: look at what is new, judge, settle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compreface_plugin.domain.records import ItemState
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.findings import Finding, ImageFinder
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.pipeline.settling import Settler
    from compreface_plugin.stash.records import ImageRecord


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A page as Stash gave it, and those of it that are to be worked on."""

    page: Sequence[ImageRecord]
    owed: Sequence[ImageRecord]
    states: Mapping[int, ItemState]
    last: bool  # no page follows


class ImageBatches:
    """Works off pages of images for one run."""

    def __init__(
        self, context: Context, run: ActiveRun, finder: ImageFinder, settler: Settler[Finding]
    ) -> None:
        self._context = context
        self._run = run
        self._finder = finder
        self._settler = settler

    def work(self, plan: PagePlan) -> None:
        """Everything owed on a page. Raises Cancelled or GaveWay between batches, RunError when nothing goes on."""
        known = self._finder.known(plan.owed)
        cut = list(self._cut(plan.owed, known))
        end = plan.page[-1].id
        for index, batch in enumerate(cut):
            last = index == len(cut) - 1
            cursor = batch[-1].id if not last or plan.last else end
            computed = self._batch(batch, known, plan.states, cursor)
            self._run.tell("images")
            if not (last and plan.last):
                self._run.between(computed=computed)
        if not cut:
            self._run.commit(lambda: None, cursor=end, counts={}, items=0)

    def _cut(self, images: Sequence[ImageRecord], known: set[int]) -> Iterator[list[ImageRecord]]:
        """Batches that hold at most `maxBatchSize` images to be decoded; known ones ride along for free."""
        size, fresh = self._context.settings.max_batch_size, 0
        batch: list[ImageRecord] = []
        for image in images:
            if image.id not in known:
                if fresh == size:
                    yield batch
                    batch, fresh = [], 0
                fresh += 1
            batch.append(image)
        if batch:
            yield batch

    def _batch(
        self, images: Sequence[ImageRecord], known: set[int], states: Mapping[int, ItemState], cursor: int
    ) -> bool:
        """One batch, start to end. Returns whether something was computed.

        A clip that has to be decoded takes as long as a scene, so it is settled by itself, and so are those around it.
        """
        computed = False
        parts = list(_apart(images, known))
        for part in parts:
            if computed:
                self._context.cancel.raise_if_cancelled()
            findings = self._finder.find(part, known)
            self._settler.settle(findings, states, cursor if part is parts[-1] else part[-1].id)
            computed |= any(finding.image.id not in known and not finding.skipped for finding in findings)
        return computed


def _apart(images: Sequence[ImageRecord], known: set[int]) -> Iterator[list[ImageRecord]]:
    """The images in order: each clip that is not known by itself, those between two of them together."""
    for alone, some in groupby(images, lambda image: image.is_clip and image.id not in known):
        if alone:
            yield from ([image] for image in some)
        else:
            yield list(some)
