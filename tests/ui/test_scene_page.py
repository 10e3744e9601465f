"""The people of a scene, in a real browser: from the click to the changed library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("av")

from PIL import Image
from scene_world import film_of, lfw, on_scene, people_of
from ui.conftest import synchronized_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.conftest import World
    from ui.conftest import Click

pytestmark = [pytest.mark.data, pytest.mark.models]
PACK = "buffalo_sc_int8"


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, repo_root: Path, photos_dir: Path, data_dir: Path
) -> Iterator[World]:
    """Two people with a portrait each, and the model pack that scenes are looked at with."""
    if not (data_dir / "models" / PACK).is_dir():
        pytest.skip(f"no model pack {PACK} under {data_dir}")
    portraits = {name: Image.open(lfw(data_dir, number)[0]) for number, name in enumerate(("Ann", "Bob"))}
    folder = tmp_path_factory.mktemp("scenes")
    with synchronized_library(folder, repo_root, photos_dir, portraits, PACK, data_dir / "models") as world:
        yield world


@pytest.fixture(scope="module")
def scene(library: World, data_dir: Path) -> str:
    """Ann, then Bob."""
    shown = [lfw(data_dir, number)[1] for number in (0, 1)]
    return film_of(library, "film.mp4", *shown, gop=12, sound=True)[0]


def test_looked_at_and_decided_where_it_is_seen(click: Click, library: World, scene: str) -> None:
    seen = click("scene/accept", scene=scene, name="Bob")
    assert seen["full"] == 0
    assert len(seen["bars"]) == 2
    assert seen["jumped"] >= 2.5
    bob = next(each for each in people_of(library, scene)["people"] if each["candidates"][0]["name"] == "Bob")
    assert seen["held"] == pytest.approx(bob["bestFrame"], abs=0.05)
    assert seen["frame"] == pytest.approx(bob["box"], abs=0.01)
    assert seen["told"]["words"].startswith("Face 2: Bob")  # as on his card, though he is alone on the frame
    assert (seen["told"]["at"], seen["told"]["playing"]) == (seen["held"], 0)
    assert seen["after"] == ["Bob"]
    assert not seen["violations"], "\n".join(seen["violations"])
    assert on_scene(library, scene) == []


def test_with_keys_alone_in_japanese(click: Click, library: World, scene: str) -> None:
    library.ask("identifyScene", sceneId=scene, modelPack=PACK)
    seen = click("scene/keyboard", scene=scene, name="Ann")
    assert on_scene(library, scene) == ["Ann"]
    assert not seen["violations"], "\n".join(seen["violations"])


def test_a_film_that_is_gone(click: Click, library: World, data_dir: Path) -> None:
    scene, path = film_of(library, "gone.mp4", lfw(data_dir, 0)[1], seconds=1.0)
    path.unlink()
    seen = click("scene/failed", scene=scene)
    assert "could not be looked at" in seen["message"]
    assert not seen["violations"], "\n".join(seen["violations"])
