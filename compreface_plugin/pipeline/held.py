"""What the lists of items hold in Stash right now: asked for before anything is added to them or taken off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ServiceRefused
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context

AT_ONCE = 200  # images in one request

Lists = dict[str, tuple[str, ...]]  # by name: "performer_ids", "tag_ids"


def held_lists(context: Context, items: Iterable[tuple[Kind, int]]) -> dict[tuple[Kind, int], Lists]:
    """The lists of images, scenes, galleries and performers by item; those that are gone are absent.

    Raises ServiceRefused when Stash cannot tell about one of them.
    """
    items = list(items)
    ids = sorted({item_id for kind, item_id in items if kind is Kind.IMAGE})
    found: dict[tuple[Kind, int], Lists] = {}
    for start in range(0, len(ids), AT_ONCE):
        read = context.library.images(ids[start : start + AT_ONCE])
        if read.failed:  # neither there nor gone: nothing may be decided about it
            image_id, words = read.failed[0]
            raise ServiceRefused(f"Stash could not read the image {image_id} ({words}); start the task again")
        for image in read.records:
            found[Kind.IMAGE, image.id] = {"performer_ids": image.performer_ids, "tag_ids": image.tag_ids}
    scenes = sorted({item_id for kind, item_id in items if kind is Kind.SCENE})
    for start in range(0, len(scenes), AT_ONCE):
        for scene in context.library.scenes.some(scenes[start : start + AT_ONCE]):
            found[Kind.SCENE, scene.id] = {"performer_ids": scene.performer_ids, "tag_ids": scene.tag_ids}
    for gallery_id in sorted({item_id for kind, item_id in items if kind is Kind.GALLERY}):
        gallery = context.library.gallery(gallery_id)
        if gallery is not None:
            found[Kind.GALLERY, gallery_id] = {"performer_ids": gallery.performer_ids, "tag_ids": gallery.tag_ids}
    if any(kind is Kind.PERFORMER for kind, _ in items):
        found.update({(Kind.PERFORMER, int(p.id)): {"alias_list": p.aliases} for p in context.library.performers()})
    return found


def stands(change: Change, held: Lists | None) -> bool:
    """Whether the list still is as the change left it."""
    return held is not None and (change.value in held.get(change.field, ())) is (change.op is Op.ADD)


def take_back(context: Context, changes: Sequence[Change], run_id: str) -> Counter[str]:
    """Reverses changes of one run that still stand in Stash; the others are only marked.

    Returns counts of "undone", "alreadyGone" (somebody changed it before) and "kept" (Stash refused).
    """
    held = held_lists(context, ((change.kind, int(change.item_id)) for change in changes))
    standing = [change for change in changes if stands(change, held.get((change.kind, int(change.item_id))))]
    ids = {change.change_id for change in standing}
    others = [change.change_id for change in changes if change.change_id not in ids]
    with context.store.transaction():
        context.store.changes.mark(ids, ChangeState.UNDOING)
        context.store.changes.mark(others, ChangeState.UNDONE, "was changed by somebody before")
    refused = context.journal.apply(run_id)
    return Counter(undone=len(standing) - len(refused), alreadyGone=len(others), kept=len(refused))
