"""Every task again with CompreFace as the engine, and what happens when the server goes away in the middle."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from testcompreface import TestCompreFace

if TYPE_CHECKING:
    from conftest import World

CLEAR = {"modelPack": ""}  # the usual arguments name a local pack


@pytest.fixture
def server() -> Iterator[TestCompreFace]:
    with TestCompreFace() as running:
        yield running
        assert running.violations == []


def connect(world: World, server: TestCompreFace, engine: str = "compreface") -> None:
    world.stash.set_plugin_settings(
        "compreface",
        {"engine": engine, "comprefaceUrl": server.base_url, "recognitionApiKey": server.recognition_key},
    )


def subjects(server: TestCompreFace) -> dict[str, int]:
    """Subject -> number of examples, asked for the way anybody would."""
    import requests

    headers = {"x-api-key": server.recognition_key}
    names = requests.get(f"{server.base_url}/api/v1/recognition/subjects", headers=headers, timeout=30).json()
    listed = requests.get(
        f"{server.base_url}/api/v1/recognition/faces", headers=headers, params={"size": 1000}, timeout=30
    ).json()
    found = dict.fromkeys(names["subjects"], 0)
    for face in listed["faces"]:
        found[face["subject"]] += 1
    return found


def test_the_main_job_on_a_server_and_back(world: World, server: TestCompreFace) -> None:
    connect(world, server)
    before = world.stash.snapshot()
    world.run("Synchronize Performers", **CLEAR)
    assert world.errors() == []
    held = subjects(server)
    assert sorted(held.values()) == [1, 1, 1]
    for performer in world.performers.values():
        [alias] = world.stash.snapshot()["performer"][performer]["aliases"]
        assert alias in held
        assert alias.startswith(f"Person {performer} ")
    world.run("Synchronize Performers", **CLEAR)
    assert subjects(server) == held
    world.run("Identify Unscanned Images", **CLEAR)
    assert world.errors() == []
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}
    assert world.last_run()["model"].startswith("compreface:")
    [run, *_] = world.ask("statistics", tasksOnly=True)["runs"]
    steps = {each["step"]: each for each in run["steps"]}
    assert steps["server"]["things"] >= run["counts"]["seen"] == steps["open"]["things"]
    assert not {"detect", "embed"} & set(steps)
    world.run("Undo Last Run", **CLEAR)
    world.run("Undo Last Run", **CLEAR)
    assert world.stash.snapshot() == before
    assert subjects(server) == {}


def test_an_existing_collection_is_taken_over(world: World, server: TestCompreFace) -> None:
    connect(world, server)
    import requests

    name = "Person 4711 ABC123XYZ456GHIJ"
    picture = io.BytesIO()
    Image.open(world.folder / "obama2.jpg").save(picture, "JPEG")
    for subject in (name, "Joe Biden"):
        data = picture.getvalue() if subject == name else (world.folder / "mirror.jpg").read_bytes()
        requests.post(
            f"{server.base_url}/api/v1/recognition/faces",
            params={"subject": subject},
            headers={"x-api-key": server.recognition_key},
            files={"file": ("a.jpg", data, "image/jpeg")},
            timeout=60,
        ).raise_for_status()
    for performer in world.performers.values():
        world.stash.set_performer_image(performer, None)
    old = str(world.stash.add_performer("The President", aliases=[name]))
    world.run("Synchronize Performers", **CLEAR)
    assert world.errors() == []
    assert subjects(server) == {name: 1, "Joe Biden": 1}  # as they were
    world.run("Identify Unscanned Images", **CLEAR)
    pair = list(world.expected)[4]
    assert world.performers_on(pair) == sorted([old, world.performers["Joe Biden"]])
    for _ in range(2):
        world.run("Undo Last Run", **CLEAR)
    assert world.performers_on(pair) == []
    assert subjects(server) == {name: 1, "Joe Biden": 1}  # undo never touches what was there before us


def test_a_new_key_or_address_of_the_same_collection_adds_nothing_twice(world: World, server: TestCompreFace) -> None:
    connect(world, server)
    world.run("Synchronize Performers", **CLEAR)
    held = subjects(server)
    port = server.base_url.rsplit(":", 1)[1]
    world.stash.set_plugin_settings(
        "compreface",
        {
            "engine": "compreface",
            "comprefaceUrl": f"http://localhost:{port}",
            "recognitionApiKey": server.recognition_key,
        },
    )
    world.run("Identify Unscanned Images", limit=1, **CLEAR)
    assert world.errors() == []
    assert subjects(server) == held


def test_a_server_that_goes_away_ends_the_run_in_one_sentence_and_costs_nothing(
    world: World, server: TestCompreFace
) -> None:
    connect(world, server)
    world.run("Synchronize Performers", **CLEAR)
    server.faults.gateway(502, times=2)
    server.faults.error(500, 41, times=1)
    world.run("Identify Unscanned Images", limit=3, **CLEAR)
    assert world.errors() == []
    assert world.last_run()["counts"]["failed"] == 0
    server.stop()
    began = time.monotonic()
    world.run("Identify Unscanned Images", timeout_s=300, **CLEAR)
    assert time.monotonic() - began < 200
    [sentence] = world.errors()
    assert "CompreFace" in sentence
    server.start()
    world.run("Identify Unscanned Images", **CLEAR)
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}


def test_a_wrong_key_is_explained(world: World, server: TestCompreFace) -> None:
    world.stash.set_plugin_settings(
        "compreface",
        {"engine": "compreface", "comprefaceUrl": server.base_url, "recognitionApiKey": server.detection_key},
    )
    world.run("Synchronize Performers", **CLEAR)
    [sentence] = world.errors()
    assert "recognitionApiKey" in sentence or "Detection" in sentence
    assert server.detection_key not in sentence


def test_moving_between_engines_keeps_everything(identified: World, server: TestCompreFace) -> None:
    world = identified
    named = world.named()
    stash_before = world.stash.snapshot()
    connect(world, server)
    world.run("Identify All Images", **CLEAR)
    [refused] = world.errors()
    assert "Switch Engine" in refused
    world.stash.log.clear()
    world.run("Switch Engine", **CLEAR)
    assert world.errors() == []
    assert world.stash.snapshot() == stash_before
    assert sorted(subjects(server).values()) == [1, 1, 1]
    world.run("Identify All Images", **CLEAR)
    assert world.named() == named
    held = dict(world.stash.plugin_settings["compreface"])
    world.run("Switch Engine", engine="local")
    assert world.errors() == []
    assert world.stash.plugin_settings["compreface"] == {**held, "engine": "local"}
    world.run("Identify All Images")
    assert world.named() == named
