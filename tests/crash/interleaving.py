"""Random tasks, operations and kills on a small library, and what must hold between Stash, journal and verdicts.

    .venv/bin/python tests/crash/interleaving.py --seed 1 --steps 60 [--kills 0.3] [--data FOLDER]

Everything runs in this process, so that a step takes a fraction of a second. A kill is an exception nobody catches,
right before or after a request to Stash, or after a commit: nothing is committed or sent behind it, as with SIGKILL.
After each step a task settles what was left open, then is looked for:

* changes that are still open;
* performers on an image that neither a person nor the journal put there, and the reverse;
* accepted faces of a scanned image whose performer is not on it and not proposed.

At the end every run is taken back, the newest first: what a person put on images must be left on them, nothing else.
Performers may stay that were kept when their own run was undone, because another run used them then.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import secrets
import sqlite3
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from tasks.conftest import QUICK, World, populate, started  # noqa: E402
from tasks.test_unknown_people import fill, lfw  # noqa: E402

from compreface_plugin import app  # noqa: E402
from compreface_plugin.domain.errors import PluginError  # noqa: E402
from compreface_plugin.request import Request, ServerConnection  # noqa: E402
from compreface_plugin.stash.client import StashClient  # noqa: E402
from compreface_plugin.store import store as store_module  # noqa: E402
from teststash.session import Session  # noqa: E402

SETTINGS: tuple[dict[str, object], ...] = (
    {"minFacesPerPerson": 2},
    {"minFacesPerPerson": 2, "minSimilarity": "0.999999", "reviewSimilarity": "0.3"},
    {"minFacesPerPerson": 2, "minSimilarity": "0.3", "reviewSimilarity": "0.1"},
)
WEIGHTS = {
    "sync": 1, "new": 2, "all": 3, "hq": 5, "reset": 1, "settings": 2, "plan": 1, "use_plan": 2,
    "undo_last": 2, "undo_run": 2, "undo_item": 3, "undo_performer": 3,
    "accept": 5, "reject": 3, "ignore": 1, "undo_word": 2, "create": 2, "associate": 2,
    "name": 2, "split": 2, "merge_groups": 1, "merge_performers": 1, "person": 2,
}  # fmt: skip
TASKS = {"sync": "synchronizePerformers", "new": "identifyImagesNew", "all": "identifyImagesAll",
         "hq": "recognizeImagesHQ", "reset": "resetUnmatched", "undo_last": "undoRun"}  # fmt: skip
_TO_UNDO = (
    "SELECT run_id FROM runs r WHERE EXISTS (SELECT 1 FROM changes c WHERE c.run_id = r.run_id AND c.state = 'applied')"
    " OR EXISTS (SELECT 1 FROM examples e WHERE e.created_run = r.run_id)"
    " OR EXISTS (SELECT 1 FROM decisions d WHERE d.run_id = r.run_id) ORDER BY started_at DESC, rowid DESC"
)


class Killed(BaseException):
    """The process is gone."""


class Kill:
    """Counts down to the point at which the process is killed; 0: it lives."""

    left = 0

    @classmethod
    def point(cls, where: str) -> None:
        if cls.left:
            cls.left -= 1
            if not cls.left:
                raise Killed(where)


def arm() -> None:
    """Kill points at every request to Stash and after every commit; models are loaded once."""
    ask, transaction, open_pack = StashClient._ask, store_module.transaction, app._open_pack
    engines: dict[str, Any] = {}

    def asking(self: StashClient, document: str, variables: Any, repeatable: bool) -> Any:
        name = " ".join(document.split())[:50]
        Kill.point(f"before {name}")
        reply = ask(self, document, variables, repeatable)
        Kill.point(f"after {name}")
        return reply

    @contextmanager
    def committing(db: sqlite3.Connection, path: Path) -> Iterator[None]:
        with transaction(db, path):
            yield
        Kill.point("after a commit")

    def opening(*given: Any) -> Any:
        if given[-1] not in engines:
            engines[given[-1]] = open_pack(*given)
            engines[given[-1]].close = lambda: None
        return engines[given[-1]]

    numbers = itertools.count(1)
    secrets.token_hex = lambda _: f"{next(numbers):012x}"  # ids of runs, so that a seed always deals the same
    StashClient._ask = asking  # type: ignore[method-assign]
    store_module.transaction = committing
    app._open_pack = opening


class Log:
    """What tasks say, kept."""

    class secrets:  # noqa: N801 - as StashLog has it
        clean = staticmethod(str)

    def __init__(self) -> None:
        self.lines: list[str] = []

    def mask(self, secret: str) -> None: ...
    def progress(self, fraction: float) -> None: ...
    def debug(self, message: str) -> None: ...
    def info(self, message: str) -> None:
        self.lines.append(message)

    warning = error = info


class Interleaving:
    def __init__(self, world: World, seed: int, kills: float, *, trace: bool = False) -> None:
        self.world, self.kills, self.trace = world, kills, trace
        self.dice = random.Random(seed)
        self.log, self.told = Log(), set[str]()
        self.steps: list[str] = []
        self.put: defaultdict[str, set[str]] = defaultdict(set)  # image -> performers that a person put there

    # doing ------------------------------------------------------------------------------------------------------------

    def call(self, mode: str, *, may_die: bool = True, **args: object) -> Any:
        """The answer, None when there is none: refused, or killed."""
        cookie = self.world.stash.sessions.plugin_cookie(Session("", []))
        host, port = self.world.stash.url.split("//")[1].split("/")[0].split(":")
        config = Path(self.world.stash.config_dir)
        connection = ServerConnection("http", host, int(port), cookie["Name"], cookie["Value"], config, ROOT)
        dies = may_die and self.dice.random() < self.kills
        Kill.left = self.dice.randint(1, self.dice.choice((6, 20, 60))) if dies else 0
        said = ""
        try:
            return app.run(Request(connection, json.loads(json.dumps({"mode": mode, **QUICK, **args}))), self.log)
        except (Killed, PluginError) as end:
            said = f"{type(end).__name__}: {end}"[:160]
        finally:
            Kill.left = 0
            self.steps.append(f"{mode} {args} {said}")
            if self.trace:
                print(self.steps[-1], flush=True)
        return None

    def tell(self, what: str) -> None:
        if what not in self.told:
            self.told.add(what)
            print(f"step {len(self.steps)}: {what}\n   after " + "\n         ".join(self.steps[-3:]), flush=True)

    def rows(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.world.data / "compreface.sqlite", timeout=60) as db:
            found = db.execute(query, given).fetchall()
        db.close()
        return found

    def step(self) -> None:
        kind = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if kind in TASKS:
            self.call(TASKS[kind], maxBatchSize=4)
        else:
            getattr(self, kind)()

    def one(self, query: str, *given: object) -> Any:
        """One of the values that a query finds; None of none."""
        found = sorted({row[0] for row in self.rows(query, *given)}, key=str)
        return self.dice.choice(found) if found else None

    def settings(self) -> None:
        self.world.stash.set_plugin_settings("compreface", self.dice.choice(SETTINGS))

    def plan(self) -> None:
        self.call("identifyImagesAll", maxBatchSize=4, plan="p")

    def use_plan(self) -> None:
        plans = self.call("plans", may_die=False)["plans"]
        if plans:
            self.call(self.dice.choice(("applyPlan", "deletePlan")), planId=plans[0]["planId"])

    def undo_run(self, **part: object) -> None:
        run = self.one("SELECT run_id FROM changes WHERE state = 'applied'")
        if run is not None:
            self.call("undoRun", runId=run, **{name: self.one(str(query), run) for name, query in part.items()})

    def undo_item(self) -> None:
        self.undo_run(imageId="SELECT item_id FROM changes WHERE run_id = ? AND kind = 'image'")

    def undo_performer(self) -> None:
        self.undo_run(performerId="SELECT value FROM changes WHERE run_id = ? AND field = 'performer_ids'")

    def _word(self, decision: str, query: str, **args: object) -> None:
        face = self.one(query)
        if face is not None:
            self.call("decide", faceId=face, decision=decision, **args)

    def accept(self) -> None:
        somebody = {"performerId": self.dice.choice(self.world.stash.ids("performer"))}
        self._word("accept", "SELECT face_id FROM verdicts", **(somebody if self.dice.random() < 0.4 else {}))

    def reject(self) -> None:
        self._word("reject", "SELECT face_id FROM verdicts")

    def ignore(self) -> None:
        self._word("ignore", "SELECT face_id FROM verdicts")

    def undo_word(self) -> None:
        self._word("undo", "SELECT face_id FROM decisions WHERE face_id IS NOT NULL")

    def create(self) -> None:
        face = self.one("SELECT face_id FROM verdicts WHERE verdict = 'unknown'")
        if face is not None:
            image = self.one("SELECT item_id FROM faces WHERE face_id = ?", face)
            self.call("createPerformerFromImage", imageId=image, faceId=face, name=f"Made {len(self.steps)}")

    def associate(self) -> None:
        image = self.dice.choice(self.world.stash.ids("image"))
        self.call("identifyImage", imageId=image, associateExisting=True, createPerformer=self.dice.random() < 0.3)

    def _groups(self) -> list[dict[str, Any]]:
        answer = self.call("clusters", refresh=True, minFaces=1)
        return [] if answer is None else list(answer["clusters"])

    def name(self) -> None:
        if groups := self._groups():
            group = self.dice.choice(groups)["id"]
            self.call("clusters", action="name", cluster=group, name=f"Named {len(self.steps)}")

    def split(self) -> None:
        if groups := [group for group in self._groups() if group["faces"] > 1]:
            group = self.dice.choice(groups)["id"]
            face = self.one("SELECT face_id FROM clusters WHERE cluster = ?", group)
            self.call("clusters", action="split", cluster=group, faceIds=[face])

    def merge_groups(self) -> None:
        groups = self._groups()
        if len(groups) > 1:
            self.call("clusters", action="merge", clusters=[group["id"] for group in self.dice.sample(groups, 2)])

    def merge_performers(self) -> None:
        keep, gone = self.dice.sample(self.world.stash.ids("performer"), 2)
        self.call("mergePerformers", performerId=keep, otherId=gone)

    def person(self) -> None:
        """A person puts one of the own performers on an image."""
        image = self.dice.choice(self.world.stash.ids("image"))
        who, held = self.dice.choice(list(self.world.performers.values())), self.world.performers_on(image)
        if who not in held:
            self.steps.append(f"a person puts {who} on {image}")
            self.world.stash.set_links("image", image, "performer", [*held, who])
            self.put[image].add(who)

    # looking ----------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        self.call("resetUnmatchedScenes", may_die=False)  # any task settles
        for change in self.rows("SELECT * FROM changes WHERE state IN ('planned', 'undoing')"):
            self.tell(f"open: {change}")
        names = "kind = 'image' AND field = 'performer_ids'"
        last = {
            (image, who): op
            for image, who, op in self.rows(
                f"SELECT item_id, value, op FROM changes WHERE {names} AND state = 'applied' ORDER BY change_id"
            )
        }
        proposed = set(self.rows(f"SELECT item_id, value FROM changes WHERE {names} AND state = 'proposed'"))
        accepted = self.rows(
            "SELECT CAST(f.item_id AS TEXT), v.performer_id FROM faces f JOIN verdicts v USING (face_id) JOIN items i"
            " ON i.kind = f.kind AND i.item_id = f.item_id AND i.scanned_at IS NOT NULL WHERE v.verdict = 'accept'"
        )
        held = {image: set(self.world.performers_on(image)) for image in self.world.stash.ids("image")}
        there = set(self.world.stash.ids("performer"))
        for image, people in held.items():
            for who in people - self.put[image]:
                if last.get((image, who)) != "add":
                    self.tell(f"image {image}: performer {who} is on it, and nobody put it there")
        for (image, who), op in last.items():
            if op == "add" and who in there - held[image]:
                self.tell(f"image {image}: performer {who} is not on it, and the journal says so")
        for image, who in accepted:
            if who not in held[image] and (image, who) not in proposed:
                self.tell(f"image {image}: performer {who} is accepted, and not on it")

    def unwind(self) -> None:
        self.world.stash.set_plugin_settings("compreface", {})
        done: set[str] = set()
        while runs := [run for (run,) in self.rows(_TO_UNDO) if run not in done]:
            done.add(runs[0])
            self.call("undoRun", may_die=False, runId=runs[0])
        self.check()
        for image in self.world.stash.ids("image"):
            left = set(self.world.performers_on(image))
            if left != self.put[image]:
                self.tell(f"image {image}: {left} are left on it; a person had put {self.put[image]} there")
        if lost := set(self.world.performers.values()) - set(self.world.stash.ids("performer")):
            self.tell(f"performers {lost} were the library's own, and are gone")
        if left_over := self.rows("SELECT count(*) FROM decisions")[0][0]:
            self.tell(f"{left_over} decisions are left")
        for (who,) in self.rows("SELECT s.performer_id FROM examples e JOIN subjects s USING (subject_id)"):
            if who not in set(self.world.stash.ids("performer")) - set(self.world.performers.values()):
                self.tell(f"an example of performer {who} is left")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--trace", action="store_true", help="every call as it ended")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--kills", type=float, default=0.3, help="share of calls that are killed")
    data = os.environ.get("COMPREFACE_TEST_DATA", ROOT / "../shared/data")
    parser.add_argument("--data", type=Path, default=Path(data), help="folder with faces/lfw")
    chosen = parser.parse_args()
    arm()
    photographs = ROOT / "demo-output" / "photographs"
    with tempfile.TemporaryDirectory() as folder, started(Path(folder), ROOT, photographs) as world:
        populate(world)
        fill(world, lfw(chosen.data, 3, 3, 1), "l")
        world.stash.set_plugin_settings("compreface", dict(SETTINGS[0]))
        what = Interleaving(world, chosen.seed, chosen.kills, trace=chosen.trace)
        for mode in ("synchronizePerformers", "identifyImagesNew"):
            what.call(mode, may_die=False)
        for _ in range(chosen.steps):
            what.step()
            what.check()
        what.unwind()
    print(f"seed {chosen.seed}: {len(what.steps)} calls, {len(what.told)} things that must not be")
    return 1 if what.told else 0


if __name__ == "__main__":
    sys.exit(main())
