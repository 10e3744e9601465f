"""One unknown person on images and in scenes is one group, and becomes one performer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("av")

from scene_world import PACK, film_of, lfw, on_scene, run

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

pytestmark = [pytest.mark.data, pytest.mark.models, pytest.mark.timeout(600)]


def test_a_stranger_of_images_and_a_scene_is_one_person(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    stranger, other = lfw(data_dir, 0), lfw(data_dir, 1)
    hers = [world.add_image(f"hers{n}.jpg", stranger[n].read_bytes()) for n in (1, 2)]
    his = [world.add_image(f"his{n}.jpg", other[n].read_bytes()) for n in (1, 2, 3)]
    run(world, "Identify Unscanned Images")
    film, _ = film_of(world, "film.mp4", stranger[3])
    stash.set_plugin_settings("compreface", {"minFacesPerPerson": 9})
    assert run(world, "Recognize New Scenes")["counts"]["created"] == 0
    shown = world.ask("clusters", modelPack=PACK)["clusters"]
    kinds = sorted(sorted(item["kind"] for item in group["items"]) for group in shown)
    assert kinds == [["image", "image", "image"], ["image", "image", "scene"]]
    before = stash.snapshot()

    stash.set_plugin_settings("compreface", {})
    counts = run(world, "Scan Partial Scenes")["counts"]
    assert counts["created"] == 1  # his faces are on images alone, which this task leaves alone
    [name] = on_scene(world, film)
    assert [stash.performers_of(image, "image") for image in hers] == [[name], [name]]
    assert [stash.performers_of(image, "image") for image in his] == [[], [], []]
    world.run("Undo Last Run")
    assert stash.snapshot() == before
    assert world.errors() == []
