"""Markers we made in Stash: which one stands for which appearance, and as what it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class MadeMarker:
    """`value`: of the change that made it (domain/markers.py)."""

    marker_id: str
    scene_id: str
    value: str
    title: str


class Markers:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, made: Iterable[MadeMarker]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO markers (marker_id, scene_id, value, title) VALUES (?, ?, ?, ?)",
            [(one.marker_id, one.scene_id, one.value, one.title) for one in made],
        )

    def of_scene(self, scene_id: str) -> list[MadeMarker]:
        """By id of the marker; those that somebody removed in Stash are among them."""
        rows = self._db.execute(
            "SELECT marker_id, scene_id, value, title FROM markers WHERE scene_id = ?"
            " ORDER BY CAST(marker_id AS INTEGER)",
            (scene_id,),
        )
        return [MadeMarker(*row) for row in rows]

    def forget(self, marker_ids: Iterable[str]) -> None:
        self._db.executemany("DELETE FROM markers WHERE marker_id = ?", [(each,) for each in marker_ids])
