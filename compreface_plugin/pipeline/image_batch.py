"""One page of images, cut into batches: look at what is new, judge, journal, apply.

What a batch does is decided from the state that Stash has right before it is written, so that only what was really
missing is added, and undo can take back exactly that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Change, ChangeState, ItemState, Kind, Op, Verdict
from compreface_plugin.pipeline.hands import respect_hands

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.findings import Finding, ImageFinder
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.pipeline.tags import Tags
    from compreface_plugin.stash.records import ImageRecord

Want = tuple[Op, str, str]  # add or remove, list of the image, value


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
        self,
        context: Context,
        run: ActiveRun,
        finder: ImageFinder,
        tags: Tags,
        names: Mapping[str, str],
        *,
        look_only: bool = False,
    ) -> None:
        """`look_only`: faces and verdicts are kept, the images themselves stay as they are, unscanned too."""
        self._context = context
        self._run = run
        self._finder = finder
        self._tags = tags
        self._names = names
        self._look_only = look_only

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
        """One batch, start to end. Returns whether something was computed."""
        findings = self._finder.find(images, known)
        self.settle(findings, states, cursor)
        return any(finding.image.id not in known and not finding.skipped for finding in findings)

    def settle(self, findings: Sequence[Finding], states: Mapping[int, ItemState], cursor: int) -> None:
        """Stores the findings with the changes they ask for, in one transaction, then makes the changes in Stash.

        In a plan the changes are only proposed.
        """
        respect_hands(self._context, findings, states, self._tags.scanned)
        wants = {finding.image.id: self._wants(finding, states.get(finding.image.id)) for finding in findings}
        changes = self._missing(findings, wants)
        self._run.commit(
            lambda: self._store(findings, changes),
            cursor=cursor,
            counts=self._counts(findings),
            items=len(findings),
        )
        if changes and not self._tags.planned:
            self._context.journal.apply()
        for finding in findings:
            self._say(finding)

    # what Stash should get --------------------------------------------------------------------------------------------

    def _wants(self, finding: Finding, state: ItemState | None) -> list[Want]:
        """(add or remove, list, value) wished for an image, whether or not it is so already."""
        tags, wants = self._tags, []
        if finding.skipped or self._look_only:
            return []
        if finding.error is not None:
            return [(Op.ADD, "tag_ids", tags.error)] if tags.error else []
        if tags.scanned:
            wants.append((Op.ADD, "tag_ids", tags.scanned))
        if finding.named and tags.matched:
            wants.append((Op.ADD, "tag_ids", tags.matched))
        wants.extend((Op.ADD, "performer_ids", performer_id) for performer_id in finding.named)
        if state is not None and state.attempts and tags.error:  # it failed before, so the error tag is ours
            wants.append((Op.REMOVE, "tag_ids", tags.error))
        return wants

    def _missing(self, findings: Sequence[Finding], wants: Mapping[int, list[Want]]) -> list[Change]:
        """The changes that are really needed, by what Stash has now.

        Images that fit already by what the page said are not asked for again: what we would add is there.
        """
        ask = [f.image.id for f in findings if any(_lacks(f.image, want) for want in wants[f.image.id])]
        if not ask:
            return []
        now = {image.id: image for image in self._context.library.images(ask).records}
        state = ChangeState.PROPOSED if self._tags.planned else ChangeState.PLANNED
        return [
            Change(self._run.run_id, Kind.IMAGE, str(image_id), name, op, value, state)
            for image_id in ask
            if image_id in now
            for op, name, value in wants[image_id]
            if _lacks(now[image_id], (op, name, value))
        ]

    # keeping it -------------------------------------------------------------------------------------------------------

    def _store(self, findings: Sequence[Finding], changes: Sequence[Change]) -> None:
        """Inside the batch's transaction: faces, verdicts, item states and the planned changes."""
        store, run_id, now = self._context.store, self._run.run_id, self._context.clock.now()
        store.changes.plan(changes)
        for finding in findings:
            image, item_id = finding.image, finding.image.id
            if finding.skipped:
                continue
            if finding.error is not None and self._look_only:
                continue
            if finding.error is not None:
                store.items.mark_failed(
                    Kind.IMAGE,
                    item_id,
                    code=finding.error.code,
                    message=str(finding.error),
                    run_id=run_id,
                    fingerprint=image.fingerprint,
                )
                continue
            ids = self._finder.keep(finding, run_id, now)
            store.groups.replace_verdicts(run_id, finding.changed_verdicts(ids))
            if self._look_only:
                continue
            store.items.mark_scanned(
                Kind.IMAGE,
                item_id,
                matched=bool(finding.named),
                run_id=run_id,
                tag_id=self._scanned_tag(image),
                fingerprint=image.fingerprint,
                now=now,
            )

    def _scanned_tag(self, image: ImageRecord) -> str | None:
        """The tag that stands for the scan from now on: in a plan only one that the image carries already."""
        scanned = self._tags.scanned
        return None if self._tags.planned and scanned not in image.tag_ids else scanned

    def _counts(self, findings: Sequence[Finding]) -> dict[str, int]:
        verdicts = [verdict.verdict for finding in findings for verdict in finding.verdicts]
        if self._tags.planned:  # everything becomes a proposal
            verdicts = [Verdict.REVIEW if verdict is Verdict.ACCEPT else verdict for verdict in verdicts]
        return {
            "seen": len(findings),
            "faces": len(verdicts),
            "accepted": verdicts.count(Verdict.ACCEPT),
            "proposed": verdicts.count(Verdict.REVIEW),
            "unknown": verdicts.count(Verdict.UNKNOWN),
            "failed": sum(finding.error is not None and not finding.skipped for finding in findings),
            "skipped": sum(finding.skipped for finding in findings),
        }

    def _say(self, finding: Finding) -> None:
        log, name = self._context.log, f"image {finding.image.id} ({finding.image.name})"
        if finding.error is not None:
            (log.debug if finding.skipped else log.warning)(f"{name}: {finding.error}")
        elif finding.named:
            best = {v.best.performer_id: v.best.similarity for v in reversed(finding.verdicts) if v.best}
            log.info(f"{name}: " + ", ".join(f"{self._names.get(who, who)} ({best[who]:.2f})" for who in finding.named))
        else:
            log.debug(f"{name}: {len(finding.verdicts)} faces, nobody named")


def _lacks(image: ImageRecord, want: Want) -> bool:
    """Whether the wish would change the image as it is in this record."""
    op, name, value = want
    held = image.tag_ids if name == "tag_ids" else image.performer_ids
    return (value not in held) if op is Op.ADD else (value in held)
