"""Unknown people as a library gets them: *Recognize Images* on the LFW set, in one run, in other orders, in five runs.

    python -m benchmarks.unknown_people [--engine light ...] [--draws 3] [--work FOLDER]

Everything goes through the tasks, in a test Stash without performers, at default settings but `minFacesPerPerson` 1
and batches of 100. Pictures are searched for faces once an engine; the other libraries take these faces over under the
numbers their images have, and the tasks do the rest. A picture counts with the performer of the face nearest its
centre, a picture without one as somebody alone (but for `people on several performers`). Figures as in
benchmarks/clustering.py.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks import lfw  # noqa: E402
from benchmarks.clustering import HEAD, line, score  # noqa: E402
from teststash import TestStash  # noqa: E402

TASK = "Recognize Images (High Quality)"
PARTS = 5
_HOURS = 4 * 3600.0

Groups = dict[str, str]  # file -> whom it belongs to


def library(folder: Path, models: Path, pack: str, parts: Sequence[Sequence[str]], known: Path | None) -> Groups:
    """A library to which the files of `parts` are added one part after the other, each followed by a run."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("plugins", "config/compreface"):
        (folder / name).mkdir(parents=True)
    (folder / "plugins" / "compreface").symlink_to(ROOT)
    (folder / "config" / "compreface" / "models").symlink_to(models)
    images: dict[int, str] = {}
    begun = time.perf_counter()
    with TestStash(folder / "config", plugins_dir=folder / "plugins") as stash:
        stash.set_plugin_settings("compreface", {"minFacesPerPerson": 1})
        for number, part in enumerate(parts):
            new = {int(stash.add_image(Path(file))): file for file in part}
            images |= new
            if known is not None:
                if not number:  # makes the store, and chooses the engine
                    _run(stash, pack, "Synchronize Performers")
                _take_over(folder, known, new)
            _run(stash, pack, TASK)
        requests = stash.graphql_count
    print(f"  {len(parts)} runs, {time.perf_counter() - begun:.0f} s, {requests} requests", file=sys.stderr)
    return _groups(folder, images)


def _run(stash: TestStash, pack: str, task: str) -> None:
    args = {"cooldownSeconds": -1, "modelPack": pack, "maxBatchSize": 100}
    job = stash.wait_for_job(stash.run_task("compreface", task, args), _HOURS)
    if job["status"] != "FINISHED" or stash.log.messages("Error"):
        raise SystemExit(f"{task} ended as {job['status']}: {stash.log.messages('Error')[-3:]}")


def _store(folder: Path) -> Path:
    return folder / "config" / "compreface" / "compreface.sqlite"


def _take_over(folder: Path, known: Path, new: dict[int, str]) -> None:
    """The faces that another library found in these files, as if this one had just found them."""
    with closing(sqlite3.connect(known / "images.sqlite")) as names:
        item_of = dict(names.execute("SELECT file, item FROM images"))
    with closing(sqlite3.connect(_store(folder))) as db, db:
        db.execute("ATTACH ? AS old", (str(_store(known)),))
        for item, file in new.items():
            _copy(db, "looks", {"item_id": item}, f"item_id = {item_of[file]:d}")
            faces = db.execute("SELECT face_id FROM old.faces WHERE item_id = ? ORDER BY face_id", (item_of[file],))
            for (face,) in faces.fetchall():
                made = _copy(db, "faces", {"item_id": item, "face_id": None}, f"face_id = {face:d}")
                for table in ("face_crops", "face_embeddings"):
                    _copy(db, table, {"face_id": made}, f"face_id = {face:d}")


def _copy(db: sqlite3.Connection, table: str, other: dict[str, int | None], where: str) -> int | None:
    """Rows of the other store, with other values in some columns; the last new row's id."""
    columns = [row[1] for row in db.execute(f"PRAGMA main.table_info({table})")]
    values = ", ".join(f":{column}" if column in other else column for column in columns)
    return db.execute(
        f"INSERT INTO main.{table} ({', '.join(columns)}) SELECT {values} FROM old.{table} WHERE {where}", other
    ).lastrowid


def _groups(folder: Path, images: dict[int, str]) -> Groups:
    """By the store, which Stash follows: the performer of the middle face."""
    with closing(sqlite3.connect(_store(folder))) as db:
        rows = db.execute(
            "SELECT f.item_id, f.face_id, v.verdict, v.performer_id FROM faces f LEFT JOIN verdicts v USING (face_id)"
            " ORDER BY f.item_id, (f.x_min + f.x_max - 1) * (f.x_min + f.x_max - 1)"
            " + (f.y_min + f.y_max - 1) * (f.y_min + f.y_max - 1) DESC"
        ).fetchall()
    middle = {item: f"performer {who}" if said == "accept" else f"face {face}" for item, face, said, who in rows}
    with closing(sqlite3.connect(folder / "images.sqlite")) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS images (file TEXT PRIMARY KEY, item INTEGER)")
        db.executemany("INSERT OR REPLACE INTO images VALUES (?, ?)", [(file, item) for item, file in images.items()])
    return {file: middle.get(item, f"image {item}") for item, file in images.items()}


def same(one: Groups, other: Groups) -> bool:
    """Whether the same files stand together."""

    def partition(groups: Groups) -> set[frozenset[str]]:
        found: dict[str, set[str]] = {}
        for file, who in groups.items():
            found.setdefault(who, set()).add(file)
        return {frozenset(files) for files in found.values()}

    return partition(one) == partition(other)


def _several(groups: Groups, people: dict[str, str]) -> float:
    """Share of people with several pictures whose pictures carry more than one performer."""
    pictures = Counter(people.values())
    found: dict[str, set[str]] = {who: set() for who, count in pictures.items() if count > 1}
    for file, group in groups.items():
        if group.startswith("performer") and people[file] in found:
            found[people[file]].add(group)
    return sum(len(performers) > 1 for performers in found.values()) / len(found)


def report(pack: str, data: Path, work: Path, draws: int) -> None:
    rows = lfw.index(data)
    people = {str(data / "faces" / "lfw" / row["file"]): row["identity"] for row in rows}
    files = list(people)
    names = np.unique(list(people.values()), return_inverse=True)[1]

    def show(name: str, groups: Groups) -> None:
        labels = np.unique([groups[file] for file in files], return_inverse=True)[1]
        line(f"{pack}: {name}", score(labels, names))
        print(f"{'  people on several performers':44s}{_several(groups, people):8.1%}", flush=True)

    first = work / f"{pack}-first"
    if not _store(first).exists():
        library(first, data / "models", pack, [files], None)
    orders = [random.Random(seed).sample(files, len(files)) for seed in range(1, draws + 1)]
    once = library(work / f"{pack}-one", data / "models", pack, [files], first)
    show("one run", once)
    for seed, order in enumerate(orders, start=1):
        other = library(work / f"{pack}-order{seed}", data / "models", pack, [order], first)
        print(f"{pack}: order {seed}: {'the same people' if same(once, other) else 'DIFFERENT PEOPLE'}", flush=True)
    for seed, order in enumerate(orders, start=1):
        parts = [list(part) for part in np.array_split(order, PARTS)]
        show(f"five runs, draw {seed}", library(work / f"{pack}-five{seed}", data / "models", pack, parts, first))


def main() -> None:
    parser = lfw.arguments("Unknown people through the tasks.")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--work", type=Path, help="kept, with the faces found, for the next time")
    chosen = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        for pack in chosen.engine or lfw.ENGINES:
            report(pack, chosen.data.resolve(), (chosen.work or Path(name)).resolve(), chosen.draws)


if __name__ == "__main__":
    main()
