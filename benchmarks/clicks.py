"""From the click on Find faces to the faces: `python -m benchmarks.clicks [--models FOLDER] [--engines dlib ...]`.

Every operation is a process of its own, as Stash starts it, on a test Stash with 100 enrolled performers; `compreface`
is the test CompreFace with dlib behind it. All engines take turns on the same pictures, each never seen before.
Two figures each: CPU seconds of the plugin's process as multiples of an operation that loads nothing, so that other
work on the machine does not matter; and seconds by the clock, which a person waits and only a quiet machine shows,
beside the start of `python -c pass` in the same run. `saved` is what a process that kept the model loaded would do
without: the click less a look with a loaded model and less the start of a process that hands the question over.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from PIL import Image  # noqa: E402
from testcompreface import TestCompreFace  # noqa: E402

from benchmarks.job import lfw  # noqa: E402
from demo import photographs  # noqa: E402
from teststash import TestStash  # noqa: E402

PEOPLE = 100
LOADED = """
import sys, time
from pathlib import Path
from compreface_plugin.domain.faces import DetectionLimits
from compreface_plugin.engine.select import open_engine
from compreface_plugin.media.pictures import decode
engine = open_engine(sys.argv[1], data_dir=None)
took = []
for path in [sys.argv[2], *sys.argv[2:]]:
    picture = decode(Path(path))
    begun = time.process_time()
    engine.look([picture], DetectionLimits(min_face_px=43.0))
    took.append(time.process_time() - begun)
print(sorted(took[1:])[len(took[1:]) // 2])
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of the processor (the plugin's process alone) and by the clock, until the answer is there."""

    cpu: float
    clock: float


class Library:
    """A test Stash whose plugin uses one engine, with everybody enrolled."""

    def __init__(self, opened: ExitStack, folder: Path, engine: str) -> None:
        (folder / "plugins").mkdir(parents=True)
        (folder / "plugins" / "compreface").symlink_to(ROOT)
        self.folder, self.engine, self.count = folder, engine, 0
        self.stash = opened.enter_context(TestStash(folder / "config", plugins_dir=folder / "plugins"))
        self.stash.plugin_settings["compreface"] = {"cooldownSeconds": -1, **chosen(opened, engine)}
        for name, paths in list(lfw()[0].items())[:PEOPLE]:
            self.stash.add_performer(name.replace("_", " "), paths[0].read_bytes())
        job = self.stash.run_task("compreface", "Synchronize Performers", {})
        assert self.stash.wait_for_job(job, 600)["status"] == "FINISHED"

    def picture(self, picture: Image.Image) -> tuple[str, Path]:
        """A picture never seen before: one pixel differs."""
        self.count += 1
        picture = picture.copy()
        picture.putpixel((0, 0), (self.count % 256, self.count // 256, 0))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=92)
        path = self.folder / f"{self.count}.jpg"
        path.write_bytes(out.getvalue())
        return str(self.stash.add_image(path)), path

    def cost(self, mode: str, **args: object) -> Cost:
        return cost_of(lambda: self.stash.run_operation("compreface", {"mode": mode, **args}))


def chosen(opened: ExitStack, engine: str) -> dict[str, object]:
    """The plugin settings that mean this engine."""
    if engine != "compreface":
        return {"engine": "local", "modelPack": engine}
    server = opened.enter_context(TestCompreFace())
    return {"engine": engine, "comprefaceUrl": server.base_url, "recognitionApiKey": server.recognition_key}


def cost_of(work: Callable[[], object]) -> Cost:
    began, begun = time.perf_counter(), os.times()
    work()
    ended = os.times()
    cpu = ended.children_user + ended.children_system - begun.children_user - begun.children_system
    return Cost(cpu, time.perf_counter() - began)


def measure(libraries: list[Library], picture: Image.Image, rounds: int) -> None:
    took: dict[tuple[str, str], list[Cost]] = {}
    files: dict[str, list[Path]] = {}

    def note(engine: str, what: str, cost: Cost) -> None:
        took.setdefault((engine, what), []).append(cost)

    for turn in range(rounds + 1):
        for library in libraries:
            image, path = library.picture(picture)
            files.setdefault(library.engine, []).append(path)
            click = library.cost("identifyImage", imageId=image, crops=True)
            if turn:  # the first warms the file cache
                note(library.engine, "click", click)
                note(library.engine, "known", library.cost("faces", imageId=image, crops=True))
                note("", "nothing", library.cost("runStatus"))
                note("", "start", cost_of(lambda: subprocess.run(["python3", "-c", "pass"], check=True)))
    middle = {
        at: Cost(statistics.median(one.cpu for one in costs), statistics.median(one.clock for one in costs))
        for at, costs in took.items()
    }
    loaded = {each.engine: seconds_loaded(each, files[each.engine]) for each in libraries}
    report(middle, loaded)


def seconds_loaded(library: Library, files: list[Path]) -> float | None:
    """CPU seconds of a look with a loaded model; None on CompreFace, whose models are always loaded."""
    if library.engine == "compreface":
        return None
    command = [sys.executable, "-c", LOADED, library.engine, *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def report(middle: dict[tuple[str, str], Cost], loaded: dict[str, float | None]) -> None:
    nothing, start = middle["", "nothing"], middle["", "start"]
    print(
        f"an operation that loads nothing: {nothing.cpu:.2f} CPU seconds (multiples below are of it), "
        f"{nothing.clock:.2f} s by the clock; `python -c pass` {start.clock:.2f} s by the clock"
    )
    for engine, look in loaded.items():
        click, known = middle[engine, "click"], middle[engine, "known"]
        print(
            f"{engine:16} click {click.cpu / nothing.cpu:.1f}, known faces {known.cpu / nothing.cpu:.2f} of the CPU; "
            f"by the clock {click.clock:.2f} s and {known.clock:.2f} s "
            f"({known.clock - start.clock:.2f} s beyond `python -c pass`)"
        )
        if look is not None:
            saved = click.cpu - look - nothing.cpu
            print(
                f"{'':16} a look with a loaded model {look / nothing.cpu:.2f}, saved by a loaded process "
                f"{saved / nothing.cpu:.1f} ({saved / click.cpu:.0%} of a click)"
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--engines", nargs="+", default=["dlib", "light", "buffalo_sc_int8", "compreface"])
    parser.add_argument("--models", default=None, help="folder with the packs (default: where the plugin looks)")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if options.models:
        os.environ["COMPREFACE_MODELS"] = options.models
    photo = Image.open(photographs.fetch(photographs.default_folder()) / "biden.jpg").convert("RGB")
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="compreface-clicks-")))
        libraries = [Library(opened, folder / engine, engine) for engine in options.engines]
        for longest in (640, 2560):
            scale = longest / max(photo.size)
            scaled = photo.resize((round(photo.width * scale), round(photo.height * scale)))
            print(f"picture of {scaled.width} x {scaled.height}:")
            measure(libraries, scaled, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
