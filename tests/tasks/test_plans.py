"""applyMode review and named plans: nothing is written until a person says so, in part or whole, and never over her."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tasks.conftest import populate, synchronize

from teststash.library import LibraryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World


def make_plan(world: World) -> None:
    world.run("Identify Unscanned Images", plan="evening")


def plan_of(world: World) -> str:
    [plan] = world.ask("plans")["plans"]
    assert plan["name"] == "evening"
    return str(plan["planId"])


@pytest.fixture
def planned(after: Callable[..., World]) -> World:
    """Everybody waits in the plan "evening"."""
    return after(populate, synchronize, make_plan)


def test_a_review_run_writes_nothing_and_its_plan_writes_everything(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    before = stash.snapshot()
    stash.set_plugin_settings("compreface", {"applyMode": "review"})
    world.run("Identify Unscanned Images")
    assert world.errors() == []
    assert stash.snapshot() == before
    run = world.last_run()
    assert (run["counts"]["accepted"], run["counts"]["proposed"]) == (0, 6)
    world.run("Identify Unscanned Images")
    assert world.last_run()["counts"].get("seen", 0) == 0  # what is proposed is done
    plan_id = run["runId"]
    diff = world.ask("plan", planId=plan_id, limit=100)
    assert diff["total"] == 7
    pair = next(item for item in diff["items"] if item["name"] == "pair.jpg")
    fields = {each["field"]: each for each in pair["fields"]}
    assert {each["name"] for each in fields["performer_ids"]["add"]} == {"Barack Obama", "Joe Biden"}
    assert {each["name"] for each in fields["tag_ids"]["add"]} == {"Compreface Scanned", "Compreface Matched"}
    assert [item["id"] for item in world.ask("plan", planId=plan_id, limit=2, offset=2)["items"]] == [
        item["id"] for item in diff["items"][2:4]
    ]
    answer = world.ask("applyPlan", planId=plan_id)
    assert (answer["refused"], answer["left"]) == (0, 0)
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}
    assert world.ask("plans")["plans"] == []
    world.ask("undoRun", runId=plan_id)
    assert {image: world.performers_on(image) for image in world.expected} == {image: [] for image in world.expected}
    assert stash.snapshot() == before


def test_an_applied_plan_is_as_an_automatic_run(planned: World) -> None:
    world, stash = planned, planned.stash
    plan_id = plan_of(world)
    world.ask("applyPlan", planId="evening")
    applied = stash.snapshot()["image"]
    world.run("Identify Unscanned Images")
    assert world.last_run()["counts"].get("seen", 0) == 0
    world.run("Identify All Images")
    assert stash.snapshot()["image"] == applied
    image = next(iter(world.expected))
    stash.set_links("image", image, "tag", [])  # the scanned tag that came late still means "look again"
    world.run("Identify Unscanned Images")
    assert world.last_run()["counts"]["seen"] == 1
    assert plan_id


def test_a_plan_is_applied_in_part(planned: World) -> None:
    world = planned
    plan_id = plan_of(world)
    images = list(world.expected)
    pair, obama = images[4], world.performers["Barack Obama"]
    world.ask("applyPlan", planId=plan_id, imageIds=[images[0]])
    assert world.named() == {image: [obama] if image == images[0] else [] for image in images}
    world.ask("applyPlan", planId=plan_id, performerIds=obama)
    assert world.performers_on(pair) == [obama]
    assert world.performers_on(images[2]) == []  # Biden's
    assert world.ask("plans")["plans"][0]["changes"]["proposed"] > 0
    world.ask("applyPlan", planId=plan_id)
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}


def test_what_a_person_did_meanwhile_is_hers(planned: World) -> None:
    world, stash = planned, planned.stash
    plan_id = plan_of(world)
    images = list(world.expected)
    obama, collins = world.performers["Barack Obama"], world.performers["Eileen Collins"]
    stash.set_links("image", images[0], "performer", [obama])  # by hand, as the plan would
    stash.set_links("image", images[1], "performer", [collins])  # something else entirely
    stash.remove("image", images[2])
    world.ask("applyPlan", planId=plan_id)
    assert world.errors() == []
    assert world.performers_on(images[1]) == sorted([obama, collins])
    world.ask("undoRun", runId=plan_id)
    assert world.performers_on(images[0]) == [obama]  # hers, not ours
    assert world.performers_on(images[1]) == [collins]


def test_a_deleted_plan_leaves_no_trace_and_images_are_scanned_again(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    before = stash.snapshot()
    make_plan(world)
    assert world.errors() == []
    plan_id = plan_of(world)
    assert world.ask("proposals")["total"] == 6
    assert world.ask("deletePlan", planId=plan_id)["items"] == 7
    assert stash.snapshot() == before
    assert world.ask("proposals")["total"] == 0
    with pytest.raises(LibraryError, match="no plan waits"):
        world.ask("applyPlan", planId=plan_id)
    world.run("Identify Unscanned Images")
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}


def test_a_rejected_face_is_left_out_of_its_plan(planned: World) -> None:
    world = planned
    plan_id = plan_of(world)
    images = list(world.expected)
    pair, biden = images[4], world.performers["Joe Biden"]
    waiting = world.ask("proposals", imageId=pair)["proposals"]
    [face] = [p for p in waiting if p["candidates"][0]["performerId"] == biden]
    world.ask("decide", faceId=face["faceId"], decision="reject")
    world.ask("applyPlan", planId=plan_id)
    assert world.performers_on(pair) == [world.performers["Barack Obama"]]
    world.ask("decide", faceId=face["faceId"], decision="undo")
    assert biden in [
        each["id"]
        for item in world.ask("plan", planId=plan_id)["items"]
        for each in item["fields"][0]["add"]
        if item["id"] == pair
    ]


def test_a_performer_taken_off_by_hand_is_proposed_and_not_written_again(identified: World) -> None:
    world, stash = identified, identified.stash
    image = next(iter(world.expected))
    stash.set_links("image", image, "performer", [])
    world.run("Identify All Images")
    assert world.performers_on(image) == []
    [proposal] = world.ask("proposals")["proposals"]
    assert proposal["item"]["id"] == image
    assert "took this performer off" in proposal["reason"]
    world.ask("decide", faceId=proposal["faceId"], decision="accept")
    assert world.performers_on(image) == world.expected[image]
