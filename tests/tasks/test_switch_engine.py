"""Another engine on a library with confirmed faces: nothing is lost, and what changes is told; thresholds by curves."""

from __future__ import annotations

import io
import sqlite3
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageEnhance, ImageOps

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

LABELS = ("subjects", "examples", "faces", "face_crops", "verdicts", "decisions", "items")
COPIES = 16


def labels(world: World) -> dict[str, list[tuple[Any, ...]]]:
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        return {table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in LABELS}


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def add_variants(world: World) -> None:
    """Small pictures of the three, each a little different."""
    sources = {"obama2.jpg": "Barack Obama", "mirror.jpg": "Joe Biden", "dark.jpg": "Eileen Collins"}
    for name, who in sources.items():
        picture = ImageOps.contain(Image.open(world.folder / name), (200, 200))
        for number in range(COPIES):
            turned = picture.rotate(number - COPIES // 2, Image.Resampling.BICUBIC)
            changed = ImageEnhance.Brightness(turned).enhance(0.75 + 0.04 * number)
            world.add_image(f"{number}-{name}", jpeg(changed, 70 + number), [who])


def confirm_everything(world: World) -> int:
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        faces = [row[0] for row in db.execute("SELECT face_id FROM verdicts WHERE verdict = 'accept' ORDER BY 1")]
    world.ask("decide", decisions=[{"faceId": face, "decision": "accept"} for face in faces])
    return len(faces)


def hide(world: World) -> tuple[int, int]:
    """Puts a picture without a face in the place of one example's crop and of one named face's: (example, face)."""
    grey = jpeg(Image.new("RGB", (200, 200), "grey"))
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        [example] = db.execute("SELECT max(example_id) FROM examples").fetchone()
        [face] = db.execute("SELECT max(face_id) FROM verdicts WHERE verdict = 'accept'").fetchone()
        db.execute("UPDATE examples SET crop = ? WHERE example_id = ?", (grey, example))
        db.execute("UPDATE face_crops SET crop = ? WHERE face_id = ?", (grey, face))
    return example, face


class Page(HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


@pytest.fixture
def confirmed(world: World, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """More than fifty faces of three people that a person confirmed, with dlib."""
    monkeypatch.setenv("COMPREFACE_MODELS", str(data_dir / "models"))
    add_variants(world)
    world.run("Synchronize Performers")
    world.run("Identify Unscanned Images")
    assert confirm_everything(world) >= 50
    return world


def check_curves(world: World) -> None:
    world.stash.set_plugin_settings("compreface", {"minSimilarity": "0.99", "reviewSimilarity": "0.001"})
    answer = world.ask("calibrate", wrongPer1000=100, apply=True)
    everything, portraits, images = answer["sources"]
    assert [each["source"] for each in answer["sources"]] == ["all", "portrait", "image"]
    assert (everything["enough"], portraits["enough"], images["enough"]) == (True, False, True)
    assert everything["faces"] == portraits["faces"] + images["faces"]
    assert sum(everything["histogram"]["other"]) == everything["impostor"]
    for falling in ("wrongPer1000", "recall"):
        values = [point[falling] for point in everything["points"]]
        assert values == sorted(values, reverse=True)
    assert everything["points"][0]["recall"] > 0.95
    assert everything["current"]["threshold"] == 0.99
    chosen = answer["applied"]
    assert chosen["changed"]
    assert (chosen["before"], world.ask("calibration")["minSimilarity"]) == ("0.99", chosen["now"])
    world.run("Undo Last Run")
    assert world.ask("calibration")["minSimilarity"] == 0.99
    again = world.ask("calibrate", wrongPer1000=100, apply=True)["applied"]
    world.stash.set_plugin_settings("compreface", {"minSimilarity": "0.7", "reviewSimilarity": "0.001"})
    assert world.ask("undoRun", runId=again["runId"])["alreadyGone"] == 1  # a person has set it since
    assert world.ask("calibration")["minSimilarity"] == 0.7
    page = Page(world.data / "calibration.html")
    assert answer["report"] == str(world.data / "calibration.html")
    assert page.tags.count("svg") == 4  # two plots of two sources: portraits are too few
    assert "script" not in page.tags
    assert page.addresses == []
    world.stash.set_plugin_settings("compreface", {})


@pytest.mark.slow
@pytest.mark.models
def test_curves_and_a_switch_there_and_back_that_loses_nothing(confirmed: World) -> None:
    """One test: the library takes longer to make than to ask."""
    world, stash = confirmed, confirmed.stash
    check_curves(world)
    assert world.ask("switchReport") == {"report": None}
    example, face = hide(world)
    before, held = stash.snapshot(), labels(world)
    stash.set_plugin_settings("compreface", {"engine": "auto", "modelPack": "dlib", "minFaceSize": 48})
    world.run("Switch Engine", engine="local", modelPack="buffalo_sc_int8")
    follows = {"engine": "auto", "modelPack": "buffalo_sc_int8", "minFaceSize": 48}
    assert stash.plugin_settings["compreface"] == follows
    stash.set_plugin_settings("compreface", {})
    assert world.errors() == []
    report = world.ask("switchReport", modelPack="")["report"]
    assert (report["from"].split("@")[0], report["to"].split("@")[0]) == ("dlib", "buffalo_sc_int8")
    assert stash.snapshot() == before
    assert labels(world) == held
    assert report["labels"]["lost"] == 0
    assert report["labels"]["after"]["decisions"] == len(held["decisions"])
    for what in ("examples", "faces"):
        assert report["kept"][what]["seen"] == report["kept"][what]["crops"] - 1
    assert (report["unseen"]["examples"], report["unseen"]["namedFaces"]) == (1, 1)
    assert {each.get("exampleId") or each.get("faceId") for each in report["unseen"]["listed"]} == {example, face}
    change = report["confirmed"]
    assert change["faces"] + change["untested"] >= 49
    assert change["alike"] == change["faces"] - len(change["changed"])
    assert sum(change["moves"].values()) == len(change["changed"])
    assert change["agreement"] >= 0.9  # copies of a few photographs: every engine knows them
    old, new = report["engines"]["old"], report["engines"]["new"]
    assert old["samePerson"]["low"] > old["otherPerson"]["high"]
    assert new["samePerson"]["low"] > new["otherPerson"]["high"]
    assert old["cosine"] > 0.9 > new["cosine"]
    told = "\n".join(stash.log.messages("Info"))
    assert "labels lost: 0" in told
    assert "1 examples and 1 named faces cannot be seen by buffalo_sc_int8" in told
    assert "would be treated alike" in told
    named = world.named()
    world.run("Identify All Images", modelPack="buffalo_sc_int8")
    assert world.named() == named
    world.run("Switch Engine")
    back = world.ask("switchReport")["report"]
    assert back["to"] == report["from"]
    assert back["labels"]["lost"] == 0
    assert back["kept"]["faces"]["seen"] == back["kept"]["faces"]["crops"]
    assert stash.snapshot()["performer"] == before["performer"]
