"""kill -9 and stop files in the middle of scenes, start again, until it is done: the same end as one undisturbed run,
and no decoder is left behind.

By default a few times over three films; COMPREFACE_CRASH_SCENE_KILLS=20 repeats the long form.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("av")

from films import Shot, pictures, write_film
from stored import kept

from teststash import TestStash

KILLS = int(os.environ.get("COMPREFACE_CRASH_SCENE_KILLS", "3"))
ARGS = {"modelPack": "dlib", "cooldownSeconds": -1, "sceneFrameInterval": "0.5"}
TASK = "Recognize New Scenes"
GONE_S = 1.0  # after the plugin has ended


def fill(stash: TestStash, folder: Path, photos: Path) -> None:
    """Two performers and three films with them and a stranger."""
    folder.mkdir()
    people = {
        "Obama": Image.open(photos / "obama.jpg").convert("RGB").resize((182, 227)),
        "Collins": Image.open(photos / "astronaut.png").convert("RGB").crop((150, 20, 350, 250)),
        "": Image.open(photos / "t1.jpg").convert("RGB").crop((0, 100, 320, 420)),
    }
    for name, picture in people.items():
        if name:
            picture.save(folder / f"{name}.png")
            stash.add_performer(name, (folder / f"{name}.png").read_bytes())
    faces = list(people.values())
    for number in range(3):
        shots = [Shot([faces[(number + n) % 3]], 4.0) for n in range(2)]
        stash.add_scene(write_film(folder / f"{number}.mp4", pictures(shots, (320, 240), fps=8), fps=8))


def decoders(stash: TestStash) -> list[int]:
    """The process ids of the decoding children of running plugins."""
    parents = {each.process.pid for each in stash.plugin_processes if each.process.poll() is None}
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if b"video_child" in (entry / "cmdline").read_bytes() and _stat(int(entry.name))[1] in map(str, parents):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _stat(pid: int) -> list[str]:
    """State and parent of a process."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[:2]


def alive(pid: int) -> bool:
    try:
        return _stat(pid)[0] != "Z"
    except OSError:
        return False


def interrupted(stash: TestStash, data: Path, how: str, dice: random.Random) -> bool:
    """Starts the task and ends it in the middle of a scene, at a random moment. False: it came to its end before."""
    job = stash.run_task("compreface", TASK, ARGS)
    while not (children := decoders(stash)) and stash.jobs.find(job)["status"] in ("READY", "RUNNING"):
        time.sleep(0.01)
    time.sleep(dice.uniform(0.0, 0.6))
    children = decoders(stash) or children
    if how == "killed":
        stash.jobs.stop(job)
    else:
        (data / "stop").write_text("")
    status = stash.wait_for_job(job, 60)["status"]
    gone = time.monotonic() + GONE_S
    while any(map(alive, children)) and time.monotonic() < gone:
        time.sleep(0.01)
    assert not any(map(alive, children)), f"a decoder outlived the plugin that was {how}"
    if how == "stopped" and status == "FINISHED":
        found = stash.run_operation("compreface", {"mode": "runStatus", **ARGS})["run"]["state"]
        return bool(found == "cancelled")
    return bool(status != "FINISHED")


def people(data: Path) -> list[Any]:
    with sqlite3.connect(data / "compreface.sqlite") as db:
        return db.execute(
            "SELECT f.item_id, p.at_s, p.sightings, p.appearances, group_concat(s.at_s), group_concat(hex(s.crop))"
            " FROM scene_people p JOIN faces f USING (face_id) LEFT JOIN sightings s USING (face_id)"
            " GROUP BY f.face_id ORDER BY 1, 2"
        ).fetchall()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_scenes_that_are_cut_short_again_and_again_end_like_undisturbed_ones(
    tmp_path: Path, repo_root: Path, photos_dir: Path
) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "compreface").symlink_to(repo_root)
    seed = int(os.environ.get("COMPREFACE_CRASH_SEED", str(random.SystemRandom().randrange(10**6))))
    print(f"COMPREFACE_CRASH_SEED={seed}")
    dice = random.Random(seed)
    ends = {}
    for name in ("calm", "disturbed"):
        data = tmp_path / name / "compreface"
        with TestStash(tmp_path / name, plugins_dir=plugins) as stash:
            fill(stash, tmp_path / f"{name}-films", photos_dir)
            ways = []
            for task in ("Synchronize Performers", TASK):
                while name == "disturbed" and task == TASK and len(ways) < KILLS:
                    ways.append(("killed", "killed", "stopped")[len(ways) % 3])
                    if not interrupted(stash, data, ways[-1], dice):
                        break
                job = stash.run_task("compreface", task, ARGS)
                assert stash.wait_for_job(job, 1200)["status"] == "FINISHED"
            print(name, ways)
            assert [stash.performers_of(scene, "scene") for scene in stash.ids("scene")] == [
                ["Collins", "Obama"], ["Collins"], ["Obama"]
            ]
            assert [line for line in stash.log.messages("Error") if "signal: killed" not in line] == []
            ends[name] = (stash.snapshot()["scene"], stash.snapshot()["tag"], kept(data), people(data))
            with sqlite3.connect(data / "compreface.sqlite") as db:
                assert db.execute("SELECT count(*) FROM runs WHERE mode = 'recognizeNewScenes'").fetchone() == (1,)
    calm, disturbed = (repr(ends[name]).replace(f"{name}-films", "films") for name in ("calm", "disturbed"))
    assert disturbed == calm
