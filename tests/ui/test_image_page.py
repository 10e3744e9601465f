"""Faces on the image page, in a real browser: from the click to the changed library."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageOps
from tasks.conftest import jpeg

if TYPE_CHECKING:
    from tasks.conftest import World
    from ui.conftest import Click

CROWD = 500


@pytest.fixture
def pair(library: World) -> str:
    """Obama on the left, Biden on the right."""
    picture = Image.new("RGB", (728, 488), "grey")
    picture.paste(ImageOps.mirror(Image.open(library.photos / "obama.jpg").resize((364, 455))), (0, 0))
    biden = Image.open(library.photos / "biden.jpg").crop((0, 0, 970, 1300)).resize((364, 488))
    picture.paste(biden, (364, 0))
    number = len(library.expected)  # other bytes each time, so that nothing is remembered
    picture.putpixel((0, 487), (number, 0, 0))
    return library.add_image(f"pair{number}.jpg", jpeg(picture))


def close_to(frames: list[list[float]], boxes: list[list[float]]) -> bool:
    pairs = zip(sorted(frames), sorted(boxes), strict=True)
    return all(abs(a - b) < 0.01 for frame, box in pairs for a, b in zip(frame, box, strict=True))


def test_detect_accept_undo_before_another_plugin(click: Click, library: World, pair: str) -> None:
    seen = click("image/accept", image=pair, plugins="compreface,rude")
    assert seen["name"] == "Barack Obama"
    assert seen["after"] == ["Barack Obama"]
    assert seen["left"] == ["Joe Biden"]
    assert library.performers_on(pair) == [library.performers["Joe Biden"]]
    assert seen["violations"] == []
    boxes = [face["box"] for face in library.ask("faces", imageId=pair)["faces"]]
    assert len(boxes) == 2
    assert close_to(seen["wide"], boxes)
    assert close_to(seen["narrow"], boxes), "frames follow the picture when the page changes its size"


def test_with_keys_alone_after_another_plugin(click: Click, library: World, pair: str) -> None:
    seen = click("image/keyboard", image=pair, plugins="rude,compreface")
    assert seen["first"]["text"] == "Faces"
    assert seen["second"]["text"] == "Find faces"
    assert all(each["outline"] != "none" or each["shadow"] != "none" for each in (seen["first"], seen["second"]))
    assert seen["second_confirmed"]
    assert library.performers_on(pair) == [library.performers["Joe Biden"]]


def test_all_at_once_and_back_but_not_beside_a_changed_form(click: Click, library: World, pair: str) -> None:
    seen = click("image/together", image=pair)
    assert "Save or discard them first" in seen["refused"]
    assert seen["untouched"] == []
    assert sorted(seen["after"]) == ["Barack Obama", "Joe Biden"]
    assert library.performers_on(pair) == []


def test_all_strangers_at_once_a_name_is_text_and_somebody_else_can_be_picked(click: Click, library: World) -> None:
    stranger = Image.open(library.photos / "t1.jpg").crop((0, 0, 640, 500))
    image = library.add_image("stranger.jpg", jpeg(stranger))
    seen = click("image/create", image=image)
    assert seen["offered"].strip() == f"New performers of {len(seen['made'])} unknown faces"
    assert all(name.startswith(f"Person {image} ") for name in seen["made"])
    assert seen["heading"].strip() == "<img src=x onerror=alert(1)>"
    assert seen["violations"] == []
    assert library.performers_on(image) == [library.performers["Eileen Collins"]]


def test_whoever_is_known_is_offered_first(click: Click, library: World, pair: str) -> None:
    box, stash = "https://box.example/graphql", library.stash
    stash.stash_boxes[box] = [{"name": "Jane Doe", "disambiguation": "writer", "remote_site_id": "ab-12"}]
    seen = click("image/known", image=pair)
    assert seen["links"][0].endswith(f"/performers/{library.performers['Eileen Collins']}")
    assert seen["links"][1] == "https://box.example/performers/ab-12"
    assert seen["linked"] == [{"endpoint": box, "stash_id": "ab-12"}]
    assert seen["violations"] == []
    assert library.performers_on(pair) == []
    assert stash.performer_id("Jane Doe") is None, "undone, it is gone"


def test_nobody_on_it_in_german(click: Click, library: World) -> None:
    image = library.add_image("cat.png", (library.photos / "chelsea.png").read_bytes())
    assert click("image/empty", image=image)["violations"] == []


def test_a_picture_that_cannot_be_read_and_then_can(click: Click, library: World, pair: str) -> None:
    there = library.folder / f"pair{len(library.expected) - 1}.jpg"
    away = there.with_suffix(".away")
    there.rename(away)
    seen = click("image/failed", image=pair, away=str(away), back=str(there))
    assert "could not be looked at" in seen["message"]
    assert f"/image/{pair}/" in seen["message"]
    assert seen["violations"] == []


def test_many_faces(click: Click, library: World) -> None:
    """One that was found, many times over in the store: looking for hundreds would take longer than showing them."""
    face = Image.open(library.photos / "astronaut.png").convert("RGB").crop((100, 0, 400, 300))
    image = library.add_image("crowd.jpg", jpeg(face))
    [found] = library.ask("identifyImage", imageId=image)["faces"]
    with sqlite3.connect(library.data / "compreface.sqlite") as db:
        for place in range(1, CROWD):
            copied(db, found["id"], place % 25 / 25, place // 25 / 20)
    seen = click("image/crowd", image=image)
    assert (seen["count"], seen["frames"]) == (CROWD, CROWD)
    assert seen["focused"] == CROWD - 10


def copied(db: sqlite3.Connection, face_id: int, left: float, top: float) -> None:
    """The same face once more, at another place (fractions of the picture)."""
    box = {"x_min": left, "y_min": top, "x_max": left + 0.03, "y_max": top + 0.04}
    columns = [row[1] for row in db.execute("PRAGMA table_info(faces)") if row[1] != "face_id"]
    wanted = ", ".join(f":{name}" if name in box else name for name in columns)
    made = db.execute(
        f"INSERT INTO faces ({', '.join(columns)}) SELECT {wanted} FROM faces WHERE face_id = :face",
        {**box, "face": face_id},
    ).lastrowid
    for table in ("face_crops", "face_embeddings", "verdicts"):
        others = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "face_id"]
        names = ", ".join(others)
        db.execute(
            f"INSERT INTO {table} (face_id, {names}) SELECT ?, {names} FROM {table} WHERE face_id = ?",
            (made, face_id),
        )
