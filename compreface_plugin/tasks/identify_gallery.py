"""identifyGallery: who is in a gallery, judged over all its images; the gallery gets the people and the tags."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op
from compreface_plugin.domain.unknown import GROUPED
from compreface_plugin.pipeline.findings import ImageFinder
from compreface_plugin.pipeline.image_batch import ImageBatches, PagePlan
from compreface_plugin.pipeline.image_pages import PAGE
from compreface_plugin.pipeline.opening import judge_of_run, open_run
from compreface_plugin.pipeline.people import make_some
from compreface_plugin.pipeline.run import ActiveRun, execute
from compreface_plugin.pipeline.settling import Settler
from compreface_plugin.tasks.gallery_people import Faces, faces_in, gallery_result, looked_key, people_in
from compreface_plugin.values import bool_arg, float_arg, int_arg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.tags import Tags
    from compreface_plugin.stash.records import GalleryRecord

ASSOCIATE, CREATE = "associateExisting", "createPerformer"


def identify_gallery(context: Context) -> dict[str, Any]:
    """Arguments: galleryId, tagImages (the images get people and tags too), minSimilarity, associateExisting (true;
    false: existing performers are only looked for, not written), createPerformer (groups of `minFacesPerPerson` unknown
    faces of its images become performers). Without both nothing is written to Stash.

    The result stays readable by `galleryResult`, since Stash throws a task's result away.
    """
    gallery_id = int_arg(context.args, "galleryId", 0, minimum=1)
    if context.library.gallery(gallery_id) is None:
        raise SettingsError(f"The argument galleryId is {gallery_id}, and Stash has no such gallery.")
    result = execute(context, "identifyGallery", partial(_identify, context, gallery_id))
    return {**result, **gallery_result(context)}


def _identify(context: Context, gallery_id: int, run: ActiveRun) -> None:
    associate, create = bool_arg(context.args, ASSOCIATE, True), bool_arg(context.args, CREATE)
    opened = open_run(context, run, write=associate or create)
    similarity = float_arg(context.args, "minSimilarity", context.settings.min_similarity)
    finder = ImageFinder(context, judge_of_run(context, run, opened, min_similarity=similarity))
    run.set_total(context.library.image_count(gallery_id=gallery_id))
    tag_images = bool_arg(context.args, "tagImages")
    settler = Settler(context, run, opened, finder.keep, look_only=not (associate and tag_images))
    batches = ImageBatches(context, run, finder, settler)
    while page := context.library.image_page(run.cursor, PAGE, gallery_id=gallery_id):
        states = context.store.items.states(Kind.IMAGE, [image.id for image in page])
        batches.work(PagePlan(page, page, states, last=len(page) < PAGE))
        if len(page) < PAGE:
            break
    names = opened.names
    if create:
        unknown = [face.face_id for faces in faces_in(context, gallery_id).values() for face in faces]
        least = context.settings.min_faces_per_person
        make_some(context, run, opened.tags, unknown, least=least, on_items=tag_images)
        names = context.library.performer_names()
    _conclude(context, run, gallery_id, opened.tags if associate or create else None, names, only_new=not associate)


def _conclude(
    context: Context,
    run: ActiveRun,
    gallery_id: int,
    tags: Tags | None,
    names: Mapping[str, str],
    *,
    only_new: bool,
) -> None:
    """From the verdicts of this run, which the store has, to people on the gallery. Doing it twice changes nothing.

    No tags: the gallery stays as it is. `only_new`: people this run made of unknown faces, and nobody else.
    """
    faces = faces_in(context, gallery_id)
    people = people_in(faces)
    sure = [who for who, person in people.items() if person.goes_on_gallery and who in names]
    if only_new:
        made = _grouped_by(run, faces)
        sure = [who for who in sure if who in made]
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
        context.journal.apply(run.run_id)
    told = ", ".join(f"{names[who]} ({len(people[who].accepted)} images)" for who in sure)
    context.log.info(f"gallery {gallery_id}: {told or 'nobody'}")


def _grouped_by(run: ActiveRun, faces: Faces) -> set[str]:
    """Performers whom this run made, or found again, among the unknown faces."""
    verdicts = (face.verdict for seen in faces.values() for face in seen)
    return {
        each.best.performer_id
        for each in verdicts
        if each is not None and each.best is not None and each.run_id == run.run_id and each.reason == GROUPED
    }


def _missing(context: Context, run: ActiveRun, gallery_id: int, sure: Sequence[str], tags: Tags) -> list[Change]:
    gallery = context.library.gallery(gallery_id)
    if gallery is None:
        return []
    taken = _taken_off(context, gallery, tags.scanned)
    for who in taken.intersection(sure):
        context.log.info(f"gallery {gallery_id}: performer {who} was taken off by hand and stays off")
    wants = [("performer_ids", who) for who in sure if who not in taken]
    wants += [("tag_ids", tag) for tag in (tags.scanned, tags.matched if sure else None) if tag is not None]
    held = {"performer_ids": gallery.performer_ids, "tag_ids": gallery.tag_ids}
    state = ChangeState.PROPOSED if tags.planned else ChangeState.PLANNED
    return [
        Change(run.run_id, Kind.GALLERY, str(gallery_id), name, Op.ADD, value, state)
        for name, value in wants
        if value not in held[name]
    ]


def _taken_off(context: Context, gallery: GalleryRecord, scanned_tag: str | None) -> set[str]:
    """Performers that we put on the gallery and somebody took off again. None when the scanned tag went with them."""
    gallery_id, plans = str(gallery.id), context.store.plans
    tagged = {tag for _, tag in plans.ours(Kind.GALLERY, [gallery_id], "tag_ids")}
    if scanned_tag in tagged.difference(gallery.tag_ids):
        return set()
    put_on = {who for _, who in plans.ours(Kind.GALLERY, [gallery_id], "performer_ids")}
    return put_on.difference(gallery.performer_ids)
