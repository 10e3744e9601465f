"""What every engine promises, on real photographs: dlib, light, InsightFace, and a CompreFace server."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compreface_plugin.domain.errors import ItemError
from compreface_plugin.domain.faces import DetectionLimits, Picture, SeenFace
from compreface_plugin.media.pictures import decode
from compreface_plugin.ports import FaceEngine

DEFAULT = DetectionLimits(min_face_px=64 * 2 / 3)
Photo = Callable[[str], Picture]


def faces_of(engine: FaceEngine, *pictures: Picture, limits: DetectionLimits = DEFAULT) -> list[list[SeenFace]]:
    looked = engine.look(pictures, limits)
    assert not any(isinstance(one, ItemError) for one in looked)
    return [one for one in looked if not isinstance(one, ItemError)]


def cosine(one: SeenFace, other: SeenFace) -> float:
    return float(one.embedding @ other.embedding)


def as_picture(image: Image.Image) -> Picture:
    return Picture(np.asarray(image.convert("RGB")), image.width, image.height)


def image_of(picture: Picture) -> Image.Image:
    return Image.fromarray(picture.pixels)


def around(image: Image.Image, face: SeenFace, margin: float) -> Image.Image:
    """The face's box with a margin of that share of the box on each side."""
    box = face.box
    wide, high = box.width * margin, box.height * margin
    return image.crop(
        (
            round((box.x_min - wide) * image.width),
            round((box.y_min - high) * image.height),
            round((box.x_max + wide) * image.width),
            round((box.y_max + high) * image.height),
        )
    )


def test_nothing_in_nothing_out(engine: FaceEngine) -> None:
    assert engine.look([], DEFAULT) == []


def test_a_picture_without_a_face(engine: FaceEngine, photo: Photo) -> None:
    flat = Picture(np.full((300, 400, 3), 127, np.uint8), 400, 300)
    assert faces_of(engine, flat, photo("coffee.png"), photo("rocket.jpg")) == [[], [], []]


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (900, 2), (20, 20)])
def test_pictures_of_odd_shape_have_no_face(engine: FaceEngine, size: tuple[int, int]) -> None:
    assert faces_of(engine, as_picture(Image.new("RGB", size, (90, 120, 60)))) == [[]]


def test_a_face_is_fully_described(engine: FaceEngine, photo: Photo) -> None:
    picture = photo("obama.jpg")
    [[face]] = faces_of(engine, picture)
    box = face.box
    assert 0 <= box.x_min < box.x_max <= 1
    assert 0 <= box.y_min < box.y_max <= 1
    assert face.landmarks.shape == (5, 2)
    eyes, nose, mouth = face.landmarks[:2], face.landmarks[2], face.landmarks[3:]
    assert eyes[0, 0] < nose[0] < eyes[1, 0]
    assert eyes[:, 1].max() < nose[1] < mouth[:, 1].min()
    assert box.x_min < nose[0] < box.x_max
    assert 0.5 < face.det_score <= 1
    assert face.embedding.shape == (engine.info.dimensions,)
    assert face.embedding.dtype == np.float32
    assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-4)
    assert not face.embedding.flags.writeable
    assert not face.landmarks.flags.writeable
    quality = face.quality
    assert quality.score > 0.6
    assert quality.reasons == ()
    assert quality.size_px == pytest.approx(min(box.width * picture.width, box.height * picture.height), rel=0.05)
    assert abs(quality.roll_deg) < 10


def test_the_crop_is_small_upright_and_shows_the_face(engine: FaceEngine, photo: Photo) -> None:
    [[face]] = faces_of(engine, photo("obama.jpg"))
    with Image.open(io.BytesIO(face.crop_jpeg)) as crop:
        assert crop.format == "JPEG"
        assert max(crop.size) == 256
        [[again]] = faces_of(engine, as_picture(crop), limits=DetectionLimits(30))
    assert cosine(face, again) > 0.8


def test_largest_face_first_and_all_of_a_group(engine: FaceEngine, photo: Photo) -> None:
    [faces] = faces_of(engine, photo("t1.jpg"))
    assert len(faces) == 6
    areas = [face.box.area for face in faces]
    assert areas == sorted(areas, reverse=True)
    overlaps = [one.box.iou(other.box) for at, one in enumerate(faces) for other in faces[:at]]
    assert max(overlaps) < 0.3


def test_the_same_picture_gives_the_same_faces_in_any_company(engine: FaceEngine, photo: Photo) -> None:
    pictures = [photo(name) for name in ("obama.jpg", "t1.jpg", "biden.jpg", "coffee.png", "astronaut.png")]
    together = faces_of(engine, *pictures)
    backwards = faces_of(engine, *pictures[::-1])[::-1]
    alone = [faces_of(engine, picture)[0] for picture in pictures]
    for one, two, three in zip(together, backwards, alone, strict=True):
        assert [face.box for face in one] == [face.box for face in two] == [face.box for face in three]
        assert [face.quality for face in one] == [face.quality for face in three]
        for face, other, third in zip(one, two, three, strict=True):
            assert np.abs(face.embedding - other.embedding).max() < 1e-4
            assert np.abs(face.embedding - third.embedding).max() < 1e-4


def test_one_person_is_nearer_than_another(engine: FaceEngine, looks_with: str, photo: Photo) -> None:
    [[obama], [obama2], [biden]] = faces_of(engine, photo("obama.jpg"), photo("obama2.jpg"), photo("biden.jpg"))
    same, other = cosine(obama, obama2), max(cosine(obama, biden), cosine(obama2, biden))
    assert same > other + 0.05
    if looks_with != "dlib":  # whose embeddings all lie close together
        assert same > 0.6
        assert other < 0.3


def test_small_faces_are_left_out(engine: FaceEngine, photo: Photo) -> None:
    picture = photo("t1.jpg")
    [faces] = faces_of(engine, picture)
    sizes = sorted(face.quality.size_px for face in faces)
    limit = (sizes[2] + sizes[3]) / 2
    [larger] = faces_of(engine, picture, limits=DetectionLimits(limit))
    assert 0 < len(larger) < len(faces)
    assert all(face.quality.size_px >= limit for face in larger)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_picture_lying_on_its_side(engine: FaceEngine, photo: Photo, turns: int) -> None:
    picture = photo("obama.jpg")
    turned = as_picture(Image.fromarray(np.ascontiguousarray(np.rot90(picture.pixels, turns))))
    [[face], [other]] = faces_of(engine, picture, turned)
    assert cosine(face, other) > 0.9
    roll = {1: -90, 2: 180, 3: 90}[turns]
    assert abs((other.quality.roll_deg - roll + 180) % 360 - 180) < 20
    with Image.open(io.BytesIO(other.crop_jpeg)) as crop:  # upright again
        [[again]] = faces_of(engine, as_picture(crop), limits=DetectionLimits(30))
    assert abs(again.quality.roll_deg) < 20


@pytest.mark.parametrize("scale", [1, 3])
def test_a_face_that_fills_the_picture(engine: FaceEngine, photo: Photo, scale: int) -> None:
    picture = photo("obama.jpg")
    [[face]] = faces_of(engine, picture)
    tight = around(image_of(picture), face, 0.0)
    [[again]] = faces_of(engine, as_picture(tight.resize((tight.width * scale, tight.height * scale))))
    assert again.box.area > 0.6
    assert cosine(face, again) > 0.8


@pytest.mark.slow
def test_a_64_px_face_in_a_24_megapixel_photo(engine: FaceEngine, looks_with: str, photo: Photo) -> None:
    picture = photo("obama.jpg")
    [[face], [biden]] = faces_of(engine, picture, photo("biden.jpg"))
    image = image_of(picture)
    share = 64 / (min(face.box.width * image.width, face.box.height * image.height))
    small = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS)
    large = Image.radial_gradient("L").resize((6000, 4000)).convert("RGB")
    corners = ((4311, 1507), (5, 3600))
    for corner in corners[:1] if looks_with == "dlib" else corners:  # ten seconds a picture
        scene = large.copy()
        scene.paste(small, corner)
        [faces] = faces_of(engine, as_picture(scene))
        assert len(faces) == 1
        assert faces[0].quality.size_px == pytest.approx(64, rel=0.2)
        assert cosine(faces[0], face) > 0.9
        assert cosine(faces[0], face) > cosine(faces[0], biden) + 0.05


def test_a_picture_held_smaller_reports_original_sizes(engine: FaceEngine, photo: Photo) -> None:
    picture = photo("obama.jpg")
    half = image_of(picture).resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)
    smaller = Picture(np.asarray(half), picture.width, picture.height)
    [[face], [other]] = faces_of(engine, picture, smaller)
    assert face.box.iou(other.box) > 0.75
    assert other.quality.size_px == pytest.approx(face.quality.size_px, rel=0.15)


# PhotoPrism's own expectation where a person would say the same, else what a person counts at 43 px and more:
# 1 and 16 show two people, 17 two; in 3 and 18 the further faces are below the limit; 11 is a mask.
COUNTS = {
    1: 2,
    2: 1,
    3: 0,
    4: 1,
    5: 1,
    6: 1,
    7: 0,
    8: 0,
    9: 0,
    10: 0,
    12: 1,
    13: 0,
    14: 0,
    15: 0,
    16: 2,
    17: 2,
    18: 1,
    19: 0,
}
ALLOWED = {"dlib": 2, "light": 0, "buffalo_sc_int8": 0}
"""dlib does not see masked faces (1) and heads tilted far (16)."""
BY_SERVER = 1
"""More on a server: 16, a head tilted far beside an upright one. Pictures with a face in them are not turned."""


@pytest.mark.data
def test_counts_on_photoprism_pictures(engine: FaceEngine, looks_with: str, data_dir: Path) -> None:
    folder = data_dir / "faces" / "photoprism_face"
    looked = faces_of(engine, *(decode(folder / f"{number}.jpg") for number in COUNTS))
    wrong = {n: len(faces) for (n, count), faces in zip(COUNTS.items(), looked, strict=True) if len(faces) != count}
    allowed = ALLOWED.get(looks_with, 2) + (BY_SERVER if engine.info.engine == "compreface" else 0)
    assert len(wrong) <= allowed, wrong
    overlap = faces_of(engine, *(decode(folder / "overlap" / f"{number}.jpg") for number in (1, 2, 3)))
    assert [len(faces) for faces in overlap] == [2, 2, 2]


@pytest.mark.data
def test_one_person_in_four_directions(engine: FaceEngine, data_dir: Path) -> None:
    folder = data_dir / "faces" / "inspireface" / "rotate"
    looked = faces_of(engine, *(decode(folder / f"rot_{angle}.jpg") for angle in (0, 90, 180, 270)))
    assert [len(faces) for faces in looked] == [1, 1, 1, 1]
    assert min(cosine(looked[0][0], faces[0]) for faces in looked[1:]) > 0.9


@pytest.mark.data
def test_pose_is_measured(engine: FaceEngine, looks_with: str, data_dir: Path) -> None:
    if looks_with == "dlib":
        pytest.skip("dlib's five landmarks tell no pose")
    folder = data_dir / "faces" / "inspireface" / "pose"
    names = ("left_face.jpeg", "right_face.png", "left_wryneck.png", "right_wryneck.png")
    left, right, tilt_left, tilt_right = (faces[0] for faces in faces_of(engine, *(decode(folder / n) for n in names)))
    assert left.quality.yaw_deg * right.quality.yaw_deg < 0
    assert min(abs(left.quality.yaw_deg), abs(right.quality.yaw_deg)) > 25
    assert tilt_left.quality.roll_deg < -15
    assert tilt_right.quality.roll_deg > 15
    assert any("turned away" in reason for reason in left.quality.reasons)


def test_a_blurred_face_is_worse_and_says_why(engine: FaceEngine, photo: Photo) -> None:
    from PIL import ImageFilter

    picture = photo("obama.jpg")
    blurred = as_picture(image_of(picture).filter(ImageFilter.GaussianBlur(7)))
    dark = as_picture(image_of(picture).point(lambda value: value // 7))
    [[sharp], [soft], [dim]] = faces_of(engine, picture, blurred, dark)
    assert soft.quality.score < sharp.quality.score - 0.2
    assert "blurred" in soft.quality.reasons
    assert dim.quality.score < sharp.quality.score - 0.2
    assert "badly lit" in dim.quality.reasons


def test_the_engine_says_who_it_is(engine: FaceEngine, looks_with: str) -> None:
    info = engine.info
    if info.engine == "compreface":
        assert info.pack == "compreface"
        assert info.model_id.startswith(f"compreface:{looks_with}.Calculator")
        return
    name, _, digest = info.model_id.partition("@")
    assert name == info.pack == looks_with
    assert len(digest) == 12
    assert info.engine == "local"
    assert info.device == "cpu"


def test_closing_twice_and_going_on(engine: FaceEngine, photo: Photo) -> None:
    engine.close()
    engine.close()
    assert len(faces_of(engine, photo("obama.jpg"))[0]) == 1
