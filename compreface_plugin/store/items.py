"""What is known about items: scanned or not, failures, and with which model they were looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import ItemState, Kind, Look

if TYPE_CHECKING:
    import sqlite3

_STATE = (
    "SELECT kind, item_id, scanned_at, matched, run_id, scanned_tag_id, attempts, error_code, error, fingerprint"
    " FROM items"
)
_FAILED = " WHERE attempts > 0 AND (:run = '' OR run_id = :run)"
_CHUNK = 500  # SQLite's oldest limit on bound values is 999


def _chunks(values: Sequence[int]) -> Iterable[Sequence[int]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _marks(values: Sequence[int]) -> str:
    return ",".join("?" * len(values))


class Items:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def states(self, kind: Kind, item_ids: Sequence[int]) -> dict[int, ItemState]:
        """The known among the asked-for items."""
        found: dict[int, ItemState] = {}
        for part in _chunks(item_ids):
            rows = self._db.execute(
                f"{_STATE} WHERE kind = ? AND item_id IN ({_marks(part)})",
                (kind.value, *part),
            )
            found.update((row[1], self._state(row)) for row in rows)
        return found

    @staticmethod
    def _state(row: tuple[object, ...]) -> ItemState:
        return ItemState(Kind(row[0]), row[1], row[2], bool(row[3]), *row[4:])  # type: ignore[arg-type]

    def mark_scanned(
        self,
        kind: Kind,
        item_id: int,
        *,
        matched: bool,
        run_id: str,
        tag_id: str | None,
        fingerprint: str,
        now: float,
    ) -> None:
        """The item was looked at and settled; earlier failures are forgotten.

        A scanned item stays the run's that scanned it first, so that undoing a later one does not forget the scan.
        """
        self._db.execute(
            "INSERT INTO items (kind, item_id, scanned_at, matched, run_id, scanned_tag_id, fingerprint)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, item_id) DO UPDATE SET scanned_at = excluded.scanned_at,"
            " matched = excluded.matched, scanned_tag_id = excluded.scanned_tag_id,"
            " run_id = CASE WHEN items.scanned_at IS NULL THEN excluded.run_id ELSE items.run_id END,"
            " fingerprint = excluded.fingerprint, attempts = 0, error_code = '', error = ''",
            (kind.value, item_id, now, int(matched), run_id, tag_id, fingerprint),
        )

    def mark_failed(self, kind: Kind, item_id: int, *, code: str, message: str, run_id: str, fingerprint: str) -> None:
        """One more failure of the item; the count begins anew when its file changed."""
        self._db.execute(
            "INSERT INTO items (kind, item_id, run_id, attempts, error_code, error, fingerprint)"
            " VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT (kind, item_id) DO UPDATE SET run_id = excluded.run_id,"
            " attempts = CASE WHEN items.fingerprint = excluded.fingerprint THEN items.attempts + 1 ELSE 1 END,"
            " error_code = excluded.error_code, error = excluded.error, fingerprint = excluded.fingerprint,"
            " scanned_at = NULL",
            (kind.value, item_id, run_id, code, message, fingerprint),
        )

    def forget_scans(self, kind: Kind, item_ids: Sequence[int]) -> None:
        """The items count as not scanned: the next run looks at them again. Their faces and looks stay."""
        for part in _chunks(item_ids):
            self._db.execute(
                f"UPDATE items SET scanned_at = NULL, matched = 0, scanned_tag_id = NULL, attempts = 0"  # noqa: S608
                f" WHERE kind = ? AND item_id IN ({_marks(part)})",
                (kind.value, *part),
            )

    def forget_scans_of(self, taken_off: Iterable[tuple[Kind, int, str]]) -> None:
        """The same for items on which a performer (third) was taken off while a face of them is accepted as it."""
        self._db.executemany(
            "UPDATE items SET scanned_at = NULL, matched = 0, scanned_tag_id = NULL, attempts = 0"
            " WHERE kind = ?1 AND item_id = ?2 AND EXISTS (SELECT 1 FROM faces f JOIN verdicts v ON v.face_id ="
            " f.face_id WHERE f.kind = ?1 AND f.item_id = ?2 AND v.verdict = 'accept' AND v.performer_id = ?3)",
            [(kind.value, item_id, performer_id) for kind, item_id, performer_id in taken_off],
        )

    def refresh_matched(self, items: Iterable[tuple[Kind, int]]) -> None:
        """Scanned items count as matched while a performer is accepted for one of their faces."""
        self._db.executemany(
            "UPDATE items SET matched = EXISTS (SELECT 1 FROM faces f JOIN verdicts v ON v.face_id = f.face_id"
            " WHERE f.kind = items.kind AND f.item_id = items.item_id AND v.verdict = 'accept')"
            " WHERE kind = ? AND item_id = ? AND scanned_at IS NOT NULL",
            [(kind.value, item_id) for kind, item_id in items],
        )

    def scanned_by(self, run_id: str) -> list[tuple[Kind, int]]:
        """Items whose last scan, or failure, was this run's."""
        rows = self._db.execute("SELECT kind, item_id FROM items WHERE run_id = ? ORDER BY kind, item_id", (run_id,))
        return [(Kind(row[0]), int(row[1])) for row in rows]

    def unmatched(self, kind: Kind, after: int, limit: int) -> list[int]:
        """Scanned items without a match, in order of id, beginning after `after`."""
        rows = self._db.execute(
            "SELECT item_id FROM items WHERE kind = ? AND item_id > ? AND scanned_at IS NOT NULL AND matched = 0"
            " ORDER BY item_id LIMIT ?",
            (kind.value, after, limit),
        )
        return [int(row[0]) for row in rows]

    def count_unmatched(self, kind: Kind) -> int:
        row = self._db.execute(
            "SELECT count(*) FROM items WHERE kind = ? AND scanned_at IS NOT NULL AND matched = 0",
            (kind.value,),
        ).fetchone()
        return int(row[0])

    def failed(self, kind: Kind, after: int, limit: int, but_not: str) -> list[int]:
        """Items that failed last time, in order of id, beginning after `after`; not those that failed in the run
        `but_not`."""
        rows = self._db.execute(
            "SELECT item_id FROM items WHERE kind = ? AND item_id > ? AND attempts > 0 AND run_id IS NOT ?"
            " ORDER BY item_id LIMIT ?",
            (kind.value, after, but_not, limit),
        )
        return [int(row[0]) for row in rows]

    def count_failed(self, kind: Kind) -> int:
        row = self._db.execute("SELECT count(*) FROM items WHERE kind = ? AND attempts > 0", (kind.value,)).fetchone()
        return int(row[0])

    def forget(self, kind: Kind, item_ids: Sequence[int]) -> None:
        """Items that Stash no longer has."""
        for part in _chunks(item_ids):
            self._db.execute(
                f"DELETE FROM items WHERE kind = ? AND item_id IN ({_marks(part)})",  # noqa: S608
                (kind.value, *part),
            )

    def failures(self, limit: int = 100, offset: int = 0, run_id: str = "") -> list[ItemState]:
        """Items that failed last time: of all runs, or in one."""
        rows = self._db.execute(
            _STATE + _FAILED + " ORDER BY kind, item_id LIMIT :limit OFFSET :offset",
            {"run": run_id, "limit": limit, "offset": offset},
        )
        return [self._state(row) for row in rows]

    def count_failures(self, run_id: str = "") -> int:
        query = "SELECT count(*) FROM items" + _FAILED  # noqa: S608
        row = self._db.execute(query, {"run": run_id}).fetchone()
        return int(row[0])

    # looks ------------------------------------------------------------------------------------------------------

    def looks(self, kind: Kind, item_ids: Sequence[int], model_id: str) -> dict[int, Look]:
        found: dict[int, Look] = {}
        for part in _chunks(item_ids):
            rows = self._db.execute(
                "SELECT item_id, fingerprint, min_face_px, faces FROM looks"  # noqa: S608
                f" WHERE kind = ? AND model_id = ? AND item_id IN ({_marks(part)})",
                (kind.value, model_id, *part),
            )
            found.update((row[0], Look(*row)) for row in rows)
        return found

    def save_look(self, kind: Kind, look: Look, model_id: str, now: float) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO looks (kind, item_id, model_id, fingerprint, min_face_px, faces, looked_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (kind.value, look.item_id, model_id, look.fingerprint, look.min_face_px, look.faces, now),
        )
