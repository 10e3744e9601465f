"""galleryProposals: the galleries with people to decide about. Loads no model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Kind
from compreface_plugin.pipeline.model_in_use import model_in_use
from compreface_plugin.store.proposals import Wanted
from compreface_plugin.tasks.gallery_people import LOOKED, faces_in, looked_key, people_in, person_views
from compreface_plugin.values import int_arg

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import GalleryRecord

MOST_READ = 50  # galleries in one call: some five milliseconds each


def gallery_proposals(context: Context) -> dict[str, Any]:
    """{"galleries", "next"}: up to `limit` (10) of those identifyGallery looked at that hold somebody who is not on
    them, by ascending id behind `after`. `next` is the `after` of the following call, None at the end: with it a call
    may bring fewer, and even none.

    A gallery is as `galleryResult` has it, with `title` and `waiting` (faces to review on its images), and without
    people who are on it or were taken off it by hand.
    """
    limit = int_arg(context.args, "limit", 10, minimum=1, maximum=MOST_READ)
    after = int_arg(context.args, "after", 0)
    looked_at = sorted(int(each) for each in context.store.meta.with_prefix(LOOKED))
    left = [each for each in looked_at if each > after]
    found: list[dict[str, Any]] = []
    for count, gallery_id in enumerate(left[:MOST_READ], 1):
        gallery = context.library.gallery(gallery_id)
        view = _view(context, gallery) if gallery is not None else None
        if view is not None:
            found.append(view)
        if len(found) == limit or count == MOST_READ:
            return {"galleries": found, "next": gallery_id if gallery_id != left[-1] else None}
    return {"galleries": found, "next": None}


def _view(context: Context, gallery: GalleryRecord) -> dict[str, Any] | None:
    """None where nobody is to be decided about."""
    faces = faces_in(context, gallery.id)
    ours = {who for _, who in context.store.plans.ours(Kind.GALLERY, [str(gallery.id)], "performer_ids")}
    people = [
        each
        for each in person_views(context, gallery, people_in(faces))
        if not each["onGallery"] and each["performerId"] not in ours
    ]
    if not people:
        return None
    model, inside = model_in_use(context).model_id, Wanted(kind=Kind.IMAGE, item_ids=list(faces))
    waiting, _ = context.store.proposals.page(model, wanted=inside, limit=1)
    looked = context.store.meta.get(looked_key(gallery.id))
    return {**looked, "people": people, "title": gallery.title, "waiting": waiting}
