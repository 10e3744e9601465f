"""Which examples stand on a CompreFace server, which are still to go there, and which are to be removed there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class Pending:
    """An example that the server does not have yet."""

    example_id: int
    subject: str
    crop: bytes


@dataclass(frozen=True, slots=True)
class Removal:
    """An example that went here and still stands on the server."""

    image_id: str
    subject: str


class Remote:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def pending(self, after: int, limit: int) -> list[Pending]:
        """Examples of linked subjects, in order of id, beginning after `after`."""
        rows = self._db.execute(
            "SELECT e.example_id, s.name, e.crop FROM examples e JOIN subjects s USING (subject_id)"
            " WHERE e.example_id > ? AND s.performer_id IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM remote_examples r WHERE r.example_id = e.example_id) ORDER BY e.example_id LIMIT ?",
            (after, limit),
        )
        return [Pending(*row) for row in rows]

    def stands_as(self, example_id: int, image_id: str) -> None:
        """The server has the example under this id."""
        self._db.execute(
            "INSERT OR REPLACE INTO remote_examples (example_id, image_id) VALUES (?, ?)", (example_id, image_id)
        )

    def known(self, image_ids: Iterable[str]) -> set[str]:
        """Those of the server's ids that belong to an example here, or are to be removed."""
        found: set[str] = set()
        for image_id in image_ids:
            row = self._db.execute(
                "SELECT 1 FROM remote_examples WHERE image_id = :id UNION ALL"
                " SELECT 1 FROM remote_removals WHERE image_id = :id",
                {"id": image_id},
            ).fetchone()
            if row:
                found.add(image_id)
        return found

    def removals(self) -> list[Removal]:
        return [Removal(*row) for row in self._db.execute("SELECT image_id, subject FROM remote_removals ORDER BY 1")]

    def removed(self, image_id: str) -> None:
        self._db.execute("DELETE FROM remote_removals WHERE image_id = ?", (image_id,))

    def forget_all(self) -> None:
        """The server is another one, or no longer in use: nothing here stands on it."""
        self._db.execute("DELETE FROM remote_examples")
        self._db.execute("DELETE FROM remote_removals")
