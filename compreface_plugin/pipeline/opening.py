"""What every run that matches items begins with: the engine noted, tags found, names read, people to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.worked import Step
from compreface_plugin.pipeline.judge import Judge, frozen_cohort
from compreface_plugin.pipeline.planning import is_plan
from compreface_plugin.pipeline.tags import Tags, open_tags

if TYPE_CHECKING:
    from compreface_plugin.domain.records import ItemState
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.stash.records import ScannedRecord

MAX_ATTEMPTS = 3  # failures of one item before only retryFailed, or a new file, brings it back


@dataclass(frozen=True, slots=True)
class Opened:
    """What matching needs and what comes after may use again."""

    tags: Tags
    names: Mapping[str, str]  # of all performers, when the run began


def open_run(context: Context, run: ActiveRun, *, write: bool = True) -> Opened:
    """`write` False: like a plan, makes no tags. Raises RunError."""
    info = context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    tags = open_tags(context, run.run_id, planned=is_plan(context) or not write)
    return Opened(tags, context.library.performer_names())


def judge_of_run(context: Context, run: ActiveRun, opened: Opened, *, min_similarity: float | None = None) -> Judge:
    """With the cohort that the run keeps however often it is resumed."""
    info = context.engine.info
    with context.steps.of(Step.MATCH, things=0):
        cohort = frozen_cohort(context, info, run.run_id)
        judge = Judge(context, info, run.run_id, set(opened.names), cohort, min_similarity=min_similarity)
    context.log.info(f"{judge.people} people are enrolled; engine {info.engine}, model {info.model_id}, {info.device}")
    return judge


def owes_a_scan(state: ItemState | None, item: ScannedRecord, tags: Tags) -> bool:
    """Whether an item is still to be scanned: never was, its tag was taken off, or it failed and may try again."""
    if state is None:
        return True
    if state.attempts:
        return state.attempts < MAX_ATTEMPTS or state.fingerprint != item.fingerprint
    if state.scanned_at is None:
        return True
    if item.trouble:  # whether its tag was taken off cannot be told
        return False
    return (
        state.scanned_tag_id is not None and state.scanned_tag_id == tags.scanned and tags.scanned not in item.tag_ids
    )
