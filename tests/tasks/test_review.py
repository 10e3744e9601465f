"""What the review page asks for: a queue that stands still, words sent twice, runs with their failures, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tasks.conftest import populate, synchronize
from tasks.crowd import EAGER, fill_queue

from teststash.library import LibraryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasks.conftest import World

CROWD = 30


def let_wait(world: World) -> None:
    world.stash.set_plugin_settings("compreface", EAGER)
    (world.folder / "broken.jpg").write_bytes(b"no picture")
    world.stash.add_image(world.folder / "broken.jpg")
    world.run("Identify Unscanned Images")
    fill_queue(world, CROWD)


@pytest.fixture
def waiting(after: Callable[..., World]) -> World:
    """Faces of the small world and of 30 more images wait, one image cannot be read."""
    return after(populate, synchronize, let_wait)


def test_the_queue_stands_still_while_it_is_worked_off(waiting: World) -> None:
    world, stash = waiting, waiting.stash
    for order in ("item", "person"):
        queue = world.ask("proposals", by=order, idsOnly=True)
        assert queue["total"] == len(queue["faceIds"]) > CROWD
        first = world.ask("proposals", by=order, limit=5)
        assert [each["faceId"] for each in first["proposals"]] == queue["faceIds"][:5]
    assert "proposals" not in queue
    begun = world.ask("proposals", by="person", idsOnly=True, first=3)
    assert [each["faceId"] for each in begun["proposals"]] == begun["faceIds"][:3] == queue["faceIds"][:3]
    assert sum(each["waiting"] for each in queue["performers"]) == queue["total"]
    mine = queue["faceIds"][3:6]
    page = world.ask("proposals", faceIds=mine)
    assert sorted(each["faceId"] for each in page["proposals"]) == sorted(mine)
    candidates = {c["performerId"] for each in page["proposals"] for c in each["candidates"]}
    assert {who for who, picture in page["pictures"].items() if picture.startswith("data:image/jpeg")} == candidates

    gallery = stash.add_gallery([page["proposals"][0]["item"]["id"]], title="Crowd")
    inside = world.ask("proposals", galleryId=gallery)["proposals"]
    assert {each["item"]["id"] for each in inside} == {page["proposals"][0]["item"]["id"]}
    assert world.ask("proposals", kind="scene", idsOnly=True)["faceIds"] == []
    assert world.ask("proposals", imageId=inside[0]["item"]["id"])["total"] == len(inside)

    world.ask("decide", faceId=mine[0], decision="notAFace")
    assert mine[0] not in [each["faceId"] for each in world.ask("proposals", faceIds=mine)["proposals"]]


def test_a_batch_sent_twice_is_said_once_and_what_is_impossible_is_left_out(waiting: World) -> None:
    world, stash = waiting, waiting.stash
    queue = world.ask("proposals", by="person", idsOnly=True)["faceIds"]
    asked: list[dict[str, Any]] = [
        {"faceId": queue[0], "decision": "accept"},
        {"faceId": queue[1], "decision": "accept", "performerId": "424242"},
        {"faceId": 999_999, "decision": "reject"},
        {"faceId": queue[-1], "decision": "reject"},  # of somebody else: a copy of the first would take it along
    ]
    with pytest.raises(LibraryError, match="no such"):
        world.ask("decide", decisions=asked)
    answer = world.ask("decide", decisions=asked, goOn=True, batch="one")
    assert [each["faceId"] for each in answer["refused"]] == [999_999, queue[1]]
    assert "no such performer" in answer["refused"][1]["reason"]
    assert (answer["decided"], answer["added"]) == (2, 1)
    after = stash.snapshot()
    again = world.ask("decide", decisions=asked, goOn=True, batch="one")
    assert (again["runId"], again["added"]) == (answer["runId"], 1)
    assert stash.snapshot() == after

    undo = {"faceId": queue[0], "decision": "undo", "runId": answer["runId"]}
    other = {**undo, "runId": "another"}
    assert [world.ask("decide", decisions=[each])["undone"][0]["undone"] for each in (other, undo, undo)] == [
        False,
        True,
        False,
    ]
    assert world.ask("proposals", faceIds=[queue[0]])["total"] == 1


def test_runs_say_what_can_be_done_about_them_and_numbers_add_up(waiting: World) -> None:
    world = waiting
    face = world.ask("proposals", by="person", limit=1)["proposals"][0]
    obama, biden = world.performers["Barack Obama"], world.performers["Joe Biden"]
    other = biden if face["candidates"][0]["performerId"] == obama else obama
    rest = world.ask("proposals", performerId=other, limit=2)["proposals"]
    said = world.ask("decide", faceId=face["faceId"], decision="accept", performerId=other)
    right = world.ask("decide", decisions=[{"faceId": each["faceId"], "decision": "accept"} for each in rest])

    found = world.ask("runs", tasksOnly=True)
    assert [run["mode"] for run in found["runs"]] == ["identifyImagesNew", "synchronizePerformers"]
    assert (found["total"], found["running"]) == (2, None)
    identify, synchronize = found["runs"]
    assert (identify["failures"], synchronize["failures"]) == (1, 0)
    assert not identify["resumable"]
    assert synchronize["undoable"]
    assert len(world.ask("runs")["runs"]) == 4
    [failure] = world.ask("failures", runId=identify["runId"])["failures"]
    assert failure["reason"]
    assert world.ask("failures", runId=synchronize["runId"]) == {"failures": [], "total": 0}

    numbers = world.ask("statistics")
    queue = world.ask("proposals", idsOnly=True)
    assert numbers["waiting"] == queue["total"]
    assert numbers["items"]["image"]["failed"] == 1
    assert numbers["people"] == len(world.performers)
    assert numbers["judged"] == {"review": {"right": 2, "wrong": 1}}
    assert numbers["named"] == {"standing": said["added"] + right["added"], "undone": 0}
    assert numbers["faces"]["review"] == queue["total"]
    # another face of the same image was confirmed as the same person: she stays on it, by that word
    assert face["item"] in [each["item"] for each in rest]
    world.ask("undoRun", runId=said["runId"])
    assert world.ask("statistics")["named"] == {"standing": said["added"] + right["added"], "undone": 0}
    world.ask("undoRun", runId=right["runId"])
    assert world.ask("statistics")["named"] == {"standing": 0, "undone": said["added"] + right["added"]}
