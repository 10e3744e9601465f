"""From the click on Find faces to the faces: `python -m benchmarks.clicks [--models FOLDER] [--packs dlib light ...]`.

Every operation is a process of its own, as Stash starts it, on a test Stash with 100 enrolled performers. Counted are
CPU seconds of these processes, so that other work on the machine does not matter; all packs take turns on the same
pictures, and the figures are multiples of an operation that loads nothing. `saved` is what a process that kept the
model loaded would do without: the click less a look with a loaded model and less the start of a process that hands the
question over.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from PIL import Image  # noqa: E402

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


class Library:
    """A test Stash whose plugin uses one pack, with everybody enrolled."""

    def __init__(self, opened: ExitStack, folder: Path, pack: str) -> None:
        (folder / "plugins").mkdir(parents=True)
        (folder / "plugins" / "compreface").symlink_to(ROOT)
        self.folder, self.pack, self.count = folder, pack, 0
        self.stash = opened.enter_context(TestStash(folder / "config", plugins_dir=folder / "plugins"))
        self.stash.plugin_settings["compreface"] = {"modelPack": pack, "cooldownSeconds": -1}
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

    def seconds(self, mode: str, **args: object) -> float:
        """Of the CPU, until the answer is there."""
        begun = os.times()
        self.stash.run_operation("compreface", {"mode": mode, **args})
        ended = os.times()
        return ended.children_user + ended.children_system - begun.children_user - begun.children_system


def measure(libraries: list[Library], picture: Image.Image, rounds: int) -> None:
    took: dict[tuple[str, str], list[float]] = {}
    files: dict[str, list[Path]] = {}

    def note(library: Library, what: str, seconds: float) -> None:
        took.setdefault((library.pack, what), []).append(seconds)

    for turn in range(rounds + 1):
        for library in libraries:
            image, path = library.picture(picture)
            files.setdefault(library.pack, []).append(path)
            click = library.seconds("identifyImage", imageId=image, crops=True)
            if turn:  # the first warms the file cache
                note(library, "click", click)
                note(library, "known", library.seconds("faces", imageId=image, crops=True))
                note(library, "nothing", library.seconds("runStatus"))
    for library in libraries:
        command = [sys.executable, "-c", LOADED, library.pack, *files[library.pack]]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        note(library, "loaded", float(done.stdout.split()[-1]))
    report(libraries, lambda pack, what: statistics.median(took[pack, what]))


def report(libraries: list[Library], seconds: Callable[[str, str], float]) -> None:
    nothing = statistics.median(seconds(each.pack, "nothing") for each in libraries)
    print(f"an operation that loads nothing: {nothing:.2f} CPU seconds (all figures below are multiples of it)")
    for each in libraries:
        click, known, loaded = (seconds(each.pack, what) for what in ("click", "known", "loaded"))
        saved = click - loaded - nothing
        print(
            f"{each.pack:16} click {click / nothing:.1f} ({click:.2f} s), with a second question for the crops "
            f"{(click + known) / nothing:.1f}, known faces {known / nothing:.2f}, look with a loaded model "
            f"{loaded / nothing:.2f}, saved by a loaded process {saved / nothing:.1f} ({saved / click:.0%} of a click)"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--packs", nargs="+", default=["dlib", "light", "buffalo_sc_int8"])
    parser.add_argument("--models", default=None, help="folder with the packs (default: where the plugin looks)")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if options.models:
        os.environ["COMPREFACE_MODELS"] = options.models
    photo = Image.open(photographs.fetch(photographs.default_folder()) / "biden.jpg").convert("RGB")
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="compreface-clicks-")))
        libraries = [Library(opened, folder / pack, pack) for pack in options.packs]
        for longest in (640, 2560):
            scale = longest / max(photo.size)
            scaled = photo.resize((round(photo.width * scale), round(photo.height * scale)))
            print(f"picture of {scaled.width} x {scaled.height}:")
            measure(libraries, scaled, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
