"""People a run is going to make of unknown faces, and the verdicts it replaces: for kills and for undo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compreface_plugin.domain.records import Kind

if TYPE_CHECKING:
    import sqlite3

    from compreface_plugin.domain.records import VerdictRecord
    from compreface_plugin.store.faces import Faces

_COLUMNS = "face_id, verdict, model_id, run_id, performer_id, similarity, required, margin, reason, candidates"
_THEIRS = ", ".join(f"r.{column}" for column in _COLUMNS.split(", "))
_OF_RUN = (
    " FROM {table} t JOIN faces f USING (face_id) WHERE t.run_id = :run"
    " AND (:performer IS NULL OR (t.performer_id = :performer AND t.verdict IN ('accept', 'review')))"
    " AND (:item IS NULL OR (f.kind = :kind AND f.item_id = :item))"
)
_LATER = "SELECT t.replaced_by, t.face_id" + _OF_RUN.format(table="replaced_verdicts")  # runs that replaced the run's
# where others keep the run's verdict as what stood before theirs, they keep what stood before the run's instead
_STEP_BACK = (
    "CREATE TEMP TABLE IF NOT EXISTS stepped (replaced_by TEXT, face_id INTEGER)",
    "DELETE FROM stepped",
    f"INSERT INTO stepped {_LATER}",
    "DELETE FROM replaced_verdicts WHERE (replaced_by, face_id) IN (SELECT replaced_by, face_id FROM stepped)",
    (
        f"INSERT INTO replaced_verdicts (replaced_by, {_COLUMNS}) SELECT s.replaced_by, {_THEIRS} FROM stepped s"  # noqa: S608
        " JOIN replaced_verdicts r ON r.face_id = s.face_id AND r.replaced_by = :run"
    ),
    "DELETE FROM replaced_verdicts WHERE replaced_by = :run AND face_id IN (SELECT face_id FROM stepped)",
    (
        "UPDATE decisions SET before = '' WHERE face_id IN (SELECT face_id FROM stepped) AND before <> ''"
        " AND json_extract(before, '$.run_id') = :run"
    ),
)


@dataclass(frozen=True, slots=True)
class PlannedPerson:
    """One group a run decided on. `performer_id`: somebody who exists; else one of this name is made."""

    group_id: int
    name: str
    performer_id: str | None
    face_ids: tuple[int, ...]


class Groups:
    def __init__(self, db: sqlite3.Connection, faces: Faces) -> None:
        self._db = db
        self._faces = faces

    def plan(self, run_id: str, people: Iterable[tuple[str, str | None, Sequence[int]]]) -> None:
        """(name, performer id or None, face ids) of everybody the run is going to write, in order."""
        for name, performer_id, face_ids in people:
            group_id = self._db.execute(
                "INSERT INTO planned_people (run_id, name, performer_id) VALUES (?, ?, ?)", (run_id, name, performer_id)
            ).lastrowid
            self._db.executemany(
                "INSERT INTO planned_faces (group_id, face_id) VALUES (?, ?)", [(group_id, each) for each in face_ids]
            )

    def planned(self, run_id: str) -> bool:
        """Whether the run has decided on its groups and on whom it unites, done or not."""
        found = self._db.execute(
            "SELECT 1 FROM planned_people WHERE run_id = :run UNION ALL"
            " SELECT 1 FROM planned_merges WHERE run_id = :run LIMIT 1",
            {"run": run_id},
        ).fetchone()
        return found is not None

    def open(self, run_id: str, limit: int) -> list[PlannedPerson]:
        """The next people still to be written."""
        rows = self._db.execute(
            "SELECT group_id, name, performer_id FROM planned_people WHERE run_id = ? AND done = 0"
            " ORDER BY group_id LIMIT ?",
            (run_id, limit),
        ).fetchall()
        return [PlannedPerson(row[0], row[1], row[2], self._face_ids(row[0])) for row in rows]

    def count_open(self, run_id: str) -> int:
        query = "SELECT count(*) FROM planned_people WHERE run_id = ? AND done = 0"
        return int(self._db.execute(query, (run_id,)).fetchone()[0])

    def _face_ids(self, group_id: int) -> tuple[int, ...]:
        rows = self._db.execute("SELECT face_id FROM planned_faces WHERE group_id = ? ORDER BY face_id", (group_id,))
        return tuple(row[0] for row in rows)

    def done(self, group_ids: Iterable[int]) -> None:
        self._db.executemany("UPDATE planned_people SET done = 1 WHERE group_id = ?", [(each,) for each in group_ids])

    def forget_run(self, run_id: str) -> None:
        self._db.execute("DELETE FROM planned_people WHERE run_id = ?", (run_id,))
        self._db.execute("DELETE FROM planned_merges WHERE run_id = ?", (run_id,))

    # verdicts that a run replaces ---------------------------------------------------------------------------------

    def replace_verdicts(self, run_id: str, verdicts: Sequence[tuple[int, VerdictRecord]]) -> None:
        """Saves verdicts of the run and keeps those of other runs that stood there before, for undo."""
        self._db.executemany(
            f"INSERT OR IGNORE INTO replaced_verdicts (replaced_by, {_COLUMNS})"  # noqa: S608
            f" SELECT ?, {_COLUMNS} FROM verdicts WHERE face_id = ? AND run_id <> ?",
            [(run_id, face_id, run_id) for face_id, _ in verdicts],
        )
        self._faces.save_verdicts(verdicts)

    def restore_verdicts(
        self, run_id: str, performer_id: str | None = None, item: tuple[Kind, int] | None = None
    ) -> list[tuple[Kind, int]]:
        """Gives faces the verdicts back that stood before the run's, or none; only those about one performer, or on
        one item, when given. Where somebody replaced the run's verdict since, what stands stays, and what would come
        back with it is what stood before the run. Returns the items whose verdicts changed."""
        kind, item_id = item or (None, None)
        given = {"run": run_id, "performer": performer_id, "kind": kind and kind.value, "item": item_id}
        for statement in _STEP_BACK:
            self._db.execute(statement, given)
        rows = self._db.execute(f"SELECT t.face_id, f.kind, f.item_id{_OF_RUN.format(table='verdicts')}", given)
        standing = [(int(row[0]), (Kind(row[1]), int(row[2]))) for row in rows]
        for face_id, _ in standing:
            self._db.execute("DELETE FROM verdicts WHERE face_id = ?", (face_id,))
            self._db.execute(
                f"INSERT INTO verdicts ({_COLUMNS}) SELECT {_COLUMNS} FROM replaced_verdicts"  # noqa: S608
                " WHERE replaced_by = ? AND face_id = ?",
                (run_id, face_id),
            )
            self._db.execute("DELETE FROM replaced_verdicts WHERE replaced_by = ? AND face_id = ?", (run_id, face_id))
        return list(dict.fromkeys(each for _, each in standing))
