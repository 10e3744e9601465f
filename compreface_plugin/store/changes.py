"""The journal: every change to Stash, written before it is made and marked when it is known to be made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Change, ChangeState, Kind, Op

if TYPE_CHECKING:
    import sqlite3

_OPEN = (ChangeState.PLANNED.value, ChangeState.UNDOING.value)
_CHANGE = "SELECT run_id, kind, item_id, field, op, value, state, change_id, note FROM changes"


def _change(row: tuple[Any, ...]) -> Change:
    return Change(row[0], Kind(row[1]), row[2], row[3], Op(row[4]), row[5], ChangeState(row[6]), row[7], row[8])


class Changes:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def plan(self, changes: Iterable[Change]) -> None:
        self._db.executemany(
            "INSERT INTO changes (run_id, kind, item_id, field, op, value, state, note) VALUES (?,?,?,?,?,?,?,?)",
            [(c.run_id, c.kind.value, c.item_id, c.field, c.op.value, c.value, c.state.value, c.note) for c in changes],
        )

    def open(self, run_id: str) -> list[Change]:
        """What a run planned, or is being undone of it, and is not known to be done; oldest first."""
        rows = self._db.execute(
            _CHANGE + " WHERE state IN (?, ?) AND run_id = ? ORDER BY change_id", (*_OPEN, run_id)
        )
        return [_change(row) for row in rows]

    def open_runs(self) -> list[str]:
        """The runs that have something open, those with the oldest changes first."""
        rows = self._db.execute(
            "SELECT run_id FROM changes WHERE state IN (?, ?) GROUP BY run_id ORDER BY min(change_id)", _OPEN
        )
        return [row[0] for row in rows]

    def applied(self, run_id: str, before: int | None = None, limit: int = -1) -> list[Change]:
        """What a run changed in Stash and was not taken back, newest first; a page: `limit` of them before an id."""
        rows = self._db.execute(
            _CHANGE + " WHERE run_id = ? AND state = ? AND (? IS NULL OR change_id < ?)"
            " ORDER BY change_id DESC LIMIT ?",
            (run_id, ChangeState.APPLIED.value, before, before, limit),
        )
        return [_change(row) for row in rows]

    def taken_back(self, run_id: str) -> list[Change]:
        """What a run changed in Stash and an undo reversed, oldest first; not what somebody had changed before."""
        rows = self._db.execute(
            _CHANGE + " WHERE run_id = ? AND state = ? AND note = '' ORDER BY change_id",
            (run_id, ChangeState.UNDONE.value),
        )
        return [_change(row) for row in rows]

    def created_by(self, run_id: str, kind: Kind) -> list[Change]:
        """What a run created of one kind and was not taken back."""
        rows = self._db.execute(
            _CHANGE + " WHERE run_id = ? AND kind = ? AND op = ? AND state = ? ORDER BY change_id",
            (run_id, kind.value, Op.CREATE.value, ChangeState.APPLIED.value),
        )
        return [_change(row) for row in rows]

    def mark(self, change_ids: Iterable[int], state: ChangeState, note: str = "") -> None:
        self._db.executemany(
            "UPDATE changes SET state = ?, note = ? WHERE change_id = ?",
            [(state.value, note, change_id) for change_id in change_ids],
        )

    def overtaken(self, change_ids: Iterable[int]) -> set[int]:
        """Those of the changes whose contrary the plugin has done since: what their list holds now is not theirs."""
        query = (
            "SELECT 1 FROM changes a JOIN changes r ON r.kind = a.kind AND r.item_id = a.item_id AND r.field = a.field"
            " AND r.value = a.value AND r.op <> a.op AND r.state = 'applied' AND r.change_id > a.change_id"
            " WHERE a.change_id = ?"
        )
        return {each for each in change_ids if self._db.execute(query, (each,)).fetchone() is not None}

    def forget_removals(self, change_ids: Iterable[int]) -> None:
        """Of additions that are taken back: later removals of the same, which have nothing to put back any more."""
        self._db.executemany(
            "UPDATE changes SET state = 'undone', note = 'what was removed was taken back' WHERE change_id IN"
            " (SELECT r.change_id FROM changes a JOIN changes r ON r.kind = a.kind AND r.item_id = a.item_id"
            " AND r.field = a.field AND r.value = a.value AND r.op = 'remove' AND r.state = 'applied'"
            " AND r.change_id > a.change_id WHERE a.change_id = ? AND a.op = 'add')",
            [(change_id,) for change_id in change_ids],
        )

    def hand_over(self, change_id: int, run_id: str) -> None:
        """What a run did is another run's from now on, and goes with that one."""
        self._db.execute("UPDATE changes SET run_id = ? WHERE change_id = ?", (run_id, change_id))

    def created(self, change_id: int, item_id: str) -> None:
        """A CREATE was made; `item_id` is the id that Stash gave."""
        self._db.execute(
            "UPDATE changes SET state = ?, item_id = ?, note = '' WHERE change_id = ?",
            (ChangeState.APPLIED.value, item_id, change_id),
        )

    def counts(self, run_id: str) -> dict[str, int]:
        """Changes of a run by state."""
        rows = self._db.execute("SELECT state, count(*) FROM changes WHERE run_id = ? GROUP BY state", (run_id,))
        return {row[0]: row[1] for row in rows}

    def undoable(self, run_id: str) -> bool:
        """Whether something the run did still stands: a change in Stash, somebody enrolled, a person's word."""
        row = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM changes WHERE run_id = :run AND state = :applied)"
            " OR EXISTS (SELECT 1 FROM examples WHERE created_run = :run)"
            " OR EXISTS (SELECT 1 FROM decisions WHERE run_id = :run)",
            {"run": run_id, "applied": ChangeState.APPLIED.value},
        ).fetchone()
        return bool(row[0])

    def undoable_run(self) -> str | None:
        """The newest task that changed Stash or enrolled somebody, and was not taken back.

        A person's single decisions are taken back one by one, or by their run id, never by the way.
        """
        row = self._db.execute(
            "SELECT run_id FROM runs r WHERE mode <> 'decide' AND"
            " (EXISTS (SELECT 1 FROM changes c WHERE c.run_id = r.run_id AND c.state = ?)"
            " OR EXISTS (SELECT 1 FROM examples e WHERE e.created_run = r.run_id))"
            " ORDER BY started_at DESC, rowid DESC LIMIT 1",
            (ChangeState.APPLIED.value,),
        ).fetchone()
        return str(row[0]) if row else None
