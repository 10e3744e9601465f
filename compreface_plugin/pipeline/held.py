"""What the lists of items hold in Stash right now: asked for before anything is added to them or taken off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.markers import MARKERS
from compreface_plugin.domain.records import Change, ChangeState, Kind, Op

if TYPE_CHECKING:
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import ItemRecord

AT_ONCE = 200  # items in one request

Item = tuple[Kind, int]
Lists = dict[str, tuple[str, ...]]  # by name: "performer_ids", "tag_ids"


@dataclass(frozen=True, slots=True)
class Held:
    """What items hold. Those that are gone are in neither part."""

    lists: Mapping[Item, Lists]
    unread: Mapping[Item, str]  # Stash's words about those it cannot read: neither there nor gone


def held_lists(context: Context, items: Iterable[Item]) -> Held:
    """The lists of images, scenes, galleries and performers."""
    items = list(items)
    records, unread = records_of(context, items)
    found: dict[Item, Lists] = {
        item: {"performer_ids": record.performer_ids, "tag_ids": record.tag_ids} for item, record in records.items()
    }
    if any(kind is Kind.PERFORMER for kind, _ in items):
        found.update({(Kind.PERFORMER, int(p.id)): {"alias_list": p.aliases} for p in context.library.performers()})
    return Held(found, unread)


def records_of(context: Context, items: Iterable[Item]) -> tuple[dict[Item, ItemRecord], dict[Item, str]]:
    """Images, scenes and galleries as Stash has them now, those that are gone, and other kinds, left out; and Stash's
    words about those it cannot read."""
    wanted: dict[Kind, set[int]] = {}
    for kind, item_id in items:
        wanted.setdefault(kind, set()).add(item_id)
    found: dict[Item, ItemRecord] = {}
    unread: dict[Item, str] = {}
    for part in _parts(wanted.get(Kind.IMAGE, ())):
        read = context.library.images(part)
        unread.update(((Kind.IMAGE, image_id), words) for image_id, words in read.failed)
        found.update(((Kind.IMAGE, image.id), image) for image in read.records)
    for part in _parts(wanted.get(Kind.SCENE, ())):
        scenes, failed = context.library.scenes.read(part)
        unread.update(((Kind.SCENE, scene_id), words) for scene_id, words in failed.items())
        found.update(((Kind.SCENE, scene.id), scene) for scene in scenes)
    for gallery_id in sorted(wanted.get(Kind.GALLERY, ())):
        gallery = context.library.gallery(gallery_id)
        if gallery is not None:
            found[Kind.GALLERY, gallery_id] = gallery
    return found, unread


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    return (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))


def stands(change: Change, held: Lists | None) -> bool:
    """Whether the list still is as the change left it. Of markers the journal finds out when it takes them back."""
    if change.field == MARKERS:
        return True
    return held is not None and (change.value in held.get(change.field, ())) is (change.op is Op.ADD)


def take_back(
    context: Context, changes: Sequence[Change], run_id: str, also: Callable[[], None] = lambda: None
) -> Counter[str]:
    """Reverses changes of one run, which is this process's to work on, that still stand in Stash; the others are only
    marked. `also` is done in the same transaction, so that a kill leaves no half of it.

    Returns counts of "undone", "alreadyGone" (somebody changed it before) and "kept" (Stash refused, or cannot read the
    item).
    """
    held = held_lists(context, map(_item, changes))
    unread = {change.change_id for change in changes if _item(change) in held.unread}
    known = [change for change in changes if change.change_id not in unread]
    standing = {change.change_id for change in known if stands(change, held.lists.get(_item(change)))}
    standing -= context.store.changes.overtaken(standing)
    others = [change.change_id for change in known if change.change_id not in standing]
    for (kind, item_id), words in held.unread.items():
        context.log.warning(f"{kind.value} {item_id} stays as it is: Stash could not read it ({words})")
    with context.store.transaction():
        context.store.changes.mark(standing, ChangeState.UNDOING)
        context.store.changes.mark(others, ChangeState.UNDONE, "was changed by somebody before")
        context.store.changes.mark(unread, ChangeState.KEPT, "Stash could not read the item")
        context.store.changes.forget_removals(others)
        also()
    refused = context.journal.apply(run_id)
    return Counter(undone=len(standing) - len(refused), alreadyGone=len(others), kept=len(refused) + len(unread))


def _item(change: Change) -> Item:
    return change.kind, int(change.item_id)
