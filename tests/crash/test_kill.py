"""kill -9 at random moments, start again, until it is done: the same end as one undisturbed run.

By default a few kills over a few images; COMPREFACE_CRASH_KILLS=50 COMPREFACE_CRASH_IMAGES=300 repeats the long form.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageEnhance, ImageOps
from stored import kept

from teststash import TestStash

KILLS = int(os.environ.get("COMPREFACE_CRASH_KILLS", "8"))
IMAGES = int(os.environ.get("COMPREFACE_CRASH_IMAGES", "60"))
MODES = {"Synchronize Performers": "synchronizePerformers", "Identify Unscanned Images": "identifyImagesNew"}
ARGS = {"modelPack": "dlib", "maxBatchSize": 5, "cooldownSeconds": -1}


def fill(stash: TestStash, folder: Path, photos: Path, count: int) -> None:
    """`count` pictures: three performers in many variants, strangers, things, broken files."""
    folder.mkdir()
    obama = Image.open(photos / "obama.jpg").convert("RGB").resize((182, 227))
    biden = Image.open(photos / "biden.jpg").convert("RGB").crop((0, 0, 970, 1300)).resize((182, 244))
    collins = Image.open(photos / "astronaut.png").convert("RGB").crop((150, 20, 350, 250))
    cat = Image.open(photos / "chelsea.png").convert("RGB").resize((200, 130))
    stranger = Image.open(photos / "t1.jpg").convert("RGB").crop((0, 100, 320, 420))
    for name, picture in (("Obama", obama), ("Biden", biden), ("Collins", collins)):
        path = folder / f"{name}.jpg"
        picture.save(path)
        stash.add_performer(name, path.read_bytes())
    for number in range(count):
        picture = (obama, cat, biden, stranger, collins)[number % 5]
        picture = ImageEnhance.Brightness(picture).enhance(0.8 + 0.01 * (number % 40))
        path = folder / f"{number:04}.jpg"
        (ImageOps.mirror(picture) if number % 2 else picture).save(path, quality=85)
        if number % 13 == 12:
            path.write_bytes(b"broken")
        stash.add_image(path)


def undisturbed(stash: TestStash, task: str) -> None:
    job = stash.run_task("compreface", task, ARGS)
    assert stash.wait_for_job(job, 1200)["status"] == "FINISHED"


def is_done(stash: TestStash, task: str) -> bool:
    """A kill may come between the end of the run and that of its process; one more start would be one more run."""
    file = stash.config_dir / "compreface" / "compreface.sqlite"
    if not file.exists():
        return False
    with contextlib.closing(sqlite3.connect(file, timeout=30)) as db:
        try:
            states = db.execute("SELECT state FROM runs WHERE mode = ?", (MODES[task],)).fetchall()
        except sqlite3.OperationalError:  # killed before the tables were made
            return False
    return ("finished",) in states


def disturbed(stash: TestStash, task: str, kills: int, dice: random.Random, longest: float) -> int:
    """Starts the task again and again, killing it after a random time, then lets it come to its end."""
    done = 0
    while done < kills and not is_done(stash, task):
        job = stash.run_task("compreface", task, ARGS)
        end = time.monotonic() + dice.uniform(0.3, longest)
        while time.monotonic() < end and (stash.jobs.find(job) or {}).get("status") in ("READY", "RUNNING"):
            time.sleep(0.01)
        stash.jobs.stop(job)
        stash.wait_for_job(job)
        done += 1
    if not is_done(stash, task):
        undisturbed(stash, task)
    print(f"{task}: killed {done} times")
    return done


@pytest.mark.timeout(3600)
def test_a_run_that_is_killed_again_and_again_ends_like_an_undisturbed_one(
    tmp_path: Path, repo_root: Path, photos_dir: Path
) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "compreface").symlink_to(repo_root)
    seed = int(os.environ.get("COMPREFACE_CRASH_SEED", str(random.SystemRandom().randrange(10**6))))
    print(f"COMPREFACE_CRASH_SEED={seed}")
    dice = random.Random(seed)
    worlds = {}
    for name in ("calm", "killed"):
        with TestStash(tmp_path / name, plugins_dir=plugins) as stash:
            fill(stash, tmp_path / f"{name}-pictures", photos_dir, IMAGES)
            before = stash.snapshot()
            begun = time.monotonic()
            if name == "calm":
                undisturbed(stash, "Synchronize Performers")
                undisturbed(stash, "Identify Unscanned Images")
                usual = time.monotonic() - begun
            else:
                disturbed(stash, "Synchronize Performers", max(2, KILLS // 8), dice, 2.5)
                disturbed(stash, "Identify Unscanned Images", KILLS, dice, max(1.2, 2.5 * usual / KILLS))
            worlds[name] = (stash.snapshot(), kept(tmp_path / name / "compreface"))
            for _ in range(2 if name == "calm" else 12):
                undisturbed(stash, "Undo Last Run")
                if "there is nothing to undo" in stash.log.messages("Info")[-1]:
                    break
            assert stash.snapshot() == before
            assert [line for line in stash.log.messages("Error") if "signal: killed" not in line] == []
    calm, killed = worlds["calm"], worlds["killed"]
    for part, value in calm[1].items():
        assert killed[1][part] == value, part
    for part in calm[0]:
        assert _without_paths(killed[0][part], "killed") == _without_paths(calm[0][part], "calm"), part
    assert calm[1]["open"] == (0,)


def _without_paths(value: Any, name: str) -> str:
    return repr(value).replace(f"{name}-pictures", "pictures").replace(f"/{name}/", "/")
