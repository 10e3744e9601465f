"""Where a performer was recognised: faces with the verdict accept that name her."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_HERS = (
    " FROM verdicts v JOIN faces f USING (face_id) WHERE v.performer_id = :who AND v.model_id = :model"
    " AND v.verdict = 'accept'"
)


class Recognised:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def items(self, performer_id: str, model_id: str) -> dict[str, int]:
        """How many items she was recognised on, by kind; kinds without one are absent."""
        rows = self._db.execute(
            f"SELECT f.kind, count(DISTINCT f.item_id){_HERS} GROUP BY f.kind", _given(performer_id, model_id)
        )
        return {str(row[0]): int(row[1]) for row in rows}

    def page(self, performer_id: str, model_id: str, limit: int, offset: int) -> tuple[int, list[int]]:
        """(faces in all, ids of a page of them), those of best quality first."""
        given = _given(performer_id, model_id)
        total = self._db.execute(f"SELECT count(*){_HERS}", given).fetchone()[0]
        rows = self._db.execute(
            f"SELECT f.face_id{_HERS} ORDER BY f.quality DESC, f.face_id LIMIT :limit OFFSET :offset",
            {**given, "limit": limit, "offset": offset},
        )
        return int(total), [int(row[0]) for row in rows]


def _given(performer_id: str, model_id: str) -> dict[str, str | int]:
    return {"who": performer_id, "model": model_id}
