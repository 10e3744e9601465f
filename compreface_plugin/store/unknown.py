"""Faces nobody was accepted for, the groups they were last found to form, and what people said about these groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import TAKEN_OFF, Kind, Verdict
from compreface_plugin.domain.unknown import UnknownFace
from compreface_plugin.store.vectors import from_blob

if TYPE_CHECKING:
    import sqlite3

_UNKNOWN = (
    "SELECT f.face_id, f.kind, f.item_id, f.quality, f.size_px, f.gender, e.embedding, v.verdict, v.performer_id,"
    " v.required, v.run_id, h.hand FROM faces f"
    " JOIN face_embeddings e ON e.face_id = f.face_id AND e.model_id = ?"
    " JOIN verdicts v ON v.face_id = f.face_id"
    " LEFT JOIN hand_groups h ON h.face_id = f.face_id"
)
_STILL_UNKNOWN = (
    " FROM clusters c JOIN verdicts v ON v.face_id = c.face_id AND v.verdict IN ('unknown', 'review')"
)


def _face(row: tuple[Any, ...]) -> UnknownFace:
    return UnknownFace(
        face_id=row[0],
        kind=Kind(row[1]),
        item_id=row[2],
        quality=row[3],
        size_px=row[4],
        gender=row[5],
        embedding=from_blob(row[6]),
        verdict=Verdict(row[7]),
        performer_id=row[8],
        required=row[9],
        run_id=row[10],
        hand=row[11],
    )


class Unknown:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def faces(self, model_id: str, unnamed: Iterable[str] = ()) -> list[UnknownFace]:
        """Faces of one model, of images and scenes, with the verdict unknown, or to review for one of the performers
        `unnamed`; by id."""
        rows = self._db.execute(
            f"{_UNKNOWN} WHERE v.verdict IN ('unknown', 'review') AND v.reason <> ? ORDER BY f.face_id",
            (model_id, TAKEN_OFF),
        )
        wanted = set(unnamed)
        return [_face(row) for row in rows if row[7] == "unknown" or row[8] in wanted]

    def accepted(self, model_id: str, performer_ids: Iterable[str], most: int) -> list[UnknownFace]:
        """Faces accepted for these performers, at most `most` each, best quality first; by performer."""
        rows = self._db.execute(
            f"{_UNKNOWN} WHERE v.verdict = 'accept' ORDER BY v.performer_id, f.quality DESC, f.face_id",
            (model_id,),
        )
        counts = dict.fromkeys(performer_ids, 0)
        found = []
        for row in rows:
            if row[8] in counts and counts[row[8]] < most:
                counts[row[8]] += 1
                found.append(_face(row))
        return found

    def some(self, model_id: str, face_ids: Sequence[int]) -> list[UnknownFace]:
        """Those of the faces that have an embedding of the model and a verdict, whatever it is; by id."""
        rows = (
            self._db.execute(f"{_UNKNOWN} WHERE f.face_id = ?", (model_id, face_id)).fetchone()
            for face_id in sorted(set(face_ids))
        )
        return [_face(row) for row in rows if row is not None]

    def unsettled(self, kind: Kind, item_ids: Sequence[int]) -> set[int]:
        """Those of the items that have a face nobody was accepted or proposed for."""
        found: set[int] = set()
        for start in range(0, len(item_ids), 500):
            part = item_ids[start : start + 500]
            rows = self._db.execute(
                "SELECT DISTINCT f.item_id FROM faces f LEFT JOIN verdicts v ON v.face_id = f.face_id"  # noqa: S608
                f" WHERE f.kind = ? AND f.item_id IN ({','.join('?' * len(part))})"
                " AND (v.verdict IS NULL OR v.verdict = 'unknown')",
                (kind.value, *part),
            )
            found.update(row[0] for row in rows)
        return found

    def count_settled(self, kind: Kind) -> int:
        """Scanned items without a face that is still unknown."""
        row = self._db.execute(
            "SELECT count(*) FROM items i WHERE i.kind = ? AND i.scanned_at IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM faces f LEFT JOIN verdicts v ON v.face_id = f.face_id WHERE f.kind = i.kind"
            " AND f.item_id = i.item_id AND (v.verdict IS NULL OR v.verdict = 'unknown'))",
            (kind.value,),
        ).fetchone()
        return int(row[0])

    def state(self, model_id: str) -> str:
        """A text that changes when the unknown faces, or what people said about them, do."""
        row = self._db.execute(
            "SELECT count(*), total(f.face_id), total(h.hand * f.face_id) FROM faces f"
            " JOIN face_embeddings e ON e.face_id = f.face_id AND e.model_id = ?"
            " JOIN verdicts v ON v.face_id = f.face_id AND v.verdict IN ('unknown', 'review')"
            " LEFT JOIN hand_groups h ON h.face_id = f.face_id",
            (model_id,),
        ).fetchone()
        return f"{model_id} {row[0]} {row[1]:.0f} {row[2]:.0f}"

    # groups as they were last computed --------------------------------------------------------------------------------

    def save_clusters(self, clusters: Mapping[int, Sequence[int]]) -> None:
        """Cluster key -> face ids; replaces what was known."""
        self._db.execute("DELETE FROM clusters")
        self._db.executemany(
            "INSERT INTO clusters (face_id, cluster) VALUES (?, ?)",
            [(face_id, key) for key, face_ids in clusters.items() for face_id in face_ids],
        )

    def clusters(
        self, least: int, limit: int, offset: int, images: Collection[int] | None = None
    ) -> tuple[int, list[int]]:
        """How many clusters have at least `least` faces that are still unknown, and a page of them, largest first.

        `images`: only clusters with a face on one of these.
        """
        rows = self._db.execute(
            f"SELECT c.cluster, count(*) AS n{_STILL_UNKNOWN} GROUP BY c.cluster HAVING n >= ?"
            " ORDER BY n DESC, c.cluster",
            (least,),
        )
        found = [row[0] for row in rows]
        if images is not None:
            inside = self._on_images(images)
            found = [cluster for cluster in found if cluster in inside]
        return len(found), found[offset : offset + limit]

    def _on_images(self, images: Collection[int]) -> set[int]:
        rows = self._db.execute(
            f"SELECT DISTINCT c.cluster, f.item_id{_STILL_UNKNOWN}"
            " JOIN faces f ON f.face_id = c.face_id AND f.kind = 'image'"
        )
        return {row[0] for row in rows if row[1] in images}

    def members(self, cluster: int) -> tuple[int, ...]:
        """The face ids of a cluster that are still unknown; empty when there is none of this key."""
        rows = self._db.execute(
            f"SELECT c.face_id{_STILL_UNKNOWN} WHERE cluster = ? ORDER BY c.face_id",
            (cluster,),
        )
        return tuple(row[0] for row in rows)

    def put_into(self, face_ids: Iterable[int], cluster: int) -> None:
        """These faces form, or join, a cluster."""
        self._db.executemany(
            "INSERT OR REPLACE INTO clusters (face_id, cluster) VALUES (?, ?)", [(each, cluster) for each in face_ids]
        )

    # what people said -------------------------------------------------------------------------------------------------

    def put_together(self, face_ids: Iterable[int]) -> None:
        """These faces are one person, and nobody who was put into another group by hand."""
        hand = self._db.execute("SELECT coalesce(max(hand), 0) + 1 FROM hand_groups").fetchone()[0]
        self._db.executemany(
            "INSERT OR REPLACE INTO hand_groups (face_id, hand) VALUES (?, ?)", [(each, hand) for each in face_ids]
        )

    def hands(self) -> dict[int, int]:
        """Hand-made group by face id."""
        return dict(self._db.execute("SELECT face_id, hand FROM hand_groups").fetchall())

    def hand_owners(self) -> dict[int, str]:
        """Hand-made group -> performer that faces of the group were accepted for."""
        rows = self._db.execute(
            "SELECT h.hand, v.performer_id FROM hand_groups h JOIN verdicts v ON v.face_id = h.face_id"
            " WHERE v.verdict = 'accept' AND v.performer_id IS NOT NULL ORDER BY h.face_id DESC"
        )
        return {row[0]: row[1] for row in rows}
