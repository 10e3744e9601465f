"""The faces of a performer: what she is recognised by, where she was seen, and who may be her twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageOps
from tasks.conftest import jpeg

if TYPE_CHECKING:
    from tasks.conftest import World
    from ui.conftest import Click

TWIN = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def obama(library: World) -> str:
    """Two images of him that are recognised, one of Biden, and a performer who is him under another name."""
    for name in ("obama2.jpg", "obama3.jpg"):
        library.add_image(name, jpeg(ImageOps.contain(Image.open(library.photos / name), (450, 450))))
    biden = Image.open(library.photos / "biden.jpg").crop((0, 0, 970, 1300)).resize((364, 488))
    library.performers["image of Biden"] = library.add_image("biden.jpg", jpeg(ImageOps.mirror(biden)))
    assert library.run("Identify Unscanned Images")["status"] == "FINISHED"
    library.stash.add_performer(TWIN, jpeg(Image.open(library.photos / "obama3.jpg")))
    assert library.run("Synchronize Performers")["status"] == "FINISHED"
    return library.performers["Barack Obama"]


@pytest.mark.parametrize("plugins", ["compreface", "rude,compreface"])
def test_examples_are_shown_learned_and_taken_back(click: Click, library: World, obama: str, plugins: str) -> None:
    image = library.performers["image of Biden"]
    seen = click("performer/examples", performer=obama, image=image, plugins=plugins)
    assert seen["before"] == "Recognised by 1 example"
    assert "2 images (recognised on 2)" in " ".join(seen["where"].split())
    assert seen["links"] == [f"/performers/{obama}/{kind}" for kind in ("images", "scenes", "galleries")]
    assert seen["learned"] == seen["added"] == "Recognised by 2 examples"
    assert seen["undone"] == seen["removed"] == "Recognised by 1 example"
    assert seen["violations"] == []
    assert obama in library.performers_on(image), "whoever says that it is him puts him on the image"
    faces = library.ask("faces", imageId=image)["faces"]
    library.ask("decide", faceId=faces[0]["id"], decision="undo")  # not an example
    library.ask("decide", faceId=faces[0]["id"], decision="undo")  # him
    assert obama not in library.performers_on(image)


def test_with_keys_alone(click: Click, obama: str) -> None:
    seen = click("performer/keyboard", performer=obama)
    assert seen["first"]["text"] == "Faces"
    assert seen["second"]["text"] == "Learn"
    assert all(each["outline"] != "none" or each["shadow"] != "none" for each in (seen["first"], seen["second"]))
    assert seen["heading"] == "Recognised by 2 examples"
    assert seen["undone"] == "Recognised by 1 example"


def test_twins_side_by_side(click: Click, obama: str) -> None:
    seen = click("performer/doubles", performer=obama, twin=TWIN)
    assert seen["sides"] == ["Barack Obama", TWIN]
    assert seen["words"].startswith("probably the same person")
    assert seen["apart"] == 0
    assert seen["violations"] == []


def test_whom_the_plugin_made_twice_is_merged_by_a_click(click: Click, library: World, obama: str) -> None:
    speaking = ImageOps.mirror(ImageOps.contain(Image.open(library.photos / "obama2.jpg"), (450, 450)))
    image = library.add_image("speaking.jpg", jpeg(speaking))
    before = dict(library.stash.plugin_settings["compreface"])
    strict = {"minFacesPerPerson": 1, "minSimilarity": "0.9999", "reviewSimilarity": "0.9999"}
    library.stash.plugin_settings["compreface"] = {**before, **strict}  # he is not recognised, so somebody is made
    library.run("Recognize Images (High Quality)")
    library.stash.plugin_settings["compreface"] = before
    [made] = library.performers_on(image)
    seen = click("performer/merge", performer=obama, twin=library.stash.snapshot()["performer"][made]["name"])
    assert "This can be undone" in seen["words"]
    assert seen["violations"] == []
    assert library.performers_on(image) == [obama]
    assert made not in library.stash.ids("performer")
