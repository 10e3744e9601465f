"""What the store of a run holds, to compare two runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any


def kept(data: Path) -> dict[str, Any]:
    """Everything the store holds, without ids, times and runs."""
    with sqlite3.connect(data / "compreface.sqlite") as db:
        return {
            "items": db.execute(
                "SELECT kind, item_id, scanned_at IS NULL, matched, attempts, error_code FROM items ORDER BY 1, 2"
            ).fetchall(),
            "looks": db.execute(
                "SELECT kind, item_id, model_id, fingerprint, faces FROM looks ORDER BY 1, 2, 3"
            ).fetchall(),
            "subjects": db.execute("SELECT performer_id, count(*) FROM subjects GROUP BY 1 ORDER BY 1").fetchall(),
            "examples": db.execute(
                "SELECT origin, origin_id, picture_sha, crop, embedding FROM examples JOIN example_embeddings"
                " USING (example_id) ORDER BY 1, 2, 3"
            ).fetchall(),
            "faces": db.execute(
                "SELECT f.kind, f.item_id, f.x_min, f.y_min, f.x_max, f.y_max, f.quality, e.embedding, v.verdict,"
                " v.performer_id, v.similarity, v.required, v.margin, v.reason FROM faces f"
                " JOIN face_embeddings e USING (face_id) LEFT JOIN verdicts v USING (face_id) ORDER BY 1, 2, 3, 4"
            ).fetchall(),
            "open": db.execute("SELECT count(*) FROM changes WHERE state IN ('planned', 'undoing')").fetchone(),
            "applied": db.execute(
                "SELECT kind, item_id, field, op, value FROM changes WHERE state = 'applied' ORDER BY 1, 2, 3, 4, 5"
            ).fetchall(),
        }
