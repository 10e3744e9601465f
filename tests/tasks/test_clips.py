"""Videos filed as images, GIFs above all: looked at like scenes, kept and named as images."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

pytest.importorskip("av")

from films import Shot, pictures, write_film

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World


def moving(*shots: Shot) -> bytes:
    frames = [frame.quantize(200) for frame in pictures(shots, (320, 240), fps=6)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=160, loop=0)
    return out.getvalue()


def portrait(path: Path) -> Image.Image:
    picture = Image.open(path).convert("RGB")
    return picture.crop((0, 0, picture.width, round(picture.width * 1.2)))


def test_clips_are_looked_at_beyond_their_first_picture_and_named_as_images(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    obama, biden = portrait(world.photos / "obama2.jpg"), portrait(world.photos / "biden.jpg")
    nobody = Shot([], 1.0)
    late = world.add_image("late.gif", moving(nobody, Shot([obama], 2.0)), ["Barack Obama"])
    still = world.add_image("still.gif", moving(Shot([obama], 0.1)), ["Barack Obama"])
    film = write_film(world.folder / "film.mp4", pictures([nobody, Shot([biden], 2.0), Shot([obama], 2.0)], (320, 240)))
    both = str(stash.add_image(film))
    world.expected[both] = sorted(world.performers[name] for name in ("Barack Obama", "Joe Biden"))
    broken = world.add_image("broken.webm", b"this is no film")
    gone = str(stash.add_image(write_film(world.folder / "gone.mp4", pictures([nobody]))))
    (world.folder / "gone.mp4").unlink()
    flash = world.add_image("flash.gif", moving(nobody, Shot([obama], 0.2), nobody))
    kinds = {row["kind"] for row in stash.library.db.rows("SELECT kind FROM file WHERE path LIKE '%.gif'")}
    assert kinds == {"video"}  # as Stash has them
    stash.reset_requests()
    assert world.run("Identify Unscanned Images")["status"] == "FINISHED"
    assert world.errors() == []
    clips = (late, still, both, broken, gone, flash)
    assert len([r for r in stash.graphql_requests if "mutation Patches" in r.query]) > len(clips)  # each by itself
    assert {each: world.performers_on(each) for each in (late, still, both)} == {
        each: world.expected[each] for each in (late, still, both)
    }
    assert "Compreface Scanned" in stash.tags_of(late)
    for image, said in ((broken, "no video that can be read"), (gone, "cannot be read here")):
        assert stash.tags_of(image) == ["Compreface Error"]
        assert said in world.ask("faces", imageId=image)["item"]["error"]
    assert world.last_run()["counts"]["failed"] == 2
    [lucky] = world.ask("faces", imageId=flash)["faces"]  # one frame decides nothing
    assert (lucky["verdict"], lucky["reason"]) == ("review", "too few frames agree")
    assert world.performers_on(flash) == []

    film.rename(film.with_suffix(".away"))  # what is known is not decoded again
    world.run("Identify All Images")
    assert world.performers_on(both) == world.expected[both]
    answer = world.ask("identifyImage", imageId=both)
    assert answer["remembered"]
    assert sorted(face["candidates"][0]["name"] for face in answer["faces"] if face["verdict"] == "accept") == [
        "Barack Obama", "Joe Biden"
    ]
    world.run("Undo Last Run")
    world.run("Undo Last Run")
    assert world.performers_on(both) == []
    assert stash.tags_of(late) == []
