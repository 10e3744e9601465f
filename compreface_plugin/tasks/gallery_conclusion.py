"""What the verdicts on the images of a gallery mean for the gallery itself: its people and its tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Change, ChangeState, Kind, ListedState, Op
from compreface_plugin.domain.unknown import GROUPED
from compreface_plugin.tasks.gallery_people import Faces, faces_in, looked_key, people_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.pipeline.run import ActiveRun
    from compreface_plugin.pipeline.tags import Tags
    from compreface_plugin.stash.records import GalleryRecord


def conclude(
    context: Context,
    run: ActiveRun,
    gallery: GalleryRecord,
    failed: int,
    tags: Tags | None,
    names: Mapping[str, str],
    *,
    only_new: bool,
) -> None:
    """From the verdicts of this run, which the store has, to people on the gallery, which is done then. Doing it twice
    changes nothing.

    `failed`: of its images. No tags: the gallery stays as it is. `only_new`: people this run made of unknown faces, and
    nobody else.
    """
    gallery_id = gallery.id
    faces = faces_in(context, gallery_id)
    people = people_in(faces)
    sure = [who for who, person in people.items() if person.goes_on_gallery and who in names]
    if only_new:
        made = _grouped_by(run, faces)
        sure = [who for who in sure if who in made]
    changes = _missing(context, run, gallery, sure, tags) if tags is not None else []
    states = context.store.items.states(Kind.IMAGE, list(faces))
    errors = {str(image_id): state.error for image_id, state in states.items() if state.attempts}
    looked = {
        "galleryId": str(gallery_id),
        "errors": errors,
        "failed": failed,
        "runId": run.run_id,
    }
    with context.store.transaction():
        context.store.changes.plan(changes)
        context.store.meta.set(looked_key(gallery_id), looked)
        context.store.run_items.settle(run.run_id, Kind.GALLERY, gallery_id, ListedState.DONE)
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


def _missing(
    context: Context, run: ActiveRun, gallery: GalleryRecord, sure: Sequence[str], tags: Tags
) -> list[Change]:
    taken = _taken_off(context, gallery, tags.scanned)
    for who in taken.intersection(sure):
        context.log.info(f"gallery {gallery.id}: performer {who} was taken off by hand and stays off")
    wants = [("performer_ids", who) for who in sure if who not in taken]
    wants += [("tag_ids", tag) for tag in (tags.scanned, tags.matched if sure else None) if tag is not None]
    held = {"performer_ids": gallery.performer_ids, "tag_ids": gallery.tag_ids}
    state = ChangeState.PROPOSED if tags.planned else ChangeState.PLANNED
    return [
        Change(run.run_id, Kind.GALLERY, str(gallery.id), name, Op.ADD, value, state)
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
