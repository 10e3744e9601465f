"""Faces that wait for a person: which, how many, and what else is known of the one they may be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Kind
from compreface_plugin.store.vectors import from_blob

if TYPE_CHECKING:
    import sqlite3

    from compreface_plugin.domain.faces import Float32

# a face to review; or an accepted one whose name stands in a plan that nobody applied. That is looked up from the few
# changes that are proposed: from the accepted faces it would read all changes about their performers for each of them
_WAITING = (
    " FROM verdicts v JOIN faces f USING (face_id) WHERE v.model_id = :model AND (v.verdict = 'review' OR v.face_id IN"
    " (SELECT n.face_id FROM changes c CROSS JOIN faces i ON i.kind = c.kind AND i.item_id = CAST(c.item_id AS INTEGER)"
    " JOIN verdicts n ON n.face_id = i.face_id AND n.verdict = 'accept' AND n.performer_id = c.value"
    " WHERE c.state = 'proposed' AND c.field = 'performer_ids' AND c.op = 'add'))"
)
_ORDERS = {
    "item": "f.kind, f.item_id, f.face_id",
    # whoever waits most often first, her most similar faces first
    "person": "count(*) OVER (PARTITION BY v.performer_id) DESC, v.performer_id, v.similarity DESC, f.face_id",
}
ORDERS = tuple(_ORDERS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the faces that wait; None: all."""

    performer_id: str | None = None  # the best candidate
    kind: Kind | None = None
    item_ids: Sequence[int] | None = None
    face_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face that a performer was found in."""

    face_id: int
    kind: Kind
    item_id: int
    verdict: str
    similarity: float


class Proposals:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def page(
        self, model_id: str, order: str = "item", wanted: Wanted = Wanted(), limit: int = 20, offset: int = 0
    ) -> tuple[int, list[int]]:
        """(how many of the wanted wait in all, face ids of the page). `order` is one of ORDERS."""
        where, given = _WAITING, dict[str, object]({"model": model_id, "limit": limit, "offset": offset})
        if wanted.performer_id is not None:
            where += " AND v.performer_id = :who"
            given["who"] = wanted.performer_id
        if wanted.kind is not None:
            where += " AND f.kind = :kind"
            given["kind"] = wanted.kind.value
        for column, ids in (("item_id", wanted.item_ids), ("face_id", wanted.face_ids)):
            if ids is not None:
                where += f" AND f.{column} IN (SELECT value FROM json_each(:{column}))"  # noqa: S608
                given[column] = json.dumps(list(ids))
        total = self._db.execute("SELECT count(*)" + where, given).fetchone()[0]
        rows = self._db.execute(
            f"SELECT f.face_id{where} ORDER BY {_ORDERS[order]} LIMIT :limit OFFSET :offset",
            given,
        )
        return int(total), [int(row[0]) for row in rows]

    def sightings(self, performer_id: str, model_id: str, limit: int) -> list[Sighting]:
        """Items on which the performer was accepted or proposed, accepted and surest first, each once."""
        rows = self._db.execute(
            "SELECT f.face_id, f.kind, f.item_id, v.verdict, max(v.similarity) FROM verdicts v JOIN faces f"
            " USING (face_id) WHERE v.performer_id = ? AND v.model_id = ? AND v.verdict IN ('accept', 'review')"
            " GROUP BY f.kind, f.item_id ORDER BY v.verdict, max(v.similarity) DESC, f.kind, f.item_id LIMIT ?",
            (performer_id, model_id, limit),
        )
        return [Sighting(row[0], Kind(row[1]), row[2], row[3], row[4] or 0.0) for row in rows]

    def undecided(self, model_id: str, performer_id: str | None) -> Iterator[tuple[Kind, int, Float32]]:
        """(kind, item id, embedding) of faces that wait as this performer; None: of all that wait or are unknown."""
        rows = self._db.execute(
            "SELECT f.kind, f.item_id, e.embedding FROM verdicts v JOIN faces f USING (face_id)"  # noqa: S608
            " JOIN face_embeddings e ON e.face_id = f.face_id AND e.model_id = v.model_id WHERE v.model_id = :model"
            " AND ((:who IS NULL AND v.verdict = 'unknown') OR ((:who IS NULL OR v.performer_id = :who)"
            f" AND f.face_id IN (SELECT f.face_id{_WAITING})))",
            {"model": model_id, "who": performer_id},
        )
        for row in rows:
            yield Kind(row[0]), int(row[1]), from_blob(row[2])

    def waiting(self, model_id: str) -> dict[str, int]:
        """How many faces wait, by performer id."""
        rows = self._db.execute(
            "SELECT v.performer_id, count(*)" + _WAITING + " GROUP BY v.performer_id", {"model": model_id}
        )
        return {str(row[0]): int(row[1]) for row in rows}


