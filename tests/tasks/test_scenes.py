"""Scenes from the buttons: real films, the plugin started as Stash starts it."""

from __future__ import annotations

import os
import sqlite3
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

pytest.importorskip("av")

from films import Shot, pictures, sprite, write_film
from scene_world import PACK, film_of, lfw, on_scene, people_of, run

if TYPE_CHECKING:
    from conftest import World

pytestmark = [pytest.mark.data, pytest.mark.models, pytest.mark.timeout(600)]


def overlap(spans: list[list[float]], start: float, end: float) -> float:
    return sum(max(0.0, min(b, end) - max(a, start)) for a, b in spans)


def test_the_right_people_are_found_in_a_crowd_and_when(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    pictures_of = data_dir / "faces/face_recognition/examples"
    for name, path in (
        ("Lin-Manuel Miranda", pictures_of / "lin-manuel-miranda.png"),
        ("Barack Obama", pictures_of / "obama.jpg"),
        ("Joe Biden", pictures_of / "biden.jpg"),
    ):
        if not path.exists():
            path = next(pictures_of.rglob(path.name))
        world.performers[name] = str(stash.add_performer(name, path.read_bytes()))
    scene = str(stash.add_scene(data_dir / "videos/short_hamilton_clip.mp4"))
    before = stash.snapshot()
    run(world, "Synchronize Performers")
    assert run(world, "Recognize New Scenes")["counts"]["failed"] == 0
    assert world.errors() == []
    assert on_scene(world, scene) == ["Barack Obama", "Lin-Manuel Miranda"]
    assert {"Compreface Scanned", "Compreface Matched"} <= set(stash.tags_of(scene, "scene"))
    told = {each["name"]: each for each in people_of(world, scene)["performers"]}
    late = 0.844  # the truth counts from the first picture; in a player the sound begins that much earlier
    assert overlap(told["Lin-Manuel Miranda"]["appearances"], late + 3.0, late + 7.3) > 2.8
    assert overlap(told["Barack Obama"]["appearances"], late + 7.4, late + 9.2) > 1.0
    assert overlap(told["Barack Obama"]["appearances"], 0.0, late + 6.6) == 0  # looks are 0.84 apart
    assert late + 3.0 <= told["Lin-Manuel Miranda"]["bestFrame"] <= late + 7.3
    assert told["Lin-Manuel Miranda"]["sightings"] >= 3

    assert run(world, "Recognize New Scenes")["counts"].get("seen", 0) == 0  # nothing is owed any more
    world.run("Undo Last Run")
    assert on_scene(world, scene) == []
    assert stash.tags_of(scene, "scene") == []
    assert stash.snapshot()["scene"] == before["scene"]


def test_signers_are_known_again_from_one_clip_each(scenes: World, data_dir: Path) -> None:
    import csv

    world, stash, clips = scenes, scenes.stash, data_dir / "videos/asl_gestures"
    from compreface_plugin.host.process import bound_to_us
    from compreface_plugin.media.video import VideoFile

    with (clips / "signers.csv").open(encoding="utf-8") as stream:
        signer = {row["file"]: row["signer"] for row in csv.DictReader(stream)}
    enrolled: dict[str, str] = {}
    for file, who in sorted(signer.items()):
        if who in enrolled:
            continue
        enrolled[who] = file
        with VideoFile(str(clips / file), bind=bound_to_us()) as video:
            frame = next(iter(video.at([video.info.duration_s / 2])))
        portrait = world.folder / f"{who}.png"
        Image.fromarray(frame.picture.pixels).save(portrait)
        stash.add_performer(who, portrait.read_bytes())
    stash.set_plugin_settings("compreface", {"minFaceSize": 48, "minQuality": "0.25"})  # faces are 54-70 px wide
    others = {str(stash.add_scene(clips / f)): who for f, who in sorted(signer.items()) if f not in enrolled.values()}
    run(world, "Synchronize Performers")
    run(world, "Recognize New Scenes")
    named = {scene: on_scene(world, scene) for scene in others}
    assert named == {scene: [who] for scene, who in others.items()}


def test_signers_nobody_knows_become_five_people(scenes: World, data_dir: Path) -> None:
    import csv

    world, stash, clips = scenes, scenes.stash, data_dir / "videos/asl_gestures"
    stash.set_plugin_settings("compreface", {"minFaceSize": 48, "minQuality": "0.25", "minFacesPerPerson": 2})
    with (clips / "signers.csv").open(encoding="utf-8") as stream:
        signer = {row["file"]: row["signer"] for row in csv.DictReader(stream)}
    made = {str(stash.add_scene(clips / file)): who for file, who in sorted(signer.items())}
    assert run(world, "Recognize New Scenes")["counts"]["created"] == 5
    named = {scene: on_scene(world, scene) for scene in made}
    assert all(len(names) == 1 for names in named.values())
    assert len({(named[scene][0], who) for scene, who in made.items()}) == 5  # each new person is one signer
    world.run("Undo Last Run")
    assert stash.ids("performer") == []
    assert not any(stash.tags_of(scene, "scene") for scene in made)


def test_one_man_turning_his_head_is_one_person(scenes: World, data_dir: Path) -> None:
    scene = str(scenes.stash.add_scene(data_dir / "videos/head_pose_single_man.mp4"))
    run(scenes, "Recognize New Scenes")
    [person] = people_of(scenes, scene)["people"]
    assert person["sightings"] >= 10
    assert overlap(person["appearances"], 0.0, 19.8) > 18


def test_an_unchanged_scene_is_matched_from_the_store(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann, bob = lfw(data_dir, 0), lfw(data_dir, 1)
    stash.add_performer("Ann", ann[0].read_bytes())
    scene, path = film_of(world, "film.mp4", ann[1], bob[1])
    run(world, "Synchronize Performers")
    run(world, "Recognize New Scenes")
    assert on_scene(world, scene) == ["Ann"]
    stash.add_performer("Bob", bob[0].read_bytes())
    hidden = path.rename(path.with_suffix(".away"))  # a file that is not there cannot be decoded
    run(world, "Synchronize Performers")
    run(world, "Recognize All Scenes")
    assert on_scene(world, scene) == ["Ann", "Bob"]
    assert world.errors() == []
    hidden.rename(path)
    found = people_of(world, scene)
    assert {p["name"] for p in found["performers"]} == {"Ann", "Bob"}
    ids = [p["id"] for p in found["people"]]
    run(world, "Recognize All Scenes", sceneFrameInterval="1")
    assert sorted(p["id"] for p in people_of(world, scene)["people"]) == sorted(ids)


def test_looking_ends_when_further_pictures_change_nothing(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann, bob = lfw(data_dir, 0), lfw(data_dir, 1)
    stash.add_performer("Ann", ann[0].read_bytes())
    stash.add_performer("Bob", bob[0].read_bytes())
    made = {}
    for name, shots in (
        ("alone", [Shot([Image.open(ann[1])], 24.0)]),
        ("brief", [Shot([Image.open(ann[1])], 18.0), Shot([Image.open(bob[1])], 1.5), Shot([Image.open(ann[2])], 4.5)]),
    ):
        path = write_film(world.folder / f"{name}.mp4", pictures(shots, fps=8), fps=8, gop=4)
        made[name] = str(stash.add_scene(path))
    run(world, "Synchronize Performers")
    run(world, "Recognize New Scenes", sceneFrameInterval="0.5")
    assert on_scene(world, made["alone"]) == ["Ann"]
    assert on_scene(world, made["brief"]) == ["Ann", "Bob"]
    [said] = [line for line in stash.log.messages("Debug") if f"scene {made['alone']}: " in line]
    assert "24 pictures were looked at" in said  # of the 48 that two a second make


def test_preview_pictures_find_and_frames_decide(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann, bob = lfw(data_dir, 0), lfw(data_dir, 1)
    stash.add_performer("Ann", ann[0].read_bytes())
    stash.add_performer("Bob", bob[0].read_bytes())
    run(world, "Synchronize Performers")
    made = {}
    for name, who, seconds in (
        ("bare.mp4", ann, 5.0), ("here.mp4", ann, 4.0), ("gone.mp4", bob, 4.0), ("empty.mp4", bob, 5.0)
    ):
        frames = list(pictures([Shot([Image.open(who[1])], seconds), Shot([Image.open(who[2])], 4.0)]))
        path = write_film(world.folder / name, frames)
        made[name] = str(stash.add_scene(path))
        oshash = stash.library.db.column("SELECT value FROM fingerprint WHERE type = 'oshash' ORDER BY rowid")[-1]
        folder = stash.generated_dir / "vtt"
        folder.mkdir(parents=True, exist_ok=True)
        sheet, vtt = sprite(frames)
        if name != "bare.mp4":
            (folder / f"{oshash}_sprite.jpg").write_bytes(b"" if name == "empty.mp4" else sheet)
            (folder / f"{oshash}_thumbs.vtt").write_bytes(vtt)
        if name == "gone.mp4":
            path.unlink()
    counts = run(world, "Recognize New Scene Sprites", limit="1")["counts"]
    assert (counts["seen"], counts["skipped"]) == (2, 1)  # a scene that could not be looked at is none of the one
    assert on_scene(world, made["here.mp4"]) == ["Ann"]
    counts = run(world, "Recognize New Scene Sprites")["counts"]
    assert (counts["seen"], counts["skipped"], counts["failed"]) == (3, 2, 0)
    assert on_scene(world, made["here.mp4"]) == ["Ann"]
    assert on_scene(world, made["gone.mp4"]) == []  # tiles alone name nobody
    for name in ("bare.mp4", "empty.mp4"):
        assert on_scene(world, made[name]) == []
        assert stash.tags_of(made[name], "scene") == []
        assert any(f"scene {made[name]} " in line and "skipped" in line for line in stash.log.messages("Info"))
    assert world.errors() == []


def broken_films(world: World, whole: Path) -> dict[str, tuple[str, str]]:
    """Scenes that cannot be looked at: (id, part of the reason) by name."""
    data = whole.read_bytes()
    made = {}
    for name, content, said in (
        ("cut.mp4", data[: len(data) // 2], "no video that can be read"),
        ("text.mp4", b"no film", "no video that can be read"),
        ("empty.mp4", b"", "the file is empty"),
    ):
        (world.folder / name).write_bytes(content)
        made[name] = str(world.stash.add_scene(world.folder / name)), said
    sound = write_film(world.folder / "sound.mp4", [], sound=True)
    made["sound"] = str(world.stash.add_scene(sound)), "no moving picture, only audio"
    nothing = write_film(world.folder / "nothing.avi", [], codec="mpeg4", empty=True)
    made["no frames"] = str(world.stash.add_scene(nothing)), "no picture of this video can be decoded"
    missing = world.folder / "missing.mp4"
    missing.write_bytes(data)
    made["missing"] = str(world.stash.add_scene(missing)), "cannot be read here"
    missing.unlink()
    return made


def odd_films(world: World, face: Path, whole: Path) -> dict[str, str]:
    """Scenes that are unusual and can be looked at: ids by name."""
    picture = Image.open(face).convert("RGB")
    wide = picture.resize((4320, 4320)).crop((-1680, 0, 6000, 4320))
    folder = world.folder
    (folder / "other.wmv").write_bytes(whole.read_bytes())
    turned = bytearray(write_film(folder / "turned.mp4", [picture.rotate(90)] * 24).read_bytes())
    at = turned.index(b"tkhd") + 4 + 40  # ISO 14496-12, 8.3.2: the matrix of the track, here a quarter clockwise
    turned[at : at + 36] = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    (folder / "turned.mp4").write_bytes(bytes(turned))
    half = write_film(folder / "half.mkv", pictures([Shot([picture], 6.0)]), gop=12).read_bytes()
    (folder / "half.mkv").write_bytes(half[: len(half) // 2])
    films = {
        "another extension": folder / "other.wmv",
        "rotated": folder / "turned.mp4",
        "half a file": folder / "half.mkv",
        "8K": write_film(folder / "8k.mp4", [wide] * 3, fps=1, quality=30),
        "1 a second": write_film(folder / "slow.mp4", pictures([Shot([picture], 5.0)], fps=1), fps=1),
        "240 a second": write_film(folder / "fast.mp4", pictures([Shot([picture], 1.0)], fps=240), fps=240),
    }
    return {name: str(world.stash.add_scene(path)) for name, path in films.items()}


def test_broken_scenes_have_one_reason_and_odd_ones_are_looked_at(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann = lfw(data_dir, 0)
    stash.add_performer("Ann", ann[0].read_bytes())
    first, whole = film_of(world, "whole.mp4", ann[1])
    broken, odd = broken_films(world, whole), odd_films(world, ann[2], whole)
    last, _ = film_of(world, "last.mkv", ann[2])
    run(world, "Synchronize Performers")
    counts = run(world, "Recognize New Scenes", hardwareDecoding="cuda:99")["counts"]
    assert (counts["seen"], counts["failed"]) == (2 + len(broken) + len(odd), len(broken))
    assert {name: on_scene(world, scene) for name, scene in odd.items()} == {name: ["Ann"] for name in odd}
    assert on_scene(world, first) == on_scene(world, last) == ["Ann"]
    warnings = stash.log.messages("Warning")
    for scene, reason in broken.values():
        [said] = [line for line in warnings if f"scene {scene} " in line]
        assert reason in said
        assert stash.tags_of(scene, "scene") == ["Compreface Error"]
    assert sum("the CPU decodes" in line for line in warnings) == 1
    assert world.errors() == []
    mended, _ = broken.pop("text.mp4")
    (world.folder / "text.mp4").write_bytes(whole.read_bytes())
    stash.remove("scene", broken.pop("sound")[0])
    counts = run(world, "Retry Failed")["counts"]
    assert (counts["seen"], counts["failed"]) == (1 + len(broken), len(broken))
    assert on_scene(world, mended) == ["Ann"]
    assert "Compreface Error" not in stash.tags_of(mended, "scene")
    failed = {each["id"] for each in world.ask("failures")["failures"]}
    assert failed == {scene for scene, _ in broken.values()}


def _decoders(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if b"video_child" in (entry / "cmdline").read_bytes():
                stat = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
                if stat[0] != "Z" and (parent == 0 or int(stat[1]) == parent):
                    found.append(int(entry.name))
        except (OSError, IndexError, ValueError):
            continue
    return found


def test_a_kill_in_the_middle_of_a_scene_leaves_no_orphan_and_is_made_good(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    people = [lfw(data_dir, n) for n in range(3)]
    for name, who in zip(("Ann", "Bob", "Cid"), people, strict=True):
        stash.add_performer(name, who[0].read_bytes())
    made = [film_of(world, f"{n}.mp4", *(who[1] for who in people[n:]), seconds=12.0)[0] for n in range(3)]
    run(world, "Synchronize Performers")
    job = stash.run_task(
        "compreface", "Recognize New Scenes", {"cooldownSeconds": -1, "modelPack": PACK, "sceneFrameInterval": "0.2"}
    )
    deadline = time.monotonic() + 120
    child: list[int] = []
    while not child and time.monotonic() < deadline:
        running = [each for each in stash.plugin_processes if each.process.poll() is None]
        child = [pid for each in running for pid in _decoders(each.process.pid)]
        time.sleep(0.01)
    assert child, "no decoder was seen"
    stash.jobs.stop(job)
    stash.wait_for_job(job)
    end = time.monotonic() + 1.0
    while any(os.path.exists(f"/proc/{pid}") for pid in child) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(pid in _decoders(0) for pid in child)
    run(world, "Recognize New Scenes", sceneFrameInterval="0.2")
    assert [on_scene(world, scene) for scene in made] == [["Ann", "Bob", "Cid"], ["Bob", "Cid"], ["Cid"]]
    with sqlite3.connect(world.data / "compreface.sqlite") as db:
        assert db.execute("SELECT count(*) FROM runs WHERE mode = 'recognizeNewScenes'").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM changes WHERE state = 'planned'").fetchone() == (0,)


def test_a_stop_in_the_middle_of_a_scene_is_made_good(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    people = [lfw(data_dir, n) for n in range(2)]
    for name, who in zip(("Ann", "Bob"), people, strict=True):
        stash.add_performer(name, who[0].read_bytes())
    scene = film_of(world, "long.mp4", *(who[1] for who in people), seconds=20.0)[0]
    run(world, "Synchronize Performers")
    often = {"cooldownSeconds": -1, "modelPack": PACK, "sceneFrameInterval": "0.2"}
    job = stash.run_task("compreface", "Recognize New Scenes", often)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        running = [each for each in stash.plugin_processes if each.process.poll() is None]
        if any(_decoders(each.process.pid) for each in running):
            break
        time.sleep(0.01)
    (world.data / "stop").write_text("")
    stash.wait_for_job(job, 60)
    assert world.last_run()["state"] == "cancelled"
    assert on_scene(world, scene) == []
    assert people_of(world, scene)["people"] == []  # nothing of a scene that was not finished
    run(world, "Recognize New Scenes", sceneFrameInterval="0.2")
    assert on_scene(world, scene) == ["Ann", "Bob"]
    assert world.errors() == []


def test_one_scene_at_once_and_unmatched_ones_again(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann, bob = lfw(data_dir, 0), lfw(data_dir, 1)
    stash.add_performer("Ann", ann[0].read_bytes())
    hers, _ = film_of(world, "hers.mp4", ann[1])
    his, _ = film_of(world, "his.mp4", bob[1])
    run(world, "Synchronize Performers")
    answer = world.ask("identifyScene", sceneId=hers, modelPack=PACK)
    assert [p["name"] for p in answer["performers"]] == ["Ann"]
    assert not answer["written"]
    assert on_scene(world, hers) == []
    run(world, "Recognize New Scenes")
    assert "Compreface Scanned" in stash.tags_of(his, "scene")
    run(world, "Reset Unmatched Scenes")
    assert stash.tags_of(his, "scene") == []
    assert "Compreface Scanned" in stash.tags_of(hers, "scene")
    assert run(world, "Recognize New Scenes")["counts"]["seen"] == 1
    assert run(world, "Scan Partial Scenes")["counts"]["seen"] == 1
    written = world.ask("identifyScene", sceneId=hers, modelPack=PACK, associateExisting="true")
    assert written["written"]
    assert on_scene(world, hers) == ["Ann"]


def test_a_new_model_knows_the_people_of_scenes_without_the_films(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann, bob = lfw(data_dir, 0), lfw(data_dir, 1)
    stash.add_performer("Ann", ann[0].read_bytes())
    stash.add_performer("Bob", bob[0].read_bytes())
    scene, path = film_of(world, "film.mp4", ann[1], bob[1])
    run(world, "Synchronize Performers")
    run(world, "Recognize New Scenes")
    assert on_scene(world, scene) == ["Ann", "Bob"]
    world.run("Undo Last Run")
    assert on_scene(world, scene) == []
    path.rename(path.with_suffix(".away"))
    for task in ("Switch Engine", "Synchronize Performers", "Recognize All Scenes"):
        assert world.run(task, timeout_s=300, modelPack="dlib")["status"] == "FINISHED"
    assert world.last_run()["counts"]["failed"] == 0
    assert on_scene(world, scene) == ["Ann", "Bob"]


def test_what_somebody_took_off_stays_off_and_a_plan_only_proposes(scenes: World, data_dir: Path) -> None:
    world, stash = scenes, scenes.stash
    ann, bob = lfw(data_dir, 0), lfw(data_dir, 1)
    stash.add_performer("Ann", ann[0].read_bytes())
    bob_id = str(stash.add_performer("Bob", bob[0].read_bytes()))
    scene, _ = film_of(world, "film.mp4", ann[1], bob[1])
    run(world, "Synchronize Performers")
    run(world, "Recognize New Scenes", plan="try")
    assert on_scene(world, scene) == []
    assert stash.tags_of(scene, "scene") == []
    run(world, "Recognize All Scenes")
    assert on_scene(world, scene) == ["Ann", "Bob"]
    stash.set_links("scene", scene, "performer", [bob_id])
    run(world, "Recognize All Scenes")
    assert on_scene(world, scene) == ["Bob"]
    verdicts = {p["candidates"][0]["name"]: p["verdict"] for p in people_of(world, scene)["people"]}
    assert verdicts == {"Ann": "review", "Bob": "accept"}
