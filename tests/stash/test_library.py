"""Questions and answers about performers, images, tags and jobs, with the traps of Stash's filters and
paging.
"""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compreface_plugin.domain.errors import ServiceRefused
from compreface_plugin.stash import library as library_module
from compreface_plugin.stash.records import NewPerformer

if TYPE_CHECKING:
    from compreface_plugin.stash.client import StashClient
    from compreface_plugin.stash.library import StashLibrary
    from teststash import TestStash

Picture = Callable[..., Path]


def test_performers_over_several_pages(
    stash: TestStash, library: StashLibrary, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "PERFORMERS_PER_PAGE", 3)
    data = picture().read_bytes()
    ids = [stash.add_performer(f"P{n}", data if n % 2 else None, aliases=[f"a{n}"]) for n in range(9)]
    found = library.performers()
    assert [performer.id for performer in found] == ids
    assert [performer.has_own_image for performer in found] == [bool(n % 2) for n in range(9)]
    assert found[4].aliases == ("a4",)
    assert library.performer_names() == {one: f"P{n}" for n, one in enumerate(ids)}
    assert library.performer_names([ids[2], "9999"]) == {ids[2]: "P2"}
    assert library.performer_names([]) == {}


def test_no_performers(library: StashLibrary) -> None:
    assert library.performers() == []
    assert library.performer_names() == {}


def test_a_performer_is_made_with_everything(stash: TestStash, library: StashLibrary, picture: Picture) -> None:
    data = picture().read_bytes()
    before = stash.graphql_count
    made, other = library.performers_create([NewPerformer("Person 1 ABC", data, "FEMALE"), NewPerformer("Person 2 D")])
    assert stash.graphql_count == before + 2  # however many
    assert (made.name, made.gender, made.has_own_image) == ("Person 1 ABC", "FEMALE", True)
    assert (other.name, other.has_own_image) == ("Person 2 D", False)
    assert library.performers_create([]) == []
    assert library.performer_picture(made) == data
    use = library.performer_use(made.id)
    assert use is not None
    assert (use.images, use.scenes, use.galleries, use.tag_ids, use.edited) == (0, 0, 0, (), False)
    image = stash.add_image(picture("two.jpg"), performers=[made.id])
    used = library.performer_use(made.id)
    assert used is not None
    assert used.images == 1
    assert library.performer_destroy(made.id)
    assert not library.performer_destroy(made.id)
    assert library.performer_use(made.id) is None
    assert stash.performers_of(image) == []


PEOPLE = [NewPerformer("Person 1 ABC"), NewPerformer("Person 1 DEF")]


def test_performers_are_made_once_when_the_answer_is_lost(stash: TestStash, library: StashLibrary) -> None:
    stash.faults.drop_answer(matching="performerCreate")
    made = library.performers_create(PEOPLE)
    assert stash.ids("performer") == [each.id for each in made]
    assert [each.name for each in made] == [each.name for each in PEOPLE]


def test_performers_are_made_when_the_question_is_lost(stash: TestStash, library: StashLibrary) -> None:
    stash.faults.drop_connection(matching="performerCreate")
    made = library.performers_create(PEOPLE)
    assert stash.ids("performer") == [each.id for each in made]


def test_a_name_that_is_taken_is_refused_and_not_taken_over(stash: TestStash, library: StashLibrary) -> None:
    stash.add_performer("Ann")
    with pytest.raises(ServiceRefused, match=r"Ann.*already exists"):
        library.performers_create([NewPerformer("Bea"), NewPerformer("Ann"), NewPerformer("Cleo")])
    assert [performer.name for performer in library.performers()] == ["Ann", "Bea", "Cleo"]


def test_an_edit_of_any_kind_is_seen(stash: TestStash, library: StashLibrary) -> None:
    made = stash.add_performer("Ann")
    stash.library.db.run("UPDATE performer SET created_at = '2020-01-01T00:00:00Z' WHERE id = ?", [made])
    use = library.performer_use(made)
    assert use is not None
    assert use.edited


def test_names_are_compared_exactly(stash: TestStash, library: StashLibrary) -> None:
    """Stash's EQUALS is LIKE: upper case and wildcards match."""
    wanted = stash.add_performer("a_c")
    stash.add_performer("ABC")
    stash.add_performer("A_C", disambiguation="other")
    assert [performer.id for performer in library.performers_named("a_c")] == [wanted]


def test_images_by_keyset_pages(stash: TestStash, library: StashLibrary, picture: Picture) -> None:
    ids = [int(stash.add_image(picture(f"{n}.jpg"))) for n in range(7)]
    assert library.image_count() == 7
    seen = [image.id for image in library.image_page(0, 3)]
    stash.remove("image", ids[0])  # rows leave while the plugin works: no page may skip others for it
    while page := library.image_page(seen[-1], 3):
        seen += [image.id for image in page]
    assert seen == ids


def test_pages_by_tag(stash: TestStash, library: StashLibrary, picture: Picture) -> None:
    parent = stash.add_tag("Parent")
    child = stash.add_tag("Child", parents=[parent])
    tagged = int(stash.add_image(picture("0.jpg"), tags=[parent]))
    below = int(stash.add_image(picture("1.jpg"), tags=[child]))
    plain = int(stash.add_image(picture("2.jpg")))
    assert [image.id for image in library.image_page(0, 10, with_tag=parent)] == [tagged]
    assert [image.id for image in library.image_page(0, 10, without_tag=parent)] == [below, plain]
    assert [image.id for image in library.image_page(below, 10)] == [plain]
    assert library.image_count(without_tag=parent) == 2


def test_a_batch_by_one_request(stash: TestStash, library: StashLibrary, client: StashClient, picture: Picture) -> None:
    ann, tag = stash.add_performer("Ann"), stash.add_tag("Seen")
    first = int(stash.add_image(picture("b.jpg"), title="B", performers=[ann], tags=[tag], organized=True))
    second = int(stash.add_image(picture("a.jpg")))
    gallery = stash.add_gallery([str(first)])
    sent = client.requests
    read = library.images([second, 4711, first])
    assert client.requests == sent + 1
    assert [image.id for image in read.records] == [second, first]
    assert read.missing == (4711,)
    assert read.failed == ()
    image = read.records[1]
    assert (image.title, image.tag_ids, image.performer_ids) == ("B", (tag,), (ann,))
    assert (image.gallery_ids, image.organized) == ((gallery,), True)
    file = image.files[0]
    assert file.path == str(picture("b.jpg"))
    assert (file.width, file.height, file.size) == (32, 24, picture("b.jpg").stat().st_size)
    assert len(file.md5) == 32
    assert not file.is_video
    assert not file.in_archive
    assert read.records[0].name == "a.jpg"
    assert image.name == "B"


def test_an_empty_batch_costs_nothing(library: StashLibrary, client: StashClient) -> None:
    sent = client.requests
    read = library.images([])
    assert (read.records, read.missing) == ((), ())
    assert client.requests == sent


def test_a_picture_in_an_archive(stash: TestStash, library: StashLibrary, picture: Picture, tmp_path: Path) -> None:
    archive = tmp_path / "pictures.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(picture(), "inner/one.jpg")
    image = stash.add_image("inner/one.jpg", zip_path=archive)
    record = library.images([int(image)]).records[0]
    assert record.files[0].in_archive
    assert record.files[0].path == str(archive / "inner/one.jpg")
    assert library.image_bytes(record) == picture().read_bytes()


def test_an_image_without_files(stash: TestStash, library: StashLibrary, picture: Picture) -> None:
    image = stash.add_image(picture())
    stash.library.db.run("DELETE FROM owned_file WHERE kind = 'image'")
    record = library.images([int(image)]).records[0]
    assert record.files == ()
    assert record.fingerprint == ""
    assert record.name == f"image {image}"


def test_galleries(stash: TestStash, library: StashLibrary, picture: Picture) -> None:
    ids = [stash.add_image(picture(f"{n}.jpg")) for n in range(5)]
    gallery = stash.add_gallery(ids[1:4])
    assert library.gallery_image_ids(int(gallery), per_page=2) == [int(one) for one in ids[1:4]]
    record = library.gallery(int(gallery))
    assert record is not None
    assert record.image_count == 3
    assert library.gallery(999) is None


def test_tags_by_name_and_by_alias(stash: TestStash, library: StashLibrary) -> None:
    named = stash.add_tag("Compreface Scanned")
    aliased = stash.add_tag("Seen by faces", aliases=["Compreface Matched"])
    for wanted, tag in (("compreface scanned", named), ("Compreface Matched", aliased)):
        found = library.tag_get_or_create(wanted)
        assert (found.id, found.created) == (tag, False)
    assert library.tag_named("Compreface") is None
    assert len(stash.ids("tag")) == 2


def test_a_tag_is_made_once(stash: TestStash, library: StashLibrary) -> None:
    made = library.tag_get_or_create(" New ")
    assert (made.name, made.created) == ("New", True)
    assert not library.tag_get_or_create("New").created
    stash.faults.drop_answer(matching="tagCreate")
    assert library.tag_get_or_create("Another").name == "Another"
    assert len(stash.ids("tag")) == 2


def test_a_tag_asked_for_by_many_at_once_is_made_once(stash: TestStash, library: StashLibrary) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(library.tag_get_or_create("New").id)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_wildcards_in_names_are_no_wildcards_for_us(stash: TestStash, library: StashLibrary) -> None:
    stash.add_tag("axb")
    assert library.tag_named("a_b") is None
    with pytest.raises(ServiceRefused, match=r"'a_b' .* choose another name"):
        library.tag_get_or_create("a_b")  # Stash itself takes it for the same
    percent = stash.add_tag("100%")
    stash.add_tag("1000")
    found = library.tag_named("100%")
    assert found is not None
    assert found.id == percent


def test_tag_use(stash: TestStash, library: StashLibrary, picture: Picture) -> None:
    tag = stash.add_tag("Seen")
    stash.add_image(picture(), tags=[tag])
    assert library.tag_use(tag) == 1
    assert library.tag_use("999") is None
    assert library.tag_destroy(tag)
    assert not library.tag_destroy(tag)


def test_jobs_that_wait(stash: TestStash, library: StashLibrary, picture: Picture) -> None:
    image = int(stash.add_image(picture()))
    assert library.jobs() == ()
    going = threading.Event()
    first = stash.jobs.add("first", lambda job: going.wait(60) and None)
    second = stash.jobs.add("second", lambda job: None)
    try:
        while library.jobs()[0].status != "RUNNING":
            pass
        assert [job.id for job in library.jobs()] == [str(first), str(second)]
        assert [job.description for job in library.waiting_jobs()] == ["second"]
        assert [job.description for job in library.images([image]).waiting] == ["second"]
    finally:
        going.set()


def test_a_continuation_is_queued_once(stash: TestStash, library: StashLibrary) -> None:
    going = threading.Event()
    stash.jobs.add("first", lambda job: going.wait(60) and None)
    try:
        stash.faults.drop_answer(matching="runPluginTask")
        job = library.run_plugin_task("compreface", None, {"mode": "m", "limit": 5}, "Identify (continued)")
        waiting = library.waiting_jobs()
        assert [held.id for held in waiting] == [job]
        assert "Identify (continued)" in waiting[0].description
    finally:
        going.set()


def test_small_numbers_survive_a_continuation(stash: TestStash, library: StashLibrary) -> None:
    going = threading.Event()
    stash.jobs.add("first", lambda job: going.wait(60) and None)
    try:
        library.run_plugin_task("compreface", None, {"minSimilarity": 1e-05}, "continued")
        assert stash.graphql_requests[-1].variables["args_map"] == {"minSimilarity": "1e-05"}
    finally:
        going.set()


def test_a_scene_that_cannot_be_read_is_not_taken_for_gone(stash: TestStash, library: StashLibrary) -> None:
    unread = b'{"errors": [{"message": "disk I/O error", "path": ["i0"]}], "data": {"i0": null}}'
    stash.faults.answer(200, unread)
    with pytest.raises(ServiceRefused, match="could not read the scene 7 "):
        library.scenes.some([7])
    assert library.scenes.some([7]) == []
    for ask in (library.scenes.read, library.scenes.markers):
        stash.faults.answer(200, unread)
        assert ask([7]) == ([], {7: "disk I/O error"})
        assert ask([7]) == ([], {})


def test_what_stash_cannot_read_costs_a_page_nothing_but_itself(
    stash: TestStash, library: StashLibrary, tmp_path: Path
) -> None:
    for number in range(3):
        stash.add_image(picture := tmp_path / f"{number}.png", title=f"Image {number}")
        stash.add_scene(tmp_path / f"{number}.mp4", title=f"Scene {number}")
        assert not picture.exists()
    pages = {"image": library.image_page, "scene": library.scenes.page}
    whole = {kind: page(after=0, per_page=10) for kind, page in pages.items()}
    stash.faults.unreadable = {("image", 2), ("scene", 2)}
    for kind, page in pages.items():
        first, second, third = page(after=0, per_page=10)
        assert [first, third] == [whole[kind][0], whole[kind][2]]
        assert (second.id, second.files, second.trouble) == (2, (), "sql: Scan error on column: unsupported")
        assert [each.id for each in page(after=1, per_page=1)] == [2]
    stash.faults.unreadable = {(kind, number) for kind in pages for number in (1, 2, 3)}
    for page in pages.values():  # the fault is Stash's, not an item's
        with pytest.raises(ServiceRefused, match="Scan error"):
            page(after=0, per_page=10)
