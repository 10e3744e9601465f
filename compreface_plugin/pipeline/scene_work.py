"""Scenes in order of id, one after the other: look or remember, judge, settle.

A scene is committed whole, so that a run that was killed goes on at the start of the scene in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import ItemState, Kind
from compreface_plugin.pipeline.opening import Opened, judge_of_run, open_run
from compreface_plugin.pipeline.scene_findings import SceneFinder, SceneFinding
from compreface_plugin.pipeline.settling import Settler
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.pipeline.tags import Tags
    from compreface_plugin.stash.scenes import SceneRecord

PAGE = 100  # scenes read in one request

States = Mapping[int, ItemState]


@dataclass(frozen=True, slots=True)
class WantedScenes:
    """Which scenes a mode works on: `choose` says which of a page, `total` about how many of all."""

    choose: Callable[[Sequence[SceneRecord], States, Tags], list[SceneRecord]]
    total: Callable[[int], int] = lambda scenes: scenes
    unscanned_only: bool = False  # Stash is asked for scenes without the scanned tag alone
    sprites: bool = False


def match_scenes(context: Context, run: ActiveRun, wanted: WantedScenes) -> Opened:
    """Works off what is owed from the run's cursor on. Raises Cancelled, GaveWay and RunError.

    The argument `limit` bounds the scenes that are looked at: skipped ones, without preview pictures, do not count.
    """
    limit = int_arg(context.args, "limit", 0, minimum=0)
    opened = open_run(context, run)
    if _is_full(run, limit):
        return opened
    finder = SceneFinder(context, judge_of_run(context, run, opened), sprites=wanted.sprites)
    work = SceneWork(context, run, finder, Settler(context, run, opened, finder.keep))
    hidden = opened.tags.scanned_in_stash if wanted.unscanned_only else None
    total = wanted.total(context.library.scenes.count(without_tag=hidden))
    run.set_total(min(total, limit) if limit else total)
    while True:
        context.cancel.raise_if_cancelled()
        page = context.library.scenes.page(after=run.cursor, per_page=PAGE, without_tag=hidden)
        states = context.store.items.states(Kind.SCENE, [scene.id for scene in page])
        owed = wanted.choose(page, states, opened.tags)
        for index, scene in enumerate(owed):
            work.one(scene, states)
            if _is_full(run, limit):
                return opened
            if index + 1 < len(owed) or len(page) == PAGE:
                run.between(computed=work.computed)
        if len(page) < PAGE:
            return opened
        if run.cursor < page[-1].id:
            run.commit(lambda: None, cursor=page[-1].id, counts={}, items=0)


def _is_full(run: ActiveRun, limit: int) -> bool:
    return bool(limit) and run.counts["seen"] - run.counts["skipped"] >= limit


class SceneWork:
    """One scene after the other, for one run."""

    def __init__(
        self, context: Context, run: ActiveRun, finder: SceneFinder, settler: Settler[SceneFinding]
    ) -> None:
        self._context = context
        self._run = run
        self._finder = finder
        self._settler = settler
        self.computed = False  # whether the last scene was decoded

    def one(self, scene: SceneRecord, states: States) -> None:
        """Start to end. Raises Cancelled in the middle, then nothing of the scene is kept; RunError."""
        finding = self._finder.find(scene, self._progress)
        self.computed = finding.seen is not None
        self._settler.settle([finding], states, scene.id)
        self._run.tell("scenes")

    def _progress(self, share: float) -> None:
        """Within the scene in hand."""
        total = max(self._run.total or 0, self._run.counts["seen"] + 1)
        self._context.log.progress((self._run.counts["seen"] + share) / total)
