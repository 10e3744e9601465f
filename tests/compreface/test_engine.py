"""The server as FaceEngine: the same promises as the local ones, and those that only a server can break."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from testcompreface import DLIB, FACENET_LIKE, INSIGHTFACE_LIKE, Build, TestCompreFace

from compreface_plugin.compreface.engine import CompreFaceEngine
from compreface_plugin.compreface.open import CompreFace, open_compreface
from compreface_plugin.compreface.patience import Patience
from compreface_plugin.domain.errors import (
    EmbeddingMismatch,
    ItemError,
    ModelUnavailable,
    ServiceUnavailable,
)
from compreface_plugin.domain.faces import DetectionLimits, Picture, SeenFace
from compreface_plugin.engine.quality import measure

LIMITS = DetectionLimits(43.0)
GetPicture = Callable[[str], Picture]


@pytest.fixture
def engine(service: CompreFace) -> Iterator[CompreFaceEngine]:
    opened = service.engine(measure)
    yield opened
    opened.close()


def faces_of(outcome: list[SeenFace] | ItemError) -> list[SeenFace]:
    assert isinstance(outcome, list), outcome
    return outcome


def shown(picture: Image.Image) -> Picture:
    return Picture(np.asarray(picture.convert("RGB")), picture.width, picture.height)


def alike(a: SeenFace, b: SeenFace) -> float:
    return float(a.embedding @ b.embedding)


def test_nothing_in_nothing_out(engine: CompreFaceEngine, server: TestCompreFace) -> None:
    assert engine.look([], LIMITS) == []
    assert server.count("/recognize") == 0


def test_a_face_is_found_measured_and_embedded(engine: CompreFaceEngine, picture: GetPicture) -> None:
    (face,) = faces_of(engine.look([picture("obama.jpg")], LIMITS)[0])
    assert face.embedding.shape == (128,)
    assert face.embedding.dtype == np.float32
    assert np.linalg.norm(face.embedding) == pytest.approx(1.0, abs=1e-5)
    assert not face.embedding.flags.writeable
    assert 0 <= face.box.x_min < face.box.x_max <= 1
    assert 0 <= face.box.y_min < face.box.y_max <= 1
    assert face.landmarks.shape == (5, 2)
    left, right = face.landmarks[0], face.landmarks[1]
    assert face.box.x_min < left[0] < right[0] < face.box.x_max
    assert 0.5 < face.det_score <= 1
    assert face.quality.score > 0.6
    assert face.quality.size_px > 200
    with Image.open(io.BytesIO(face.crop_jpeg)) as crop:
        assert crop.format == "JPEG"
        assert max(crop.size) <= 256
    assert face.gender is None  # the server is not sure
    assert face.age == pytest.approx(28.5)


def test_the_same_person_is_nearer_than_another(engine: CompreFaceEngine, picture: GetPicture) -> None:
    outcomes = engine.look([picture(name) for name in ("obama.jpg", "obama2.jpg", "biden.jpg")], LIMITS)
    one, two, other = (faces_of(outcome)[0] for outcome in outcomes)
    assert alike(one, two) > alike(one, other) + 0.05


def test_the_company_of_a_picture_changes_nothing(engine: CompreFaceEngine, picture: GetPicture) -> None:
    alone = faces_of(engine.look([picture("biden.jpg")], LIMITS)[0])
    among = engine.look([picture(name) for name in ("rocket.jpg", "biden.jpg", "obama.jpg")], LIMITS)
    assert faces_of(among[0]) == []
    (first,), (second,) = alone, faces_of(among[1])
    assert np.array_equal(first.embedding, second.embedding)
    assert first.box == second.box
    assert first.crop_jpeg == second.crop_jpeg


def test_largest_first_and_nothing_below_the_limit(engine: CompreFaceEngine, picture: GetPicture) -> None:
    faces = faces_of(engine.look([picture("t1.jpg")], LIMITS)[0])
    areas = [face.box.area for face in faces]
    assert len(faces) == 6
    assert areas == sorted(areas, reverse=True)
    least = sorted(face.quality.size_px for face in faces)[2]
    fewer = faces_of(engine.look([picture("t1.jpg")], DetectionLimits(least + 0.5))[0])
    assert 0 < len(fewer) < 6
    assert all(face.quality.size_px >= least for face in fewer)


def test_a_small_face_in_a_large_picture_is_found_in_a_tile(
    engine: CompreFaceEngine, server: TestCompreFace, picture: GetPicture
) -> None:
    """The server shrinks to 640 px: of a face of 90 px in 4,800 it would see 12 px."""
    canvas = Image.new("RGB", (4800, 3600), (90, 110, 90))
    person = Image.fromarray(picture("obama.jpg").pixels)
    scale = 90 / (0.30 * person.width)
    canvas.paste(person.resize((round(person.width * scale), round(person.height * scale))), (3900, 700))
    faces = faces_of(engine.look([shown(canvas)], DetectionLimits(64.0))[0])
    assert [round(face.box.x_min * 4800) // 100 for face in faces] == [40]
    assert 64 <= faces[0].quality.size_px <= 120
    (reference,) = faces_of(engine.look([picture("obama2.jpg")], LIMITS)[0])
    assert alike(faces[0], reference) > 0.93
    assert server.most_at_once <= 2


def test_a_face_in_two_tiles_is_one_face(engine: CompreFaceEngine, picture: GetPicture) -> None:
    person = Image.fromarray(picture("biden.jpg").pixels).resize((1056, 2400))
    canvas = Image.new("RGB", (3600, 2400), (128, 128, 128))
    canvas.paste(person, (900, 0))
    assert len(faces_of(engine.look([shown(canvas)], DetectionLimits(60.0))[0])) == 1


# Not upside down: the dlib behind the test server takes such a face for an upright one, so nothing asks a second time.
@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270])
def test_a_face_on_its_side_is_found_by_the_second_look(
    engine: CompreFaceEngine, server: TestCompreFace, picture: GetPicture, turn: Image.Transpose
) -> None:
    upright = Image.fromarray(picture("obama.jpg").pixels).resize((600, 800))
    (expected,) = faces_of(engine.look([shown(upright)], LIMITS)[0])
    before = server.count("/recognize")
    (face,) = faces_of(engine.look([shown(upright.transpose(turn))], LIMITS)[0])
    assert server.count("/recognize") == before + 2
    assert alike(face, expected) > 0.95
    middle = np.array([(face.box.x_min + face.box.x_max) / 2, (face.box.y_min + face.box.y_max) / 2])
    assert np.abs(face.landmarks.mean(axis=0) - middle).max() < 0.12
    (again,) = faces_of(engine.look([_crop(face)], DetectionLimits(20.0))[0])
    assert abs(again.quality.roll_deg) < 30  # the kept crop is upright


def _crop(face: SeenFace) -> Picture:
    return shown(Image.open(io.BytesIO(face.crop_jpeg)))


def test_pictures_are_sent_small_enough(server: TestCompreFace, engine: CompreFaceEngine) -> None:
    server.max_file_bytes = server.max_request_bytes = 200_000
    noise = np.random.default_rng(1).integers(0, 255, (1500, 1500, 3), np.uint8)
    assert faces_of(engine.look([Picture(noise, 1500, 1500)], DetectionLimits(200.0))[0]) == []
    assert max(len(request.body) for request in server.requests) <= 200_000


def test_a_decoded_picture_may_be_smaller_than_the_original(engine: CompreFaceEngine, picture: GetPicture) -> None:
    whole = picture("obama.jpg")
    half = Image.fromarray(whole.pixels).resize((whole.width // 2, whole.height // 2))
    decoded = Picture(np.asarray(half), whole.width, whole.height)
    (full,), (small,) = (faces_of(each) for each in engine.look([whole, decoded], LIMITS))
    assert small.box.iou(full.box) > 0.8
    assert small.quality.size_px == pytest.approx(full.quality.size_px, rel=0.1)


def test_one_bad_picture_among_good_ones(server: TestCompreFace, engine: CompreFaceEngine, picture: GetPicture) -> None:
    bad = picture("astronaut.png")
    server.core.poison.add((bad.width, bad.height))
    good, broken = engine.look([picture("obama.jpg"), bad], LIMITS)
    assert len(faces_of(good)) == 1
    assert isinstance(broken, ItemError)
    assert broken.code == "service"


def test_a_dead_server_ends_the_run(server: TestCompreFace, engine: CompreFaceEngine, picture: GetPicture) -> None:
    assert engine.info.pack == "compreface"
    server.stop()
    with pytest.raises(ServiceUnavailable):
        engine.look([picture("obama.jpg"), picture("biden.jpg")], LIMITS)


def test_who_looks_is_asked_once(server: TestCompreFace, engine: CompreFaceEngine, picture: GetPicture) -> None:
    info = engine.info
    engine.look([picture("obama.jpg")], LIMITS)
    again = engine.info
    assert (info.engine, info.pack, info.device) == ("compreface", "compreface", server.base_url)
    assert info.model_id.startswith("compreface:dlib.Calculator[")
    assert again.dimensions == 128
    assert server.count("/core/status") == 1


def test_dimensions_are_learnt_from_an_example(
    server: TestCompreFace, connect: Callable[..., CompreFace], photo: Callable[[str], bytes]
) -> None:
    connect().subjects.add("Person 1 A", photo("obama.jpg"))
    assert connect().engine(measure).info.dimensions == 128


def test_another_model_behind_the_same_address_is_noticed(
    server: TestCompreFace, engine: CompreFaceEngine, picture: GetPicture
) -> None:
    engine.look([picture("obama.jpg")], LIMITS)
    server.core.build = replace(server.core.build, calculator="facenet.Calculator")
    with pytest.raises(EmbeddingMismatch, match=r"facenet\.Calculator"):
        engine.look([picture("obama.jpg")], LIMITS)


def test_plugins_that_are_missing_are_done_without(
    connect_to: Callable[[Build], CompreFaceEngine], picture: GetPicture
) -> None:
    engine = connect_to(replace(DLIB, plugins=("calculator",)))
    (face,) = faces_of(engine.look([picture("obama.jpg")], LIMITS)[0])
    assert face.extra["landmarks"] == "estimated"
    assert face.age is None
    assert face.box.x_min < face.landmarks[0][0] < face.landmarks[1][0] < face.box.x_max


def test_padding_of_facenet_builds_is_taken_off(
    engine: CompreFaceEngine, connect_to: Callable[[Build], CompreFaceEngine], picture: GetPicture
) -> None:
    (tight,) = faces_of(engine.look([picture("obama.jpg")], LIMITS)[0])
    (padded,) = faces_of(connect_to(FACENET_LIKE).look([picture("obama.jpg")], LIMITS)[0])
    assert padded.box.iou(tight.box) > 0.95
    assert padded.quality.size_px == pytest.approx(tight.quality.size_px, rel=0.03)


def test_vectors_of_any_length_become_unit_vectors(
    engine: CompreFaceEngine, connect_to: Callable[[Build], CompreFaceEngine], picture: GetPicture
) -> None:
    (plain,) = faces_of(engine.look([picture("obama.jpg")], LIMITS)[0])
    (raw,) = faces_of(connect_to(INSIGHTFACE_LIKE).look([picture("obama.jpg")], LIMITS)[0])
    assert alike(plain, raw) == pytest.approx(1.0, abs=1e-4)


def test_a_closed_core_is_explained(server: TestCompreFace, connect: Callable[..., CompreFace]) -> None:
    server.core_is_open = False
    with pytest.raises(ModelUnavailable, match="/core/status"):
        _ = connect().engine(measure).info


def test_a_closed_core_of_a_known_model_tells_by_an_example(
    server: TestCompreFace, connect: Callable[..., CompreFace], photo: Callable[[str], bytes]
) -> None:
    server.core.build = replace(server.core.build, calculator="insightface.Calculator@arcface_mobilefacenet")
    server.core_is_open = False
    connect().subjects.add("Person 1 A", photo("obama.jpg"))
    engine = connect().engine(measure)
    assert engine.info.dimensions == 128
    assert engine.info.model_id == "compreface:insightface.Calculator@arcface_mobilefacenet"
    assert engine.model.c0 == 1.26538905


@pytest.fixture
def connect_to() -> Iterator[Callable[[Build], CompreFaceEngine]]:
    """An engine on a server of another build."""
    with ExitStack() as opened:

        def _connect(build: Build) -> CompreFaceEngine:
            server = opened.enter_context(TestCompreFace(build))
            found = open_compreface(server.base_url, server.recognition_key, patience=Patience((0.02,) * 3))
            opened.callback(found.close)
            made = found.engine(measure)
            opened.callback(made.close)
            return made

        yield _connect
