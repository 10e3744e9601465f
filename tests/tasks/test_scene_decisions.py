"""What people say about the faces of scenes holds as it does for images: the same words, plans, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("av")

from scene_world import PACK, film_of, lfw, on_scene, people_of, run

from teststash.library import LibraryError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

pytestmark = [pytest.mark.data, pytest.mark.models, pytest.mark.timeout(600)]
CAREFUL = {"minSimilarity": "0.999999", "reviewSimilarity": "0.5"}  # proposes everybody, accepts nobody


def cast(world: World, data_dir: Path, *names: str) -> tuple[dict[str, str], dict[str, list[Path]]]:
    """Performers with a portrait each: their ids and their other pictures, by name."""
    photos = {name: lfw(data_dir, n) for n, name in enumerate(names)}
    ids = {name: str(world.stash.add_performer(name, files[0].read_bytes())) for name, files in photos.items()}
    run(world, "Synchronize Performers")
    return ids, {name: files[1:] for name, files in photos.items()}


def by_name(world: World, scene: str) -> dict[str, dict[str, Any]]:
    """People of a scene by the name of their best candidate, empty without one."""
    people = people_of(world, scene)["people"]
    return {(each["candidates"][0]["name"] if each["candidates"] else ""): each for each in people}


def test_every_word_about_a_face_of_a_scene(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ids, photos = cast(world, data_dir, "Ann", "Bob", "Cid")
    scene, _ = film_of(world, "film.mp4", photos["Ann"][0], photos["Bob"][0])  # both in the middle of the picture
    stash.set_plugin_settings("compreface", CAREFUL)
    run(world, "Recognize New Scenes")
    assert on_scene(world, scene) == []
    waiting = world.ask("proposals", sceneId=scene)
    assert waiting["total"] == 2
    assert {p["item"]["kind"] for p in waiting["proposals"]} == {"scene"}
    assert all(p["crop"].startswith("data:image/jpeg;base64,") for p in waiting["proposals"])
    assert world.ask("proposals", imageId=scene)["total"] == 0
    faces = {name: each["id"] for name, each in by_name(world, scene).items()}
    assert set(faces) == {"Ann", "Bob"}

    answer = world.ask("decide", faceId=faces["Ann"], decision="accept")
    assert (answer["added"], on_scene(world, scene)) == (1, ["Ann"])
    assert "Compreface Matched" in stash.tags_of(scene, "scene")
    assert by_name(world, scene)["Bob"]["verdict"] == "review"  # the same place at another time is another person

    world.ask("decide", faceId=faces["Bob"], decision="accept", performerId=ids["Cid"])
    assert on_scene(world, scene) == ["Ann", "Cid"]
    shown = world.ask("sceneFaces", sceneId=scene, crops=True)
    assert all(p["crop"].startswith("data:image/jpeg;base64,") for p in shown["people"])
    assert {p["name"]: (p["onItem"], p["faceIds"]) for p in shown["performers"]} == {
        "Ann": (True, [faces["Ann"]]), "Cid": (True, [faces["Bob"]])
    }
    world.ask("decide", faceId=faces["Bob"], decision="undo")
    assert on_scene(world, scene) == ["Ann"]

    world.ask("decide", faceId=faces["Bob"], decision="reject", performerId=ids["Bob"])
    stash.set_plugin_settings("compreface", {})
    run(world, "Recognize All Scenes", sceneFrameInterval="0.5")  # looked at anew: other best frames
    people = {each["id"]: each for each in people_of(world, scene)["people"]}
    assert set(people) == set(faces.values())
    assert people[faces["Ann"]]["reason"] == "a person said so: confirmed"
    assert ids["Bob"] not in {c["performerId"] for c in people[faces["Bob"]]["candidates"]}
    assert on_scene(world, scene) == ["Ann"]

    for word, name in (("ignore", "Bob"), ("notAFace", "Ann")):
        world.ask("decide", faceId=faces[name], decision=word)
        run(world, "Recognize All Scenes")
        verdicts = {each["id"]: each["verdict"] for each in people_of(world, scene)["people"]}
        assert verdicts[faces[name]] == "ignored"
    assert on_scene(world, scene) == []
    assert world.errors() == []


def test_a_trial_changes_nothing_and_one_face_alone_is_written(scenes: World, data_dir: Path) -> None:
    world = scenes
    ids, photos = cast(world, data_dir, "Ann", "Bob")
    scene, path = film_of(world, "film.mp4", photos["Ann"][0], photos["Bob"][0])
    first = world.ask("identifyScene", sceneId=scene, modelPack=PACK, crops=True)
    assert not first["remembered"]
    assert [(p["name"], p["onItem"]) for p in first["performers"]] == [("Ann", False), ("Bob", False)]
    strict = world.ask("identifyScene", sceneId=scene, modelPack=PACK, minSimilarity="0.999999")
    assert strict["remembered"]
    assert strict["performers"] == []
    assert len(people_of(world, scene)["performers"]) == 2
    assert on_scene(world, scene) == []
    told = world.ask("compareFaces", performerId=ids["Ann"], sceneId=scene)
    assert sorted(each >= told["required"] for each in told["similarities"]) == [False, True]
    [ann] = (p["faceIds"][0] for p in first["performers"] if p["name"] == "Ann")
    written = world.ask("identifyScene", sceneId=scene, modelPack=PACK, associateExisting=True, faceId=ann)
    assert on_scene(world, scene) == ["Ann"]
    assert [p["onItem"] for p in written["performers"]] == [True]
    world.ask("undoRun", runId=written["runId"])
    assert on_scene(world, scene) == []
    made = world.ask("clusters", action="name", faceIds=[ann], name="Anna")
    assert made["created"]
    assert on_scene(world, scene) == ["Anna"]
    assert ids["Ann"] != made["performerId"]
    path.unlink()
    assert {p["name"] for p in world.ask("sceneFaces", sceneId=scene)["performers"]} == {"Anna", "Bob"}


def test_a_plan_of_scenes_applied_in_part_dropped_and_undone_for_one_scene(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ids, photos = cast(world, data_dir, "Ann", "Bob")
    ann, bob, again = (
        film_of(world, f"{n}.mp4", photos[who][n])[0] for n, who in enumerate(("Ann", "Bob", "Ann"))
    )
    before = stash.snapshot()
    stash.set_plugin_settings("compreface", {"applyMode": "review"})
    run(world, "Recognize New Scenes")
    assert stash.snapshot() == before
    plan = world.last_run()["runId"]
    assert {p["item"]["id"] for p in world.ask("proposals", kind="scene")["proposals"]} == {ann, bob, again}
    shown = world.ask("plan", planId=plan)["items"]
    assert [(each["kind"], each["id"], each["name"], each["exists"]) for each in shown] == [
        ("scene", scene, f"{n}.mp4", True) for n, scene in enumerate((ann, bob, again))
    ]
    world.ask("applyPlan", planId=plan, sceneIds=[ann])
    world.ask("applyPlan", planId=plan, performerIds=ids["Bob"])
    assert [on_scene(world, scene) for scene in (ann, bob, again)] == [["Ann"], ["Bob"], []]
    assert world.ask("deletePlan", planId=plan)["items"] == 1
    stash.set_plugin_settings("compreface", {})
    stash.set_links("scene", bob, "tag", [])  # the scanned tag that came late still means "look again"
    assert run(world, "Recognize New Scenes")["counts"]["seen"] == 2
    assert [on_scene(world, scene) for scene in (ann, bob, again)] == [["Ann"], ["Bob"], ["Ann"]]
    assert world.ask("undoRun", runId=plan, sceneId=ann)["undone"] == 3  # Ann and two tags
    assert [on_scene(world, scene) for scene in (ann, bob, again)] == [[], ["Bob"], ["Ann"]]
    with pytest.raises(LibraryError, match="imageId and sceneId are both given"):
        world.ask("undoRun", runId=plan, sceneId=ann, imageId=ann)
    assert not [line for line in world.errors() if "both given" not in line]
