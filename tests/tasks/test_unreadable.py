"""Images that Stash itself cannot read any more: each is an error of its own, and everything else goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tasks.test_meanwhile import interrupted
from tasks.test_unknown_people import HQ, fill, kept, lfw

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

pytestmark = pytest.mark.data


def test_an_image_that_stash_cannot_read_stops_neither_run_nor_grouping_nor_undo(
    empty_world: World, data_dir: Path
) -> None:
    world, unreadable = empty_world, empty_world.stash.faults.unreadable
    fill(world, lfw(data_dir, 1, 5, 0))
    world.stash.set_plugin_settings("compreface", {"minFacesPerPerson": 50})
    first, *others = images = sorted(world.stash.ids("image"), key=int)
    unreadable.add(("image", int(first)))
    world.run(HQ)  # a page with one that costs the whole page
    assert world.last_run()["state"] == "finished"
    assert {each["id"]: each["code"] for each in world.ask("failures")["failures"]} == {first: "unavailable"}
    faces = {str(row[0]): row[1] for row in kept(world, "SELECT item_id, face_id FROM faces")}
    assert sorted(faces) == sorted(others)
    unreadable.clear()
    world.run(HQ)
    assert world.ask("failures")["total"] == 0

    faces = {str(row[0]): row[1] for row in kept(world, "SELECT item_id, face_id FROM faces")}
    unreadable.add(("image", int(first)))
    interrupted(world, [("Person 1 AAAABBBBCCCCDDDD", None, list(faces.values()))])
    world.run(HQ)
    [who] = world.stash.ids("performer")
    assert [world.performers_on(image) for image in images] == [[], *[[who]] * len(others)]
    assert kept(world, f"SELECT verdict FROM verdicts WHERE face_id = {faces[first]}") == [("unknown",)]
    assert world.ask("failures")["total"] == 1

    unreadable.clear()
    unreadable.add(("image", int(others[0])))
    run = world.last_run()["runId"]
    answer = world.ask("undoRun", runId=run)
    assert answer["kept"] >= 2  # on the image, and so the performer
    assert [world.performers_on(image) for image in images] == [[], [who], *[[]] * (len(others) - 1)]
