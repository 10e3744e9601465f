"""The CompreFace collection and the store's examples, kept the same: learn what is there, bring what is missing, remove
what went. Everything owed stands in the store, so a kill between any two steps is made good by the next start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.faces import DetectionLimits
from compreface_plugin.domain.subjects import subject_names_of
from compreface_plugin.pipeline.crops import SMALLEST_FACE_PX, middle_face
from compreface_plugin.pipeline.look import look_at
from compreface_plugin.pipeline.pinning import COMPREFACE, read_pin

if TYPE_CHECKING:
    from compreface_plugin.compreface.open import CompreFace
    from compreface_plugin.domain.records import Subject
    from compreface_plugin.pipeline.context import Context
    from compreface_plugin.stash.records import PerformerRecord
    from compreface_plugin.store.remote import Pending

SERVER = "compreface server"  # which collection the rows of `remote` speak of
PUSHING = "compreface pushing"  # the example on its way, and what its subject had before
REFUSED = "refused "  # in place of an image id: the server finds no single face in this example
BATCH = 50
MOST_EXAMPLES = 10  # learned a subject: more hardly help, and a collection may hold hundreds of one person
EXAMPLE_MEGAPIXELS = 2.0


def settle(context: Context) -> None:
    """Brings examples to the server and removes those that went; nothing with a local engine. Raises RunError."""
    pin = read_pin(context)
    if pin is None or pin.engine != COMPREFACE:
        return
    server = _server(context)
    added = _push(context, server)
    removed = _remove(context, server)
    if added or removed:
        context.log.info(f"CompreFace: {added} examples added, {removed} removed")


def learn(context: Context, performers: Sequence[PerformerRecord], run_id: str) -> int:
    """Subjects of an existing collection are tied to performers by alias or name, and their examples learned.

    Returns how many examples were new. Committed subject by subject. Raises RunError, Cancelled.
    """
    server, count = _server(context), 0
    carriers = _carriers(performers)
    for name in server.subjects.names():
        context.cancel.raise_if_cancelled()
        subject = _subject(context, name, carriers, run_id)
        if subject is not None and subject.performer_id is not None:
            count += _learn_examples(context, server, subject, run_id)
    if count:
        context.log.info(f"CompreFace: {count} examples of known performers were learned from the collection")
    return count


def _server(context: Context) -> CompreFace:
    """The server; when it is another collection than before, nothing here is taken to stand on it."""
    server, store = context.compreface, context.store
    identity = server.client.identity
    if store.meta.get(SERVER) != identity:
        listed = {example.image_id for example in server.subjects.examples()}
        with store.transaction():
            if not store.remote.known(listed):  # not the same collection behind another address or key
                store.remote.forget_all()
                store.meta.delete(PUSHING)
            store.meta.set(SERVER, identity)
    return server


def _push(context: Context, server: CompreFace) -> int:
    store, count, after = context.store, 0, 0
    while batch := store.remote.pending(after, BATCH):
        for one in batch:
            context.cancel.raise_if_cancelled()
            image_id = _arrived(context, server, one) or _add(context, server, one)
            with store.transaction():
                store.remote.stands_as(one.example_id, image_id)
                store.meta.delete(PUSHING)
            count += not image_id.startswith(REFUSED)
        after = batch[-1].example_id
    return count


def _add(context: Context, server: CompreFace, one: Pending) -> str:
    """Adds an example, having written down what stood there before; its image id, or REFUSED and a number."""
    before = [example.image_id for example in server.subjects.examples(one.subject)]
    with context.store.transaction():
        context.store.meta.set(PUSHING, {"example": one.example_id, "before": before})
    try:
        return server.subjects.add(one.subject, one.crop).image_id
    except ItemError as error:
        context.log.warning(f"subject {one.subject}: {error}")
        return f"{REFUSED}{one.example_id}"


def _arrived(context: Context, server: CompreFace, one: Pending) -> str | None:
    """The example that a killed start was adding, if it arrived: what stands there now and did not before."""
    mark = context.store.meta.get(PUSHING)
    if mark is None or mark["example"] != one.example_id:
        return None
    listed = {example.image_id for example in server.subjects.examples(one.subject)}
    return min(listed - set(mark["before"]) - context.store.remote.known(listed), default=None)


def _remove(context: Context, server: CompreFace) -> int:
    store, count = context.store, 0
    for gone in store.remote.removals():
        context.cancel.raise_if_cancelled()
        if not gone.image_id.startswith(REFUSED):
            count += server.subjects.delete_example(gone.image_id)
            ours_is_gone = gone.subject and store.people.subject_named(gone.subject) is None
            learned = store.meta.get(f"learned {gone.subject.lower()}")  # its owner's, not ours to delete
            if ours_is_gone and not learned and next(server.subjects.examples(gone.subject), None) is None:
                server.subjects.delete_subject(gone.subject)
        with store.transaction():
            store.remote.removed(gone.image_id)
    return count


def _carriers(performers: Sequence[PerformerRecord]) -> dict[str, set[str]]:
    """Names a subject may have -> performers that carry them: subject aliases first, then any name or alias."""
    found: dict[str, set[str]] = {}
    for performer in performers:
        for name in {*subject_names_of(performer.name, performer.aliases), performer.name, *performer.aliases}:
            found.setdefault(name, set()).add(performer.id)
    return found


def _subject(context: Context, name: str, carriers: dict[str, set[str]], run_id: str) -> Subject | None:
    """The store's subject of this name, tied to the one performer who carries it; None when nobody does."""
    people = context.store.people
    known, who = people.subject_named(name), carriers.get(name, set())
    if known is not None and known.performer_id is not None:
        return known
    if len(who) != 1:
        if len(who) > 1:
            context.log.warning(f"subject {name}: {len(who)} performers carry this name, so it is tied to none")
        return None
    performer_id = next(iter(who))
    with context.store.transaction():
        if known is None:
            return people.add_subject(name, performer_id, run_id, context.clock.now())
        people.link(known.subject_id, performer_id)
    return people.subject_named(name)


def _learn_examples(context: Context, server: CompreFace, subject: Subject, run_id: str) -> int:
    """Examples of one subject that the store does not have: their pictures are looked at, the middle face is kept."""
    store = context.store
    listed = [example.image_id for example in server.subjects.examples(subject.name)]
    room = max(0, MOST_EXAMPLES - store.people.count_of(subject.subject_id))
    missing = sorted(set(listed) - store.remote.known(listed))[:room]
    pictures = list(_pictures(server, missing))
    looked = look_at(
        pictures,
        lambda item: context.decode(item[1], f"example {item[0]}"),
        context.engine,
        DetectionLimits(min_face_px=SMALLEST_FACE_PX),
        context.cancel,
        lambda _: EXAMPLE_MEGAPIXELS,
    )
    found = [(image_id, face) for (image_id, _), outcome in looked if (face := middle_face(outcome)) is not None]
    model_id = context.engine.info.model_id
    with store.transaction():
        if found:
            store.meta.set(f"learned {subject.name.lower()}", True)
        for image_id, face in found:
            example_id = store.people.add_example(
                subject.subject_id,
                origin="compreface",
                origin_id=image_id,
                picture_sha="",
                quality=face.quality.score,
                crop=face.crop_jpeg,
                model_id=model_id,
                embedding=face.embedding,
                run_id=run_id,
                now=context.clock.now(),
            )
            store.remote.stands_as(example_id, image_id)
    return len(found)


def _pictures(server: CompreFace, image_ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for image_id in image_ids:
        picture = server.subjects.picture(image_id)
        if picture:
            yield image_id, picture
