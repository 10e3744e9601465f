"""Faces whose person is known, with where they were seen: what engines and thresholds are measured by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Kind
from compreface_plugin.store.examples import FACE
from compreface_plugin.store.vectors import from_blob

if TYPE_CHECKING:
    import sqlite3

    from compreface_plugin.domain.faces import Float32


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """A face of an item and who it is. `seen`: the model asked for has embedded it."""

    face_id: int
    kind: Kind
    item_id: int
    performer_id: str
    confirmed: bool  # by a person; False: named by the plugin
    tiles: bool  # seen in the small preview pictures of a scene alone
    seen: bool


@dataclass(frozen=True, slots=True, eq=False)
class ExampleLabel:
    """An enrolled example of a performer. `face_id`: the face of an item that it was, None for any other picture."""

    example_id: int
    subject_id: int
    performer_id: str
    face_id: int | None
    embedding: Float32 | None


class Labels:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def faces(self, model_id: str, *, confirmed_only: bool = False) -> list[Label]:
        """Faces that a person confirmed, and those named by the plugin; in order of id. A person's word goes first."""
        rows = self._db.execute(
            "SELECT f.face_id, f.kind, f.item_id, coalesce(d.performer_id, v.performer_id), d.performer_id IS NOT NULL,"
            " coalesce(p.tiles, 0), e.face_id IS NOT NULL FROM faces f"
            " LEFT JOIN (SELECT face_id, performer_id, max(decision_id) FROM decisions WHERE decision = 'confirmed'"
            "   GROUP BY face_id) d ON d.face_id = f.face_id"
            " LEFT JOIN verdicts v ON v.face_id = f.face_id AND v.verdict = 'accept'"
            " LEFT JOIN scene_people p ON p.face_id = f.face_id"
            " LEFT JOIN face_embeddings e ON e.face_id = f.face_id AND e.model_id = ?"
            " WHERE coalesce(d.performer_id, CASE WHEN ? THEN NULL ELSE v.performer_id END) IS NOT NULL"
            " ORDER BY f.face_id",
            (model_id, confirmed_only),
        )
        return [
            Label(row[0], Kind(row[1]), row[2], row[3], bool(row[4]), bool(row[5]), bool(row[6])) for row in rows
        ]

    def embeddings(self, face_ids: Iterable[int], model_id: str) -> list[Float32]:
        """Of faces that the model has seen, in the order given. Raises KeyError for another one."""
        found = []
        for face_id in face_ids:
            row = self._db.execute(
                "SELECT embedding FROM face_embeddings WHERE face_id = ? AND model_id = ?", (face_id, model_id)
            ).fetchone()
            if row is None:
                raise KeyError(face_id)
            found.append(from_blob(row[0]))
        return found

    def examples(self, model_id: str) -> list[ExampleLabel]:
        """Those of a subject that is tied to a performer, in order of id."""
        rows = self._db.execute(
            "SELECT e.example_id, e.subject_id, s.performer_id, e.origin, e.origin_id, v.embedding FROM examples e"
            " JOIN subjects s USING (subject_id)"
            " LEFT JOIN example_embeddings v ON v.example_id = e.example_id AND v.model_id = ?"
            " WHERE s.performer_id IS NOT NULL ORDER BY e.example_id",
            (model_id,),
        )
        return [
            ExampleLabel(example, subject, who, int(of) if origin == FACE and of.isdigit() else None, _vector(blob))
            for example, subject, who, origin, of, blob in rows
        ]

    def unknown(self, model_id: str, limit: int) -> list[Float32]:
        """Embeddings of faces that no model in use named and nobody decided about, in order of id."""
        rows = self._db.execute(
            "SELECT e.embedding FROM verdicts v JOIN face_embeddings e ON e.face_id = v.face_id AND e.model_id = ?"
            " WHERE v.verdict = 'unknown' AND v.face_id NOT IN (SELECT face_id FROM decisions WHERE face_id IS NOT"
            " NULL) ORDER BY v.face_id LIMIT ?",
            (model_id, limit),
        )
        return [from_blob(row[0]) for row in rows]

    def kept(self, model_id: str) -> dict[str, tuple[int, int]]:
        """(kept crops, those that the model has seen) of examples, faces and decided faces."""
        row = self._db.execute(
            "SELECT (SELECT count(*) FROM examples),"
            " (SELECT count(*) FROM example_embeddings WHERE model_id = :model),"
            " (SELECT count(*) FROM face_crops),"
            " (SELECT count(*) FROM face_crops JOIN face_embeddings USING (face_id) WHERE model_id = :model),"
            " (SELECT count(*) FROM decisions WHERE crop IS NOT NULL),"
            " (SELECT count(*) FROM decisions JOIN decision_embeddings USING (decision_id)"
            "   WHERE crop IS NOT NULL AND model_id = :model)",
            {"model": model_id},
        ).fetchone()
        return {"examples": row[0:2], "faces": row[2:4], "decisions": row[4:6]}

    def count(self) -> dict[str, int]:
        """How many labels there are of every sort: what a change of model must not lessen."""
        row = self._db.execute(
            "SELECT (SELECT count(*) FROM subjects), (SELECT count(*) FROM subjects WHERE performer_id IS NOT NULL),"
            " (SELECT count(*) FROM examples), (SELECT count(*) FROM faces),"
            " (SELECT count(*) FROM verdicts WHERE verdict = 'accept'), (SELECT count(*) FROM decisions)"
        ).fetchone()
        return dict(zip(("subjects", "links", "examples", "faces", "namedFaces", "decisions"), row, strict=True))


def _vector(blob: bytes | None) -> Float32 | None:
    return None if blob is None else from_blob(blob)
