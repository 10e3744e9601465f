"""The tasks on a CompreFace server, the plugin started as Stash starts it: right names, whatever the server does."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps
from testcompreface import TestCompreFace

from compreface_plugin.pipeline.context import Context
from teststash import TestStash

pytestmark = pytest.mark.skipif(
    "open_compreface" not in {field.name for field in dataclasses.fields(Context)},
    reason="this version of the plugin cannot be set to the engine CompreFace",
)
LOOK = "/recognition/recognize"


class Library:
    """Three performers with portraits, four images of them, one of strangers, one of nobody."""

    def __init__(self, stash: TestStash, server: TestCompreFace, photos: Path, folder: Path) -> None:
        self.stash, self.server = stash, server
        people = {"Barack Obama": "obama.jpg", "Joe Biden": "biden.jpg"}
        self.ids = {
            name: str(stash.add_performer(name, _small(photos / file, folder, file).read_bytes()))
            for name, file in people.items()
        }
        obama, biden = (self.ids[name] for name in people)
        mirrored = folder / "mirrored.jpg"
        ImageOps.mirror(Image.open(photos / "biden.jpg").convert("RGB").crop((0, 0, 970, 1300))).save(mirrored)
        self.expected = {
            str(stash.add_image(_small(photos / "obama2.jpg", folder, "one.jpg"))): [obama],
            str(stash.add_image(_small(photos / "obama3.jpg", folder, "two.jpg"))): [obama],
            str(stash.add_image(_small(mirrored, folder, "three.jpg"))): [biden],
            str(stash.add_image(_small(photos / "t1.jpg", folder, "strangers.jpg"))): [],
            str(stash.add_image(_small(photos / "coffee.png", folder, "nobody.jpg"))): [],
        }
        self.configure()

    def configure(self, **more: Any) -> None:
        settings = {
            "engine": "compreface",
            "comprefaceUrl": self.server.base_url,
            "recognitionApiKey": self.server.recognition_key,
            "cooldownSeconds": "-1",
        }
        self.stash.set_plugin_settings("compreface", {**settings, **more})

    def run(self, task: str, **args: Any) -> dict[str, Any]:
        return self.stash.wait_for_job(self.stash.run_task("compreface", task, args), 240.0)

    def named(self) -> dict[str, list[str]]:
        return {image: sorted(self.stash.links("image", image, "performer")) for image in self.expected}

    def lines(self, text: str) -> list[str]:
        return [line for line in self.stash.log.messages() if text in line and "Traceback" not in line]


def _small(path: Path, folder: Path, name: str) -> Path:
    made = folder / f"small-{name}"
    with Image.open(path) as opened:
        ImageOps.contain(opened.convert("RGB"), (480, 480)).save(made, quality=92)
    return made


@pytest.fixture
def library(tmp_path: Path, repo_root: Path, photos_dir: Path, server: TestCompreFace) -> Iterator[Library]:
    plugins, folder = tmp_path / "plugins", tmp_path / "pictures"
    plugins.mkdir()
    folder.mkdir()
    (plugins / "compreface").symlink_to(repo_root)
    with TestStash(tmp_path / "config", plugins_dir=plugins) as stash:
        yield Library(stash, server, photos_dir, folder)
        assert stash.broken == []
        assert server.violations == []
        assert server.most_at_once <= 2


def test_names_and_the_way_back(library: Library, server: TestCompreFace) -> None:
    before = library.stash.snapshot()
    library.run("Synchronize Performers")
    looks = server.count(LOOK)
    library.run("Identify Unscanned Images")
    assert library.stash.log.messages("Error") == []
    assert library.named() == library.expected
    # The one without a face is looked at twice; and a model of its own is asked for its dimensions by an example.
    assert server.count(LOOK) - looks <= len(library.expected) + 2
    looks = server.count(LOOK)
    library.run("Identify All Images")
    assert server.count(LOOK) - looks <= 1  # embeddings are kept
    for _ in range(3):
        library.run("Undo Last Run")
    assert library.stash.snapshot() == before


def _restart(server: TestCompreFace) -> None:
    """Away for three seconds, in the middle of a run."""
    before = server.count(LOOK)

    def watch() -> None:
        while server.count(LOOK) < before + 2:
            time.sleep(0.02)
        server.stop()
        time.sleep(3.0)
        server.start()

    threading.Thread(target=watch, daemon=True).start()


@pytest.mark.parametrize(
    "trouble",
    [
        lambda server: server.faults.gateway(502, 4, LOOK),
        lambda server: server.faults.error(500, 41, times=2, matching=LOOK),
        lambda server: server.faults.delay(2.0, 2, LOOK),
        _restart,
    ],
    ids=["502", "500/41", "slow", "restart"],
)
def test_trouble_that_passes_costs_nothing(
    library: Library, server: TestCompreFace, trouble: Callable[[TestCompreFace], None]
) -> None:
    library.run("Synchronize Performers")
    trouble(server)
    library.run("Identify Unscanned Images")
    assert library.stash.log.messages("Error") == []
    assert library.named() == library.expected
    assert len(library.lines("is in trouble")) <= 1


def test_a_picture_that_breaks_the_server_is_told_and_tried_again(library: Library, server: TestCompreFace) -> None:
    library.run("Synchronize Performers")
    bad, who = next(iter(library.expected.items()))
    with Image.open(library.stash.config_dir.parent / "pictures" / "small-one.jpg") as image:
        server.core.poison.add(image.size)
    library.run("Identify Unscanned Images")
    assert library.named() == {**library.expected, bad: []}
    server.core.poison.clear()
    library.run("Identify Unscanned Images")
    assert library.named()[bad] == who


def test_a_server_that_is_gone_ends_the_run_and_the_next_start_goes_on(
    library: Library, server: TestCompreFace
) -> None:
    library.run("Synchronize Performers")
    server.api_down = server.core.down = True
    library.run("Identify Unscanned Images", comprefacePatienceSeconds=4)
    assert len(library.lines("trying on for 4 s")) == 1
    told = [line for line in library.stash.log.messages("Error") if "does not answer" in line]
    assert told
    assert len({line[line.index("CompreFace at") :] for line in told}) == 1
    server.api_down = server.core.down = False
    library.run("Identify Unscanned Images")
    assert library.named() == library.expected


def test_a_wrong_key_writes_nothing(library: Library, server: TestCompreFace) -> None:
    before = library.stash.snapshot()
    library.configure(recognitionApiKey=server.detection_key)
    library.run("Synchronize Performers")
    assert library.stash.snapshot() == before
    assert library.lines("holds the key of a detection service")
    assert not library.lines(server.detection_key)


def test_auto_stays_with_the_server_it_found(library: Library, server: TestCompreFace) -> None:
    library.configure(engine="auto")
    library.run("Synchronize Performers")
    assert library.stash.run_operation("compreface", {"mode": "runStatus"})["run"]["engine"] == "compreface"
    server.stop()
    library.configure(engine="auto", recognitionApiKey=server.recognition_key)
    library.run("Identify Unscanned Images")
    assert library.lines("CompreFace was not found")
    assert all(names == [] for names in library.named().values())
