"""Subjects, their examples, and what came of performers' own pictures."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Enrolment, Kind, Subject
from compreface_plugin.store.examples import FACE
from compreface_plugin.store.vectors import stack, to_blob

if TYPE_CHECKING:
    import sqlite3

    from compreface_plugin.domain.faces import Float32

_SUBJECT = "SELECT subject_id, name, performer_id, created_run FROM subjects"


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Every enrolled embedding of one model, with whom it belongs to; rows in order of example_id. N may be 0."""

    embeddings: Float32  # (N, D), unit length
    example_ids: tuple[int, ...]
    subject_ids: tuple[int, ...]
    performer_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExampleCrop:
    example_id: int
    subject_id: int
    crop: bytes


class People:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # subjects ---------------------------------------------------------------------------------------------------

    def subjects(self) -> list[Subject]:
        return [Subject(*row) for row in self._db.execute(_SUBJECT + " ORDER BY subject_id")]

    def subject_named(self, name: str) -> Subject | None:
        row = self._db.execute(_SUBJECT + " WHERE name = ?", (name,)).fetchone()
        return Subject(*row) if row else None

    def subjects_of(self, performer_id: str) -> list[Subject]:
        rows = self._db.execute(_SUBJECT + " WHERE performer_id = ? ORDER BY subject_id", (performer_id,))
        return [Subject(*row) for row in rows]

    def add_subject(self, name: str, performer_id: str | None, run_id: str, now: float) -> Subject:
        cursor = self._db.execute(
            "INSERT INTO subjects (name, performer_id, created_run, created_at) VALUES (?, ?, ?, ?)",
            (name, performer_id, run_id, now),
        )
        return Subject(int(cursor.lastrowid or 0), name, performer_id, run_id)

    def link(self, subject_id: int, performer_id: str | None) -> None:
        """Ties a subject to a performer; None unties it."""
        self._db.execute("UPDATE subjects SET performer_id = ? WHERE subject_id = ?", (performer_id, subject_id))

    def delete_subject(self, subject_id: int) -> None:
        """The subject with its examples and their embeddings."""
        self._db.execute("DELETE FROM subjects WHERE subject_id = ?", (subject_id,))

    # examples ---------------------------------------------------------------------------------------------------

    def add_example(
        self,
        subject_id: int,
        *,
        origin: str,
        origin_id: str,
        picture_sha: str,
        quality: float,
        crop: bytes,
        model_id: str,
        embedding: Float32,
        run_id: str,
        now: float,
    ) -> int:
        cursor = self._db.execute(
            "INSERT INTO examples (subject_id, origin, origin_id, picture_sha, quality, crop, created_run, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (subject_id, origin, origin_id, picture_sha, quality, crop, run_id, now),
        )
        example_id = int(cursor.lastrowid or 0)
        self.add_embedding(example_id, model_id, embedding)
        return example_id

    def add_embedding(self, example_id: int, model_id: str, embedding: Float32) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO example_embeddings (example_id, model_id, embedding) VALUES (?, ?, ?)",
            (example_id, model_id, to_blob(embedding)),
        )

    def delete_examples(self, example_ids: Iterable[int]) -> None:
        self._db.executemany("DELETE FROM examples WHERE example_id = ?", [(each,) for each in example_ids])

    def embeddings_of(self, subject_id: int, model_id: str, dimensions: int) -> Float32:
        """The embeddings of a subject's examples by one model, (N, D); N may be 0."""
        rows = self._db.execute(
            "SELECT v.embedding FROM examples e JOIN example_embeddings v USING (example_id)"
            " WHERE e.subject_id = ? AND v.model_id = ? ORDER BY e.example_id",
            (subject_id, model_id),
        )
        return stack([row[0] for row in rows], dimensions)

    def own_picture_examples(self, performer_id: str) -> list[tuple[int, str]]:
        """(example id, SHA-256 of the picture) of the examples that came from a performer's own picture."""
        rows = self._db.execute(
            "SELECT example_id, picture_sha FROM examples WHERE origin = 'performer' AND origin_id = ?",
            (performer_id,),
        )
        return [(int(row[0]), str(row[1])) for row in rows]

    def gallery(self, model_id: str, dimensions: int, performers: set[str] | None = None) -> Examples:
        """The examples of one model whose subject is tied to a performer (of `performers`, when given)."""
        rows = self._db.execute(
            "SELECT e.example_id, e.subject_id, s.performer_id, v.embedding FROM example_embeddings v"
            " JOIN examples e USING (example_id) JOIN subjects s USING (subject_id)"
            " WHERE v.model_id = ? AND s.performer_id IS NOT NULL ORDER BY e.example_id",
            (model_id,),
        ).fetchall()
        if performers is not None:
            rows = [row for row in rows if row[2] in performers]
        return Examples(
            stack([row[3] for row in rows], dimensions),
            tuple(row[0] for row in rows),
            tuple(row[1] for row in rows),
            tuple(row[2] for row in rows),
        )

    def crops_without(self, model_id: str, after: int, limit: int) -> list[ExampleCrop]:
        """Examples not yet embedded by a model, in order of id, beginning after `after`."""
        rows = self._db.execute(
            "SELECT example_id, subject_id, crop FROM examples e WHERE example_id > ? AND NOT EXISTS (SELECT 1 FROM"
            " example_embeddings v WHERE v.example_id = e.example_id AND v.model_id = ?) ORDER BY example_id LIMIT ?",
            (after, model_id, limit),
        )
        return [ExampleCrop(*row) for row in rows]

    def examples_of(self, subject_id: int) -> list[tuple[int, str, float, bytes]]:
        """(example id, origin, quality, crop) of a subject's examples, in order of id."""
        rows = self._db.execute(
            "SELECT example_id, origin, quality, crop FROM examples WHERE subject_id = ? ORDER BY example_id",
            (subject_id,),
        )
        return [(int(row[0]), str(row[1]), float(row[2]), bytes(row[3])) for row in rows]

    def count_of(self, subject_id: int) -> int:
        row = self._db.execute("SELECT count(*) FROM examples WHERE subject_id = ?", (subject_id,)).fetchone()
        return int(row[0])

    def crop(self, example_id: int) -> bytes | None:
        row = self._db.execute("SELECT crop FROM examples WHERE example_id = ?", (example_id,)).fetchone()
        return bytes(row[0]) if row else None

    def counts(self) -> dict[str, int]:
        one = self._db.execute(
            "SELECT (SELECT count(*) FROM subjects), (SELECT count(DISTINCT performer_id) FROM subjects),"
            " (SELECT count(*) FROM examples)"
        ).fetchone()
        return {"subjects": one[0], "performers": one[1], "examples": one[2]}

    # performers' own pictures -------------------------------------------------------------------------------------

    def enrolments(self) -> dict[str, Enrolment]:
        rows = self._db.execute(
            "SELECT performer_id, picture_url, picture_sha, outcome, detail, model_id, min_face_px FROM enrolments"
        )
        return {row[0]: Enrolment(*row) for row in rows}

    def save_enrolment(self, enrolment: Enrolment, run_id: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO enrolments (performer_id, picture_url, picture_sha, outcome, detail, model_id,"
            " min_face_px, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                enrolment.performer_id,
                enrolment.picture_url,
                enrolment.picture_sha,
                enrolment.outcome,
                enrolment.detail,
                enrolment.model_id,
                enrolment.min_face_px,
                run_id,
            ),
        )

    def forget_enrolments(self, performer_ids: Iterable[str]) -> None:
        self._db.executemany("DELETE FROM enrolments WHERE performer_id = ?", [(each,) for each in performer_ids])

    # undo -------------------------------------------------------------------------------------------------------

    def learned_in(self, run_id: str) -> set[str]:
        """Performers of whom the run enrolled an example."""
        rows = self._db.execute(
            "SELECT DISTINCT s.performer_id FROM examples e JOIN subjects s USING (subject_id)"
            " WHERE e.created_run = ? AND s.performer_id IS NOT NULL",
            (run_id,),
        )
        return {row[0] for row in rows}

    def forget_faces(self, run_id: str, kind: Kind, item_id: int) -> int:
        """Takes back what a run learned from the faces of one item. Returns how many examples that were."""
        return self._db.execute(
            "DELETE FROM examples WHERE created_run = ? AND origin = ? AND origin_id IN"
            " (SELECT CAST(face_id AS TEXT) FROM faces WHERE kind = ? AND item_id = ?)",
            (run_id, FACE, kind.value, item_id),
        ).rowcount

    def forget_run(
        self, run_id: str, performer_id: str | None = None, keeping: Iterable[str] = ()
    ) -> dict[str, int]:
        """Takes back what a run enrolled: its examples, and its subjects that have no other example left.

        With `performer_id` only that performer's; nothing of the performers `keeping`. Returns {"examples": n,
        "subjects": m}.
        """
        given = {"run": run_id, "performer": performer_id, "kept": json.dumps(sorted(keeping))}
        examples = self._db.execute(
            "DELETE FROM examples WHERE created_run = :run AND subject_id IN (SELECT subject_id FROM subjects WHERE"
            " (:performer IS NULL OR performer_id = :performer) AND"
            " (performer_id IS NULL OR performer_id NOT IN (SELECT value FROM json_each(:kept))))",
            given,
        ).rowcount
        subjects = self._db.execute(
            "DELETE FROM subjects WHERE created_run = :run AND (:performer IS NULL OR performer_id = :performer)"
            " AND (performer_id IS NULL OR performer_id NOT IN (SELECT value FROM json_each(:kept)))"
            " AND NOT EXISTS (SELECT 1 FROM examples e WHERE e.subject_id = subjects.subject_id)",
            given,
        ).rowcount
        self._db.execute(
            "DELETE FROM enrolments WHERE run_id = :run AND (:performer IS NULL OR performer_id = :performer)"
            " AND performer_id NOT IN (SELECT value FROM json_each(:kept))",
            given,
        )
        return {"examples": examples, "subjects": subjects}
