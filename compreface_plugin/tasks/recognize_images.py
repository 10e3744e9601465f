"""recognizeImagesHQ and recognizeImagesLQ: match what is not settled, then make people of the faces nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Kind
from compreface_plugin.domain.subjects import build_subject_name
from compreface_plugin.domain.unknown import enough_for_a_person
from compreface_plugin.pipeline.grouping import gates_of, group_unknown, unnamed_performers
from compreface_plugin.pipeline.image_pages import States, Wanted, match_images, owes_a_scan
from compreface_plugin.pipeline.people import PeopleMaker, plan_people
from compreface_plugin.pipeline.planning import is_plan
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
        _plan(context, gates, run)
    PeopleMaker(context, run, context.engine.info, opened.tags.matched, gates.min_quality).work()
    if run.counts["created"]:
        request_scan(context, run.run_id)


def _unsettled(context: Context, page: Sequence[ImageRecord], states: States, tags: Tags) -> list[ImageRecord]:
    unknown = context.store.unknown.unsettled(Kind.IMAGE, [image.id for image in page])
    return [image for image in page if image.id in unknown or owes_a_scan(states.get(image.id), image, tags)]


def _plan(context: Context, gates: Gates, run: ActiveRun) -> None:
    """Decides once who is made, and who of the people made earlier was found again."""
    names = context.library.performer_names()
    groups = group_unknown(context, context.engine.info, gates, unnamed_performers(names))
    least = context.settings.min_faces_per_person
    again = [(names[g.performer_id], g.performer_id, g.faces) for g in groups if g.performer_id is not None]
    new = [
        (build_subject_name(min(face.item_id for face in group.faces)), None, group.faces)
        for group in groups
        if group.performer_id is None and gates.want(group.faces) and enough_for_a_person(group, least)
    ]
    plan_people(context, run.run_id, [*again, *new])
    alone = len(groups) - len(again) - len(new)
    context.log.info(
        f"{sum(len(group.faces) for group in groups)} unknown faces in {len(groups)} groups: {len(new)} new people, "
        f"{len(again)} known by an earlier run, {alone} groups wait for more faces (minFacesPerPerson is {least})"
    )
