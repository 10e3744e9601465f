"""What was found on items is stored with the changes it asks for, in one transaction; then they are made in Stash.

What is to change is decided from the state that Stash has right before it is written, so that only what was really
missing is added, and undo can take back exactly that. Images and scenes go the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from compreface_plugin.domain.errors import MediaUnavailable
from compreface_plugin.domain.records import Change, ChangeState, ItemState, Kind, Op, Verdict
from compreface_plugin.pipeline.hands import respect_hands
from compreface_plugin.pipeline.held import records_of
from compreface_plugin.pipeline.item_finding import ItemFinding
from compreface_plugin.pipeline.markers import marker_changes

if TYPE_CHECKING:
    from compreface_plugin.domain.errors import ItemError
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.opening import Opened
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.stash.records import ItemRecord

Want = tuple[Op, str, str]  # add or remove, list of the item, value


FindingT = TypeVar("FindingT", bound=ItemFinding)


class Settler(Generic[FindingT]):
    """For one run. `keep`: stores the faces of a finding inside a transaction and returns their ids."""

    def __init__(
        self,
        context: Context,
        run: ActiveRun,
        opened: Opened,
        keep: Callable[[FindingT, str, float], list[int]],
        *,
        look_only: bool = False,
        note: Callable[[FindingT], object] = lambda _: None,
    ) -> None:
        """`look_only`: faces and verdicts are kept, the items themselves stay as they are, unscanned too.

        `note` is told of every finding, skipped ones too, inside the transaction that stores it.
        """
        self._context = context
        self._run = run
        self._tags = opened.tags
        self._names = opened.names
        self._keep = keep
        self._look_only = look_only
        self._note = note

    def settle(self, findings: Sequence[FindingT], states: Mapping[int, ItemState], cursor: int) -> None:
        """Of items of one kind. In a plan the changes are only proposed."""
        now = self._now(findings, states)
        items = {finding.item.id: finding.item for finding in findings} | now
        respect_hands(self._context, findings, items, states, self._tags.scanned)
        changes = self._missing(findings, now, states)
        self._run.commit(
            lambda: self._store(findings, changes),
            cursor=cursor,
            counts=self._counts(findings),
            items=len(findings),
            reasons=Counter(
                f"{'skipped' if finding.skipped else 'failed'} {finding.error.code}"
                for finding in findings
                if finding.error is not None
            ),
        )
        if not self._tags.planned:
            self._context.journal.apply(self._run.run_id)
        for finding in findings:
            self._say(finding)

    # what Stash should get --------------------------------------------------------------------------------------------

    def _wants(self, finding: FindingT, state: ItemState | None) -> list[Want]:
        """(add or remove, list, value) wished for an item, whether or not it is so already."""
        tags = self._tags
        if finding.skipped or self._look_only:
            return []
        if finding.error is not None:
            return [(Op.ADD, "tag_ids", tags.error)] if tags.error else []
        wants: list[Want] = [(Op.ADD, "tag_ids", tags.scanned)] if tags.scanned else []
        if finding.named and tags.matched:
            wants.append((Op.ADD, "tag_ids", tags.matched))
        wants.extend((Op.ADD, "performer_ids", performer_id) for performer_id in finding.named)
        if state is not None and state.attempts and tags.error:  # it failed before, so the error tag is ours
            wants.append((Op.REMOVE, "tag_ids", tags.error))
        return wants

    def _now(self, findings: Sequence[FindingT], states: Mapping[int, ItemState]) -> dict[int, ItemRecord]:
        """By id, as Stash has them now, the items that do not fit what is wished: their page may be hours old.

        Those that fit already by what their page said are not asked for again: what we would add is there. Those that
        Stash cannot read now become failures.
        """
        ask = [f for f in findings if any(_lacks(f.item, want) for want in self._wants(f, states.get(f.item.id)))]
        if not ask:
            return {}
        now, unread = records_of(self._context, [(finding.kind, finding.item.id) for finding in ask])
        for finding in ask:
            words = unread.get((finding.kind, finding.item.id))
            if words is not None:
                finding.error, finding.verdicts = MediaUnavailable(f"Stash could not read it any more ({words})"), []
        return {item_id: item for (_, item_id), item in now.items()}

    def _missing(
        self, findings: Sequence[FindingT], now: Mapping[int, ItemRecord], states: Mapping[int, ItemState]
    ) -> list[Change]:
        """The changes that are really needed."""
        state = ChangeState.PROPOSED if self._tags.planned else ChangeState.PLANNED
        return [
            Change(self._run.run_id, finding.kind, str(item.id), name, op, value, state)
            for finding in findings
            if (item := now.get(finding.item.id)) is not None
            for op, name, value in self._wants(finding, states.get(item.id))
            if _lacks(item, (op, name, value))
        ]

    # keeping it -------------------------------------------------------------------------------------------------------

    def _store(self, findings: Sequence[FindingT], changes: Sequence[Change]) -> None:
        """Inside the transaction: faces, verdicts, item states and the planned changes."""
        self._context.store.changes.plan(changes)
        for finding in findings:
            self._note(finding)
            if finding.skipped:
                continue
            if finding.error is None:
                self._store_found(finding)
            elif not self._look_only:
                self._store_failure(finding, finding.error)
        if not self._tags.planned and not self._look_only:
            self._plan_markers({f.item.id: f.named for f in findings if f.kind is Kind.SCENE and f.error is None})

    def _plan_markers(self, named: Mapping[int, Sequence[str]]) -> None:
        store = self._context.store
        store.changes.plan(marker_changes(store, self._context.settings, self._run.run_id, named, named))

    def _store_found(self, finding: FindingT) -> None:
        store, run_id, now = self._context.store, self._run.run_id, self._context.clock.now()
        ids = self._keep(finding, run_id, now)
        store.groups.replace_verdicts(run_id, finding.changed_verdicts(ids))
        if self._look_only:
            return
        store.items.mark_scanned(
            finding.kind,
            finding.item.id,
            matched=bool(finding.named),
            run_id=run_id,
            tag_id=self._scanned_tag(finding.item),
            fingerprint=finding.item.fingerprint,
            now=now,
        )

    def _store_failure(self, finding: FindingT, error: ItemError) -> None:
        self._context.store.items.mark_failed(
            finding.kind,
            finding.item.id,
            code=error.code,
            message=str(error),
            run_id=self._run.run_id,
            fingerprint=finding.item.fingerprint,
        )

    def _scanned_tag(self, item: ItemRecord) -> str | None:
        """The tag that stands for the scan from now on: in a plan only one that the item carries already."""
        scanned = self._tags.scanned
        return None if self._tags.planned and scanned not in item.tag_ids else scanned

    def _counts(self, findings: Sequence[FindingT]) -> dict[str, int]:
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

    def _say(self, finding: FindingT) -> None:
        log, name = self._context.log, f"{finding.kind.value} {finding.item.id} ({finding.item.name})"
        if finding.skipped:
            # many images may be clips; a scene without preview pictures is worth a line
            (log.info if finding.kind is Kind.SCENE else log.debug)(f"{name}: skipped, {finding.error}")
        elif finding.error is not None:
            reason = str(finding.error).removeprefix(f"{name}: ")  # who reads pictures names them too
            log.warning(f"{name}: {reason}")
        elif finding.named:
            best = {v.best.performer_id: v.best.similarity for v in reversed(finding.verdicts) if v.best}
            log.info(f"{name}: " + ", ".join(f"{self._names.get(who, who)} ({best[who]:.2f})" for who in finding.named))
        else:
            log.debug(f"{name}: {len(finding.verdicts)} faces, nobody named")


def _lacks(item: ItemRecord, want: Want) -> bool:
    """Whether the wish would change the item as it is in this record."""
    op, name, value = want
    held = item.tag_ids if name == "tag_ids" else item.performer_ids
    return (value in held) is not (op is Op.ADD)
