"""Errands: tasks that a page started under a name of its own, and how each of them ended.

Stash's queue says of a plugin's task neither that it failed nor that it goes on as another job. Both stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

KEPT = 200  # the newest; a page asks within seconds, or after it was left open for some other tasks


@dataclass(frozen=True, slots=True)
class Errand:
    """`job_id`: the job of Stash that goes on with it, "" while it is the first one. `run_id` "": no run began."""

    state: str  # working, waiting, finished, cancelled or failed; working stays when the process is killed
    message: str
    job_id: str
    run_id: str


class Errands:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def begin(self, name: str, now: float) -> None:
        """A process begins, or goes on, with it. Older ones beyond the newest `KEPT` are forgotten."""
        self._set(name, now, "working", "")
        self._db.execute(
            "DELETE FROM errands WHERE at < (SELECT at FROM errands ORDER BY at DESC LIMIT 1 OFFSET ?)", (KEPT,)
        )

    def end(self, name: str, now: float, state: str, message: str) -> None:
        """Also of one that never began: it was refused at the door."""
        self._set(name, now, state, message)

    def bind(self, name: str, *, run_id: str | None = None, job_id: str | None = None) -> None:
        """Names the run that does it, or the job that goes on with it. Nothing for a name that never began."""
        self._db.execute(
            "UPDATE errands SET run_id = coalesce(?, run_id), job_id = coalesce(?, job_id) WHERE name = ?",
            (run_id, job_id, name),
        )

    def get(self, name: str) -> Errand | None:
        row = self._db.execute(
            "SELECT state, message, job_id, run_id FROM errands WHERE name = ?", (name,)
        ).fetchone()
        return Errand(*row) if row else None

    def _set(self, name: str, now: float, state: str, message: str) -> None:
        self._db.execute(
            "INSERT INTO errands (name, at, state, message) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET at = excluded.at, state = excluded.state, message = excluded.message",
            (name, now, state, message),
        )
