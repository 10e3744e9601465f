"""Stopping, pausing, giving way, resuming, and what a second start does meanwhile."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World


def add_cups(world: World, count: int) -> list[str]:
    """Pictures too small for a face: quick to look at."""
    cup = Image.open(world.photos / "coffee.png").convert("RGB").resize((30, 20))
    added = []
    for number in range(count):
        path = world.folder / f"cup{number:03}.jpg"
        cup.point(lambda value, n=number: min(255, value + n % 60)).save(path)
        added.append(str(world.stash.add_image(path)))
    return added


def until(what: Callable[[], Any], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def seen(world: World) -> int:
    """As the plugin's own store has it: asking the plugin takes a start each time, and the run goes on meanwhile."""
    store = world.data / "compreface.sqlite"
    if not store.exists():
        return 0
    with closing(sqlite3.connect(store, timeout=30)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone():
            return 0
        found = db.execute("SELECT counts FROM runs ORDER BY started_at DESC LIMIT 1").fetchone()
    return int(json.loads(found[0]).get("seen", 0)) if found else 0


def looked_at(world: World, run_id: str) -> dict[str, Any]:
    """The steps of a run."""
    [run] = world.ask("statistics", runId=run_id)["runs"]
    return {each["step"]: each for each in run["steps"]}


@pytest.fixture
def cups(empty_world: World) -> World:
    add_cups(empty_world, 40)
    return empty_world


def test_a_hundred_and_twenty_images_pause_eleven_times(empty_world: World) -> None:
    add_cups(empty_world, 120)
    empty_world.run("Identify Unscanned Images", maxBatchSize=10, cooldownSeconds=0.1)
    assert seen(empty_world) == 120
    pauses = [line for line in empty_world.stash.log.messages("Debug") if "cooling down for 0.1 s" in line]
    assert len(pauses) == 11


def test_a_stop_file_ends_the_run_and_the_next_start_resumes_it(cups: World) -> None:
    job = cups.stash.run_task(
        "compreface", "Identify Unscanned Images", {"maxBatchSize": 5, "cooldownSeconds": 30, "modelPack": "dlib"}
    )
    until(lambda: seen(cups) >= 5)
    begun = time.monotonic()
    (cups.data / "stop").write_text("")
    assert cups.stash.wait_for_job(job)["status"] == "FINISHED"
    assert time.monotonic() - begun < 10  # far below the pause it was in
    first = cups.last_run()
    assert first["state"] == "cancelled"
    assert not (cups.data / "stop").exists()
    cups.run("Identify Unscanned Images", maxBatchSize=5)
    # another batch size is another way to do the same work: the run goes on
    again = cups.last_run()
    assert (again["state"], again["counts"]["seen"]) == ("finished", 40)
    assert again["runId"] == first["runId"]


def test_the_stop_operation_stops_only_the_run_it_names(cups: World) -> None:
    job = cups.stash.run_task(
        "compreface", "Identify Unscanned Images", {"maxBatchSize": 2, "cooldownSeconds": 2, "modelPack": "dlib"}
    )
    until(lambda: seen(cups) >= 2)
    assert cups.ask("stop", runId="another")["stopping"]
    run_id, before = cups.last_run()["runId"], seen(cups)
    until(lambda: seen(cups) > before)
    cups.ask("stop", runId=run_id)
    cups.stash.wait_for_job(job)
    assert cups.last_run()["state"] == "cancelled"
    assert not cups.ask("stop")["stopping"]  # nothing runs any more


def test_a_killed_task_is_resumed_where_it_was(cups: World) -> None:
    job = cups.stash.run_task(
        "compreface", "Identify Unscanned Images", {"maxBatchSize": 5, "cooldownSeconds": 30, "modelPack": "dlib"}
    )
    until(lambda: seen(cups) >= 5)
    cups.stash.jobs.stop(job)
    assert cups.stash.wait_for_job(job)["status"] == "CANCELLED"
    killed = cups.last_run()
    assert killed["state"] == "running"
    before = looked_at(cups, killed["runId"])
    assert before["detect"]["things"] == before["store"]["things"] == killed["counts"]["seen"]  # what was committed
    cups.run("Identify Unscanned Images")
    resumed = cups.last_run()
    assert resumed["runId"] == killed["runId"]
    assert resumed["counts"]["seen"] == 40
    after = looked_at(cups, killed["runId"])
    assert after["detect"]["things"] == 40
    assert after["detect"]["seconds"] > before["detect"]["seconds"]
    scanned = cups.stash.tag_id("Compreface Scanned")
    assert all(scanned in cups.stash.links("image", image, "tag") for image in cups.stash.ids("image"))


def test_two_tasks_at_once_and_operations_meanwhile(cups: World) -> None:
    job = cups.stash.run_task(
        "compreface", "Identify Unscanned Images", {"maxBatchSize": 5, "cooldownSeconds": 60, "modelPack": "dlib"}
    )
    until(lambda: seen(cups) >= 5)
    with pytest.raises(Exception, match=r"identifyImagesNew .* is already working on the data folder"):
        cups.ask("identifyImagesAll", errand="second")
    refused = cups.ask("runStatus", about="second")
    assert refused["errand"]["state"] == "failed"
    assert "is already working on the data folder" in refused["errand"]["message"]
    assert refused["run"] is None
    assert cups.ask("runStatus", about="nobody's")["errand"] is None
    assert cups.ask("runStatus")["running"]["mode"] == "identifyImagesNew"
    assert cups.ask("health")["checks"]
    assert cups.ask("identifyImage", imageId=cups.stash.ids("image")[-1])["faces"] == []
    cups.stash.jobs.stop(job)


def test_a_waiting_scan_gets_its_turn(cups: World) -> None:
    stash = cups.stash
    job = stash.run_task(
        "compreface",
        "Identify Unscanned Images",
        {"maxBatchSize": 5, "cooldownSeconds": 1, "modelPack": "dlib", "giveWaySeconds": 1, "errand": "mine"},
    )
    until(lambda: seen(cups) >= 5)
    assert cups.ask("runStatus", about="mine")["errand"] == {"state": "working", "message": "", "jobId": ""}
    scan = stash.jobs.add("Scanning...", lambda _: None)
    assert stash.wait_for_job(scan, 60)["status"] == "FINISHED"
    assert 0 < seen(cups) < 40  # the scan did not wait for the end
    until(lambda: cups.last_run()["state"] == "finished", 90)
    assert seen(cups) == 40
    assert stash.wait_for_job(job)["status"] == "FINISHED"
    status = cups.ask("runStatus", about="mine")  # the name went on with the job that was queued behind the scan
    assert int(status["errand"]["jobId"]) > int(scan)
    assert stash.wait_for_job(int(status["errand"]["jobId"]))["status"] == "FINISHED"
    assert cups.ask("runStatus", about="mine")["errand"]["state"] == "finished"
    assert status["run"]["runId"] == cups.last_run()["runId"]
    assert "errand" not in status["run"]["args"]
    assert len([line for line in stash.log.messages("Info") if "resuming run" in line]) >= 1


def test_hold_queue_keeps_the_turn(cups: World) -> None:
    cups.stash.set_plugin_settings("compreface", {"holdQueue": True})
    job = cups.stash.run_task(
        "compreface", "Identify Unscanned Images", {"maxBatchSize": 10, "cooldownSeconds": 0.5, "giveWaySeconds": 0.1}
    )
    until(lambda: seen(cups) >= 10)
    scan = cups.stash.jobs.add("Scanning...", lambda _: None)
    cups.stash.wait_for_job(job)
    assert seen(cups) == 40
    cups.stash.wait_for_job(scan)


def test_stash_restarting_midway_costs_nothing(cups: World) -> None:
    stash = cups.stash
    job = stash.run_task(
        "compreface", "Identify Unscanned Images", {"maxBatchSize": 5, "cooldownSeconds": 0.3, "modelPack": "dlib"}
    )
    until(lambda: seen(cups) >= 5)
    stash.go_down()
    time.sleep(2.5)
    stash.come_back()
    stash.wait_for_job(job)
    assert cups.last_run()["state"] == "finished"
    assert seen(cups) == 40
    assert cups.errors() == []


def test_a_limit_is_kept_and_the_rest_comes_next_time(cups: World) -> None:
    cups.run("Identify Unscanned Images", limit="15")
    assert seen(cups) == 15
    cups.run("Identify Unscanned Images")
    assert seen(cups) == 25


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"mode": "flyToTheMoon"}, "the mode 'flyToTheMoon' is unknown; allowed is one of .*identifyImagesAll"),
        ({}, "no mode was given; allowed is one of"),
        ({"mode": "identifyImagesAll", "limit": "many"}, "limit is 'many'; allowed is a whole number"),
        ({"mode": "identifyImage", "imageId": "9999"}, "imageId is 9999, and Stash has no such image"),
        ({"mode": "undoRun", "runId": "nope"}, "runId is 'nope'; allowed is the id of a run"),
        ({"mode": "identifyImagesAll", "modelPack": "buffalo_x"}, "buffalo_x and that pack is not installed"),
    ],
)
def test_a_wrong_argument_is_one_sentence(empty_world: World, args: dict[str, str], sentence: str) -> None:
    with pytest.raises(Exception, match=sentence):
        empty_world.stash.run_operation("compreface", args)


def test_a_bad_setting_starts_nothing_and_writes_nothing(cups: World) -> None:
    cups.stash.set_plugin_settings("compreface", {"minSimilarity": "1.7"})
    before = cups.stash.snapshot()
    cups.run("Identify Unscanned Images")
    assert any("minSimilarity is '1.7'; allowed is a number from 0 to 1" in line for line in cups.errors())
    assert cups.stash.snapshot() == before
    assert not cups.data.exists()
