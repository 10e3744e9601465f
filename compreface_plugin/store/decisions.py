"""What people said about faces, each with its own crop and embeddings: faces, items and models may come and go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.faces import Box
from compreface_plugin.domain.memory import Decision, Said
from compreface_plugin.domain.records import CandidateRecord, Kind, Verdict, VerdictRecord
from compreface_plugin.store.vectors import stack, to_blob

if TYPE_CHECKING:
    import sqlite3

    from compreface_plugin.domain.faces import Float32

_DECISION = (
    "SELECT kind, item_id, x_min, y_min, x_max, y_max, decision, performer_id, face_id, run_id, decided_at,"
    " fingerprint, decision_id FROM decisions"
)
_CHUNK = 500  # SQLite's oldest limit on bound values is 999


@dataclass(frozen=True, slots=True, eq=False)
class DecidedFaces:
    """Decisions whose face the model has embedded; row i of `embeddings` (N, D) belongs to decision i. N may be 0."""

    decisions: tuple[Decision, ...]
    embeddings: Float32


def _decision(row: tuple[Any, ...]) -> Decision:
    return Decision(Kind(row[0]), row[1], Box(*row[2:6]), Said(row[6]), *row[7:])


class Decisions:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, decision: Decision, before: VerdictRecord | None) -> int:
        """Keeps it, with the crop and all embeddings of its face as they are now. Returns its id."""
        box = decision.box
        cursor = self._db.execute(
            "INSERT INTO decisions (kind, item_id, x_min, y_min, x_max, y_max, decision, performer_id, face_id, run_id,"
            " fingerprint, before, crop, decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " (SELECT crop FROM face_crops WHERE face_id = ?), ?)",
            (
                *(decision.kind.value, decision.item_id, box.x_min, box.y_min, box.x_max, box.y_max),
                *(decision.said.value, decision.performer_id, decision.face_id, decision.run_id, decision.fingerprint),
                *(json.dumps(asdict(before)) if before else "", decision.face_id, decision.decided_at),
            ),
        )
        decision_id = int(cursor.lastrowid or 0)
        self._db.execute(
            "INSERT INTO decision_embeddings (decision_id, model_id, embedding)"
            " SELECT ?, model_id, embedding FROM face_embeddings WHERE face_id = ?",
            (decision_id, decision.face_id),
        )
        return decision_id

    def remove(self, decision_ids: Iterable[int]) -> None:
        self._db.executemany("DELETE FROM decisions WHERE decision_id = ?", [(each,) for each in decision_ids])

    def of_items(self, kind: Kind, item_ids: Sequence[int]) -> dict[int, list[Decision]]:
        """What was said about faces of these items, oldest first; items without a decision are absent."""
        found: dict[int, list[Decision]] = {}
        for start in range(0, len(item_ids), _CHUNK):
            part = item_ids[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(
                f"{_DECISION} WHERE kind = ? AND item_id IN ({marks}) ORDER BY decision_id", (kind.value, *part)
            )
            for row in rows:
                found.setdefault(row[1], []).append(_decision(row))
        return found

    def of_face(self, face_id: int) -> list[Decision]:
        """Oldest first."""
        rows = self._db.execute(_DECISION + " WHERE face_id = ? ORDER BY decision_id", (face_id,))
        return [_decision(row) for row in rows]

    def of_performer(self, performer_id: str) -> list[Decision]:
        """Oldest first."""
        rows = self._db.execute(_DECISION + " WHERE performer_id = ? ORDER BY decision_id", (performer_id,))
        return [_decision(row) for row in rows]

    def of_run(self, run_id: str) -> list[Decision]:
        """Oldest first."""
        return [_decision(r) for r in self._db.execute(_DECISION + " WHERE run_id = ? ORDER BY decision_id", (run_id,))]

    def confirmed_on(self, kind: Kind, item_ids: Sequence[int]) -> dict[tuple[int, str], str]:
        """(item id, performer id) -> the last run in which a person said so, of accepted faces of these items."""
        found: dict[tuple[int, str], str] = {}
        for start in range(0, len(item_ids), _CHUNK):
            part = item_ids[start : start + _CHUNK]
            rows = self._db.execute(
                "SELECT f.item_id, d.performer_id, d.run_id FROM decisions d JOIN faces f USING (face_id)"  # noqa: S608
                " JOIN verdicts v ON v.face_id = d.face_id AND v.verdict = 'accept' AND v.performer_id = d.performer_id"
                f" WHERE d.decision = 'confirmed' AND f.kind = ? AND f.item_id IN ({','.join('?' * len(part))})"
                " ORDER BY d.decision_id",
                (kind.value, *part),
            )
            found.update(((int(row[0]), str(row[1])), str(row[2])) for row in rows)
        return found

    def before(self, face_id: int) -> VerdictRecord | None:
        """The verdict that the face would have without any decision, as far as it was kept."""
        row = self._db.execute(
            "SELECT before FROM decisions WHERE face_id = ? AND before <> '' ORDER BY decision_id DESC LIMIT 1",
            (face_id,),
        ).fetchone()
        return _verdict(row[0]) if row else None

    def version(self) -> tuple[int, int]:
        """Changes whenever a decision is made or taken back: what was read before is still right while it does not."""
        row = self._db.execute("SELECT count(*), coalesce(max(decision_id), 0) FROM decisions").fetchone()
        return int(row[0]), int(row[1])

    def embedded(self, model_id: str) -> DecidedFaces:
        """Every decision that is about people or faces, with the embedding of its face by this model, oldest first."""
        rows = self._db.execute(
            "SELECT d.kind, d.item_id, d.x_min, d.y_min, d.x_max, d.y_max, d.decision, d.performer_id, d.face_id,"
            " d.run_id, d.decided_at, d.fingerprint, d.decision_id, e.embedding FROM decision_embeddings e"
            " JOIN decisions d USING (decision_id) WHERE e.model_id = ?"
            " AND d.decision NOT IN ('example', 'no example') ORDER BY d.decision_id",
            (model_id,),
        ).fetchall()
        dimensions = len(rows[0][13]) // 4 if rows else 0
        return DecidedFaces(tuple(_decision(row[:13]) for row in rows), stack([row[13] for row in rows], dimensions))

    def replaced_by(self, run_id: str) -> list[tuple[int, VerdictRecord]]:
        """(face id, the verdict that stood there) of faces whose verdict is still the one that this run gave."""
        rows = self._db.execute(
            "SELECT r.face_id, r.verdict, r.model_id, r.run_id, r.required, r.margin, r.reason, r.candidates"
            " FROM replaced_verdicts r JOIN verdicts v ON v.face_id = r.face_id AND v.run_id = r.replaced_by"
            " WHERE r.replaced_by = ? ORDER BY r.face_id",
            (run_id,),
        )
        return [
            (face, VerdictRecord(Verdict(verdict), model, run, required, margin, reason, _candidates(candidates)))
            for face, verdict, model, run, required, margin, reason, candidates in rows
        ]

    def forget_replaced(self, run_id: str, face_ids: Iterable[int]) -> None:
        self._db.executemany(
            "DELETE FROM replaced_verdicts WHERE replaced_by = ? AND face_id = ?", [(run_id, each) for each in face_ids]
        )

    # a change of model -------------------------------------------------------------------------------------------

    def crops_without(self, model_id: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        """(decision id, crop) of decisions whose face a model has not embedded, in order of id."""
        rows = self._db.execute(
            "SELECT decision_id, crop FROM decisions d WHERE decision_id > ? AND crop IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM decision_embeddings e WHERE e.decision_id = d.decision_id AND e.model_id = ?)"
            " ORDER BY decision_id LIMIT ?",
            (after, model_id, limit),
        )
        return [(int(row[0]), bytes(row[1])) for row in rows]

    def add_embedding(self, decision_id: int, model_id: str, embedding: Float32) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO decision_embeddings (decision_id, model_id, embedding) VALUES (?, ?, ?)",
            (decision_id, model_id, to_blob(embedding)),
        )


def _candidates(text: str) -> tuple[CandidateRecord, ...]:
    return tuple(CandidateRecord(str(who), int(subject), float(score)) for who, subject, score in json.loads(text))


def _verdict(text: str) -> VerdictRecord:
    given: dict[str, Any] = json.loads(text)
    candidates = tuple(CandidateRecord(**each) for each in given.pop("candidates"))
    return VerdictRecord(**{**given, "verdict": Verdict(given["verdict"]), "candidates": candidates})
