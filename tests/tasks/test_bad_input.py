"""Bad pictures, bad portraits, bad files: one clear sentence each, and everything else goes on."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from conftest import World


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def test_every_odd_picture_gets_its_verdict_or_its_reason(synchronized: World) -> None:
    world, obama = synchronized, ["Barack Obama"]
    portrait = Image.open(world.photos / "obama2.jpg").convert("RGB").resize((360, 690))
    other = portrait.rotate(3)
    deep = Image.fromarray(np.asarray(portrait.convert("L")).astype(np.uint16) * 257)
    good = {
        world.add_image("cmyk.jpg", encoded(portrait.convert("CMYK"), "JPEG"), obama),
        world.add_image("palette.png", encoded(portrait.quantize(128), "PNG"), obama),
        world.add_image("sixteen.png", encoded(deep, "PNG"), obama),
        world.add_image("moving.gif", encoded(portrait, "GIF", save_all=True, append_images=[other]), obama),
        world.add_image("picture.webp", encoded(portrait, "WEBP"), obama),
    }
    turned = portrait.rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown rotated by 90 degrees clockwise
    good.add(world.add_image("turned.jpg", encoded(turned, "JPEG", exif=exif), obama))
    bad = {
        world.add_image("broken.jpg", encoded(portrait, "JPEG")[:3000]): "broken.jpg",
        world.add_image("empty.jpg", b""): "the file is empty",
        world.add_image("text.jpg", b"this is a letter, not a picture\n" * 20): "text.jpg",
        world.add_image("bomb.png", encoded(Image.new("1", (20_000, 15_000)), "PNG")): "300 megapixels",
    }
    world.run("Identify Unscanned Images")
    assert world.errors() == []
    for image in good:
        assert world.performers_on(image) == world.expected[image], image
    error_tag = world.stash.tag_id("Compreface Error")
    for image, part in bad.items():
        assert world.stash.links("image", image, "tag") == [error_tag]
        state = world.ask("faces", imageId=image)["item"]
        assert part in state["error"]
        assert state["attempts"] == 1
        [line] = [line for line in world.stash.log.messages("Warning") if f"image {image} (" in line]
        assert line.count(f"image {image} (") == 1  # who reads pictures names them too
    assert world.last_run()["counts"]["failed"] == len(bad)


def test_a_mended_file_loses_the_error_tag_and_a_broken_one_is_not_tried_for_ever(synchronized: World) -> None:
    world = synchronized
    mended = world.add_image("mended.jpg", b"", ["Barack Obama"])
    broken = world.add_image("broken.jpg", b"nothing")
    for _ in range(2):
        world.run("Identify Unscanned Images")
    (world.folder / "mended.jpg").write_bytes((world.folder / "obama2.jpg").read_bytes())
    world.run("Identify Unscanned Images")
    assert world.performers_on(mended) == world.expected[mended]
    assert world.stash.tag_id("Compreface Error") not in world.stash.links("image", mended, "tag")
    world.run("Identify Unscanned Images")
    assert world.last_run()["counts"]["seen"] == 0
    assert world.ask("faces", imageId=broken)["item"]["attempts"] == 3


def test_a_picture_inside_an_archive(synchronized: World) -> None:
    world = synchronized
    archive = world.folder / "gallery.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(world.folder / "obama2.jpg", "inner/obama.jpg")
    zipped = str(world.stash.add_image("inner/obama.jpg", zip_path=archive))
    world.run("Identify Unscanned Images")
    assert world.errors() == []
    assert world.performers_on(zipped) == [world.performers["Barack Obama"]]


def test_portraits_that_cannot_be_enrolled_are_told_apart(world: World) -> None:
    stash = world.stash
    pair = next(path for path in world.folder.iterdir() if path.name == "pair.jpg").read_bytes()
    cat = (world.photos / "chelsea.png").read_bytes()
    stash.add_performer("Nobody Yet")
    two = stash.add_performer("Two Faces", pair)
    cat_id = stash.add_performer("A Cat", cat)
    broken = stash.add_performer("Broken Picture", b"GIF89a broken")
    world.run("Synchronize Performers")
    assert world.errors() == []
    told = "\n".join(stash.log.messages("Info") + stash.log.messages("Warning"))
    assert f"performer {two} (Two Faces): several faces" in told
    assert f"performer {cat_id} (A Cat): no face" in told
    assert f"performer {broken} (Broken Picture): unreadable" in told
    assert "3 enrolled" in told
    assert "Nobody Yet" not in told
    people = next(check for check in world.ask("health")["checks"] if check["name"] == "people")
    assert people["message"].startswith("performers that are known: 3")


def test_an_edit_of_the_performer_embeds_nothing_again_but_a_new_picture_does(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    obama = world.performers["Barack Obama"]
    with_same = (world.photos / "obama.jpg").read_bytes()
    stash.set_performer_image(obama, (world.folder / "mirror.jpg").read_bytes())  # Biden's face now
    world.run("Synchronize Performers")
    assert world.last_run()["counts"]["created"] == 1
    stash.set_performer_image(obama, with_same)
    world.run("Synchronize Performers")
    stash.set_performer_image(obama, with_same)  # another address, the same bytes
    world.run("Synchronize Performers")
    assert world.last_run()["counts"]["created"] == 0
    world.run("Identify Unscanned Images")
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}


def test_a_performer_that_is_gone_names_nobody(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    stash.remove("performer", world.performers["Joe Biden"])
    world.run("Identify Unscanned Images")
    assert world.errors() == []
    assert all(world.performers["Joe Biden"] not in who for who in world.named().values())
    world.run("Synchronize Performers")
    assert any("links were cleaned up" in line for line in stash.log.messages("Info"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_data_folder_is_one_sentence(world: World) -> None:
    world.data.mkdir(mode=0o500, parents=True)
    world.run("Synchronize Performers")
    assert any("cannot be written" in line for line in world.errors())


def test_a_damaged_database_is_left_alone(world: World) -> None:
    world.data.mkdir(parents=True)
    path = world.data / "compreface.sqlite"
    path.write_bytes(b"garbage" * 1000)
    world.run("Synchronize Performers")
    assert any("damaged or no database" in line for line in world.errors())
    assert path.read_bytes() == b"garbage" * 1000


def test_what_an_earlier_plugin_left_is_taken_over(world: World) -> None:
    stash = world.stash
    scanned, matched = stash.add_tag("Compreface Scanned"), stash.add_tag("Compreface Matched")
    images = list(world.expected)
    stash.set_links("image", images[0], "tag", [scanned, matched])
    stash.set_links("image", images[1], "tag", [scanned])
    (world.folder / "film.mp4").write_bytes(bytes(200_000))
    film = stash.add_scene(world.folder / "film.mp4", tags=[scanned])
    old = stash.add_performer("Person 77 ABCDEFGHIJKLMNOP", (world.folder / "obama2.jpg").read_bytes())
    world.run("Identify Unscanned Images")
    assert any("2 scanned images, 1 scanned scenes, 1 subjects" in line for line in stash.log.messages("Info"))
    assert world.last_run()["counts"]["seen"] == len(images) - 2
    world.run("Synchronize Performers")
    assert world.errors() == []
    world.run("Reset Unmatched Images")
    assert set(stash.links("image", images[0], "tag")) == {scanned, matched}
    assert scanned not in stash.links("image", images[1], "tag")
    world.run("Reset Unmatched Scenes")
    assert stash.tags_of(film, "scene") == []
    assert old in [
        candidate["performerId"]
        for face in world.ask("identifyImage", imageId=images[0])["faces"]
        for candidate in face["candidates"]
    ]
