"""What a person did is left alone by what is done beside it: other faces, other words, a run that goes on."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import World


def kept(world: World, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        return db.execute(query).fetchall()


def test_people_are_left_alone_by_the_way(identified: World) -> None:
    world, stash = identified, identified.stash
    assert world.named() == world.expected
    images = list(world.expected)
    pair = next(image for image, who in world.expected.items() if len(who) == 2)

    verdicts = f"SELECT face_id, verdict FROM verdicts JOIN faces USING (face_id) WHERE item_id = {pair} ORDER BY 1"
    (one, _), _ = before = kept(world, verdicts)
    world.ask("identifyImage", imageId=pair, faceId=one, associateExisting=True)
    assert kept(world, verdicts) == before  # the other one stands on the image already

    obama = world.performers["Barack Obama"]
    gallery = stash.add_gallery(images[:2])
    learned = "SELECT count(*) FROM examples WHERE origin = 'face'"
    world.ask("decideGallery", galleryId=gallery, decision="accept", performerIds=[obama], tagImages=True)
    faces = [row[0] for row in kept(world, "SELECT face_id FROM decisions")]
    assert len(faces) == 2
    assert kept(world, learned) != [(0,)]
    world.ask("decide", decisions=[{"faceId": face, "decision": "undo"} for face in faces])
    assert kept(world, learned) == [(0,)]  # nobody says any more that it is he

    mirrored = next(image for image, who in world.expected.items() if who == [world.performers["Joe Biden"]])
    stash.set_links("image", mirrored, "tag", [stash.tag_id("Compreface Scanned")])  # so that something is to be done
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        db.execute(f"DELETE FROM looks WHERE item_id IN ({images[0]}, {images[1]})")
    slowly = {"cooldownSeconds": 4, "maxBatchSize": 1, "modelPack": "dlib"}
    job = stash.run_task("compreface", "Identify All Images", slowly)
    end = time.monotonic() + 30
    while time.monotonic() < end and world.ask("runStatus")["run"]["counts"].get("seen", 0) != 1:
        time.sleep(0.1)
    stash.set_links("image", mirrored, "performer", [])  # the run has read its page of images long ago
    stash.wait_for_job(job)
    assert world.errors() == []
    assert world.performers_on(mirrored) == []
