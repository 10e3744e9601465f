"""Undo of one item or one performer: what was before the run comes back, and a person's word since stays."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import World

PROPOSE = {"minSimilarity": "0.999999", "reviewSimilarity": "0.3"}  # names nobody, proposes nearly everybody
ALL = "Identify All Images"


def known(world: World) -> dict[str, list[Any]]:
    """Verdicts, without the run, and scans: what the store says about every item."""
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        verdicts = "SELECT face_id, verdict, performer_id, required, reason, candidates FROM verdicts ORDER BY 1"
        scans = "SELECT kind, item_id, scanned_at IS NULL, matched FROM items ORDER BY 1, 2"
        return {"verdicts": db.execute(verdicts).fetchall(), "scans": db.execute(scans).fetchall()}


def links(world: World) -> dict[str, tuple[list[str], list[str]]]:
    return {
        image: (world.performers_on(image), sorted(world.stash.links("image", image, "tag")))
        for image in world.expected
    }


def test_parts_of_a_run_are_taken_back_to_what_was_before_it(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    stash.set_plugin_settings("compreface", PROPOSE)
    world.run(ALL)
    before, proposed = links(world), known(world)
    first = world.last_run()["runId"]
    stash.set_plugin_settings("compreface", {})
    world.run(ALL)
    named, judged = links(world), known(world)
    run = world.last_run()["runId"]
    assert named != before
    assert judged["verdicts"] != proposed["verdicts"]

    biden = world.performers["Joe Biden"]
    world.ask("undoRun", runId=run, performerId=biden)
    tag = str(stash.tag_id("Compreface Matched"))
    for image, who in world.expected.items():
        others = [each for each in who if each != biden]
        kept_tags = [each for each in named[image][1] if each != tag or others]
        assert links(world)[image] == (others, kept_tags), image
    for image in [image for image, held in links(world).items() if held != before[image]]:
        world.ask("undoRun", runId=run, imageId=image)
    assert links(world) == before
    world.ask("undoRun", runId=run)  # what is left of it: what it thought of strangers
    assert known(world) == proposed

    world.run(ALL)  # once more, and this time it is taken back from under a run that came after
    run = world.last_run()["runId"]
    stash.set_plugin_settings("compreface", PROPOSE)
    world.run(ALL)
    third = world.last_run()["runId"]
    world.ask("undoRun", runId=run)
    world.ask("undoRun", runId=third)
    assert links(world) == before
    assert known(world) == proposed
    world.ask("undoRun", runId=first)
    assert known(world)["verdicts"] == []
    assert world.errors() == []


def test_what_a_person_confirmed_outlives_the_run_that_wrote_it(identified: World) -> None:
    world, stash = identified, identified.stash
    before: dict[str, tuple[list[str], list[str]]] = {image: ([], []) for image in world.expected}
    run = world.last_run()["runId"]
    pair = next(image for image, who in world.expected.items() if len(who) == 2)
    biden = world.performers["Joe Biden"]
    [face] = [
        each for each in world.ask("faces", imageId=pair)["faces"] if each["candidates"][0]["performerId"] == biden
    ]
    world.ask("decide", faceId=face["id"], decision="accept")
    first, obama = next(iter(world.expected)), world.performers["Barack Obama"]
    [wrong] = world.ask("faces", imageId=first)["faces"]
    world.ask("decide", faceId=wrong["id"], decision="reject")
    assert world.performers_on(first) == []
    stash.set_links("image", first, "performer", [obama])  # a person puts back what the plugin took off
    before[first] = ([obama], before[first][1])
    world.ask("undoRun", runId=run)
    tag = str(stash.tag_id("Compreface Matched"))
    assert links(world) == {**before, pair: ([biden], [tag])}
    assert [each["verdict"] for each in world.ask("faces", imageId=pair)["faces"] if each["id"] == face["id"]] == [
        "accept"
    ]
    world.ask("decide", faceId=face["id"], decision="undo")
    assert links(world) == before
    assert world.ask("faces", imageId=pair)["faces"][0]["verdict"] is None
    assert world.errors() == []
