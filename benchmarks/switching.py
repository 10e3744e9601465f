"""Switch Engine on a library of thousands of faces, there and back. `python -m benchmarks.switching --models FOLDER`.

The library of `benchmarks.job` in a test Stash: 100 performers with a portrait, pictures of them and of strangers. Some
names are confirmed and some refused; then the task goes to the other engine and back. Nothing in Stash and no label in
the store may change: both are compared row by row.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.job import ROOT, fill
from teststash import TestStash

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIRMED, REFUSED = 200, 20
WORDS = ("named", "confirmed")
TOLD = ("embedded by", "labels lost", "cannot be seen", "means", "alike", "unknown faces")  # the report in the log
LABELS = ("subjects", "examples", "faces", "face_crops", "verdicts", "decisions", "items", "hand_groups")


def rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that says who somebody is."""
    with sqlite3.connect(database) as db:
        return {table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in LABELS}


def decide(stash: TestStash, database: Path) -> None:
    """Confirms and refuses names that were written, evenly over the library."""
    with sqlite3.connect(database) as db:
        named = [row[0] for row in db.execute("SELECT face_id FROM verdicts WHERE verdict = 'accept' ORDER BY face_id")]
    chosen = named[:: max(1, len(named) // (CONFIRMED + REFUSED))][: CONFIRMED + REFUSED]
    verdicts = ["reject" if at % (1 + CONFIRMED // REFUSED) == 0 else "accept" for at in range(len(chosen))]
    asked = [{"faceId": face, "decision": word} for face, word in zip(chosen, verdicts, strict=True)]
    for start in range(0, len(asked), 100):
        stash.run_operation("compreface", {"mode": "decide", "decisions": asked[start : start + 100]})


def runs(stash: TestStash, packs: list[str]) -> Iterator[tuple[str, float, dict[str, Any]]]:
    """Switches to each pack in turn: (pack, seconds from the button to the end, report)."""
    for pack in packs:
        begun = time.perf_counter()
        job = stash.run_task("compreface", "Switch Engine", {"modelPack": pack, "cooldownSeconds": -1})
        stash.wait_for_job(job, 7200)
        seconds = time.perf_counter() - begun
        run = stash.run_operation("compreface", {"mode": "runStatus"})["run"]
        if run["state"] != "finished":
            raise SystemExit(f"the switch to {pack} ended as {run['state']}: {run['message']}")
        yield pack, seconds, stash.run_operation("compreface", {"mode": "switchReport"})["report"]


def measure(first: str, second: str, images: int, models: Path | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        for part in ("plugins", "pictures", "config/compreface"):
            (base / part).mkdir(parents=True)
        (base / "plugins" / "compreface").symlink_to(ROOT)
        if models is not None:
            (base / "config" / "compreface" / "models").symlink_to(models.resolve())
        database = base / "config" / "compreface" / "compreface.sqlite"
        with TestStash(base / "config", plugins_dir=base / "plugins") as stash:
            fill(stash, base / "pictures", images)
            for task in ("Synchronize Performers", "Identify Unscanned Images"):
                job = stash.run_task("compreface", task, {"modelPack": first, "cooldownSeconds": -1})
                stash.wait_for_job(job, 7200)
            decide(stash, database)
            compare(stash, database, runs(stash, [second, first, second]))


def compare(stash: TestStash, database: Path, switches: Iterator[tuple[str, float, dict[str, Any]]]) -> None:
    """Prints after each switch what it took, what changed (nothing should) and what it told."""
    stash_before, labels_before = stash.snapshot(), rows(database)
    print(json.dumps({table: len(held) for table, held in labels_before.items()}))
    for pack, seconds, report in switches:
        changed = [table for table, held in rows(database).items() if held != labels_before[table]]
        print(
            f"\nto {pack}: {seconds:.1f} s; Stash {'as it was' if stash.snapshot() == stash_before else 'CHANGED'}; "
            f"tables with another row: {', '.join(changed) or 'none'}"
        )
        print(json.dumps({key: report[key] for key in ("kept", "labels", "engines", "unknown")}))
        print(json.dumps({word: {**report[word], "changed": len(report[word]["changed"])} for word in WORDS}))
    print("\n".join(line for line in stash.log.messages("Info") if any(word in line for word in TOLD)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--from", dest="first", default="dlib")
    parser.add_argument("--to", dest="second", default="buffalo_sc_int8")
    parser.add_argument("--models", type=Path, help="folder with model packs")
    chosen = parser.parse_args()
    measure(chosen.first, chosen.second, chosen.images, chosen.models)


if __name__ == "__main__":
    main()
