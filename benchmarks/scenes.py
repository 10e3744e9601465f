"""Scenes: how fast they are sampled, and who is found in them.

`python -m benchmarks.scenes speed FILE...`: sampling against OpenCV reading every frame of the same file, as a ratio of
one run. `python -m benchmarks.scenes accuracy --packs buffalo_sc_int8`: films made of LFW pictures (cuts, pans, zooms,
blur, compression, several people, strangers, the codecs at hand), worked off in a test Stash: precision and recall of
the names on the scenes, by frames, by sprites with the file at hand, and by sprite tiles alone.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import numpy as np  # noqa: E402
from films import BY_CODEC, Shot, encoder, pictures, repeated, sprite, write_film  # noqa: E402
from PIL import Image  # noqa: E402

from benchmarks.job import lfw, slope, watched  # noqa: E402
from compreface_plugin.domain.timing import sample_plan  # noqa: E402
from compreface_plugin.host.process import bound_to_us  # noqa: E402
from compreface_plugin.media.video import VideoFile  # noqa: E402
from teststash import TestStash  # noqa: E402

WAYS = {"frames": "recognizeNewScenes", "sprites": "recognizeNewSceneSprites", "tiles": "recognizeNewSceneSprites"}


def speed(files: list[Path], interval_s: float, most: int) -> None:
    """One line per file: seconds of ours and of OpenCV, and their ratio."""
    import cv2

    print("| file | way | frames | ours | OpenCV, every frame | ratio |\n|---|---|---|---|---|---|")
    for path in files:
        begun = time.perf_counter()
        with VideoFile(str(path), bind=bound_to_us()) as video:
            plan = sample_plan(video.info, interval_s, most)
            count = sum(1 for _ in video.sample(plan))
        ours = time.perf_counter() - begun
        begun = time.perf_counter()
        reader = cv2.VideoCapture(str(path))
        every = 0
        while reader.read()[0]:
            every += 1
        theirs = time.perf_counter() - begun
        times = f"{ours:.1f} s | {theirs:.1f} s | {theirs / ours:.1f}x"
        print(f"| {path.name} | {plan.way} | {count} of {every} | {times} |", flush=True)


COST_FRAMES = 60


def cost() -> None:
    """CPU seconds of sampling COST_FRAMES frames: files of one length, sizes apart; then of one kind, lengths apart."""
    print(f"| file | size | way | frames of {COST_FRAMES} | CPU of sampling |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        for size, quality, gop, minutes in (
            *(((640, 360), quality, 50, 10) for quality in (40, 28, 16)),
            *(((1920, 1080), quality, 50, 10) for quality in (40, 28)),
            *(((640, 360), 28, 50, minutes) for minutes in (2, 40, 120)),
            *(((640, 360), 28, 500, minutes) for minutes in (2, 10, 40)),
        ):
            film = _noisy(base / "one.mp4", size, quality, gop)
            path = repeated(base / "long.mp4", film, minutes * 60 * 25 // max(250, gop))
            before = _children_s()
            with VideoFile(str(path), bind=bound_to_us()) as video:
                plan = sample_plan(video.info, 2.0, COST_FRAMES)
                count = sum(1 for _ in video.sample(plan))
            spent = _children_s() - before
            gap = f"a keyframe every {gop / 25:.0f} s"
            mega = path.stat().st_size / 1e6
            what = f"{minutes} min, {size[0]} x {size[1]}, {gap}"
            print(f"| {what} | {mega:.0f} MB | {plan.way} | {count} | {spent:.2f} s |", flush=True)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _noisy(path: Path, size: tuple[int, int], quality: int, gop: int) -> Path:
    """Groups of pictures, 25 a second, of coarse noise that drifts: the better the quality, the more bits."""
    dice = np.random.default_rng(1)
    noise = dice.integers(0, 255, (size[1] // 4 + 64, size[0] // 4 + 64, 3), dtype=np.uint8)
    frames = (
        Image.fromarray(np.roll(noise, (n // 3, n // 2), (0, 1))[: size[1] // 4, : size[0] // 4]).resize(size)
        for n in range(max(250, gop))
    )
    return write_film(path, frames, fps=25, gop=gop, quality=quality)


LONG_S = 300.0


def long_films(pack: str, models: Path) -> None:
    """Who is found in films of five minutes: many people for five seconds at a time, or a few for longer; by how far
    keyframes lie apart, and how many pictures that took of the 150 that are planned."""
    known, strangers = lfw()
    print("| film | keyframes every | pictures looked at | right names | wrong names |\n|---|---|---|---|---|")
    for people, shots in ((20, 60), (4, 12)):
        names = sorted(known)[:people]
        cast = [known[name][1 + turn] for name in names for turn in (0, 1)]
        cast += strangers[: shots - len(cast)]
        random.Random(2).shuffle(cast)
        for gop in (16, 80, 240):
            with tempfile.TemporaryDirectory() as folder:
                staged = (Shot([Image.open(path)], LONG_S / shots, pan=0.1) for path in cast)
                path = write_film(Path(folder) / "long.mp4", pictures(staged, fps=8), fps=8, gop=gop)
                portraits = {name: known[name][0] for name in names}
                looked, found = _one_film(Path(folder) / "stash", pack, models, portraits, path)
            right = len(found & set(names))
            film = f"{people} people, {LONG_S / shots:.0f} s at a time"
            names_found = f"{right} of {people} | {len(found) - right}"
            print(f"| {film} | {gop / 8:.0f} s | {looked} | {names_found} |", flush=True)


def _one_film(base: Path, pack: str, models: Path, portraits: dict[str, Path], film: Path) -> tuple[str, set[str]]:
    """(number of pictures looked at, names on the scene)."""
    with _stash(base, models) as stash:
        for name, portrait in portraits.items():
            stash.add_performer(name, portrait.read_bytes())
        scene = str(stash.add_scene(film))
        _work(stash, pack, "recognizeNewScenes")
        said = next(line for line in stash.log.messages("Debug") if "pictures were looked at" in line)
        return said.split(": ")[1].split(" ")[0], set(stash.performers_of(scene, "scene"))


@dataclass
class Film:
    path: Path
    known: set[str]
    strangers: int
    sprite: tuple[bytes, bytes]  # sheet and VTT


def make_films(folder: Path, count: int, people: int, seed: int) -> tuple[dict[str, Path], list[Film]]:
    """(portraits by name, films): one to three known people and up to two strangers each, three shots or more."""
    dice = random.Random(seed)
    known, strangers = lfw()
    names = sorted(known)[:people]
    codecs = [name for name in BY_CODEC if encoder([BY_CODEC[name]])]
    films = []
    for number in range(count):
        who = dice.sample(names, dice.choice((0, 1, 1, 2, 2, 3)))
        others = dice.sample(strangers, dice.choice((0, 1, 1, 2)) or (0 if who else 1))
        cast: list[list[Path]] = [[dice.choice(known[name][1:])] for name in who for _ in range(2)]
        cast += [[path] for path in others]
        if len(who) > 1 and dice.random() < 0.5:
            cast.append([dice.choice(known[name][1:]) for name in who[:2]])  # two side by side
        dice.shuffle(cast)
        shots = [
            Shot(
                [Image.open(path) for path in paths],
                seconds=dice.uniform(2.0, 5.0),
                start=dice.uniform(1.0, 1.2),
                end=dice.uniform(1.0, 1.4),
                pan=dice.uniform(0.0, 0.2),
                blur=dice.choice((0.0, 0.0, 0.0, 1.5)),
            )
            for paths in cast
        ]
        codec = codecs[number % len(codecs)]
        frames = list(pictures(shots, fps=12))
        suffix = "webm" if codec in ("vp9", "av1") else "mp4"
        path = folder / f"{number:03}-{codec}.{suffix}"
        write_film(path, frames, codec=BY_CODEC[codec], quality=dice.choice((24, 28, 34)), gop=dice.choice((25, 250)))
        films.append(Film(path, set(who), len(others), sprite(frames)))
    return {name: known[name][0] for name in names}, films


def accuracy(packs: list[str], ways: list[str], count: int, people: int, seed: int, models: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        (base / "films").mkdir()
        portraits, films = make_films(base / "films", count, people, seed)
        print(
            f"{count} films, {sum(len(f.known) for f in films)} appearances of {people} known people, "
            f"{sum(f.strangers for f in films)} of strangers\n",
            flush=True,
        )
        print("| engine | way | precision | recall | proposals right | seconds per scene |\n|---|---|---|---|---|---|")
        for pack in packs:
            for way in ways:
                _measure(base / f"{pack}-{way}", pack, way, portraits, films, models)


def _measure(base: Path, pack: str, way: str, portraits: dict[str, Path], films: list[Film], models: Path) -> None:
    with _stash(base, models) as stash:
        performers = {str(stash.add_performer(name, path.read_bytes())): name for name, path in portraits.items()}
        scenes = {}
        for film in films:
            scene = str(stash.add_scene(film.path))
            scenes[scene] = film
            if way != "frames":
                oshash = stash.library.db.column("SELECT value FROM fingerprint WHERE type='oshash' ORDER BY rowid")[-1]
                vtt = stash.generated_dir / "vtt"
                vtt.mkdir(parents=True, exist_ok=True)
                sheet, text = film.sprite
                (vtt / f"{oshash}_sprite.jpg").write_bytes(sheet)
                (vtt / f"{oshash}_thumbs.vtt").write_bytes(text)
        away = {"pathMap": f"{films[0].path.parent}=/nowhere"} if way == "tiles" else {}
        stash.set_plugin_settings("compreface", {"minFacesPerPerson": 1000, **away})
        _work(stash, pack, WAYS[way])
        run = stash.run_operation("compreface", {"mode": "runStatus"})["run"]
        given = {
            scene: {performers[p] for p in stash.links("scene", scene, "performer") if p in performers}
            for scene in scenes
        }
        proposed = _proposals(base / "config" / "compreface" / "compreface.sqlite", performers)
    right = sum(len(given[scene] & film.known) for scene, film in scenes.items())
    told = sum(len(who) for who in given.values())
    wanted = sum(len(film.known) for film in scenes.values())
    open_right = sum(name in scenes[scene].known for scene, name in proposed)
    print(
        f"| {pack} | {way} | {_share(right, told)} | {_share(right, wanted)} | {_share(open_right, len(proposed))} | "
        f"{run['seconds'] / len(films):.1f} |",
        flush=True,
    )
    for scene, film in scenes.items():
        if given[scene] - film.known:
            print(f"  wrong: {film.path.name}: {given[scene] - film.known}, there {film.known}", file=sys.stderr)


def memory(pack: str, count: int, models: Path) -> None:
    """Resident memory of the plugin and its decoder over `count` scenes."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        (base / "films").mkdir()
        portraits, films = make_films(base / "films", 10, 10, 1)
        with _stash(base / "run", models) as stash:
            for person, path in portraits.items():
                stash.add_performer(person, path.read_bytes())
            for number in range(count):
                film = films[number % len(films)].path
                copy = film.with_name(f"copy-{number:04}{film.suffix}")
                os.link(film, copy)
                stash.add_scene(copy)
            with watched(stash) as samples:
                _work(stash, pack, "recognizeNewScenes")
    per_thousand = slope(samples, count)
    peak = max((mb for _, mb in samples), default=0)
    slow = f"{per_thousand / 10:.1f} MB per 100 scenes"
    print(f"| {pack}: resident memory over {count} scenes | {slow} | peak {peak:.0f} MB |")


@contextmanager
def _stash(base: Path, models: Path) -> Iterator[TestStash]:
    """A test Stash with the plugin, without what lies beside it in a working copy."""
    (base / "config" / "compreface").mkdir(parents=True)
    plugin = base / "plugins" / "compreface"
    plugin.mkdir(parents=True)
    for part in ("compreface.yml", "compreface_plugin", ".venv"):
        (plugin / part).symlink_to(ROOT / part)
    if models.is_dir():
        (base / "config" / "compreface" / "models").symlink_to(models)
    with TestStash(base / "config", plugins_dir=base / "plugins") as stash:
        yield stash


def _work(stash: TestStash, pack: str, mode: str) -> None:
    for each in ("synchronizePerformers", mode):
        job = stash.run_task("compreface", None, {"modelPack": pack, "cooldownSeconds": -1, "mode": each})
        state = stash.wait_for_job(job, 7200)["status"]
        if state != "FINISHED":
            raise SystemExit(f"{each}: {state}: {stash.log.messages('Error')}")


def _proposals(database: Path, performers: dict[str, str]) -> set[tuple[str, str]]:
    """(scene id, name) of what waits for review."""
    with sqlite3.connect(database) as db:
        rows = db.execute(
            "SELECT DISTINCT f.item_id, v.performer_id FROM verdicts v JOIN faces f USING (face_id)"
            " WHERE f.kind = 'scene' AND v.verdict = 'review'"
        ).fetchall()
    return {(str(scene), performers.get(str(who), "")) for scene, who in rows}


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} % ({part}/{whole})" if whole else "- (0)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    part = parser.add_subparsers(dest="part", required=True)
    fast = part.add_parser("speed")
    fast.add_argument("files", nargs="+", type=Path)
    fast.add_argument("--interval", type=float, default=2.0)
    fast.add_argument("--most", type=int, default=300)
    good = part.add_parser("accuracy")
    good.add_argument("--packs", default="buffalo_sc_int8")
    good.add_argument("--ways", default="frames,sprites,tiles")
    good.add_argument("--scenes", type=int, default=60)
    good.add_argument("--people", type=int, default=30)
    good.add_argument("--seed", type=int, default=1)
    flat = part.add_parser("memory")
    flat.add_argument("--pack", default="buffalo_sc_int8")
    flat.add_argument("--scenes", type=int, default=100)
    part.add_parser("cost")
    far = part.add_parser("long")
    far.add_argument("--pack", default="buffalo_sc_int8")
    data = Path(os.environ.get("COMPREFACE_TEST_DATA", str(ROOT.parent / "shared" / "data")))
    for each in (good, flat, far):
        each.add_argument("--models", type=Path, default=data / "models")
    chosen = parser.parse_args()
    if chosen.part == "speed":
        speed(chosen.files, chosen.interval, chosen.most)
    elif chosen.part == "cost":
        cost()
    elif chosen.part == "long":
        long_films(chosen.pack, chosen.models)
    elif chosen.part == "memory":
        memory(chosen.pack, chosen.scenes, chosen.models)
    else:
        packs, ways = chosen.packs.split(","), chosen.ways.split(",")
        accuracy(packs, ways, chosen.scenes, chosen.people, chosen.seed, chosen.models)


if __name__ == "__main__":
    main()
