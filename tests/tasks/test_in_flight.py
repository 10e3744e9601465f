"""An operation is at work while a task starts, and one that was killed: whose changes are whose."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

from PIL import Image
from tasks.conftest import jpeg

from teststash.library import LibraryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World


QUICK_TASK = "Reset Unmatched Images"


def stored(world: World, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(world.data / "compreface.sqlite", timeout=30) as db:
        return db.execute(query).fetchall()


def killed_in_the_making(world: World, run_id: str, digest: str) -> None:
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        db.execute(
            "UPDATE changes SET state = 'planned', item_id = '', note = ? WHERE run_id = ? AND value = 'Eve'",
            (digest, run_id),
        )
    db.close()


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "never happened"
        time.sleep(0.02)


def test_a_task_leaves_the_changes_of_an_operation_in_flight_to_it(synchronized: World) -> None:
    world, stash = synchronized, synchronized.stash
    stash.set_plugin_settings("compreface", {"minSimilarity": "0.999999", "reviewSimilarity": "0.3"})
    world.run("Identify Unscanned Images")
    face = next(p for p in world.ask("proposals", limit=50)["proposals"] if p["verdict"] == "review")
    image, who = face["item"]["id"], face["candidates"][0]["performerId"]
    opened = "SELECT count(*) FROM changes WHERE state = 'planned'"

    stash.faults.delay(25.0, matching="bulkImageUpdate")  # longer than the task beside it takes
    answers: list[Any] = []

    def accept() -> None:
        try:
            answers.append(world.ask("decide", faceId=face["faceId"], decision="accept"))
        except LibraryError as error:
            answers.append(str(error))

    said = threading.Thread(target=accept)
    said.start()
    until(lambda: stored(world, opened)[0][0])
    world.run(QUICK_TASK)
    assert answers == []
    assert world.performers_on(image) == []
    assert stored(world, opened)[0][0] > 0
    stash.plugin_processes[-2].process.kill()  # the operation
    said.join()
    assert answers == ["signal: killed"]
    stash.faults.clear()
    world.run(QUICK_TASK)
    assert stored(world, opened) == [(0,)]
    assert world.performers_on(image) == [who]

    waiting = [p for p in world.ask("proposals", limit=50)["proposals"] if p["item"]["id"] != image]
    faces = [next(p for p in waiting if p["item"]["id"] == item) for item in sorted({p["item"]["id"] for p in waiting})]
    before = stash.snapshot()
    world.ask("decide", decisions=[{"faceId": face["faceId"], "decision": "accept"} for face in faces[:2]])
    assert stash.snapshot() != before
    stash.faults.delay(2.0, matching="bulkImageUpdate")

    def take_back(face: dict[str, Any]) -> None:
        answers.append(world.ask("decide", faceId=face["faceId"], decision="undo")["faces"])

    answers.clear()
    hands = [threading.Thread(target=take_back, args=(face,)) for face in faces[:2]]
    for hand in hands:  # two buttons in a row: both words are of one run
        hand.start()
    for hand in hands:
        hand.join()
    assert len(answers) == 2
    assert stash.snapshot() == before


def test_somebody_else_of_the_name_is_not_taken_for_the_one_a_killed_call_was_to_make(identified: World) -> None:
    world, stash = identified, identified.stash
    strangers = list(world.expected)[5]
    faces = world.ask("identifyImage", imageId=strangers)["faces"]
    made = world.ask("createPerformerFromImage", imageId=strangers, faceId=faces[0]["id"], name="Eve")
    run, who = made["runId"], made["performerId"]
    digest = stored(world, f"SELECT picture_sha FROM enrolments WHERE performer_id = {who}")[0][0]
    killed_in_the_making(world, run, digest)  # when it was made, and nobody knew
    world.run(QUICK_TASK)
    assert stored(world, f"SELECT item_id FROM changes WHERE run_id = '{run}' AND value = 'Eve'") == [(who,)]
    world.ask("undoRun", runId=run)
    assert who not in stash.ids("performer")

    own = str(stash.add_performer("Eve", jpeg(Image.open(world.photos / "obama3.jpg").resize((90, 90)))))
    killed_in_the_making(world, run, digest)  # before it was made
    world.run(QUICK_TASK)
    world.ask("undoRun", runId=run)
    assert own in stash.ids("performer")

    for by_hand, then in (("0.95", "0.95"), ("0.9", "0.93")):  # 0.9 is what the killed call had found
        with sqlite3.connect(world.data / "compreface.sqlite") as db:
            db.execute(
                "INSERT INTO changes (run_id, kind, item_id, field, op, value, state)"
                " VALUES (?, 'plugin', 'compreface', 'minSimilarity', 'set', '[\"0.9\", \"0.93\"]', 'planned')",
                (run,),
            )
        db.close()
        stash.set_plugin_settings("compreface", {"minSimilarity": by_hand})
        world.run(QUICK_TASK)
        assert stash.plugin_settings["compreface"]["minSimilarity"] == then
    assert world.errors() == []
