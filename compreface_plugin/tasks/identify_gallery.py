"""identifyGallery: who is in a gallery, judged over all its images; the gallery gets the people and the tags."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op
from compreface_plugin.pipeline.findings import ImageFinder
from compreface_plugin.pipeline.image_batch import ImageBatches, PagePlan
from compreface_plugin.pipeline.image_pages import PAGE
from compreface_plugin.pipeline.judge import Judge, frozen_cohort
from compreface_plugin.pipeline.planning import is_plan
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.tags import Tags, open_tags
from compreface_plugin.tasks.gallery_people import faces_in, gallery_result, looked_key, people_in
from compreface_plugin.values import bool_arg, float_arg, int_arg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compreface_plugin.pipeline.context import Context


def identify_gallery(context: Context) -> dict[str, Any]:
    """Arguments: galleryId, tagImages (the images get people and tags too), minSimilarity, associateExisting (true;
    false: nothing is written to Stash, only looked).

    The result stays readable by `galleryResult`, since Stash throws a task's result away.
    """
    gallery_id = int_arg(context.args, "galleryId", 0, minimum=1)
    if context.library.gallery(gallery_id) is None:
        raise SettingsError(f"The argument galleryId is {gallery_id}, and Stash has no such gallery.")
    result = execute(context, "identifyGallery", partial(_identify, context, gallery_id))
    return {**result, **gallery_result(context)}


def _identify(context: Context, gallery_id: int, run: ActiveRun) -> None:
    info = context.engine.info
    with context.store.transaction():
        context.store.runs.pin_engine(run.run_id, info.engine, info.model_id)
    write = bool_arg(context.args, "associateExisting", True)
    tags = open_tags(context, run.run_id, planned=is_plan(context) or not write)
    names = context.library.performer_names()
    judge = Judge(
        context,
        info,
        run.run_id,
        set(names),
        frozen_cohort(context, info, run.run_id),
        min_similarity=float_arg(context.args, "minSimilarity", context.settings.min_similarity),
    )
    run.set_total(context.library.image_count(gallery_id=gallery_id))
    look_only = not write or not bool_arg(context.args, "tagImages")
    batches = ImageBatches(context, run, ImageFinder(context, judge), tags, names, look_only=look_only)
    while page := context.library.image_page(run.cursor, PAGE, gallery_id=gallery_id):
        states = context.store.items.states(Kind.IMAGE, [image.id for image in page])
        batches.work(PagePlan(page, page, states, last=len(page) < PAGE))
        if len(page) < PAGE:
            break
    _conclude(context, run, gallery_id, tags if write else None, names)


def _conclude(
    context: Context, run: ActiveRun, gallery_id: int, tags: Tags | None, names: Mapping[str, str]
) -> None:
    """From the verdicts of this run, which the store has, to people on the gallery. Doing it twice changes nothing.

    No tags: the gallery stays as it is.
    """
    faces = faces_in(context, gallery_id)
    people = people_in(faces)
    sure = [who for who, person in people.items() if person.goes_on_gallery and who in names]
    changes = _missing(context, run, gallery_id, sure, tags) if tags is not None else []
    states = context.store.items.states(Kind.IMAGE, list(faces))
    errors = {str(image_id): state.error for image_id, state in states.items() if state.attempts}
    looked = {
        "galleryId": str(gallery_id),
        "errors": errors,
        "failed": run.counts["failed"],
        "runId": run.run_id,
    }
    with context.store.transaction():
        context.store.changes.plan(changes)
        context.store.meta.set(looked_key(gallery_id), looked)
    if changes and tags is not None and not tags.planned:
        context.journal.apply()
    told = ", ".join(f"{names[who]} ({len(people[who].accepted)} images)" for who in sure)
    context.log.info(f"gallery {gallery_id}: {told or 'nobody'}")


def _missing(context: Context, run: ActiveRun, gallery_id: int, sure: Sequence[str], tags: Tags) -> list[Change]:
    gallery = context.library.gallery(gallery_id)
    if gallery is None:
        return []
    wants = [("performer_ids", who) for who in sure]
    wants += [("tag_ids", tag) for tag in (tags.scanned, tags.matched if sure else None) if tag is not None]
    held = {"performer_ids": gallery.performer_ids, "tag_ids": gallery.tag_ids}
    state = ChangeState.PROPOSED if tags.planned else ChangeState.PLANNED
    return [
        Change(run.run_id, Kind.GALLERY, str(gallery_id), name, Op.ADD, value, state)
        for name, value in wants
        if value not in held[name]
    ]
