"""createPerformer: unknown faces of one image, or of a gallery, become performers at once; and the way back."""

from __future__ import annotations

import random
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps
from tasks.conftest import jpeg

if TYPE_CHECKING:
    from conftest import World


def start_gallery(world: World, gallery: str, **args: Any) -> str:
    return world.stash.run_task(
        "compreface",
        None,
        {"mode": "identifyGallery", "galleryId": gallery, "cooldownSeconds": -1, "modelPack": "dlib", **args},
    )


def names(world: World) -> dict[str, str]:
    return {str(row["id"]): row["name"] for row in world.stash.snapshot()["performer"].values()}


def unfinished(world: World) -> int:
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        query = "SELECT count(*) FROM changes WHERE state IN ('planned', 'undoing')"
        return int(db.execute(query).fetchone()[0])


def test_unknown_faces_of_an_image_become_performers_and_go_again(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    image = list(world.expected)[5]  # the strangers
    before = stash.snapshot()
    faces = world.ask("identifyImage", imageId=image)["faces"]
    good = [face["id"] for face in faces if face["quality"] >= 0.4 and face["sizePx"] >= 64]
    assert len(good) >= 2
    assert {face["verdict"] for face in faces} == {"unknown"}

    one = world.ask("identifyImage", imageId=image, createPerformer=True, faceId=good[1])
    assert one["created"] == 1
    assert [face["id"] for face in one["faces"] if face["verdict"] == "accept"] == [good[1]]
    world.ask("undoRun", runId=one["runId"])
    assert stash.snapshot() == before

    made = world.ask("identifyImage", imageId=image, createPerformer="true")
    assert made["created"] == len(good)
    told = {face["id"]: face["candidates"][0] for face in made["faces"] if face["verdict"] == "accept"}
    assert sorted(told) == sorted(good)
    assert all(each["onItem"] and each["name"].startswith(f"Person {image} ") for each in told.values())
    assert world.performers_on(image) == sorted(each["performerId"] for each in told.values())
    again = world.ask("identifyImage", imageId=image, createPerformer=True, associateExisting=True)
    assert again["created"] == 0
    assert len(names(world)) == len(world.performers) + len(good)
    world.ask("undoRun", runId=again["runId"])
    world.ask("undoRun", runId=made["runId"])
    assert stash.snapshot() == before
    assert world.errors() == []

    known = next(iter(world.expected))  # Obama, whom nobody asked to put there
    assert world.ask("identifyImage", imageId=known, createPerformer=True)["created"] == 0
    assert world.performers_on(known) == []


def test_unknown_people_of_a_gallery_become_performers_through_a_kill(looked_at: World) -> None:
    world, stash = looked_at, looked_at.stash
    stash.set_plugin_settings("compreface", {"minFacesPerPerson": 2})
    image = list(world.expected)[5]
    with Image.open(world.folder / "strangers.jpg") as opened:
        mirrored = world.add_image("mirrored.jpg", jpeg(ImageOps.mirror(opened)))
    gallery = str(stash.add_gallery([*list(world.expected)[:2], image, mirrored]))
    obama = world.performers["Barack Obama"]
    before = stash.snapshot()

    stash.wait_for_job(start_gallery(world, gallery, createPerformer=True))
    made = set(names(world)) - set(before["performer"]) - set(world.performers.values())
    assert len(made) >= 2
    assert set(stash.links("gallery", gallery, "performer")) == {obama, *made}
    assert stash.snapshot()["image"] == before["image"], "images are tagged only when asked for"
    world.run("Undo Last Run")
    assert stash.snapshot() == before

    dice = random.Random(5)
    for _ in range(2):  # killed about when people are made, then to the end
        job = start_gallery(world, gallery, createPerformer=True, tagImages=True)
        end = time.monotonic() + 60.0
        while time.monotonic() < end and len(names(world)) == len(world.performers):
            time.sleep(0.002)
        time.sleep(dice.uniform(0.0, 0.05))
        stash.jobs.stop(job)
        stash.wait_for_job(job)
    stash.wait_for_job(start_gallery(world, gallery, createPerformer=True, tagImages=True))
    assert len(names(world)) == len(world.performers) + len(made), "nobody twice"
    new = set(names(world)) - set(world.performers.values())
    assert world.performers_on(image) == world.performers_on(mirrored) == sorted(new)
    assert set(stash.links("gallery", gallery, "performer")) == {obama, *new}
    assert unfinished(world) == 0
    for _ in range(3):  # the run that was killed, and those after it, as far as there are any
        world.run("Undo Last Run")
    assert stash.snapshot() == before
    assert [each for each in world.errors() if "signal: killed" not in each] == []

    stash.wait_for_job(start_gallery(world, gallery, createPerformer=True, associateExisting=False))
    only = set(names(world)) - set(world.performers.values())
    assert len(only) == len(made)
    assert set(stash.links("gallery", gallery, "performer")) == only, "the new ones and nobody else"
    world.run("Undo Last Run")
    assert stash.snapshot() == before
