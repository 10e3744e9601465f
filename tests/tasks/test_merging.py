"""Two people that grouping made turn out to be one: they become one, unless somebody touched them, and there is a way
back."""

from __future__ import annotations

import random
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageEnhance, ImageOps
from tasks.test_unknown_people import HQ, fill, kept, lfw, partition, people_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Step, World

HARD = ("Alastair_Campbell", "Alec_Baldwin", "Allyson_Felix")  # dlib does not know them again

pytestmark = pytest.mark.data


@pytest.fixture
def halves(after: Callable[..., World], data_dir: Path) -> tuple[World, dict[str, str]]:
    """People whom two runs made twice: those whom the first had made had names when the second saw them mirrored."""
    world = after(made_twice(data_dir))
    return world, world.told


@cache
def made_twice(data_dir: Path) -> Step:
    return lambda world: make_twice(world, data_dir)


def make_twice(world: World, data_dir: Path) -> None:
    world.stash.set_plugin_settings(
        "compreface", {"minFacesPerPerson": 2, "minSimilarity": "0.9999", "reviewSimilarity": "0.9999"}
    )
    several = [each for each in lfw(data_dir, 9, 2, 0) if each[0] not in HARD]
    pictures = [*several, *lfw(data_dir, 0, 0, 2)]
    world.told.update(fill(world, pictures))
    world.run(HQ)
    names = {row["id"]: row["name"] for row in world.stash.snapshot()["performer"].values()}
    rename(world, {who: f"Jane {who}" for who in names})
    mirrored = []
    for number, (who, path) in enumerate(several):
        with Image.open(path) as opened:
            ImageOps.mirror(opened.convert("RGB")).save(world.folder / f"source{number}.png")
        mirrored.append((who, world.folder / f"source{number}.png"))
    world.told.update(fill(world, mirrored, "later"))
    world.run(HQ)
    rename(world, names)


def rename(world: World, names: dict[Any, str]) -> None:
    """As if nobody had ever edited them: the time stamps stay."""
    for who, name in names.items():
        world.stash.library.db.run("UPDATE performer SET name = ? WHERE id = ?", [name, who])


def twice(world: World, told: dict[str, str]) -> dict[str, list[str]]:
    """Identity -> the performers, oldest first, that stand for it, of those with several."""
    found: dict[str, list[str]] = {}
    for performer, who in sorted(people_of(world, told).items(), key=lambda each: int(each[0])):
        assert len(who) == 1
        found.setdefault(next(iter(who)), []).append(performer)
    return {who: performers for who, performers in found.items() if len(performers) > 1}


def people_by_name(world: World) -> dict[str, Any]:
    """Whatever Stash holds of performers, by name instead of id: one that was made again has another."""
    found = {}
    for row in world.stash.snapshot()["performer"].values():
        images = [image for image in world.stash.ids("image") if str(row["id"]) in world.performers_on(image)]
        found[row["name"]] = {**{key: value for key, value in row.items() if key != "id"}, "images": images}
    return found


def test_people_made_twice_become_one_and_undo_brings_them_back(halves: tuple[World, dict[str, str]]) -> None:
    world, told = halves
    before, doubled = people_by_name(world), twice(world, told)
    assert len(doubled) >= 4
    asked = len(world.stash.picture_requests)
    world.ask("clusters", refresh=True)
    assert len(world.stash.picture_requests) == asked  # groups that are only shown unite nobody
    examples = kept(world, "SELECT count(*) FROM examples")
    world.run(HQ)
    assert world.errors() == []
    run = world.last_run()
    assert run["counts"]["united"] == len(doubled)
    assert twice(world, told) == {}
    assert set(world.stash.ids("performer")) == set(people_of(world, told))  # nobody is left over
    assert kept(world, "SELECT count(*) FROM examples") == examples
    assert kept(world, "SELECT count(*) FROM remote_removals") == [(0,)]
    assert kept(world, "SELECT DISTINCT performer_id FROM verdicts WHERE verdict = 'accept' AND performer_id NOT IN"
                       " (SELECT performer_id FROM subjects)") == []  # fmt: skip
    united = partition(world, told)
    world.run(HQ)
    assert partition(world, told) == united
    assert "united" not in world.last_run()["counts"]

    world.ask("undoRun", runId=run["runId"])
    assert world.errors() == []
    assert people_by_name(world) == before
    assert kept(world, "SELECT count(*) FROM merged_performers") == [(0,)]
    world.run(HQ)  # and again
    assert partition(world, told) == united
    for _ in range(6):
        world.run("Undo Last Run")
    assert world.errors() == []
    assert world.stash.ids("performer") == []
    assert kept(world, "SELECT count(*) FROM examples") == [(0,)]
    assert kept(world, "SELECT count(*) FROM subjects") == [(0,)]


def test_whom_somebody_touched_or_named_stays_apart(halves: tuple[World, dict[str, str]]) -> None:
    world, told = halves
    doubled = list(twice(world, told).values())
    (edited, _), (placed, _), (confirmed, _), (named, _) = touched = doubled[:4]
    world.stash.library.update("performer", int(edited), {"country": "NO"})
    empty = next(image for image in told if not world.performers_on(image))
    world.stash.set_links("image", empty, "performer", [placed])
    face = kept(world, f"SELECT face_id FROM verdicts WHERE verdict = 'accept' AND performer_id = {confirmed}")[0][0]
    world.ask("decide", decisions=[{"faceId": face, "decision": "accept"}])
    world.stash.library.update("performer", int(named), {"name": "Jane Doe"})
    world.run(HQ)
    assert world.errors() == []
    del told[empty]
    assert sorted(twice(world, told).values()) == sorted(touched)
    assert world.last_run()["counts"]["united"] == len(doubled) - len(touched) >= 1
    assert {who for pair in touched for who in pair} <= set(world.stash.ids("performer"))


def test_united_twice_comes_apart_from_the_last_time_on(empty_world: World, data_dir: Path) -> None:
    world = empty_world
    world.stash.set_plugin_settings(
        "compreface", {"minFacesPerPerson": 2, "minSimilarity": "0.9999", "reviewSimilarity": "0.9999"}
    )
    own = lfw(data_dir, 1, 2, 0)
    told: dict[str, str] = {}
    stages = []
    for name, brightness in (("first", (1.0,)), ("second", (0.9,)), ("third", (1.05, 0.85, 1.1))):
        names = {row["id"]: row["name"] for row in world.stash.snapshot()["performer"].values()}
        rename(world, {who: f"Jane {who}" for who in names})
        told |= fill(world, [(who, altered(world, path, name, each)) for who, path in own for each in brightness], name)
        world.run(HQ)  # makes the person once more ...
        rename(world, names)
        stages.append(people_by_name(world))
        if name != "first":
            world.run(HQ)  # ... and unites both
            assert world.last_run()["counts"]["united"] == 1
            stages.append(people_by_name(world))
    assert [len(each) for each in stages] == [1, 2, 1, 2, 1]
    [older, newer] = [
        row[0]
        for row in kept(world, "SELECT run_id FROM merged_performers JOIN runs USING (run_id) ORDER BY started_at")
    ]
    [(image, keep, gone)] = kept(
        world,
        "SELECT c.item_id, m.keep_id, m.gone_id FROM changes c JOIN merged_performers m ON m.gone_id = c.value"
        f" WHERE c.run_id = '{newer}' AND m.run_id = '{newer}' AND c.op = 'remove' LIMIT 1",
    )
    for part, words in (
        ({"runId": older}, f"undo the run {newer} first"),
        ({"runId": older, "performerId": gone}, f"undo the run {newer} first"),
        ({"runId": newer, "imageId": image}, f"undo the whole run, or performerId {keep} of it"),
        ({"runId": newer, "performerId": gone}, f"undo performerId {keep} of this run"),
    ):
        with pytest.raises(Exception, match=words):
            world.ask("undoRun", **part)
        assert people_by_name(world) == stages[4], "nothing was done"
    world.ask("undoRun", runId=newer, performerId=keep)
    assert people_by_name(world) == stages[3]
    world.ask("undoRun", runId=newer)
    world.ask("undoRun")
    assert people_by_name(world) == stages[2]
    world.ask("undoRun")
    assert people_by_name(world) == stages[1]
    assert world.errors() == []


def altered(world: World, path: Path, name: str, brightness: float) -> Path:
    """The picture a little darker or brighter; mirrored from the second time on."""
    target = world.folder / f"source-{name}-{brightness}-{path.stem}.png"
    with Image.open(path) as opened:
        picture = ImageEnhance.Brightness(opened.convert("RGB")).enhance(brightness)
    (picture if name == "first" else ImageOps.mirror(picture)).save(target)
    return target


@pytest.mark.slow
def test_a_kill_at_any_point_unites_all_the_same(halves: tuple[World, dict[str, str]]) -> None:
    world, told = halves
    before, doubled = people_by_name(world), twice(world, told)
    world.run(HQ)
    calm = partition(world, told)
    world.ask("undoRun", runId=world.last_run()["runId"])
    dice = random.Random(3)
    goals = [-1, -2, 0, -3]
    for goal in goals:
        there = len(world.stash.ids("performer"))
        job = world.stash.run_task("compreface", HQ, {"cooldownSeconds": -1, "modelPack": "dlib"})
        end = time.monotonic() + 20.0
        while time.monotonic() < end and (world.stash.jobs.find(job) or {}).get("status") in ("READY", "RUNNING"):
            relinked = kept(world, "SELECT count(*) FROM changes WHERE op = 'destroy' AND state = 'planned'")[0][0]
            if relinked and (len(world.stash.ids("performer")) <= there + goal):
                time.sleep(dice.uniform(0.0, 0.01))
                break
            time.sleep(0.001)
        world.stash.jobs.stop(job)
        world.stash.wait_for_job(job)
    world.run(HQ)
    assert partition(world, told) == calm
    assert twice(world, told) == {}
    assert len(world.stash.ids("performer")) == len(before) - len(doubled)
    assert kept(world, "SELECT count(*) FROM changes WHERE state IN ('planned', 'undoing')") == [(0,)]
    united = [row[0] for row in kept(world, "SELECT run_id FROM merged_performers GROUP BY run_id")]
    for run_id in reversed(united):
        for _ in range(2):  # killed in the middle, then to its end
            job = world.stash.run_task("compreface", "Undo Last Run", {"runId": run_id})
            time.sleep(dice.uniform(0.3, 1.2))
            world.stash.jobs.stop(job)
            world.stash.wait_for_job(job)
        world.run("Undo Last Run", runId=run_id)
    assert people_by_name(world) == before
