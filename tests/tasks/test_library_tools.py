"""Undoing a rescan, comparing people, moving everybody in one file, and what thresholds mean in one's own library."""

from __future__ import annotations

import sqlite3
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from conftest import World


def verdicts(world: World) -> list[tuple[object, ...]]:
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        return db.execute("SELECT face_id, verdict, performer_id, run_id FROM verdicts ORDER BY face_id").fetchall()


def test_undoing_a_second_pass_leaves_the_first_as_it_was(identified: World) -> None:
    world, stash = identified, identified.stash
    before, seen = stash.snapshot(), verdicts(world)
    image = next(iter(world.expected))
    stash.set_links("image", image, "tag", [])  # a person takes the tags off: the rescan has something to add
    world.run("Identify All Images")
    world.run("Undo Last Run")
    assert stash.links("image", image, "tag") == []
    assert verdicts(world) == seen
    others = {key: value for key, value in stash.snapshot()["image"].items() if key != image}
    assert others == {key: value for key, value in before["image"].items() if key != image}
    world.run("Reset Unmatched Images")  # still knows what was scanned
    assert world.last_run()["counts"]["seen"] == sum(not who for who in world.expected.values())


def crowd(world: World, count: int) -> None:
    """As many performers more, whom nobody resembles: examples in the store alone."""
    random = np.random.default_rng(11)
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        model = db.execute("SELECT model_id FROM example_embeddings").fetchone()[0]
        for number in range(1000, 1000 + count):
            row = random.normal(size=128)
            seen = (row / np.linalg.norm(row)).astype("<f4").tobytes()
            db.execute("INSERT INTO subjects VALUES (?, ?, ?, '', 0)", (number, f"Nobody {number}", str(number)))
            db.execute("INSERT INTO examples VALUES (?, ?, 'import', '', '', 0.5, x'00', '', 0)", (number, number))
            db.execute("INSERT INTO example_embeddings VALUES (?, ?, ?)", (number, model, seen))
    db.close()


def test_two_performers_and_an_image_are_compared(identified: World) -> None:
    world = identified
    obama, biden = world.performers["Barack Obama"], world.performers["Joe Biden"]
    assert world.ask("compareFaces", performerId=obama, otherId=biden)["verdict"] == "different people"
    answer = world.ask("compareFaces", performerId=obama, imageId=next(iter(world.expected)))
    assert answer["verdict"] == "same person"
    assert answer["median"] >= answer["required"]
    assert world.ask("duplicatePerformers")["pairs"] == []
    twin = world.stash.add_performer("His Twin", (world.folder / "obama2.jpg").read_bytes())
    world.run("Synchronize Performers")
    [pair] = world.ask("duplicatePerformers")["pairs"]
    assert set(pair["performerIds"]) == {obama, str(twin)}
    crowd(world, 3000)
    answer = world.ask("duplicatePerformers", limit=1)
    assert (answer["pairs"], answer["upToDate"]) == ([pair], False)  # too many to compare while somebody waits
    answer = world.ask("duplicatePerformers", limit=1, refresh=True)
    assert ([set(each["performerIds"]) for each in answer["pairs"]], answer["upToDate"]) == ([{obama, str(twin)}], True)
    assert world.ask("duplicatePerformers", limit=1) == answer
    with pytest.raises(Exception, match="one of them"):
        world.ask("compareFaces", performerId=obama)


def test_everybody_moves_in_one_file(synchronized: World) -> None:
    world = synchronized
    with sqlite3.connect(world.data / "compreface.sqlite") as db:  # one was learned from face 1 of an item
        db.execute("UPDATE examples SET origin = 'face', origin_id = '1' WHERE example_id = 1")
    db.close()
    told = world.ask("exportSubjects")
    assert (told["subjects"], told["examples"]) == (3, 3)
    with zipfile.ZipFile(told["path"]) as archive:
        assert sorted(archive.namelist())[-1] == "subjects.json"
    world.run("Undo Last Run")
    assert world.ask("exportSubjects", path="empty.zip")["subjects"] == 0
    job = world.stash.run_task(
        "compreface", None, {"mode": "importSubjects", "path": told["path"], "modelPack": "dlib"}
    )
    world.stash.wait_for_job(job)
    assert world.errors() == []
    obama = world.performers["Barack Obama"]
    [example] = world.ask("performerExamples", performerId=obama)["examples"]
    assert (example["origin"], example["faceId"]) == ("elsewhere", None)  # face 1 here is nobody's, or somebody else's
    world.run("Identify Unscanned Images")
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}
    world.ask("importSubjects", path=told["path"])
    assert world.ask("exportSubjects")["examples"] == 3  # nothing comes in twice
    (world.data / "broken.zip").write_bytes(b"no archive")
    with pytest.raises(Exception, match="could not be read as an export"):
        world.ask("importSubjects", path="broken.zip")


def test_calibration_says_where_it_knows_too_little_and_changes_nothing(synchronized: World) -> None:
    world = synchronized
    answer = world.ask("calibrate", wrongPer1000=5, apply=True)
    assert answer["people"] == 3
    assert [(each["source"], each["impostor"], each["genuine"]) for each in answer["sources"]] == [
        ("all", 3, 0),
        ("portrait", 3, 0),
    ]
    everything = answer["sources"][0]
    assert not everything["enough"]
    assert "3 faces of known people are too few" in everything["message"]
    assert everything["current"]["wrongPer1000"] is None
    expected = [point["expectedWrongPer1000"] for point in everything["points"]]
    assert expected == sorted(expected, reverse=True)
    assert answer["applied"] == {"changed": False, "reason": "too few confirmed faces"}
    assert [proposal["measured"] for proposal in answer["proposals"]] == [False] * 4
    assert (world.data / "calibration.html").stat().st_mode & 0o077 == 0
    again = world.ask("calibration")
    assert again["sources"] == answer["sources"]
    with pytest.raises(Exception, match="source is 'films'; allowed is one of all, portrait"):
        world.ask("calibrate", source="films")
