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

SERVER = "compreface server"  # which collection the rows of `remote` speak of
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
        with store.transaction():
            store.remote.forget_all()
            store.meta.set(SERVER, identity)
    return server


def _push(context: Context, server: CompreFace) -> int:
    store, count, after = context.store, 0, 0
    while batch := store.remote.pending(after, BATCH):
        for one in batch:
            context.cancel.raise_if_cancelled()
            image_id = _adopt(context, server, one.subject)
            if image_id is None:
                try:
                    image_id = server.subjects.add(one.subject, one.crop).image_id
                except ItemError as error:
                    context.log.warning(f"subject {one.subject}: {error}")
                    image_id = f"{REFUSED}{one.example_id}"
            with store.transaction():
                store.remote.stands_as(one.example_id, image_id)
            count += not image_id.startswith(REFUSED)
        after = batch[-1].example_id
    return count


def _adopt(context: Context, server: CompreFace, subject: str) -> str | None:
    """An example of ours that an interrupted start had added already; None when there is none.

    Only for names that we gave ourselves: a person's own collection is never adopted, but learned.
    """
    known = context.store.people.subject_named(subject)
    if known is None or not known.created_run or context.store.meta.get(f"learned {subject.lower()}"):
        return None
    listed = [example.image_id for example in server.subjects.examples(subject)]
    strangers = sorted(set(listed) - context.store.remote.known(listed))
    return strangers[0] if strangers else None


def _remove(context: Context, server: CompreFace) -> int:
    store, count = context.store, 0
    for gone in store.remote.removals():
        context.cancel.raise_if_cancelled()
        if not gone.image_id.startswith(REFUSED):
            count += server.subjects.delete_example(gone.image_id)
            ours_is_gone = gone.subject and store.people.subject_named(gone.subject) is None
            if ours_is_gone and next(server.subjects.examples(gone.subject), None) is None:
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
