"""A browser, a page that hosts the plugin's user interface, and a synchronised library behind it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tasks.conftest import World, Worlds, jpeg, synchronize
from ui.host_server import HostServer

from teststash import TestStash
from ui.browser import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
Click = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def ui(repo_root: Path) -> Path:
    """The folder of the user interface with its tools; skipped, with the reason, when they are not there."""
    folder = repo_root / "ui"
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (folder / "node_modules" / "esbuild").is_dir():
        pytest.skip("the tools of the user interface are not installed (npm ci in ui/)")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    named = os.environ.get("CHROMIUM")
    found = named or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium is installed (or name one in CHROMIUM)")
    return found


@contextmanager
def synchronized_library(
    folder: Path,
    repo_root: Path,
    photos: Path,
    portraits: Mapping[str, Image.Image],
    pack: str,
    models: Path | None = None,
) -> Iterator[World]:
    """Performers with these portraits, synchronised by this pack; the pictures are added by the tests."""
    (folder / "plugins").mkdir()
    (folder / "plugins" / "compreface").symlink_to(repo_root)
    (folder / "pictures").mkdir()
    with TestStash(folder / "config", plugins_dir=folder / "plugins") as stash:
        world = World(stash, folder / "pictures", photos)
        if models is not None:
            world.data.mkdir(parents=True)
            (world.data / "models").symlink_to(models)
        for name, picture in portraits.items():
            world.performers[name] = str(stash.add_performer(name, jpeg(picture)))
        stash.plugin_settings["compreface"] = {"modelPack": pack}
        assert world.run("Synchronize Performers", modelPack=pack)["status"] == "FINISHED"
        yield world
        assert stash.broken == []


def three_people(world: World) -> None:
    """Obama, Biden and Collins."""
    portraits = {
        "Barack Obama": Image.open(world.photos / "obama.jpg").resize((364, 455)),
        "Joe Biden": Image.open(world.photos / "biden.jpg").crop((0, 0, 970, 1300)).resize((364, 488)),
        "Eileen Collins": Image.open(world.photos / "astronaut.png").convert("RGB").crop((100, 0, 400, 300)),
    }
    world.stash.set_plugin_settings("compreface", {"modelPack": "dlib"})
    for name, picture in portraits.items():
        world.performers[name] = str(world.stash.add_performer(name, jpeg(picture)))
    synchronize(world)


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory, repo_root: Path, photos_dir: Path) -> Worlds:
    return Worlds(tmp_path_factory.mktemp("libraries"), repo_root, photos_dir)


@pytest.fixture(scope="module")
def library(libraries: Worlds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three people, synchronised; the module's own, and the pictures are added by its tests."""
    with libraries.after(tmp_path_factory.mktemp("library"), three_people) as world:
        yield world


@pytest.fixture(scope="session")
def browser(ui: Path, chromium: str) -> Iterator[Browser]:
    started = Browser(ui, chromium)
    yield started
    started.close()


@pytest.fixture(scope="session")
def host_bundle(ui: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("host")
    subprocess.run(["node", ui / "browser" / "bundle.mjs", folder], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def click(ui: Path, browser: Browser, host_bundle: Path, library: World) -> Iterator[Click]:
    """click("image/accept", **given): what that flow of ui/browser/flows/image.mjs saw; fails with its faults."""
    server = HostServer(library.stash.url, host_bundle, ui)

    def run(flow: str, **given: Any) -> dict[str, Any]:
        return browser.run(flow, server.url, **given)

    yield run
    server.close()
