"""The collection: paging, names that could wipe it, examples that arrive though the answer is lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from testcompreface import TestCompreFace

from compreface_plugin.compreface.engine import CompreFaceEngine
from compreface_plugin.compreface.open import CompreFace
from compreface_plugin.compreface.trouble import ExampleRefused, PictureFailed, SubjectRefused
from compreface_plugin.domain.errors import NotAuthorised, ServiceUnavailable
from compreface_plugin.domain.faces import DetectionLimits, Picture
from compreface_plugin.engine.quality import measure

Photo = Callable[[str], bytes]
ADD = "POST /api/v1/recognition/faces"
PERSON = "Person 12345 ABC123XYZ456GHIJ"


def _plant(server: TestCompreFace, subject: str, count: int = 1) -> list[str]:
    """Examples that were there before, without a look."""
    held = server.collection()
    vectors = np.random.default_rng(len(held.examples)).standard_normal((count, 128))
    return [held.add(subject, vector, b"jpeg").image_id for vector in vectors]


@pytest.fixture
def crop(service: CompreFace, picture: Callable[[str], Picture]) -> Callable[[str], bytes]:
    """The kept crop of a photograph's largest face, as it would be enrolled."""
    engine: CompreFaceEngine = service.engine(measure)

    def _crop(name: str) -> bytes:
        faces = engine.look([picture(name)], DetectionLimits(43.0))[0]
        assert isinstance(faces, list)
        return faces[0].crop_jpeg

    return _crop


def test_a_crop_with_margin_is_found_again(
    server: TestCompreFace, service: CompreFace, crop: Callable[[str], bytes]
) -> None:
    added = service.subjects.add(PERSON, crop("obama.jpg"))
    assert added.subject == PERSON
    assert service.subjects.names() == [PERSON]
    assert [each.image_id for each in service.subjects.examples(PERSON)] == [added.image_id]
    assert service.subjects.picture(added.image_id) == crop("obama.jpg")


def test_pictures_the_server_does_not_keep(server: TestCompreFace, service: CompreFace, photo: Photo) -> None:
    server.collection().save_images = False
    added = service.subjects.add(PERSON, photo("obama.jpg"))
    assert service.subjects.picture(added.image_id) is None


def test_no_face_and_several_faces_are_no_examples(service: CompreFace, photo: Photo) -> None:
    with pytest.raises(ExampleRefused, match="no face"):
        service.subjects.add(PERSON, photo("rocket.jpg"))
    with pytest.raises(ExampleRefused, match="several faces"):
        service.subjects.add(PERSON, photo("t1.jpg"))


@pytest.mark.parametrize(
    "order",
    [
        lambda faults: faults.drop_answer(1, ADD),
        lambda faults: faults.answer_after_work(504, 1, ADD),
        lambda faults: faults.answer_after_work(502, 1, ADD),
    ],
    ids=["cut", "504", "502"],
)
def test_an_example_whose_answer_is_lost_is_not_added_twice(
    server: TestCompreFace, service: CompreFace, photo: Photo, order: Callable[..., None]
) -> None:
    _plant(server, PERSON, 2)
    order(server.faults)
    added = service.subjects.add(PERSON, photo("obama.jpg"))
    assert len(server.collection().examples) == 3
    assert server.collection().examples[added.image_id].content == photo("obama.jpg")
    assert server.count(ADD + "?subject") == 1


def test_an_example_that_never_arrived_is_added(server: TestCompreFace, service: CompreFace, photo: Photo) -> None:
    server.faults.gateway(502, 2, ADD)
    service.subjects.add(PERSON, photo("obama.jpg"))
    assert len(server.collection().examples) == 1


def test_an_example_that_breaks_the_server_is_given_up(
    server: TestCompreFace, service: CompreFace, photo: Photo
) -> None:
    server.faults.error(500, 41, times=9, matching=ADD)
    with pytest.raises(PictureFailed, match="code 41"):
        service.subjects.add(PERSON, photo("obama.jpg"))
    server.core.down = True
    with pytest.raises(ServiceUnavailable):
        service.subjects.add(PERSON, photo("obama.jpg"))


def test_pages_that_overlap_are_read_until_nothing_is_missing(server: TestCompreFace, service: CompreFace) -> None:
    planted = {image for number in range(13) for image in _plant(server, f"Person {number} A", 97)}
    server.faults.unordered_pages = True
    found = [each.image_id for each in service.subjects.examples()]
    assert len(found) == len(set(found)) == 1261
    assert set(found) == planted


def test_one_subjects_examples_alone(server: TestCompreFace, service: CompreFace) -> None:
    wanted = _plant(server, PERSON, 3)
    _plant(server, "Person 2 B", 3)
    assert {each.image_id for each in service.subjects.examples(PERSON)} == set(wanted)
    assert list(service.subjects.examples("nobody")) == []


@pytest.mark.parametrize("name", ["", " ", ".", "..", "/", "//", "./", "../..", ";", "\\", "\t"])
def test_names_that_would_wipe_the_collection_are_refused(
    server: TestCompreFace, service: CompreFace, name: str
) -> None:
    _plant(server, PERSON)
    before = len(server.requests)
    for call in (
        lambda: service.subjects.delete_subject(name),
        lambda: service.subjects.create(name),
        lambda: service.subjects.rename(PERSON, name),
        lambda: service.subjects.rename(name, "Person 9 Z"),
        lambda: service.subjects.add(name, b"jpeg"),
    ):
        with pytest.raises(SubjectRefused):
            call()
    assert all(request.method == "GET" for request in server.requests[before:])
    assert len(server.collection().examples) == 1


@pytest.mark.parametrize(
    "name", ["a/b", "../subjects", "x;y", "50% off", "what?", "#1", "back\\slash", "[x]", "a/../.."]
)
def test_names_that_no_path_carries_are_deleted_by_query(
    server: TestCompreFace, service: CompreFace, name: str
) -> None:
    _plant(server, name, 2)
    _plant(server, PERSON, 2)
    assert service.subjects.delete_subject(name) == 2
    assert server.collection().subjects == [PERSON]
    assert server.violations == []


@pytest.mark.parametrize("name", ["Ann & Bob + 1", "Zoë Müller", "李小龙", "O'Neil (2)", "a.b", "{x}", "100 €", "%41"])
def test_names_with_special_characters(server: TestCompreFace, service: CompreFace, photo: Photo, name: str) -> None:
    added = service.subjects.add(name, photo("obama.jpg"))
    assert server.collection().subjects == [name]
    assert [each.image_id for each in service.subjects.examples(name)] == [added.image_id]
    assert service.subjects.delete_subject(name) == 1
    assert server.collection().subjects == []


def test_deleting_a_subject_leaves_no_picture_behind(server: TestCompreFace, service: CompreFace) -> None:
    _plant(server, PERSON, 250)
    assert service.subjects.delete_subject(PERSON.lower()) == 250
    assert server.collection().leaked_images == 0
    assert server.collection().subjects == []
    assert service.subjects.delete_subject(PERSON) == 0


def test_another_spelling_is_the_same_subject(server: TestCompreFace, service: CompreFace, photo: Photo) -> None:
    _plant(server, "John Smith")
    service.subjects.add("john smith", photo("obama.jpg"))
    assert server.collection().subjects == ["John Smith"]
    assert service.subjects.create("JOHN SMITH") is False


def test_rename_and_merge(server: TestCompreFace, service: CompreFace) -> None:
    _plant(server, "old", 2)
    _plant(server, "kept", 1)
    assert service.subjects.rename("old", "new")
    assert sorted(server.collection().subjects) == ["kept", "new"]
    assert service.subjects.rename("new", "kept")
    assert server.collection().subjects == ["kept"]
    assert len(list(service.subjects.examples("kept"))) == 3
    assert not service.subjects.rename("nobody", "somebody")


def test_a_rename_whose_answer_is_lost_has_happened(server: TestCompreFace, service: CompreFace) -> None:
    _plant(server, "old")
    server.faults.drop_answer(1, "PUT ")
    assert service.subjects.rename("old", "new")


def test_deleting_twice_is_no_error(server: TestCompreFace, service: CompreFace) -> None:
    (image_id,) = _plant(server, PERSON)
    server.faults.drop_answer(1, "DELETE ")
    assert service.subjects.delete_example(image_id) is False  # gone by the first try, told by the second
    assert server.collection().examples == {}
    assert server.collection().subjects == [PERSON]


def test_a_server_that_re_embeds_is_waited_for(server: TestCompreFace, service: CompreFace) -> None:
    (image_id,) = _plant(server, PERSON)
    server.migrating = True
    with pytest.raises(ServiceUnavailable, match="during migration"):
        service.subjects.delete_example(image_id)


def test_a_wrong_key_is_told_by_every_call(server: TestCompreFace, connect: Callable[..., CompreFace]) -> None:
    service = connect(server.detection_key)
    with pytest.raises(NotAuthorised, match="holds the key of a detection service"):
        service.subjects.names()
