"""The people of a gallery, in a real browser: from the click to the changed library."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageOps
from tasks.conftest import jpeg

if TYPE_CHECKING:
    from tasks.conftest import World
    from ui.conftest import Click


@pytest.fixture(scope="module")
def gallery(library: World) -> str:
    """Obama twice, Biden once, strangers."""
    for name in ("obama2.jpg", "obama3.jpg"):
        library.add_image(name, jpeg(ImageOps.contain(Image.open(library.photos / name), (450, 450))))
    biden = Image.open(library.photos / "biden.jpg").crop((0, 0, 970, 1300)).resize((364, 488))
    library.add_image("mirror.jpg", jpeg(ImageOps.mirror(biden)))
    library.add_image("strangers.jpg", jpeg(Image.open(library.photos / "t1.jpg").crop((0, 0, 640, 500))))
    return str(library.stash.add_gallery(list(library.expected)))


def test_looked_at_with_progress_stopped_and_resumed_and_decided(click: Click, library: World, gallery: str) -> None:
    seen = click("gallery/identify", gallery=gallery, plugins="compreface,rude")
    assert seen["told"] >= 2, "it got on and ended: by subscription, since nothing else was let through"
    assert seen["toldAfter"] == 0
    assert re.match(r"Stopped: [1-3] of 4 are done", seen["reached"])
    assert "Other tasks go first; this one goes on by itself…" in seen["words"]
    assert seen["written"] == []
    assert "Barack Obama" in seen["seen"][0]
    assert "mean" in seen["seen"][0]
    assert "Joe Biden" in seen["seen"][1]
    assert seen["violations"] == []
    assert library.stash.links("gallery", gallery, "performer") == []


def test_with_keys_alone_on_the_images_too(click: Click, library: World, gallery: str) -> None:
    args = {"mode": "identifyGallery", "galleryId": gallery, "associateExisting": False}
    library.stash.wait_for_job(library.stash.run_task("compreface", None, args))
    settings = library.stash.plugin_settings["compreface"]
    library.stash.plugin_settings["compreface"] = {**settings, "minFacesPerPerson": 1}
    seen = click("gallery/keyboard", gallery=gallery)
    library.stash.plugin_settings["compreface"] = settings
    first, second, mirror, strangers = library.expected
    obama = library.performers["Barack Obama"]
    assert seen["on"] == ["Barack Obama"]
    said, with_new = seen["made"]
    assert said.startswith(f"{len(with_new) - 1} performers were created and added.")
    assert library.performers_on(first) == library.performers_on(second) == [obama]
    # who was denied is a stranger too: one of both got the name
    assert sorted(map(len, (library.performers_on(mirror), library.performers_on(strangers)))) == [0, 1]
    assert seen["violations"] == []


def test_what_is_selected_in_a_list_is_one_run(click: Click, library: World, gallery: str) -> None:
    images = library.stash.links("gallery", gallery, "image")[:2]
    seen = click("gallery/selected", gallery=gallery, images=images, plugins="compreface,rude", stash="0.30")
    assert (seen["before"], "2 items wait" in seen["told"]) == (0, True)
    for job in library.stash.jobs.queue():
        library.stash.wait_for_job(int(job["id"]))
    run = library.last_run()
    assert [(each["id"], each["state"]) for each in run["items"]["list"]] == [(image, "done") for image in images]
    library.ask("undoRun", runId=run["runId"])


def test_a_task_that_fails_says_why(click: Click, library: World) -> None:
    gone = library.add_image("gone.jpg", b"")
    gallery, empty = str(library.stash.add_gallery([gone])), str(library.stash.add_gallery([]))
    settings = library.stash.plugin_settings["compreface"]
    library.stash.plugin_settings["compreface"] = {**settings, "modelPack": "buffalo_l"}
    try:
        seen = click("gallery/failed", gallery=gallery, empty=empty)
    finally:
        library.stash.plugin_settings["compreface"] = settings
    assert "could not be looked at" in seen["message"]
    assert "the settings ask for buffalo_l: run the task Switch Engine" in seen["message"]
    assert seen["violations"] == []
