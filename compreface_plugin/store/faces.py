"""Faces of items, their embeddings and the verdicts about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.faces import Box, Quality, SeenFace
from compreface_plugin.domain.records import CandidateRecord, Kind, StoredFace, Verdict, VerdictRecord
from compreface_plugin.store.vectors import from_blob, to_blob

if TYPE_CHECKING:
    import sqlite3

    from compreface_plugin.domain.faces import Float32

SAME_FACE_IOU = 0.5  # as Immich reconciles boxes of two detectors (field.md 1.7)

_FACE = (
    "SELECT f.face_id, f.kind, f.item_id, f.x_min, f.y_min, f.x_max, f.y_max, f.landmarks, f.det_score,"
    " f.quality_json, f.age, f.gender, e.embedding, v.verdict, v.model_id, v.run_id, v.required, v.margin,"
    " v.reason, v.candidates FROM faces f"
    " LEFT JOIN face_embeddings e ON e.face_id = f.face_id AND e.model_id = ?"
    " LEFT JOIN verdicts v ON v.face_id = f.face_id"
)


def _quality_from(text: str) -> Quality:
    given: dict[str, Any] = json.loads(text)
    return Quality(**{**given, "reasons": tuple(given["reasons"])})


def _candidates_from(text: str) -> tuple[CandidateRecord, ...]:
    return tuple(CandidateRecord(str(who), int(subject), float(score)) for who, subject, score in json.loads(text))


def _face(row: tuple[Any, ...]) -> StoredFace:
    verdict = (
        VerdictRecord(Verdict(row[13]), row[14], row[15], row[16], row[17], row[18], _candidates_from(row[19]))
        if row[13] is not None
        else None
    )
    return StoredFace(
        face_id=row[0],
        kind=Kind(row[1]),
        item_id=row[2],
        box=Box(*row[3:7]),
        landmarks=None if row[7] is None else from_blob(row[7]).reshape(-1, 2),
        det_score=row[8],
        quality=_quality_from(row[9]),
        embedding=None if row[12] is None else from_blob(row[12]),
        verdict=verdict,
        age=row[10],
        gender=row[11],
    )


class Faces:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def replace(
        self,
        kind: Kind,
        item_id: int,
        seen: Sequence[SeenFace],
        *,
        model_id: str,
        detector_id: str,
        run_id: str,
    ) -> list[int]:
        """Makes `seen` the item's faces and returns their ids, in order.

        A face that lies where one was known keeps its id (and its embeddings of other models); a known face that was
        not seen again is deleted, unless a person decided something about it.
        """
        known = self._db.execute(
            "SELECT face_id, x_min, y_min, x_max, y_max FROM faces WHERE kind = ? AND item_id = ?",
            (kind.value, item_id),
        ).fetchall()
        left = {int(row[0]): Box(*row[1:]) for row in known}
        ids = [
            self.put(kind, item_id, face, _take_nearest(face.box, left), model_id, detector_id, run_id)
            for face in seen
        ]
        self._db.executemany(
            "DELETE FROM faces WHERE face_id = ? AND face_id NOT IN"
            " (SELECT face_id FROM decisions WHERE face_id IS NOT NULL)",
            [(face_id,) for face_id in left],
        )
        return ids

    def put(
        self,
        kind: Kind,
        item_id: int,
        face: SeenFace,
        face_id: int | None,
        model_id: str,
        detector_id: str,
        run_id: str,
    ) -> int:
        """Stores one face, in the place of `face_id` when that is given, with crop and embedding; its id."""
        box = face.box
        values = (
            kind.value,
            item_id,
            box.x_min,
            box.y_min,
            box.x_max,
            box.y_max,
            to_blob(face.landmarks),
            face.det_score,
            face.quality.score,
            json.dumps(asdict(face.quality)),
            face.quality.size_px,
            face.age,
            face.gender,
            detector_id,
            run_id,
        )
        if face_id is None:
            cursor = self._db.execute(
                "INSERT INTO faces (kind, item_id, x_min, y_min, x_max, y_max, landmarks, det_score, quality,"
                " quality_json, size_px, age, gender, detector_id, created_run) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                values,
            )
            face_id = int(cursor.lastrowid or 0)
        else:
            self._db.execute(
                "UPDATE faces SET kind=?, item_id=?, x_min=?, y_min=?, x_max=?, y_max=?, landmarks=?, det_score=?,"
                " quality=?, quality_json=?, size_px=?, age=?, gender=?, detector_id=? WHERE face_id=?",
                (*values[:-1], face_id),
            )
        self._db.execute("INSERT OR REPLACE INTO face_crops (face_id, crop) VALUES (?, ?)", (face_id, face.crop_jpeg))
        self.add_embedding(face_id, model_id, face.embedding)
        return face_id

    def add_embedding(self, face_id: int, model_id: str, embedding: Float32) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO face_embeddings (face_id, model_id, embedding) VALUES (?, ?, ?)",
            (face_id, model_id, to_blob(embedding)),
        )

    def of_items(self, kind: Kind, item_ids: Sequence[int], model_id: str) -> dict[int, list[StoredFace]]:
        """The faces of the items, largest box first, with the embedding of `model_id` where there is one."""
        found: dict[int, list[StoredFace]] = {item_id: [] for item_id in item_ids}
        for start in range(0, len(item_ids), 500):
            part = item_ids[start : start + 500]
            marks = ",".join("?" * len(part))
            for row in self._db.execute(
                f"{_FACE} WHERE f.kind = ? AND f.item_id IN ({marks})",
                (model_id, kind.value, *part),
            ):
                found[row[2]].append(_face(row))
        for faces in found.values():
            faces.sort(key=lambda face: (-face.box.area, face.face_id))
        return found

    def face(self, face_id: int, model_id: str) -> StoredFace | None:
        row = self._db.execute(_FACE + " WHERE f.face_id = ?", (model_id, face_id)).fetchone()
        return _face(row) if row else None

    def crops(self, face_ids: Sequence[int]) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for face_id in face_ids:
            row = self._db.execute("SELECT crop FROM face_crops WHERE face_id = ?", (face_id,)).fetchone()
            if row:
                found[face_id] = bytes(row[0])
        return found

    def crops_without(self, model_id: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        """(face id, crop) of faces not yet embedded by a model, in order of id."""
        rows = self._db.execute(
            "SELECT c.face_id, c.crop FROM face_crops c WHERE c.face_id > ? AND NOT EXISTS (SELECT 1 FROM"
            " face_embeddings e WHERE e.face_id = c.face_id AND e.model_id = ?) ORDER BY c.face_id LIMIT ?",
            (after, model_id, limit),
        )
        return [(int(row[0]), bytes(row[1])) for row in rows]

    def unknown_embeddings(self, model_id: str, limit: int) -> list[tuple[int, Kind, int, float, bytes]]:
        """(face id, kind, item id, quality, embedding blob) of faces nobody was named for, best quality first."""
        rows = self._db.execute(
            "SELECT f.face_id, f.kind, f.item_id, f.quality, e.embedding FROM faces f"
            " JOIN face_embeddings e ON e.face_id = f.face_id AND e.model_id = ?"
            " JOIN verdicts v ON v.face_id = f.face_id AND v.verdict = 'unknown' AND v.model_id = e.model_id"
            " ORDER BY f.quality DESC, f.kind, f.item_id, f.face_id LIMIT ?",
            (model_id, limit),
        )
        return [(row[0], Kind(row[1]), row[2], row[3], bytes(row[4])) for row in rows]

    # verdicts ---------------------------------------------------------------------------------------------------

    def save_verdicts(self, verdicts: Iterable[tuple[int, VerdictRecord]]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO verdicts (face_id, verdict, model_id, run_id, performer_id, similarity, required,"
            " margin, reason, candidates) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    face_id,
                    verdict.verdict.value,
                    verdict.model_id,
                    verdict.run_id,
                    verdict.best.performer_id if verdict.best else None,
                    verdict.best.similarity if verdict.best else None,
                    verdict.required,
                    verdict.margin,
                    verdict.reason,
                    json.dumps([(c.performer_id, c.subject_id, round(c.similarity, 5)) for c in verdict.candidates]),
                )
                for face_id, verdict in verdicts
            ],
        )

    def forget_verdicts(self, run_id: str, because: str, face_ids: Iterable[int]) -> None:
        """Verdicts about these faces that a run gave, or that were given for a reason that begins so: then nobody has
        judged them."""
        self._db.executemany(
            "DELETE FROM verdicts WHERE face_id = ? AND (run_id = ? OR substr(reason, 1, length(?)) = ?)",
            [(face_id, run_id, because, because) for face_id in face_ids],
        )

    def counts(self) -> dict[str, int]:
        rows = self._db.execute("SELECT verdict, count(*) FROM verdicts GROUP BY verdict").fetchall()
        total = self._db.execute("SELECT count(*) FROM faces").fetchone()[0]
        return {"faces": total, **{row[0]: row[1] for row in rows}}


def _take_nearest(box: Box, known: dict[int, Box]) -> int | None:
    """The id of the known box that overlaps most (at least SAME_FACE_IOU), taken out of `known`."""
    best = max(known, key=lambda face_id: (known[face_id].iou(box), -face_id), default=None)
    if best is None or known[best].iou(box) < SAME_FACE_IOU:
        return None
    del known[best]
    return best
