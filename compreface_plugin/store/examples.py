"""The examples of one person with where they came from: what learning adds to, and a person looks through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.store.vectors import from_blob

if TYPE_CHECKING:
    import sqlite3

    from compreface_plugin.domain.faces import Float32

OWN_PICTURE, FACE, IMPORTED = "performer", "face", "import"  # origins; and "compreface", of a collection there


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """`origin_id`: performer id of an own picture, face id of a face. `embedding` None: the model has not seen it."""

    example_id: int
    subject_id: int
    origin: str
    origin_id: str
    quality: float
    created_run: str
    created_at: float
    embedding: Float32 | None

    @property
    def face_id(self) -> int | None:
        return int(self.origin_id) if self.origin == FACE else None


class PersonExamples:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def of_performer(self, performer_id: str, model_id: str) -> list[Example]:
        """In order of id, of all subjects of the performer."""
        rows = self._db.execute(
            "SELECT e.example_id, e.subject_id, e.origin, e.origin_id, e.quality, e.created_run, e.created_at,"
            " v.embedding FROM examples e JOIN subjects s USING (subject_id)"
            " LEFT JOIN example_embeddings v ON v.example_id = e.example_id AND v.model_id = ?"
            " WHERE s.performer_id = ? ORDER BY e.example_id",
            (model_id, performer_id),
        )
        return [
            Example(example, subject, origin, whose, quality, run, at, None if blob is None else from_blob(blob))
            for example, subject, origin, whose, quality, run, at, blob in rows
        ]

    def crop_to_show(self, performer_id: str) -> bytes | None:
        """One picture that stands for the performer: the own one, else the best."""
        row = self._db.execute(
            "SELECT e.crop FROM examples e JOIN subjects s USING (subject_id) WHERE s.performer_id = ?"
            " ORDER BY e.origin = ? DESC, e.quality DESC, e.example_id LIMIT 1",
            (performer_id, OWN_PICTURE),
        ).fetchone()
        return bytes(row[0]) if row else None

    def state(self, model_id: str) -> tuple[int, str]:
        """How many examples of performers the model has seen, and a text that changes when these do."""
        row = self._db.execute(
            "SELECT count(*), total(example_id), total(example_id * CAST(s.performer_id AS INTEGER))"
            " FROM example_embeddings v JOIN examples e USING (example_id) JOIN subjects s USING (subject_id)"
            " WHERE v.model_id = ? AND s.performer_id IS NOT NULL",
            (model_id,),
        ).fetchone()
        return int(row[0]), f"{row[0]} {row[1]:.0f} {row[2]:.0f}"

    def people(self) -> int:
        """How many performers have an example."""
        row = self._db.execute(
            "SELECT count(DISTINCT s.performer_id) FROM examples e JOIN subjects s USING (subject_id)"
        ).fetchone()
        return int(row[0])

    def performers(self, least: int) -> list[str]:
        """Ids of performers with at least so many examples."""
        rows = self._db.execute(
            "SELECT s.performer_id FROM examples e JOIN subjects s USING (subject_id) WHERE s.performer_id IS NOT NULL"
            " GROUP BY s.performer_id HAVING count(*) >= ? ORDER BY s.performer_id",
            (least,),
        )
        return [str(row[0]) for row in rows]
