"""Scenes in order of id, one after the other: look or remember, judge, journal, apply.

A scene is committed whole, so that a run that was killed goes on at the start of the scene in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import TAKEN_OFF, Change, ChangeState, ItemState, Kind, Op, Verdict
from compreface_plugin.pipeline.judge import Judge, frozen_cohort
from compreface_plugin.pipeline.planning import is_plan
from compreface_plugin.pipeline.scene_findings import SceneFinder, SceneFinding
from compreface_plugin.pipeline.tags import Tags, open_tags
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.stash.scenes import SceneRecord

PAGE = 100  # scenes read in one request

States = Mapping[int, ItemState]
Want = tuple[Op, str, str]  # add or remove, list of the scene, value


@dataclass(frozen=True, slots=True)
class WantedScenes:
    """Which scenes a mode works on: `choose` says which of a page, `total` about how many of all."""

    choose: Callable[[Sequence[SceneRecord], States, Tags], list[SceneRecord]]
    total: Callable[[int], int] = lambda scenes: scenes
    unscanned_only: bool = False  # Stash is asked for scenes without the scanned tag alone
    sprites: bool = False


def match_scenes(context: Context, run: ActiveRun, wanted: WantedScenes) -> Tags:
    """Works off what is owed from the run's cursor on. Raises Cancelled, GaveWay and RunError."""
    limit = int_arg(context.args, "limit", 0, minimum=0)
    info = context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    tags = open_tags(context, run.run_id, planned=is_plan(context))
    if limit and run.counts["seen"] >= limit:
        return tags
    names = context.library.performer_names()
    judge = Judge(context, info, run.run_id, set(names), frozen_cohort(context, info, run.run_id))
    context.log.info(f"{judge.people} people are enrolled; engine {info.engine}, model {info.model_id}, {info.device}")
    hidden = tags.scanned_in_stash if wanted.unscanned_only else None
    total = wanted.total(context.library.scenes.count(without_tag=hidden))
    run.set_total(min(total, limit) if limit else total)
    work = SceneWork(context, run, SceneFinder(context, judge, sprites=wanted.sprites), tags, names)
    while True:
        context.cancel.raise_if_cancelled()
        page = context.library.scenes.page(after=run.cursor, per_page=PAGE, without_tag=hidden)
        states = context.store.items.states(Kind.SCENE, [scene.id for scene in page])
        owed = wanted.choose(page, states, tags)
        room = limit - run.counts["seen"] if limit else len(owed)
        for index, scene in enumerate(owed[:room]):
            work.one(scene, states.get(scene.id))
            if index + 1 < len(owed[:room]) or len(page) == PAGE:
                run.between(computed=work.computed)
        if len(page) < PAGE or (limit and run.counts["seen"] >= limit):
            return tags
        if run.cursor < page[-1].id:
            run.commit(lambda: None, cursor=page[-1].id, counts={}, items=0)


class SceneWork:
    """One scene after the other, for one run."""

    def __init__(
        self, context: Context, run: ActiveRun, finder: SceneFinder, tags: Tags, names: Mapping[str, str]
    ) -> None:
        self._context = context
        self._run = run
        self._finder = finder
        self._tags = tags
        self._names = names
        self.computed = False  # whether the last scene was decoded

    def one(self, scene: SceneRecord, state: ItemState | None) -> None:
        """Start to end. Raises Cancelled in the middle, then nothing of the scene is kept; RunError."""
        finding = self._finder.find(scene, self._progress)
        self.computed = finding.seen is not None
        self.settle(finding, state)
        self._run.tell("scenes")

    def settle(self, finding: SceneFinding, state: ItemState | None) -> list[int]:
        """Stores a finding with the changes it asks for, in one transaction, then makes them in Stash. The face ids.

        In a plan the changes are only proposed.
        """
        self._respect_hands(finding, state)
        changes = self._missing(finding, self._wants(finding, state))
        ids: list[int] = []
        self._run.commit(
            lambda: ids.extend(self._store(finding, changes)),
            cursor=finding.scene.id,
            counts=_counts(finding),
            items=1,
        )
        if changes and not self._tags.planned:
            self._context.journal.apply()
        self._say(finding)
        return ids

    def _progress(self, share: float) -> None:
        """Within the scene in hand."""
        total = max(self._run.total or 0, self._run.counts["seen"] + 1)
        self._context.log.progress((self._run.counts["seen"] + share) / total)

    def _respect_hands(self, finding: SceneFinding, state: ItemState | None) -> None:
        """Performers that we had put on the scene, and somebody took off, are proposed at most: see hands.py."""
        scene, scanned = finding.scene, self._tags.scanned
        off = [who for who in finding.named if who not in scene.performer_ids]
        if not off or state is None or state.scanned_at is None:
            return
        if scanned is not None and state.scanned_tag_id == scanned and scanned not in scene.tag_ids:
            return  # the tag was taken off too: to be looked at anew
        ours = self._context.store.plans.ours(Kind.SCENE, [str(scene.id)], "performer_ids")
        taken = {who for who in off if (str(scene.id), who) in ours}
        finding.verdicts = [
            replace(verdict, verdict=Verdict.REVIEW, reason=TAKEN_OFF)
            if verdict.verdict is Verdict.ACCEPT and verdict.best is not None and verdict.best.performer_id in taken
            else verdict
            for verdict in finding.verdicts
        ]

    def _wants(self, finding: SceneFinding, state: ItemState | None) -> list[Want]:
        tags = self._tags
        if finding.skipped:
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

    def _missing(self, finding: SceneFinding, wants: Sequence[Want]) -> list[Change]:
        """The changes that are really needed, by what Stash has right now."""
        if not any(_lacks(finding.scene, want) for want in wants):
            return []
        now = self._context.library.scenes.some([finding.scene.id])
        state = ChangeState.PROPOSED if self._tags.planned else ChangeState.PLANNED
        return [
            Change(self._run.run_id, Kind.SCENE, str(scene.id), name, op, value, state)
            for scene in now
            for op, name, value in wants
            if _lacks(scene, (op, name, value))
        ]

    def _store(self, finding: SceneFinding, changes: Sequence[Change]) -> list[int]:
        """Inside the scene's transaction."""
        store, scene, run_id, now = self._context.store, finding.scene, self._run.run_id, self._context.clock.now()
        store.changes.plan(changes)
        if finding.skipped:
            return []
        if finding.error is not None:
            store.items.mark_failed(
                Kind.SCENE,
                scene.id,
                code=finding.error.code,
                message=str(finding.error),
                run_id=run_id,
                fingerprint=scene.fingerprint,
            )
            return []
        ids = self._finder.keep(finding, run_id, now)
        store.groups.replace_verdicts(run_id, finding.changed_verdicts(ids))
        store.items.mark_scanned(
            Kind.SCENE,
            scene.id,
            matched=bool(finding.named),
            run_id=run_id,
            tag_id=self._scan_tag(scene),
            fingerprint=scene.fingerprint,
            now=now,
        )
        return ids

    def _scan_tag(self, scene: SceneRecord) -> str | None:
        """The tag that stands for the scan from now on: in a plan only one that the scene carries already."""
        scanned = self._tags.scanned
        return None if self._tags.planned and scanned not in scene.tag_ids else scanned

    def _say(self, finding: SceneFinding) -> None:
        log, name = self._context.log, f"scene {finding.scene.id} ({finding.scene.name})"
        if finding.error is not None:
            (log.info if finding.skipped else log.warning)(f"{name}: {'skipped, ' * finding.skipped}{finding.error}")
        elif finding.named:
            best = {v.best.performer_id: v.best.similarity for v in reversed(finding.verdicts) if v.best}
            log.info(f"{name}: " + ", ".join(f"{self._names.get(who, who)} ({best[who]:.2f})" for who in finding.named))


def _counts(finding: SceneFinding) -> dict[str, int]:
    verdicts = [verdict.verdict for verdict in finding.verdicts]
    return {
        "seen": 1,
        "faces": len(verdicts),
        "accepted": verdicts.count(Verdict.ACCEPT),
        "proposed": verdicts.count(Verdict.REVIEW),
        "unknown": verdicts.count(Verdict.UNKNOWN),
        "failed": int(finding.error is not None and not finding.skipped),
        "skipped": int(finding.skipped),
    }


def _lacks(scene: SceneRecord, want: Want) -> bool:
    """Whether the scene is not as wanted."""
    op, name, value = want
    held = scene.tag_ids if name == "tag_ids" else scene.performer_ids
    return (value in held) is not (op is Op.ADD)
