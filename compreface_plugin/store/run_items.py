"""The items a run was given by name, in the order of the list, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Kind, Listed, ListedState

if TYPE_CHECKING:
    import sqlite3

_LISTED = "SELECT kind, item_id, times, state, reason, cursor, failed FROM run_items"


def _listed(row: tuple[str, int, int, str, str, int, int]) -> Listed:
    kind, item_id, times, state, reason, cursor, failed = row
    return Listed(Kind(kind), item_id, times, ListedState(state), reason, cursor, failed)


class RunItems:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def begin(self, run_id: str, times: Mapping[tuple[Kind, int], int]) -> None:
        """All of them wait. `times`: how often the list names each; nothing happens where the run has its list."""
        self._db.executemany(
            "INSERT OR IGNORE INTO run_items (run_id, place, kind, item_id, times, state) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (run_id, place, kind.value, item_id, count, ListedState.WAITING.value)
                for place, ((kind, item_id), count) in enumerate(times.items())
            ],
        )

    def waiting(self, run_id: str, kind: Kind) -> list[Listed]:
        """Those that nobody looked at to the end, in the order of the list."""
        rows = self._db.execute(
            _LISTED + " WHERE run_id = ? AND state = ? AND kind = ? ORDER BY place",
            (run_id, ListedState.WAITING.value, kind.value),
        )
        return [_listed(row) for row in rows]

    def page(self, run_id: str, limit: int, offset: int = 0) -> list[Listed]:
        rows = self._db.execute(
            _LISTED + " WHERE run_id = ? ORDER BY place LIMIT ? OFFSET ?", (run_id, limit, offset)
        )
        return [_listed(row) for row in rows]

    def failed(self, run_id: str, gallery_id: int) -> int:
        """How many images of a gallery could not be looked at."""
        row = self._db.execute(
            "SELECT failed FROM run_items WHERE run_id = ? AND kind = ? AND item_id = ?",
            (run_id, Kind.GALLERY.value, gallery_id),
        ).fetchone()
        return int(row[0])

    def counts(self, run_id: str) -> dict[str, int]:
        """How many there are in each state; empty for a run without a list."""
        rows = self._db.execute("SELECT state, count(*) FROM run_items WHERE run_id = ? GROUP BY state", (run_id,))
        return dict(rows.fetchall())

    def settle(self, run_id: str, kind: Kind, item_id: int, state: ListedState, reason: str = "") -> None:
        """What came of an item. Those that are not in the list are passed over."""
        self._db.execute(
            "UPDATE run_items SET state = ?, reason = ? WHERE run_id = ? AND kind = ? AND item_id = ?",
            (state.value, reason, run_id, kind.value, item_id),
        )

    def advance(self, run_id: str, gallery_id: int, image_id: int, *, failed: bool) -> None:
        """The images of a gallery up to this one were looked at."""
        self._db.execute(
            "UPDATE run_items SET cursor = ?, failed = failed + ? WHERE run_id = ? AND kind = ? AND item_id = ?",
            (image_id, int(failed), run_id, Kind.GALLERY.value, gallery_id),
        )
