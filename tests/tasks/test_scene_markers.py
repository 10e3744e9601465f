"""Markers at appearances: one each, once, taken back by undo; whatever a person has a hand in is left to her."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

pytest.importorskip("av")

from scene_world import PACK, film_of, lfw, on_scene, people_of, run

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

pytestmark = [pytest.mark.data, pytest.mark.models, pytest.mark.timeout(600)]


def stash_does(world: World, document: str, **variables: Any) -> Any:
    sent = {"query": document, "variables": variables}
    answer = requests.post(f"{world.stash.url}/graphql", json=sent, timeout=30).json()
    assert "errors" not in answer, answer
    return answer["data"]


def markers(world: World, scene: str) -> list[dict[str, Any]]:
    shown = "id title seconds end_seconds primary_tag { name }"
    asked = f"query ($id: ID!) {{ findScene(id: $id) {{ scene_markers {{ {shown} }} }} }}"
    found: list[dict[str, Any]] = stash_does(world, asked, id=scene)["findScene"]["scene_markers"]
    return sorted(found, key=lambda marker: float(marker["seconds"]))


def titles(world: World, scene: str) -> list[str]:
    return [marker["title"] for marker in markers(world, scene)]


def test_one_marker_for_each_appearance_and_a_way_back(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann, bob = lfw(data_dir, 0), lfw(data_dir, 1)
    for name, who in (("Ann", ann), ("Bob", bob)):
        stash.add_performer(name, who[0].read_bytes())
    run(world, "Synchronize Performers")
    scene, _ = film_of(world, "film.mp4", ann[1], bob[1], ann[2], seconds=4.0)
    bare, _ = film_of(world, "bare.mp4", bob[2])
    own = stash_does(
        world,
        "mutation ($tag: TagCreateInput!) { tagCreate(input: $tag) { id } }", tag={"name": "Hers"},
    )["tagCreate"]["id"]
    create = "mutation ($marker: SceneMarkerCreateInput!) { sceneMarkerCreate(input: $marker) { id } }"
    stash_does(world, create, marker={"title": "Ann", "seconds": 1.0, "scene_id": scene, "primary_tag_id": own})
    before = stash.snapshot()
    run(world, "Recognize New Scenes", limit="1")
    assert titles(world, scene) == ["Ann"]  # the setting is off

    stash.set_plugin_settings("compreface", {"sceneMarkers": True})
    run(world, "Recognize All Scenes")
    made = [marker for marker in markers(world, scene) if marker["primary_tag"]["name"] == "Compreface Appearance"]
    assert [marker["title"] for marker in made] == ["Ann", "Bob", "Ann"]
    for n, marker in enumerate(made):
        assert abs(marker["seconds"] - 4 * n) < 1.1
        assert abs(marker["end_seconds"] - 4 * (n + 1)) < 1.1
    assert titles(world, bare) == ["Bob"]
    run_id = world.last_run()["runId"]

    run(world, "Recognize All Scenes", sceneFrameInterval="0.5")  # other frames, other times, the same appearances
    assert [marker["id"] for marker in markers(world, scene) if marker in made] == [marker["id"] for marker in made]
    assert len(markers(world, scene)) == 4

    stash_does(world, "mutation ($id: ID!) { sceneMarkerDestroy(id: $id) }", id=made[1]["id"])
    stash_does(
        world, "mutation ($input: SceneMarkerUpdateInput!) { sceneMarkerUpdate(input: $input) { id } }",
        input={"id": made[2]["id"], "title": "Ann again"},
    )
    run(world, "Recognize All Scenes")
    assert titles(world, scene) == ["Ann", "Ann", "Ann again"]  # what somebody removed is not made again

    faces = [p["id"] for p in people_of(world, scene)["people"] if p["candidates"][0]["name"] == "Ann"]
    said = world.ask("decide", decisions=[{"faceId": face, "decision": "reject"} for face in faces])
    assert on_scene(world, scene) == ["Bob"]
    assert titles(world, scene) == ["Ann", "Ann again"]  # her own, and the one that is hers now
    world.ask("undoRun", runId=said["runId"])
    assert titles(world, scene) == ["Ann", "Ann", "Ann again"]

    world.ask("undoRun", runId=run_id, sceneId=bare)
    assert titles(world, bare) == []
    world.ask("undoRun", runId=run_id)
    assert titles(world, scene) == ["Ann", "Ann again"]
    assert [marker["id"] for marker in markers(world, scene)] == [next(iter(before["marker"])), made[2]["id"]]
    assert world.errors() == []


def test_an_answer_that_never_came_doubles_no_marker(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann = lfw(data_dir, 0)
    stash.add_performer("Ann", ann[0].read_bytes())
    run(world, "Synchronize Performers")
    scene, _ = film_of(world, "film.mp4", ann[1])
    stash.set_plugin_settings("compreface", {"sceneMarkers": True})
    stash.faults.drop_answer(matching="MarkersCreate")
    world.run("Recognize New Scenes", modelPack=PACK)
    assert world.last_run()["state"] == "failed"
    assert titles(world, scene) == ["Ann"]
    run_id = run(world, "Recognize New Scenes")["runId"]
    assert titles(world, scene) == ["Ann"]
    world.ask("undoRun", runId=run_id)  # the marker that nobody told us about is ours all the same
    assert titles(world, scene) == []
    assert stash.ids("tag") == []


def test_only_who_is_on_the_scene_has_a_marker(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann, bob, stranger = lfw(data_dir, 0), lfw(data_dir, 1), lfw(data_dir, 2)
    for name, who in (("Ann", ann), ("Bob", bob)):
        stash.add_performer(name, who[0].read_bytes())
    run(world, "Synchronize Performers")
    scene, _ = film_of(world, "film.mp4", ann[1], bob[1], stranger[1], seconds=4.0)
    stash.set_plugin_settings("compreface", {"sceneMarkers": True})
    seen = world.ask("identifyScene", sceneId=scene, modelPack=PACK)["people"]  # as the page looks: nothing is written
    ids = {face["candidates"][0]["name"] if face["verdict"] == "accept" else "": face["id"] for face in seen}
    assert titles(world, scene) == []

    world.ask("clusters", action="name", faceIds=[ids[""]], name="Cem")
    assert (on_scene(world, scene), titles(world, scene)) == (["Cem"], ["Cem"])
    said = world.ask("decide", decisions=[{"faceId": ids["Ann"], "decision": "accept"}])
    assert titles(world, scene) == ["Ann", "Cem"]
    world.ask("decide", decisions=[{"faceId": ids["Bob"], "decision": "reject"}])
    world.ask("undoRun", runId=said["runId"])
    assert (on_scene(world, scene), titles(world, scene)) == (["Cem"], ["Cem"])
