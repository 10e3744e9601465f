"""A gallery as a unit, and failed images once more."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import World


def gallery_of(world: World, names: list[str], **more: Any) -> str:
    order = ["obama2.jpg", "obama3.jpg", "mirror.jpg", "dark.jpg", "pair.jpg", "strangers.jpg", "cat.png"]
    return str(world.stash.add_gallery([list(world.expected)[order.index(name)] for name in names], **more))


def identify(world: World, gallery: str, **args: Any) -> dict[str, Any]:
    job = world.stash.run_task(
        "compreface",
        None,
        {"mode": "identifyGallery", "galleryId": gallery, "cooldownSeconds": -1, "modelPack": "dlib", **args},
    )
    world.stash.wait_for_job(job, 300)
    result: dict[str, Any] = world.ask("galleryResult", galleryId=gallery)
    return result


def test_people_seen_twice_go_on_the_gallery_and_images_stay_as_they_are(looked_at: World) -> None:
    world, stash = looked_at, looked_at.stash
    gallery = gallery_of(world, ["obama2.jpg", "obama3.jpg", "strangers.jpg", "cat.png"])
    before = stash.snapshot()
    result = identify(world, gallery)
    assert world.errors() == []
    [person] = result["people"]
    assert (person["name"], len(person["imageIds"]), person["onGallery"]) == ("Barack Obama", 2, True)
    assert person["best"] >= person["mean"] >= 0.89
    assert stash.links("gallery", gallery, "performer") == [world.performers["Barack Obama"]]
    assert set(stash.links("gallery", gallery, "tag")) == {
        stash.tag_id("Compreface Scanned"),
        stash.tag_id("Compreface Matched"),
    }
    assert stash.snapshot()["image"] == before["image"]
    stash.set_links("gallery", gallery, "performer", [])  # by a person, whose word holds ...
    identify(world, gallery)
    assert stash.links("gallery", gallery, "performer") == []
    stash.set_links("gallery", gallery, "tag", [])  # ... until the gallery is to be looked at anew
    identify(world, gallery)
    assert stash.links("gallery", gallery, "performer") == [world.performers["Barack Obama"]]
    for _ in range(3):
        world.run("Undo Last Run")
    assert stash.snapshot() == before


def test_in_review_mode_a_gallery_waits_until_somebody_says_so(looked_at: World) -> None:
    world, stash = looked_at, looked_at.stash
    gallery = gallery_of(world, ["obama2.jpg", "obama3.jpg"])
    before = stash.snapshot()
    stash.set_plugin_settings("compreface", {"applyMode": "review"})
    plan = identify(world, gallery)["runId"]
    assert stash.snapshot() == before
    [item] = world.ask("plan", planId=plan)["items"]
    assert (item["kind"], item["id"], item["exists"]) == ("gallery", gallery, True)
    world.ask("applyPlan", planId=plan, galleryIds=gallery)
    assert stash.links("gallery", gallery, "performer") == [world.performers["Barack Obama"]]
    assert world.ask("undoRun", runId=plan, galleryId=gallery)["undone"] == 3
    assert stash.snapshot()["gallery"] == before["gallery"]
    assert world.errors() == []


def test_images_are_tagged_when_asked_for(synchronized: World) -> None:
    world = synchronized
    gallery = gallery_of(world, ["obama2.jpg", "cat.png"])
    identify(world, gallery, tagImages="true")
    named = [image for image in world.expected if world.performers_on(image)]
    assert named == [next(iter(world.expected))]
    scanned = world.stash.tag_id("Compreface Scanned")
    assert sum(scanned in world.stash.links("image", image, "tag") for image in world.expected) == 2


def test_looked_at_first_and_decided_by_a_person(looked_at: World) -> None:
    world, stash = looked_at, looked_at.stash
    obama, biden = world.performers["Barack Obama"], world.performers["Joe Biden"]
    gallery = gallery_of(world, ["obama2.jpg", "obama3.jpg", "mirror.jpg", "strangers.jpg"], title="Looked at")
    empty = str(stash.add_gallery([]))
    first, second, mirror, strangers = stash.links("gallery", gallery, "image")
    before = stash.snapshot()
    result = identify(world, gallery, associateExisting=False)
    assert stash.snapshot() == before, "only looked"
    assert [(each["performerId"], each["imageIds"], each["onGallery"]) for each in result["people"]] == [
        (obama, [first, second], False),
        (biden, [mirror], False),
    ]
    unknown = world.ask("clusters", galleryId=gallery, minFaces=1)
    assert {item["id"] for each in unknown["clusters"] for item in each["items"]} == {strangers}
    assert world.ask("clusters", galleryId=empty, minFaces=1)["total"] == 0

    identify(world, empty, associateExisting=False)
    queue = world.ask("galleryProposals", limit=1)
    [waits] = queue["galleries"]
    assert (waits["galleryId"], waits["title"], waits["people"]) == (gallery, "Looked at", result["people"])
    assert waits["waiting"] == world.ask("proposals", galleryId=gallery)["total"]
    assert world.ask("galleryProposals", after=queue["next"]) == {"galleries": [], "next": None}, "nobody is in it"

    decided = world.ask("decideGallery", galleryId=gallery, decision="accept")  # everybody above the line
    assert [each["onGallery"] for each in decided["people"]] == [each["sure"] for each in decided["people"]]
    assert obama in stash.links("gallery", gallery, "performer")
    assert world.performers_on(first) == []
    left = [each["performerId"] for each in decided["people"] if not each["sure"]]
    stash.set_links("gallery", gallery, "performer", [])  # by a person: not asked about again
    queue = world.ask("galleryProposals")["galleries"]
    assert [each["performerId"] for waits in queue for each in waits["people"]] == left
    stash.set_links("gallery", gallery, "performer", [each for each in (obama, biden) if each not in left])
    world.ask("undoRun", runId=decided["runId"])
    assert stash.snapshot() == before

    decided = world.ask("decideGallery", galleryId=gallery, decision="accept", performerIds=[biden], tagImages=True)
    assert stash.links("gallery", gallery, "performer") == [biden]
    assert world.performers_on(mirror) == [biden]
    rejected = world.ask("decideGallery", galleryId=gallery, decision="reject", performerIds=[biden])
    assert [each["performerId"] for each in rejected["people"]] == [obama]
    assert stash.links("gallery", gallery, "performer") == []
    assert world.performers_on(mirror) == []
    world.ask("undoRun", runId=rejected["runId"])
    world.ask("undoRun", runId=decided["runId"])
    assert stash.snapshot() == before
    with pytest.raises(Exception, match="99, who was not seen in this gallery"):
        world.ask("decideGallery", galleryId=gallery, decision="accept", performerIds="99")


def test_a_gallery_that_is_not_there_is_one_sentence(empty_world: World) -> None:
    with pytest.raises(Exception, match="galleryId is 77, and Stash has no such gallery"):
        empty_world.ask("identifyGallery", galleryId="77")


@pytest.mark.data
def test_sixty_pictures_four_known_people_and_nobody_else(empty_world: World, data_dir: Path) -> None:
    world, stash, folder = empty_world, empty_world.stash, data_dir / "faces" / "lfw"
    known: dict[str, list[Path]] = {}
    strangers: list[Path] = []
    with (folder / "index.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["role"] == "known":
                known.setdefault(row["identity"], []).append(folder / row["file"])
            else:
                strangers.append(folder / row["file"])
    people = sorted(known, key=lambda name: (-len(known[name]), name))[:20]
    ids = {name: str(stash.add_performer(name, known[name][0].read_bytes())) for name in people}
    shown = people[:4]
    pictures = [path for name in shown for path in known[name][1:6]]
    pictures += strangers[: 60 - len(pictures)]
    gallery = str(stash.add_gallery([stash.add_image(path) for path in pictures]))
    world.data.mkdir(parents=True, exist_ok=True)
    (world.data / "models").symlink_to(data_dir / "models")
    job = stash.run_task(
        "compreface", "Synchronize Performers", {"modelPack": "buffalo_sc_int8", "cooldownSeconds": -1}
    )
    stash.wait_for_job(job)
    job = stash.run_task(
        "compreface",
        None,
        {"mode": "identifyGallery", "galleryId": gallery, "modelPack": "buffalo_sc_int8", "cooldownSeconds": -1},
    )
    stash.wait_for_job(job, 300)
    assert world.errors() == []
    assert sorted(stash.links("gallery", gallery, "performer")) == sorted(ids[name] for name in shown)


def test_failed_images_are_tried_again_when_asked(synchronized: World) -> None:
    world = synchronized
    mended = world.add_image("mended.jpg", b"", ["Barack Obama"])
    gone = world.add_image("gone.jpg", b"")
    for _ in range(3):
        world.run("Identify Unscanned Images")
    told = {one["id"]: one for one in world.ask("failures")["failures"]}
    assert told[mended]["attempts"] == 3
    assert not told[mended]["retriedByItself"]
    assert "empty" in told[mended]["reason"]
    (world.folder / "mended.jpg").write_bytes((world.folder / "obama2.jpg").read_bytes())
    world.stash.remove("image", gone)
    job = world.stash.run_task("compreface", None, {"mode": "retryFailed", "cooldownSeconds": -1, "modelPack": "dlib"})
    world.stash.wait_for_job(job)
    assert world.performers_on(mended) == world.expected[mended]
    assert world.ask("failures")["failures"] == []
