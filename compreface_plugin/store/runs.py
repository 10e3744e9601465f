"""Runs: one row each, from the first start to the end, over any number of kills and restarts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import RESUMABLE, Run, RunState
from compreface_plugin.domain.worked import Spent

if TYPE_CHECKING:
    import sqlite3

    from compreface_plugin.domain.worked import Steps

_RUN = (
    "SELECT run_id, mode, args, state, started_at, ended_at, active_seconds, cursor, total, counts, engine, model_id,"
    " message, reasons, steps FROM runs"
)


def _run(row: tuple[Any, ...]) -> Run:
    run_id, mode, args, state, started, ended, active, cursor, total, counts, engine, model_id, message, *more = row
    reasons, steps = map(json.loads, more)
    return Run(
        run_id,
        mode,
        json.loads(args),
        RunState(state),
        started,
        ended,
        active,
        cursor,
        total,
        json.loads(counts),
        engine,
        model_id,
        message,
        reasons,
        {name: Spent(*spent) for name, spent in steps.items()},
    )


def _args_text(args: Mapping[str, object]) -> str:
    return json.dumps(dict(args), sort_keys=True)


class Runs:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def begin(self, run_id: str, mode: str, args: Mapping[str, object], now: float, owner: int = 0) -> Run:
        """`owner`: the process that works on it."""
        self._db.execute(
            "INSERT INTO runs (run_id, mode, args, state, started_at, owner) VALUES (?, ?, ?, ?, ?, ?)",
            (run_id, mode, _args_text(args), RunState.RUNNING.value, now, owner),
        )
        run = self.get(run_id)
        assert run is not None  # noqa: S101 - inserted one line above
        return run

    def get(self, run_id: str) -> Run | None:
        row = self._db.execute(_RUN + " WHERE run_id = ?", (run_id,)).fetchone()
        return _run(row) if row else None

    def latest_of(self, mode: str, args: Mapping[str, object]) -> Run | None:
        """The newest run of the same mode and arguments."""
        row = self._db.execute(
            _RUN + " WHERE mode = ? AND args = ? ORDER BY started_at DESC, rowid DESC LIMIT 1",
            (mode, _args_text(args)),
        ).fetchone()
        return _run(row) if row else None

    def resumable(self, mode: str, args: Mapping[str, object]) -> Run | None:
        """The newest run of the same mode and arguments, if it did not come to its end."""
        run = self.latest_of(mode, args)
        return run if run is not None and run.state in RESUMABLE else None

    def latest(self, limit: int, offset: int = 0, but_not: str = "") -> list[Run]:
        """Newest first; without those of the mode `but_not`."""
        rows = self._db.execute(
            _RUN + " WHERE mode <> ? ORDER BY started_at DESC, rowid DESC LIMIT ? OFFSET ?", (but_not, limit, offset)
        )
        return [_run(row) for row in rows]

    def count(self, but_not: str = "") -> int:
        return int(self._db.execute("SELECT count(*) FROM runs WHERE mode <> ?", (but_not,)).fetchone()[0])

    def resume(self, run_id: str, owner: int) -> None:
        self._db.execute(
            "UPDATE runs SET state = ?, ended_at = NULL, message = '', owner = ? WHERE run_id = ?",
            (RunState.RUNNING.value, owner, run_id),
        )

    def owner(self, run_id: str) -> int:
        """The process that works, or worked, on it; 0 for none."""
        row = self._db.execute("SELECT owner FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return int(row[0]) if row else 0

    def take(self, run_id: str, owner: int, before: int) -> bool:
        """Makes it another process's; False when it is no longer that of the process `before`."""
        query = "UPDATE runs SET owner = ? WHERE run_id = ? AND owner = ?"
        return self._db.execute(query, (owner, run_id, before)).rowcount == 1

    def pin_engine(self, run_id: str, engine: str, model_id: str) -> None:
        self._db.execute("UPDATE runs SET engine = ?, model_id = ? WHERE run_id = ?", (engine, model_id, run_id))

    def set_total(self, run_id: str, total: int) -> None:
        self._db.execute("UPDATE runs SET total = ? WHERE run_id = ?", (total, run_id))

    def advance(
        self,
        run_id: str,
        *,
        cursor: int,
        counts: Mapping[str, int],
        reasons: Mapping[str, int],
        seconds: float,
        steps: Steps,
    ) -> None:
        """Moves the cursor, replaces what was counted and measured so far, and adds `seconds` to the time worked: part
        of the batch's transaction."""
        spent = {name: [round(each.seconds, 4), each.things] for name, each in steps.items()}
        self._db.execute(
            "UPDATE runs SET cursor = ?, counts = ?, reasons = ?, steps = ?, active_seconds = active_seconds + ?"
            " WHERE run_id = ?",
            (cursor, json.dumps(dict(counts)), json.dumps(dict(reasons)), json.dumps(spent), seconds, run_id),
        )

    def end(self, run_id: str, state: RunState, now: float, message: str = "") -> None:
        self._db.execute(
            "UPDATE runs SET state = ?, ended_at = ?, message = ? WHERE run_id = ?",
            (state.value, now, message, run_id),
        )

    def cohort(self, run_id: str) -> bytes | None:
        """The frozen cohort: None when none was decided on yet, b'' when the run goes without."""
        row = self._db.execute("SELECT cohort FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return None if row is None or row[0] is None else bytes(row[0])

    def set_cohort(self, run_id: str, cohort: bytes) -> None:
        self._db.execute("UPDATE runs SET cohort = ? WHERE run_id = ?", (cohort, run_id))
