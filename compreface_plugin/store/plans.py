"""Plans: changes that runs propose and nobody applied yet, and whose additions stand in Stash."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import Change, ChangeState, Kind, Op

if TYPE_CHECKING:
    import sqlite3

_CHANGE = "SELECT run_id, kind, item_id, field, op, value, state, change_id, note FROM changes"
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A run with changes that wait."""

    run_id: str
    items: int  # that would change
    changes: int


def _change(row: tuple[Any, ...]) -> Change:
    return Change(row[0], Kind(row[1]), row[2], row[3], Op(row[4]), row[5], ChangeState(row[6]), row[7], row[8])


class Plans:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def all(self) -> list[PlanRow]:
        """Newest first."""
        rows = self._db.execute(
            "SELECT c.run_id, count(DISTINCT c.kind || c.item_id), count(*) FROM changes c JOIN runs r USING (run_id)"
            " WHERE c.state = 'proposed' GROUP BY c.run_id ORDER BY r.started_at DESC, r.rowid DESC"
        )
        return [PlanRow(*row) for row in rows]

    def items(self, run_id: str, limit: int, offset: int) -> tuple[int, list[tuple[Kind, str]]]:
        """(items that would change in all, a page of them by kind and id)."""
        of_plan = " FROM changes WHERE run_id = ? AND state = 'proposed'"
        total = self._db.execute("SELECT count(DISTINCT kind || item_id)" + of_plan, (run_id,)).fetchone()[0]
        rows = self._db.execute(
            "SELECT DISTINCT kind, item_id" + of_plan + " ORDER BY kind, CAST(item_id AS INTEGER) LIMIT ? OFFSET ?",
            (run_id, limit, offset),
        )
        return int(total), [(Kind(row[0]), str(row[1])) for row in rows]

    def proposed(self, run_id: str) -> list[Change]:
        """What a plan would change, oldest first."""
        return self._where("run_id = ? AND state = 'proposed'", (run_id,))

    def proposed_on(self, kind: Kind, item_id: str) -> list[Change]:
        """What any plan would change on one item."""
        return self._where("kind = ? AND item_id = ? AND state = 'proposed'", (kind.value, item_id))

    def decided_by(self, run_id: str) -> list[Change]:
        """What was part of a plan until this run of decisions settled it."""
        return self._where("state = 'decided' AND note = ?", (run_id,))

    def _where(self, condition: str, given: Sequence[object]) -> list[Change]:
        return [_change(row) for row in self._db.execute(f"{_CHANGE} WHERE {condition} ORDER BY change_id", given)]

    def make_ready(self, changes: Iterable[Change]) -> None:
        """The plan's changes, with what they are to hold, become changes to be made."""
        self._db.executemany(
            "UPDATE changes SET state = 'planned', value = ? WHERE change_id = ? AND state = 'proposed'",
            [(change.value, change.change_id) for change in changes],
        )

    def drop(self, run_id: str) -> int:
        """Forgets what a plan would still change. Returns how many changes that were."""
        return self._db.execute("DELETE FROM changes WHERE run_id = ? AND state = 'proposed'", (run_id,)).rowcount

    def untouched(self, run_id: str) -> list[tuple[Kind, int]]:
        """Items that the run would change, and on which nothing of it was applied or decided."""
        rows = self._db.execute(
            "SELECT kind, item_id FROM changes WHERE run_id = ? AND state IN ('proposed', 'applied', 'decided')"
            " GROUP BY kind, item_id HAVING count(*) = sum(state = 'proposed') ORDER BY kind, CAST(item_id AS INTEGER)",
            (run_id,),
        )
        return [(Kind(row[0]), int(row[1])) for row in rows]

    def remember_tag(self, run_id: str, tag_id: str, items: Iterable[tuple[Kind, int]]) -> None:
        """The scanned tag came onto items late: from now on taking it off means "look again"."""
        self._db.executemany(
            "UPDATE items SET scanned_tag_id = ? WHERE kind = ? AND item_id = ? AND run_id = ?",
            [(tag_id, kind.value, item_id, run_id) for kind, item_id in items],
        )

    # whose additions stand ----------------------------------------------------------------------------------------

    def ours(self, kind: Kind, item_ids: Sequence[str], field: str) -> set[tuple[str, str]]:
        """(item id, value) of what the plugin was the last to add, as far as its journal knows."""
        last: dict[tuple[str, str], str] = {}
        for start in range(0, len(item_ids), _CHUNK):
            part = item_ids[start : start + _CHUNK]
            rows = self._db.execute(
                "SELECT item_id, value, op FROM changes WHERE kind = ? AND field = ? AND state = 'applied'"  # noqa: S608
                f" AND item_id IN ({','.join('?' * len(part))}) ORDER BY change_id",
                (kind.value, field, *part),
            )
            last.update(((str(row[0]), str(row[1])), str(row[2])) for row in rows)
        return {key for key, op in last.items() if op == Op.ADD.value}
