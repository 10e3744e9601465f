"""What the lists of items hold in Stash right now: asked for before anything is added to them or taken off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ServiceRefused
from compreface_plugin.domain.markers import MARKERS
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import ItemRecord

AT_ONCE = 200  # items in one request

Lists = dict[str, tuple[str, ...]]  # by name: "performer_ids", "tag_ids"


def held_lists(context: Context, items: Iterable[tuple[Kind, int]]) -> dict[tuple[Kind, int], Lists]:
    """The lists of images, scenes, galleries and performers by item; those that are gone are absent.

    Raises ServiceRefused when Stash cannot tell about one of them.
    """
    items = list(items)
    found: dict[tuple[Kind, int], Lists] = {
        item: {"performer_ids": record.performer_ids, "tag_ids": record.tag_ids}
        for item, record in records_of(context, items).items()
    }
    if any(kind is Kind.PERFORMER for kind, _ in items):
        found.update({(Kind.PERFORMER, int(p.id)): {"alias_list": p.aliases} for p in context.library.performers()})
    return found


def records_of(context: Context, items: Iterable[tuple[Kind, int]]) -> dict[tuple[Kind, int], ItemRecord]:
    """Images, scenes and galleries as Stash has them now; those that are gone, and other kinds, are absent.

    Raises ServiceRefused when Stash cannot tell about one of them.
    """
    wanted: dict[Kind, set[int]] = {}
    for kind, item_id in items:
        wanted.setdefault(kind, set()).add(item_id)
    found: dict[tuple[Kind, int], ItemRecord] = {}
    for part in _parts(wanted.get(Kind.IMAGE, ())):
        read = context.library.images(part)
        if read.failed:  # neither there nor gone: nothing may be decided about it
            image_id, words = read.failed[0]
            raise ServiceRefused(f"Stash could not read the image {image_id} ({words}); start the task again")
        found.update(((Kind.IMAGE, image.id), image) for image in read.records)
    for part in _parts(wanted.get(Kind.SCENE, ())):
        found.update(((Kind.SCENE, scene.id), scene) for scene in context.library.scenes.some(part))
    for gallery_id in sorted(wanted.get(Kind.GALLERY, ())):
        gallery = context.library.gallery(gallery_id)
        if gallery is not None:
            found[Kind.GALLERY, gallery_id] = gallery
    return found


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    return (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))


def stands(change: Change, held: Lists | None) -> bool:
    """Whether the list still is as the change left it. Of markers the journal finds out when it takes them back."""
    if change.field == MARKERS:
        return True
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
