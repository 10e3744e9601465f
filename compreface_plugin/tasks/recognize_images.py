"""recognizeImagesHQ and recognizeImagesLQ: match what is not settled, then make people of the faces nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Kind
from compreface_plugin.pipeline.grouping import gates_of
from compreface_plugin.pipeline.image_pages import States, Wanted, match_images
from compreface_plugin.pipeline.opening import owes_a_scan
from compreface_plugin.pipeline.people import PeopleMaker
from compreface_plugin.pipeline.planning import is_plan
from compreface_plugin.pipeline.planning_people import plan_people
from compreface_plugin.pipeline.rescan import request_scan
from compreface_plugin.pipeline.run import ActiveRun, execute

if TYPE_CHECKING:
    from compreface_plugin.domain.unknown import Gates
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.tags import Tags
    from compreface_plugin.stash.records import ImageRecord


def recognize_hq(context: Context) -> dict[str, Any]:
    """Images never looked at, and those with unknown faces: matched; then groups of good unknown faces become people.
    """
    return execute(context, "recognizeImagesHQ", partial(_recognize, context, gates_of(context)))


def recognize_lq(context: Context) -> dict[str, Any]:
    """The same for groups with faces that recognizeImagesHQ refused, at two thirds of the size and half the quality."""
    return execute(context, "recognizeImagesLQ", partial(_recognize, context, gates_of(context).relaxed()))


def _recognize(context: Context, gates: Gates, run: ActiveRun) -> None:
    settled = context.store.unknown.count_settled(Kind.IMAGE)
    wanted = Wanted(partial(_unsettled, context), total=lambda images: max(0, images - settled))
    opened = match_images(context, run, wanted)
    context.cancel.raise_if_cancelled()
    if is_plan(context):
        context.log.info("a plan creates nobody; the operation clusters shows the groups of unknown faces")
        return
    if not context.store.groups.planned(run.run_id):
        plan = plan_people(context, run.run_id, gates, Kind.IMAGE)
        context.log.info(
            f"{plan.faces} unknown faces in {plan.groups} groups: {plan.new} new people, {plan.again} known by an "
            f"earlier run, {plan.waiting} groups wait for more faces (minFacesPerPerson is "
            f"{context.settings.min_faces_per_person}); {plan.merges} people of earlier runs turned out to be others"
        )
    PeopleMaker(context, run, context.engine.info, opened.tags.matched, gates.min_quality).work()
    if run.counts["created"]:
        request_scan(context, run.run_id)


def _unsettled(context: Context, page: Sequence[ImageRecord], states: States, tags: Tags) -> list[ImageRecord]:
    unknown = context.store.unknown.unsettled(Kind.IMAGE, [image.id for image in page])
    return [image for image in page if image.id in unknown or owes_a_scan(states.get(image.id), image, tags)]
