"""Writing: few requests, nothing half done without being told, and the same when done twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compreface_plugin.domain.errors import ServiceUnavailable
from compreface_plugin.stash.library import StashLibrary
from compreface_plugin.stash.patching import IDS_PER_MUTATION
from compreface_plugin.stash.records import Patch

if TYPE_CHECKING:
    from compreface_plugin.stash.client import StashClient
    from teststash import TestStash

Picture = Callable[..., Path]


@pytest.fixture
def images(stash: TestStash, picture: Picture) -> tuple[str, ...]:
    return tuple(stash.add_image(picture(f"{n}.jpg")) for n in range(6))


def test_a_batch_is_written_by_one_request(
    stash: TestStash, library: StashLibrary, client: StashClient, images: tuple[str, ...], picture: Picture
) -> None:
    scanned, matched = stash.add_tag("Scanned"), stash.add_tag("Matched")
    people = [stash.add_performer(f"P{n}") for n in range(3)]
    gallery = stash.add_gallery(images[:1])
    sent = client.requests
    patches = [Patch("image", (one,), "tag_ids", "ADD", (scanned,)) for one in images]
    patches += [Patch("image", (images[n],), "performer_ids", "ADD", (people[n],)) for n in range(3)]
    patches += [
        Patch("image", images[:3], "tag_ids", "ADD", (matched,)),
        Patch("gallery", (gallery,), "performer_ids", "ADD", tuple(people)),
        Patch("performer", (people[0],), "alias_list", "ADD", ("Person 1 A",)),
    ]
    results = library.apply(patches)
    assert all(result.ok for result in results)
    assert [result.patch for result in results] == patches
    assert client.requests == sent + 1
    assert set(stash.links("image", images[0], "tag")) == {scanned, matched}
    assert stash.links("image", images[5], "tag") == [scanned]
    assert [stash.links("image", images[n], "performer") for n in range(4)] == [
        [people[0]],
        [people[1]],
        [people[2]],
        [],
    ]
    assert stash.links("gallery", gallery, "performer") == people
    assert library.performers()[0].aliases == ("Person 1 A",)
    before = stash.snapshot()
    assert all(result.ok for result in library.apply(patches))
    assert stash.snapshot() == before, "twice changes nothing"


def test_remove_takes_back_exactly_what_is_named(
    stash: TestStash, library: StashLibrary, images: tuple[str, ...]
) -> None:
    ours, theirs = stash.add_tag("Ours"), stash.add_tag("Theirs")
    stash.set_links("image", images[0], "tag", [ours, theirs])
    assert library.apply([Patch("image", images, "tag_ids", "REMOVE", (ours,))])[0].ok
    assert stash.links("image", images[0], "tag") == [theirs]


def test_opposite_patches_keep_their_order(stash: TestStash, library: StashLibrary, images: tuple[str, ...]) -> None:
    tag = stash.add_tag("Seen")
    add = Patch("image", images[:1], "tag_ids", "ADD", (tag,))
    remove = Patch("image", images[:1], "tag_ids", "REMOVE", (tag,))
    library.apply([add, remove])
    assert stash.links("image", images[0], "tag") == []
    library.apply([remove, add])
    assert stash.links("image", images[0], "tag") == [tag]


def test_a_deleted_image_does_not_hold_up_the_others(
    stash: TestStash, library: StashLibrary, client: StashClient, images: tuple[str, ...]
) -> None:
    tag, ann = stash.add_tag("Seen"), stash.add_performer("Ann")
    stash.remove("image", images[2])
    sent = client.requests
    first, second = library.apply(
        [
            Patch("image", images, "tag_ids", "ADD", (tag,)),
            Patch("image", images[:2], "performer_ids", "ADD", (ann,)),
        ]
    )
    assert [failure.id for failure in first.failures] == [images[2]]
    assert first.failures[0].message
    assert second.ok
    assert all(stash.links("image", one, "tag") == [tag] for one in images if one != images[2])
    assert client.requests == sent + 2, "the refused mutation once more, in parts"


def test_a_deleted_performer_does_not_hold_up_the_others(
    stash: TestStash, library: StashLibrary, images: tuple[str, ...]
) -> None:
    ann, bea = stash.add_performer("Ann"), stash.add_performer("Bea")
    stash.remove("performer", ann)
    (result,) = library.apply([Patch("image", images[:2], "performer_ids", "ADD", (ann, bea))])
    assert [(failure.id, failure.value) for failure in result.failures] == [(images[0], ann), (images[1], ann)]
    assert all(stash.links("image", one, "performer") == [bea] for one in images[:2])


def test_an_alias_that_stash_refuses_is_blamed_alone(stash: TestStash, library: StashLibrary) -> None:
    ann, bea = stash.add_performer("Ann"), stash.add_performer("Bea")
    (result,) = library.apply([Patch("performer", (ann, bea), "alias_list", "ADD", ("ann", "Person 1 A"))])
    assert [(failure.id, failure.value) for failure in result.failures] == [(ann, "ann")]
    aliases = {performer.name: set(performer.aliases) for performer in library.performers()}
    assert aliases == {"Ann": {"Person 1 A"}, "Bea": {"ann", "Person 1 A"}}


def test_many_ids_go_in_portions(
    stash: TestStash, library: StashLibrary, client: StashClient, picture: Picture
) -> None:
    ids = tuple(stash.add_image(picture(f"{n}.jpg")) for n in range(2 * IDS_PER_MUTATION + 1))
    tag = stash.add_tag("Seen")
    stash.reset_requests()
    assert library.apply([Patch("image", (*ids, ids[0]), "tag_ids", "ADD", (tag,))])[0].ok
    (sent,) = stash.graphql_requests
    assert [len(given["ids"]) for given in sent.variables.values()] == [IDS_PER_MUTATION, IDS_PER_MUTATION, 1]
    assert all(stash.links("image", one, "tag") == [tag] for one in ids)


@pytest.mark.parametrize(
    "patch", [Patch("image", (), "tag_ids", "ADD", ("1",)), Patch("image", ("1",), "tag_ids", "ADD", ())]
)
def test_empty_patches_cost_nothing(library: StashLibrary, client: StashClient, patch: Patch) -> None:
    """An empty list of values would mean something else to Stash."""
    sent = client.requests
    assert library.apply([patch])[0].ok
    assert library.apply([]) == []
    assert client.requests == sent


def test_a_lost_answer_is_written_once_more(stash: TestStash, library: StashLibrary, images: tuple[str, ...]) -> None:
    tag = stash.add_tag("Seen")
    stash.faults.drop_answer()
    assert library.apply([Patch("image", images, "tag_ids", "ADD", (tag,))])[0].ok
    assert all(stash.links("image", one, "tag") == [tag] for one in images)


def test_a_locked_database_is_waited_for(stash: TestStash, library: StashLibrary, images: tuple[str, ...]) -> None:
    tag = stash.add_tag("Seen")
    locked = b'{"errors": [{"message": "database is locked", "path": ["p0"]}], "data": {"p0": null}}'
    stash.faults.answer(200, locked, times=2)
    assert library.apply([Patch("image", images, "tag_ids", "ADD", (tag,))])[0].ok
    assert all(stash.links("image", one, "tag") == [tag] for one in images)


def test_a_stash_that_is_away_leaves_it_to_be_done_again(
    stash: TestStash, connect: Callable[..., StashClient], images: tuple[str, ...]
) -> None:
    tag = stash.add_tag("Seen")
    library = StashLibrary(connect(stash, total_s=0.3))
    stash.go_down()
    with pytest.raises(ServiceUnavailable):
        library.apply([Patch("image", images, "tag_ids", "ADD", (tag,))])
    stash.come_back()
    assert library.apply([Patch("image", images, "tag_ids", "ADD", (tag,))])[0].ok


def test_a_thousand_images_cost_few_requests(
    stash: TestStash, connect: Callable[..., StashClient], picture: Picture
) -> None:
    """The budget of a run: under 120 requests per 1,000 images in batches of 20, sign-in and paging
    included.
    """
    for n in range(200):
        stash.add_image(picture(f"{n}.jpg"))
    tag, people = stash.add_tag("Seen"), [stash.add_performer(f"P{n}") for n in range(7)]
    client = connect(stash)
    library = StashLibrary(client)
    keys = [image.id for image in library.image_page(0, 200)]
    for start in range(0, 200, 20):
        records = library.images(keys[start : start + 20]).records
        patches = [Patch("image", tuple(str(image.id) for image in records), "tag_ids", "ADD", (tag,))]
        patches += [
            Patch("image", (str(image.id),), "performer_ids", "ADD", (people[image.id % 7],)) for image in records
        ]
        assert all(result.ok for result in library.apply(patches))
    assert client.requests == 22
    assert client.requests == stash.graphql_count
