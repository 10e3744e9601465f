"""The whole job as Stash starts it: second pass, requests, start-up, memory. `python -m benchmarks.job [--images N]`.

Works on a throw-away library in a test Stash: people and strangers of the LFW set (COMPREFACE_TEST_DATA) where it is
at hand, each picture saved again with another brightness until there are enough. Figures are ratios of one run, or
counts; seconds stand beside them for orientation only.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from PIL import Image, ImageEnhance  # noqa: E402

from teststash import TestStash  # noqa: E402

STARTS = 9


def lfw() -> tuple[dict[str, list[Path]], list[Path]]:
    """(pictures of the known people, pictures of strangers)."""
    folder = Path(os.environ.get("COMPREFACE_TEST_DATA", str(ROOT.parent / "shared" / "data"))) / "faces" / "lfw"
    if not folder.is_dir():
        raise SystemExit(f"no test data at {folder}: set COMPREFACE_TEST_DATA")
    known: dict[str, list[Path]] = {}
    strangers: list[Path] = []
    with (folder / "index.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            path = folder / row["file"]
            if row["role"] == "known":
                known.setdefault(row["identity"], []).append(path)
            else:
                strangers.append(path)
    return known, strangers


def fill(stash: TestStash, folder: Path, count: int) -> None:
    """100 performers with a portrait each and `count` images."""
    known, strangers = lfw()
    for name, paths in known.items():
        stash.add_performer(name.replace("_", " "), paths[0].read_bytes())
    sources = [path for paths in known.values() for path in paths[1:]] + strangers
    for number in range(count):
        source = sources[number % len(sources)]
        target = folder / f"{number:05}.jpg"
        turn = number // len(sources)
        if turn:
            with Image.open(source) as picture:
                ImageEnhance.Brightness(picture).enhance(1.0 - 0.04 * turn).save(target, quality=92)
        else:
            shutil.copy(source, target)
        stash.add_image(target)


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children, in MB; 0 when it is gone."""
    total = 0.0
    for each in [pid, *_children(pid)]:
        try:
            text = Path(f"/proc/{each}/status").read_text(encoding="utf-8")
        except OSError:
            continue
        line = next((line for line in text.splitlines() if line.startswith("VmRSS")), "VmRSS: 0")
        total += float(line.split()[1]) / 1024
    return total


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    except OSError:
        return []


@contextmanager
def watched(stash: TestStash) -> Iterator[list[tuple[float, float]]]:
    """Samples (images seen, resident MB) of the running plugin, twice a second."""
    samples: list[tuple[float, float]] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.5):
            jobs = stash.jobs.queue()
            running = [process for process in stash.plugin_processes if process.process.poll() is None]
            if jobs and running:
                samples.append((float(jobs[0]["progress"] or 0.0), resident_mb(running[-1].process.pid)))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def slope(samples: list[tuple[float, float]], images: int) -> float:
    """MB per 1,000 images over the part of the run behind the first fifth (least squares)."""
    points = [(share * images / 1000, mb) for share, mb in samples if share > 0.2 and mb > 0]
    if len(points) < 3:
        return float("nan")
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else float("nan")


def seconds_of_run(stash: TestStash) -> float:
    run = stash.run_operation("compreface", {"mode": "runStatus"})["run"]
    return float(run["seconds"])


def steps_of_run(stash: TestStash, what: str) -> list[str]:
    """Rows on what the newest run spent its time on, by the plugin's own statistics."""
    [run] = stash.run_operation("compreface", {"mode": "statistics", "limit": 1})["runs"]
    seconds = float(run["seconds"])
    return [
        f"| {what}: {step['step']} | {step['msPerItem']:.1f} ms an image, {100 * step['seconds'] / seconds:.0f} % of "
        f"{seconds:.1f} s | {step['things']} things |"
        for step in run["steps"]
    ]


def start_up(stash: TestStash) -> tuple[float, float]:
    """(median seconds of an operation without a model, median seconds of `python -c pass`), in turn."""
    ours, theirs = [], []
    for _ in range(STARTS):
        begun = time.perf_counter()
        stash.run_operation("compreface", {"mode": "runStatus"})
        ours.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        subprocess.run(["python3", "-c", "pass"], check=True)
        theirs.append(time.perf_counter() - begun)
    return sorted(ours)[STARTS // 2], sorted(theirs)[STARTS // 2]


def measure(pack: str, images: int, models: Path | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        for part in ("plugins", "pictures", "config/compreface"):
            (base / part).mkdir(parents=True)
        (base / "plugins" / "compreface").symlink_to(ROOT)
        if models is not None:
            (base / "config" / "compreface" / "models").symlink_to(models)
        with TestStash(base / "config", plugins_dir=base / "plugins") as stash:
            fill(stash, base / "pictures", images)
            args = {"modelPack": pack, "cooldownSeconds": -1}

            def run(task: str) -> float:
                stash.reset_requests()
                job = stash.run_task("compreface", task, args)
                stash.wait_for_job(job, 7200)
                return seconds_of_run(stash)

            run("Synchronize Performers")
            with watched(stash) as samples:
                first = run("Identify Unscanned Images")
                steps = steps_of_run(stash, f"{pack}, first pass")
            requests = stash.graphql_count - 1
            second = run("Identify All Images")
            steps += steps_of_run(stash, f"{pack}, second pass")
            ours, theirs = start_up(stash)
    print(f"| {pack}: first pass, {images} images | {images / first:.0f} images/s | |")
    print(f"| {pack}: second pass against the first | {first / second:.0f}x | {images / second:.0f} images/s |")
    print(
        f"| {pack}: requests to Stash per 1,000 images, batch 20 | {1000 * requests / images:.0f} | {requests} in all |"
    )
    print(
        f"| {pack}: resident memory, slope | {slope(samples, images):.1f} MB per 1,000 images | "
        f"peak {max((mb for _, mb in samples), default=0):.0f} MB |"
    )
    print(f"| operation without a model, more than `python -c pass` | {ours - theirs:.2f} s | {ours:.2f} s in all |")
    print(*steps, sep="\n")


def measure_compreface(images: int) -> None:
    """The same pictures through the test CompreFace (dlib behind it) and through dlib without a server, in turn."""
    from testcompreface import TestCompreFace

    seconds: dict[str, float] = {}
    steps: list[str] = []
    with TestCompreFace() as server:
        connection = {"comprefaceUrl": server.base_url, "recognitionApiKey": server.recognition_key}
        for engine, settings in (("compreface", connection), ("local", {"modelPack": "dlib"})):
            with tempfile.TemporaryDirectory() as name:
                base = Path(name)
                for part in ("plugins", "pictures"):
                    (base / part).mkdir()
                (base / "plugins" / "compreface").symlink_to(ROOT)
                with TestStash(base / "config", plugins_dir=base / "plugins") as stash:
                    fill(stash, base / "pictures", images)
                    stash.set_plugin_settings("compreface", {"engine": engine, "cooldownSeconds": "-1", **settings})
                    stash.wait_for_job(stash.run_task("compreface", "Synchronize Performers"), 7200)
                    before = len(server.requests)
                    stash.wait_for_job(stash.run_task("compreface", "Identify Unscanned Images"), 7200)
                    seconds[engine] = seconds_of_run(stash)
                    steps += steps_of_run(stash, engine)
                    if engine == "compreface":
                        trips = len(server.requests) - before
                        before = len(server.requests)
                        stash.wait_for_job(stash.run_task("compreface", "Identify All Images"), 7200)
                        again = len(server.requests) - before
    print(f"| CompreFace: requests per 1,000 images | {1000 * trips / images:.0f} | second pass {again} in all |")
    print(
        f"| CompreFace (test server, dlib behind it) against dlib without a server | "
        f"{seconds['compreface'] / seconds['local']:.2f}x the time | "
        f"{1000 * seconds['compreface'] / images:.0f} s per 1,000 images |"
    )
    print(*steps, sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--pack", default="dlib")
    parser.add_argument("--models", type=Path, help="folder with model packs")
    parser.add_argument("--compreface", action="store_true", help="through the test CompreFace instead")
    chosen = parser.parse_args()
    print("| what | figure | beside it |\n|---|---|---|")
    if chosen.compreface:
        measure_compreface(chosen.images)
    else:
        measure(chosen.pack, chosen.images, chosen.models)


if __name__ == "__main__":
    main()
