"""Images, scenes and galleries named by their ids: one run, one status, one way back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from conftest import World

ITEMS = {"mode": "identifyItems", "modelPack": "dlib", "cooldownSeconds": -1}


@pytest.fixture(scope="module")
def library(shared_world: World) -> World:
    """Synchronised once; every test takes back what it did."""
    assert shared_world.run("Synchronize Performers")["status"] == "FINISHED"
    return shared_world


def identify(world: World, **args: Any) -> dict[str, Any]:
    """Runs the list to its end; how runStatus tells of it."""
    world.stash.wait_for_job(world.stash.run_task("compreface", None, {**ITEMS, **args}), 120)
    assert world.last_run()["mode"] == "identifyItems"
    return world.last_run()


def states(run: dict[str, Any]) -> dict[str, str]:
    return {f"{each['kind']} {each['id']}": each["state"] for each in run["items"]["list"]}


def test_a_list_that_was_killed_goes_on_where_it_was(library: World) -> None:
    world, stash = library, library.stash
    first, second, mirror, *_ = world.expected
    gallery = str(stash.add_gallery([first, second]))
    before = stash.snapshot()
    args = {**ITEMS, "imageIds": [mirror, first], "galleryIds": gallery, "tagImages": True, "maxBatchSize": 1}
    job = stash.run_task("compreface", None, {**args, "cooldownSeconds": 60})
    end = time.monotonic() + 60
    while not any("cooling down" in line for line in stash.log.messages("Debug")):
        assert time.monotonic() < end
        time.sleep(0.05)
    stash.jobs.stop(job)
    stash.wait_for_job(job)
    killed = world.last_run()
    assert states(killed) == {f"image {mirror}": "waiting", f"image {first}": "done", f"gallery {gallery}": "waiting"}
    (world.folder / "obama2.jpg").rename(world.folder / "away.jpg")  # whoever decodes it again fails
    stash.wait_for_job(stash.run_task("compreface", None, {**args, "imageIds": f"{mirror},{first}"}))
    run = world.last_run()
    assert run["runId"] == killed["runId"]
    assert set(states(run).values()) == {"done"}
    assert run["counts"]["seen"] == run["total"] == 4
    assert run["counts"]["failed"] == 0
    assert world.performers_on(first) == world.performers_on(second) == [world.performers["Barack Obama"]]
    (world.folder / "away.jpg").rename(world.folder / "obama2.jpg")
    world.ask("undoRun", runId=run["runId"])
    assert stash.snapshot() == before


def test_what_is_there_is_done_what_is_not_is_said_and_undo_takes_all_back(library: World) -> None:
    world, stash = library, library.stash
    first, second, mirror, _, _, strangers, _ = world.expected
    obama, biden = world.performers["Barack Obama"], world.performers["Joe Biden"]
    broken = world.add_image("broken.jpg", b"this is no picture")
    gallery, empty = str(stash.add_gallery([first, second, broken])), str(stash.add_gallery([]))
    before = stash.snapshot()
    named = {"imageIds": f"{mirror}, {strangers},{mirror},{broken},9999", "galleryIds": [gallery, "8888", empty]}

    stash.set_plugin_settings("compreface", {"applyMode": "review"})
    plan = identify(world, **named)
    assert stash.snapshot() == before
    assert {item["kind"] for item in world.ask("plan", planId=plan["runId"])["items"]} == {"image", "gallery"}
    stash.set_plugin_settings("compreface", {})

    run = identify(world, **named)
    assert (run["state"], run["total"]) == ("finished", 4 + 3)
    assert {name: run["items"][name] for name in ("total", "waiting", "done", "failed", "skipped")} == {
        "total": 7, "waiting": 0, "done": 4, "failed": 3, "skipped": 0
    }
    told = {(each["kind"], each["id"]): each for each in run["items"]["list"]}
    assert told["image", mirror] == {"kind": "image", "id": mirror, "state": "done", "reason": "", "times": 2}
    assert told["image", "9999"]["reason"] == "Stash has no such image"
    assert told["gallery", "8888"]["reason"] == "Stash has no such gallery"
    assert "broken.jpg" in told["image", broken]["reason"]
    assert (told["gallery", gallery]["state"], told["gallery", gallery]["failedImages"]) == ("done", 1)
    assert (told["gallery", empty]["state"], told["gallery", empty]["failedImages"]) == ("done", 0)
    assert world.performers_on(mirror) == [biden]
    assert world.performers_on(first) == []  # of a gallery, whose images stay as they are
    assert stash.links("gallery", gallery, "performer") == [obama]
    assert world.ask("galleryResult", galleryId=gallery)["failed"] == 1
    [one] = world.ask("statistics", runId=run["runId"])["runs"]
    assert one["reasons"]["failed"] == {"gone": 2, "undecodable": 2}
    world.ask("undoRun", runId=run["runId"])
    assert stash.snapshot() == before


def test_scenes_too_and_people_are_made_of_all_items_together(library: World) -> None:
    pytest.importorskip("av")
    from films import Shot, pictures, write_film

    world, stash = library, library.stash
    strangers = list(world.expected)[5]
    biden = Image.open(world.photos / "biden.jpg").convert("RGB").crop((0, 0, 970, 1164))
    scene = str(stash.add_scene(write_film(world.folder / "film.mp4", pictures([Shot([biden], 2.0)], (320, 240)))))
    stash.set_plugin_settings("compreface", {"minFacesPerPerson": 1})
    gallery = str(stash.add_gallery([strangers]))
    before = stash.snapshot()
    run = identify(world, sceneIds=[scene, 7777], galleryIds=gallery, createPerformer=True)
    assert states(run) == {f"scene {scene}": "done", "scene 7777": "failed", f"gallery {gallery}": "done"}
    [one] = world.ask("statistics", runId=run["runId"])["runs"]
    assert one["reasons"]["failed"] == {"gone": 1}
    assert stash.links("scene", scene, "performer") == [world.performers["Joe Biden"]]
    assert run["counts"]["created"] > 0
    assert world.performers_on(strangers) == []
    world.ask("undoRun", runId=run["runId"])
    assert stash.snapshot() == before
    stash.set_plugin_settings("compreface", {})

    stash.faults.unreadable |= {("scene", int(scene)), ("image", int(strangers))}
    run = identify(world, sceneIds=scene, imageIds=strangers)
    stash.faults.unreadable.clear()
    assert (run["state"], set(states(run).values())) == ("finished", {"failed"})
    assert all("Stash cannot read it" in each["reason"] for each in run["items"]["list"])
    [one] = world.ask("statistics", runId=run["runId"])["runs"]
    assert one["reasons"]["failed"] == {"unavailable": 2}


def test_a_list_without_an_item_is_one_sentence(library: World) -> None:
    with pytest.raises(Exception, match="imageIds, sceneIds, galleryIds name 0 items together; allowed are 1 to 5000"):
        library.ask("identifyItems", imageIds=" , ")
    with pytest.raises(Exception, match="The argument imageIds is 'first'; allowed is a whole number"):
        library.ask("identifyItems", imageIds=["first"])
