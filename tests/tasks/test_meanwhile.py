"""What people do between the moment a run decided something and the moment it is written: their word stands."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from tasks.test_unknown_people import HQ, fill, kept, lfw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import World

pytestmark = pytest.mark.data


def interrupted(world: World, people: Sequence[tuple[str, str | None, Sequence[int]]]) -> None:
    """The last run as if it had been killed right after it planned these people: (name, performer id, faces)."""
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        run_id = world.last_run()["runId"]
        db.execute("UPDATE runs SET state = 'running', ended_at = NULL WHERE run_id = ?", (run_id,))
        for name, performer, faces in people:
            group = db.execute(
                "INSERT INTO planned_people (run_id, name, performer_id) VALUES (?, ?, ?)", (run_id, name, performer)
            ).lastrowid
            db.executemany("INSERT INTO planned_faces VALUES (?, ?)", [(group, face) for face in faces])
    db.close()


def test_a_word_about_a_planned_face_and_an_edit_of_one_who_is_to_go(empty_world: World, data_dir: Path) -> None:
    world = empty_world
    fill(world, lfw(data_dir, 1, 5, 0))
    world.stash.set_plugin_settings("compreface", {"minFacesPerPerson": 50})
    world.run(HQ)
    first, second, *others = (row[0] for row in kept(world, "SELECT face_id FROM verdicts ORDER BY face_id"))
    on = dict(kept(world, "SELECT face_id, item_id FROM faces"))
    interrupted(world, [("Person 1 AAAABBBBCCCCDDDD", None, [first, second, *others])])
    [cluster] = world.ask("clusters", refresh=True)["clusters"]
    world.ask("clusters", action="split", cluster=cluster["id"], faceIds=[first])
    world.run(HQ)
    [who] = world.stash.ids("performer")
    on_them = [world.performers_on(str(on[face])) for face in (first, second, *others)]
    assert on_them == [[], [who], *[[who]] * len(others)]  # whom somebody divided stays divided
    world.ask("undoRun", runId=world.last_run()["runId"])
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        db.execute("DELETE FROM hand_groups")
    db.close()
    world.run(HQ)

    interrupted(world, [("Person 1 AAAABBBBCCCCDDDD", None, [first, *others])])
    world.ask("decide", faceId=first, decision="notAFace")
    world.run(HQ)
    [who] = world.stash.ids("performer")
    assert [world.performers_on(str(on[face])) for face in (first, second)] == [[], []]
    assert all(world.performers_on(str(on[face])) == [who] for face in others)
    assert kept(world, f"SELECT verdict FROM verdicts WHERE face_id = {first}") == [("ignored",)]

    interrupted(world, [("Person 1 AAAABBBBCCCCDDDD", who, [second])])
    world.ask("decide", faceId=second, decision="reject", performerId=who)
    world.run(HQ)
    assert world.performers_on(str(on[second])) == []

    with sqlite3.connect(world.data / "compreface.sqlite") as db:  # killed before somebody who was united went
        db.execute(
            "INSERT INTO changes (run_id, kind, item_id, field, op, value, state) VALUES (?, 'performer', ?, '',"
            " 'destroy', 'Person 1 AAAABBBBCCCCDDDD', 'planned')",
            (world.last_run()["runId"], who),
        )
    db.close()
    for face in others:
        world.stash.set_links("image", str(on[face]), "performer", [])
    world.stash.library.update("performer", int(who), {"name": "Jane"})
    world.run("Identify Unscanned Images")
    assert world.stash.ids("performer") == [who]
    assert kept(world, "SELECT state, note FROM changes WHERE op = 'destroy'") == [("failed", "somebody edited it")]
    assert world.errors() == []


@pytest.mark.models
def test_who_is_enrolled_while_the_engine_is_switched_is_known_to_both(
    empty_world: World, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = empty_world
    monkeypatch.setenv("COMPREFACE_MODELS", str(data_dir / "models"))
    pictures = lfw(data_dir, 1, 3, 0)
    fill(world, pictures[1:])
    world.stash.add_performer("Ann", pictures[0][1].read_bytes())
    world.run("Synchronize Performers")
    world.run("Identify Unscanned Images")
    with sqlite3.connect(world.data / "compreface.sqlite") as db:  # what an operation does while faces are embedded
        db.execute(
            "CREATE TRIGGER meanwhile AFTER INSERT ON face_embeddings WHEN NOT EXISTS (SELECT 1 FROM examples WHERE"
            " origin_id = 'meanwhile') BEGIN INSERT INTO examples (subject_id, origin, origin_id, quality, crop,"
            " created_at) SELECT subject_id, origin, 'meanwhile', quality, crop, created_at FROM examples LIMIT 1; END"
        )
    db.close()
    world.run("Switch Engine", modelPack="buffalo_sc_int8")
    assert world.errors() == []
    seen = "SELECT count(*) FROM examples JOIN example_embeddings USING (example_id) WHERE model_id LIKE 'buffalo%'"
    assert kept(world, seen) == kept(world, "SELECT count(*) FROM examples") == [(2,)]
