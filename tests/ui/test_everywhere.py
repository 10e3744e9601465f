"""Every page at once: under old and new versions of the host, beside plugins that behave badly, and by axe-core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageOps
from tasks.conftest import jpeg

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.conftest import World
    from ui.conftest import Click

ALWAYS = {"image", "performer", "settings"}
"""Pages whose patch points every supported version has; on the others something of ours may be missing."""


@pytest.fixture(scope="module")
def visit(click: Click, library: World) -> Callable[..., dict[str, Any]]:
    image = library.add_image("mirror.jpg", jpeg(ImageOps.mirror(Image.open(library.photos / "obama.jpg"))))
    ids = {
        "image": image,
        "performer": library.performers["Barack Obama"],
        "gallery": library.stash.add_gallery([image], title="Speeches"),
        "scene": library.stash.add_scene(library.folder / "none.mp4"),
    }
    assert library.run("Identify Unscanned Images")["status"] == "FINISHED"
    return lambda **given: click("everywhere/visit", **ids, **given)


@pytest.mark.parametrize("stash", ["0.28", "0.29", "0.30", "0.31"])
def test_every_version_of_the_host_shows_what_it_can(visit: Callable[..., dict[str, Any]], stash: str) -> None:
    seen = visit(stash=stash)
    assert {name for name, page in seen.items() if page["ours"]} >= ALWAYS
    assert all(page["host"] and not page["failed"] for page in seen.values()), seen
    assert {name: page["violations"] for name, page in seen.items() if page["violations"]} == {}


@pytest.mark.parametrize("plugins", ["rude,compreface,ruder", "ruder,compreface,rude"])
def test_beside_two_plugins_that_behave_badly(visit: Callable[..., dict[str, Any]], plugins: str) -> None:
    seen = visit(plugins=plugins)
    assert {name for name, page in seen.items() if page["ours"]} >= ALWAYS
    assert all(page["host"] and not page["failed"] for page in seen.values()), seen
