"""Unknown faces become people: real photographs of strangers, real processes, kills, and a way back."""

from __future__ import annotations

import csv
import random
import re
import sqlite3
import time
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Step, World

HQ = "Recognize Images (High Quality)"
LQ = "Recognize Images (Low Quality)"
NAME = re.compile(r"Person (\d+) [A-Z0-9]{16}")

pytestmark = pytest.mark.data


def lfw(data_dir: Path, people: int, pictures: int, strangers: int) -> list[tuple[str, Path]]:
    """(identity, file): the first `people` with `pictures` each, then people with one picture."""
    folder = data_dir / "faces" / "lfw"
    by_person: dict[str, list[Path]] = defaultdict(list)
    alone: list[tuple[str, Path]] = []
    with (folder / "index.csv").open(newline="") as opened:
        for row in csv.DictReader(opened):
            path = next(p for p in (folder / row["file"], folder / row["role"] / row["file"]) if p.is_file())
            if row["role"] == "known":
                by_person[row["identity"]].append(path)
            else:
                alone.append((row["identity"], path))
    several = [(who, path) for who, paths in list(by_person.items())[:people] for path in paths[:pictures]]
    return several + alone[:strangers]


def fill(world: World, pictures: list[tuple[str, Path]], prefix: str = "") -> dict[str, str]:
    """Adds the middles of the pictures (others stand at the edges); image id -> identity."""
    told = {}
    for number, (who, path) in enumerate(pictures):
        with Image.open(path) as opened:
            middle = opened.convert("RGB").crop((45, 35, 205, 215))
        target = world.folder / f"{prefix}{number:04}.png"
        middle.save(target)
        told[str(world.stash.add_image(target))] = who
    return told


def people_of(world: World, told: dict[str, str]) -> dict[str, set[str]]:
    """Performer id -> identities on whose pictures it stands."""
    found: dict[str, set[str]] = defaultdict(set)
    for image, who in told.items():
        for performer in world.performers_on(image):
            found[performer].add(who)
    return dict(found)


def partition(world: World, told: dict[str, str]) -> set[frozenset[str]]:
    """The groups of files that carry the same performer, whatever the ids are."""
    found: dict[str, set[str]] = defaultdict(set)
    for image in told:
        for performer in world.performers_on(image):
            found[performer].add(str(world.stash.library.files("image", int(image))[0]["path"]).rsplit("/", 1)[-1])
    return {frozenset(files) for files in found.values()}


def kept(world: World, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        return db.execute(query).fetchall()


def forget_faces(world: World) -> None:
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        for table in ("faces", "items", "looks", "verdicts", "face_embeddings", "face_crops"):
            db.execute(f"DELETE FROM {table}")


@cache
def unnamed(data_dir: Path) -> Step:
    return lambda world: world.told.update(fill(world, lfw(data_dir, 5, 5, 6)))


def make_people(world: World) -> None:
    assert world.run(HQ)["status"] == "FINISHED"


def look(world: World) -> None:
    """Every face is known, nothing is written."""
    make_people(world)
    world.run("Undo Last Run")


@pytest.fixture
def strangers(after: Callable[..., World], data_dir: Path) -> tuple[World, dict[str, str]]:
    """Five people with five pictures each and six with one, in a library without performers."""
    world = after(unnamed(data_dir))
    return world, world.told


@pytest.fixture
def looked_at(after: Callable[..., World], data_dir: Path) -> tuple[World, dict[str, str]]:
    """The same, their faces found before."""
    world = after(unnamed(data_dir), look)
    return world, world.told


@pytest.fixture
def grouped(after: Callable[..., World], data_dir: Path) -> tuple[World, dict[str, str]]:
    """The same, and those with enough pictures are performers."""
    world = after(unnamed(data_dir), make_people)
    return world, world.told


def test_groups_become_people_and_undo_leaves_the_library_as_before(strangers: tuple[World, dict[str, str]]) -> None:
    world, told = strangers
    before = world.stash.snapshot()
    assert world.run(HQ)["status"] == "FINISHED"
    assert world.errors() == []
    run = world.last_run()
    made = people_of(world, told)
    assert run["counts"]["created"] == len(made) >= 3
    assert all(len(who) == 1 for who in made.values())  # nobody stands for two people
    assert len({who for whos in made.values() for who in whos}) == len(made)  # and nobody is two performers
    assert all(len(images) >= 3 for images in partition(world, told))
    for performer_id in made:
        performer = world.stash.library.get("performer", performer_id)
        name = NAME.fullmatch(performer["name"])
        assert name is not None
        assert performer_id in world.performers_on(name[1])  # the id is of an item the face is on
        assert performer["image"].startswith(b"\xff\xd8")
    scanned, matched = world.stash.tag_id("Compreface Scanned"), world.stash.tag_id("Compreface Matched")
    for image in told:
        assert scanned in world.stash.links("image", image, "tag")
        assert (matched in world.stash.links("image", image, "tag")) is bool(world.performers_on(image))
    assert kept(world, "SELECT max(n) FROM (SELECT count(*) AS n FROM examples GROUP BY subject_id)")[0][0] <= 10

    world.run("Undo Last Run")
    assert world.errors() == []
    assert world.stash.snapshot() == before
    assert kept(world, "SELECT count(*) FROM subjects") == [(0,)]
    assert kept(world, "SELECT count(*) FROM examples") == [(0,)]


def test_a_second_run_makes_nobody_twice_and_new_pictures_join(empty_world: World, data_dir: Path) -> None:
    world = empty_world
    pictures = lfw(data_dir, 4, 6, 3)
    first = [picture for number, picture in enumerate(pictures) if number % 6 < 4]
    told = fill(world, first)
    world.run(HQ)
    made = people_of(world, told)
    world.run(HQ)
    assert people_of(world, told) == made
    assert world.last_run()["counts"]["created"] == 0
    world.run("Synchronize Performers")  # their pictures are their own examples: nothing to learn
    assert world.last_run()["counts"]["created"] == 0
    world.run("Identify All Images")
    assert people_of(world, told) == made
    later = {}
    for number, (who, path) in enumerate(picture for picture in pictures if picture not in first):
        target = world.folder / f"later{number}.png"
        with Image.open(path) as opened:
            opened.convert("RGB").crop((45, 35, 205, 215)).save(target)
        later[str(world.stash.add_image(target))] = who
    world.run(HQ)
    assert world.errors() == []
    again = people_of(world, {**told, **later})
    assert set(made) <= set(again)  # whoever was there is there still; others had too few faces before
    assert all(len(who) == 1 for who in again.values())
    assert len({who for whos in again.values() for who in whos}) == len(again)
    named = [image for image in later if world.performers_on(image)]
    known = [image for image, who in later.items() if {who} in made.values()]
    assert len(named) >= 0.6 * len(known)


def test_every_face_counts_once_whoever_looked_at_it_first(looked_at: tuple[World, dict[str, str]]) -> None:
    world, _ = looked_at
    world.run("Identify All Images")
    assert world.last_run()["counts"]["unknown"] == world.last_run()["counts"]["faces"] > 0
    world.run(HQ)
    counts = world.last_run()["counts"]
    assert counts["accepted"] > 0
    assert counts["accepted"] + counts["proposed"] + counts["unknown"] == counts["faces"]


def test_the_order_of_the_images_does_not_matter(empty_world: World, data_dir: Path) -> None:
    world = empty_world
    pictures = lfw(data_dir, 5, 4, 6)
    found = []
    for seed in (1, 2):
        order = list(pictures)
        random.Random(seed).shuffle(order)
        told = {}
        for who, path in order:
            target = world.folder / str(seed) / f"{path.stem}.png"
            target.parent.mkdir(exist_ok=True)
            with Image.open(path) as opened:
                opened.convert("RGB").crop((45, 35, 205, 215)).save(target)
            told[str(world.stash.add_image(target))] = who
        world.run(HQ)
        found.append(partition(world, told))
        world.run("Undo Last Run")
        for image in told:
            world.stash.remove("image", image)
        forget_faces(world)
    assert found[0] == found[1]
    assert found[0]


@pytest.mark.slow
def test_a_kill_at_any_point_makes_nobody_twice(looked_at: tuple[World, dict[str, str]]) -> None:
    world, told = looked_at
    world.stash.set_plugin_settings("compreface", {"minFacesPerPerson": 1})
    world.run(HQ)
    calm = partition(world, told)
    world.run("Undo Last Run")
    before = world.stash.snapshot()
    dice = random.Random(7)
    killed: list[int] = []
    for _ in range(12):
        job = world.stash.run_task("compreface", HQ, {"cooldownSeconds": -1, "modelPack": "dlib", "maxBatchSize": 5})
        goal = len(world.stash.ids("performer")) + dice.choice((1, 1, 2, 3))  # in the middle of making people
        end = time.monotonic() + dice.choice((dice.uniform(0.6, 2.5), 20.0, 20.0))
        while time.monotonic() < end and (world.stash.jobs.find(job) or {}).get("status") in ("READY", "RUNNING"):
            if len(world.stash.ids("performer")) >= goal:
                time.sleep(dice.uniform(0.0, 0.05))
                break
            time.sleep(0.002)
        killed.append(len(world.stash.ids("performer")))
        world.stash.jobs.stop(job)
        if world.stash.wait_for_job(job)["status"] == "FINISHED":
            break
    world.run(HQ)
    print("performers at each kill:", killed)
    assert partition(world, told) == calm
    names = [row["name"] for row in world.stash.snapshot()["performer"].values()]
    assert len(names) == len(set(names)) == len(calm)
    assert kept(world, "SELECT count(*) FROM changes WHERE state IN ('planned', 'undoing')") == [(0,)]
    world.run("Undo Last Run")
    assert world.stash.snapshot() == before


def test_undo_keeps_whom_somebody_touched(grouped: tuple[World, dict[str, str]]) -> None:
    world, told = grouped
    made = sorted(people_of(world, told), key=int)
    named, added, left = made[0], made[1], made[2]
    world.stash.library.update("performer", int(named), {"name": "Jane Doe"})
    alone = next(image for image in told if not world.performers_on(image))
    world.stash.set_links("image", alone, "performer", [added])
    world.run("Undo Last Run")
    assert world.errors() == []
    assert {named, added} == set(world.stash.ids("performer"))
    assert left not in world.stash.ids("performer")
    assert world.performers_on(alone) == [added]
    assert {row[0] for row in kept(world, "SELECT performer_id FROM subjects")} == {named, added}
    told_so = "\n".join(world.stash.log.messages("Info"))
    assert f"performer {named} (Jane Doe) stays" in told_so
    assert "is on 1 items that this run did not put it on" in told_so


def test_a_scan_is_queued_when_asked_for_and_never_waited_for(looked_at: tuple[World, dict[str, str]]) -> None:
    world, _ = looked_at
    world.stash.set_plugin_settings("compreface", {"scanAfterRun": True})
    world.run(HQ)
    assert world.errors() == []
    asked = [r.variables["input"]["paths"] for r in world.stash.graphql_requests if "metadataScan" in r.query]
    assert asked == [[str(world.folder)]]


def test_low_quality_takes_what_high_quality_refused(looked_at: tuple[World, dict[str, str]]) -> None:
    world, told = looked_at
    world.stash.set_plugin_settings("compreface", {"minQuality": "1"})
    world.run(HQ)
    assert world.stash.ids("performer") == []
    world.run(LQ)  # half the quality
    made = people_of(world, told)
    assert len(made) >= 3
    assert all(len(who) == 1 for who in made.values())
    world.run("Undo Last Run")
    world.stash.set_plugin_settings("compreface", {"minQuality": "0.01"})
    world.run(LQ)  # every face is good enough for high quality: not this task's business
    assert world.stash.ids("performer") == []
    world.run(HQ)
    assert partition(world, told)
    assert world.errors() == []


def test_a_plan_creates_nobody(looked_at: tuple[World, dict[str, str]]) -> None:
    world, _ = looked_at
    world.stash.set_plugin_settings("compreface", {"applyMode": "review"})
    before = world.stash.snapshot()
    world.run(HQ)
    assert world.stash.snapshot() == before
    assert world.errors() == []
    assert world.ask("clusters")["clusters"]
