"""Performers of one person that become one: which may, which a run unites, and the way back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from compreface_plugin.domain.records import CandidateRecord, Enrolment, Kind, Op, Verdict, VerdictRecord
from compreface_plugin.domain.unknown import Merge

if TYPE_CHECKING:
    import sqlite3

# performers whom a run made, and about whom, or about whose faces, nobody ever said anything
_UNTOUCHED = (
    "SELECT c.item_id, c.value FROM changes c WHERE c.kind = 'performer' AND c.op = 'create' AND c.state = 'applied'"
    " AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.performer_id = c.item_id)"
    " AND NOT EXISTS (SELECT 1 FROM verdicts v JOIN decisions d ON d.face_id = v.face_id"
    " WHERE v.verdict = 'accept' AND v.performer_id = c.item_id)"
    " AND NOT EXISTS (SELECT 1 FROM verdicts v JOIN hand_groups h ON h.face_id = v.face_id"
    " WHERE v.verdict = 'accept' AND v.performer_id = c.item_id)"
)
_MERGED = "SELECT gone_id, run_id, keep_id, name, gender, picture, subjects, enrolment FROM merged_performers"
_OURS = "kind IN ('image', 'scene', 'gallery') AND field = 'performer_ids' AND state = 'applied'"

# where a performer's id stands, for one that was made anew; candidates are JSON lists of (id, subject, ...)
_RENUMBER = (
    "DELETE FROM enrolments WHERE performer_id = :new",
    "UPDATE enrolments SET performer_id = :new WHERE performer_id = :old",
    "UPDATE subjects SET performer_id = :new WHERE performer_id = :old",
    "UPDATE verdicts SET performer_id = :new WHERE performer_id = :old",
    "UPDATE verdicts SET candidates = replace(candidates, :old_candidate, :new_candidate)",
    "UPDATE replaced_verdicts SET performer_id = :new WHERE performer_id = :old",
    "UPDATE replaced_verdicts SET candidates = replace(candidates, :old_candidate, :new_candidate)",
    "UPDATE decisions SET performer_id = :new WHERE performer_id = :old",
    "UPDATE planned_people SET performer_id = :new WHERE performer_id = :old",
    "UPDATE merged_performers SET keep_id = :new WHERE keep_id = :old",
    "UPDATE changes SET item_id = :new WHERE kind = 'performer' AND item_id = :old",
    "UPDATE changes SET value = :new WHERE field = 'performer_ids' AND value = :old",
    # a marker is kept as "performer start end" (domain/markers.py)
    ("UPDATE changes SET value = :new || substr(value, length(:old) + 1)"
    " WHERE field = 'markers' AND value LIKE :old || ' %'"),
    "UPDATE markers SET value = :new || substr(value, length(:old) + 1) WHERE value LIKE :old || ' %'",
)


@dataclass(frozen=True, slots=True)
class MergedPerformer:
    """Somebody who went into another performer, as it was before."""

    gone_id: str
    run_id: str
    keep_id: str
    name: str
    gender: str | None
    picture: bytes | None
    subjects: tuple[int, ...]
    enrolment: Enrolment | None


class Merges:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    # who may be united ------------------------------------------------------------------------------------------------

    def untouched(self) -> dict[str, str]:
        """Performer id -> the name it was made with, of all whom the plugin made and nobody said anything about.

        What people did in Stash is not known here.
        """
        return dict(self._db.execute(_UNTOUCHED).fetchall())

    def items_of(self, performer_id: str) -> list[tuple[Kind, int]]:
        """Images, scenes and galleries that the plugin put this performer on, as far as its journal knows."""
        rows = self._db.execute(
            f"SELECT kind, item_id, op FROM changes WHERE {_OURS} AND value = ? ORDER BY change_id",  # noqa: S608
            (performer_id,),
        )
        last = {(Kind(row[0]), int(row[1])): row[2] for row in rows}
        return [item for item, op in last.items() if op == Op.ADD.value]

    # what a run unites ------------------------------------------------------------------------------------------------

    def plan(self, run_id: str, merges: Iterable[Merge]) -> None:
        self._db.executemany(
            "INSERT INTO planned_merges (run_id, keep_id, gone_id) VALUES (?, ?, ?)",
            [(run_id, merge.keep_id, merge.gone_id) for merge in merges],
        )

    def open(self, run_id: str, limit: int) -> list[Merge]:
        """The next ones still to be worked off, in the order planned."""
        rows = self._db.execute(
            "SELECT keep_id, gone_id FROM planned_merges WHERE run_id = ? AND done = 0 ORDER BY merge_id LIMIT ?",
            (run_id, limit),
        )
        return [Merge(*row) for row in rows]

    def done(self, run_id: str, merges: Iterable[Merge]) -> None:
        self._db.executemany(
            "UPDATE planned_merges SET done = 1 WHERE run_id = ? AND gone_id = ?",
            [(run_id, merge.gone_id) for merge in merges],
        )

    def additions(self, run_id: str, performer_id: str) -> dict[tuple[Kind, int], int]:
        """Change ids, by item, of what this very run added of a performer."""
        rows = self._db.execute(
            f"SELECT kind, item_id, change_id FROM changes WHERE {_OURS} AND run_id = ? AND value = ?"  # noqa: S608
            " AND op = 'add'",
            (run_id, performer_id),
        )
        return {(Kind(row[0]), int(row[1])): row[2] for row in rows}

    def verdicts_as(self, merge: Merge, run_id: str, reason: str) -> list[tuple[int, VerdictRecord]]:
        """The verdicts about the one who goes, (face id, verdict), as verdicts of `run_id` about the one who stays.

        Accepted faces get `reason`; similarities stay, since the examples they were measured to do.
        """
        rows = self._db.execute(
            "SELECT face_id, verdict, model_id, required, margin, reason, candidates FROM verdicts"
            " WHERE performer_id = ? AND verdict IN ('accept', 'review')",
            (merge.gone_id,),
        )
        found = []
        for face_id, said, model_id, required, margin, before, candidates in rows:
            verdict = Verdict(said)
            given = tuple(CandidateRecord(str(who), subject, alike) for who, subject, alike in json.loads(candidates))
            found.append(
                (
                    face_id,
                    VerdictRecord(
                        verdict=verdict,
                        model_id=model_id,
                        run_id=run_id,
                        required=required,
                        margin=margin,
                        reason=reason if verdict is Verdict.ACCEPT else before,
                        candidates=_united(given, merge),
                    ),
                )
            )
        return found

    # the way back -----------------------------------------------------------------------------------------------------

    def keep(self, merged: MergedPerformer) -> None:
        """Remembers what is needed to make a performer again."""
        self._db.execute(
            "INSERT OR REPLACE INTO merged_performers (gone_id, run_id, keep_id, name, gender, picture, subjects,"
            " enrolment) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                merged.gone_id,
                merged.run_id,
                merged.keep_id,
                merged.name,
                merged.gender,
                merged.picture,
                json.dumps(merged.subjects),
                json.dumps(asdict(merged.enrolment) if merged.enrolment else None),
            ),
        )

    def of_run(self, run_id: str) -> list[MergedPerformer]:
        """Whom a run united with others, and was not brought back."""
        rows = self._db.execute(f"{_MERGED} WHERE run_id = ? ORDER BY CAST(gone_id AS INTEGER)", (run_id,))
        return [_merged(row) for row in rows]

    def later(self, run_id: str, keep_id: str = "") -> MergedPerformer | None:
        """A performer with whom a run united others, and whom another run united further; `keep_id`: only that one."""
        row = self._db.execute(
            f"{_MERGED} WHERE run_id <> :run AND gone_id IN"  # noqa: S608
            " (SELECT keep_id FROM merged_performers WHERE run_id = :run AND :keep IN ('', keep_id))"
            " ORDER BY CAST(gone_id AS INTEGER) LIMIT 1",
            {"run": run_id, "keep": keep_id},
        ).fetchone()
        return _merged(row) if row else None

    def taken_off(self, run_id: str, kind: Kind, item_id: int) -> MergedPerformer | None:
        """A performer whom a run took off an item because it went into another one."""
        row = self._db.execute(
            f"{_MERGED} WHERE run_id = :run AND gone_id IN (SELECT value FROM changes WHERE run_id = :run"  # noqa: S608
            " AND kind = :kind AND item_id = :item AND field = 'performer_ids' AND op = 'remove'"
            " AND state = 'applied') LIMIT 1",
            {"run": run_id, "kind": kind.value, "item": str(item_id)},
        ).fetchone()
        return _merged(row) if row else None

    def made_by(self, performer_id: str) -> str | None:
        """The run that made a performer, None when that was taken back."""
        row = self._db.execute(
            "SELECT run_id FROM changes WHERE kind = 'performer' AND op = 'create' AND state = 'applied'"
            " AND item_id = ?",
            (performer_id,),
        ).fetchone()
        return str(row[0]) if row else None

    def changes_about(self, run_id: str, performer_id: str) -> dict[int, Op]:
        """Ids of the changes by which a run took a performer out of Stash: off its items, and itself."""
        rows = self._db.execute(
            "SELECT change_id, op FROM changes WHERE run_id = :run AND state = 'applied' AND ((op = 'remove' AND"
            " field = 'performer_ids' AND value = :who) OR (op = 'destroy' AND item_id = :who))",
            {"run": run_id, "who": performer_id},
        )
        return {row[0]: Op(row[1]) for row in rows}

    def forget(self, gone_id: str) -> None:
        self._db.execute("DELETE FROM merged_performers WHERE gone_id = ?", (gone_id,))

    def renumber(self, old: str, new: str) -> None:
        """A performer that was made again has another id in Stash: everything about the old one is about the new."""
        given = {"old": old, "new": new, "old_candidate": f'["{old}", ', "new_candidate": f'["{new}", '}
        for statement in _RENUMBER if old != new else ():
            self._db.execute(statement, given)


def _united(candidates: tuple[CandidateRecord, ...], merge: Merge) -> tuple[CandidateRecord, ...]:
    """Candidates, best first, in which the two are one."""
    best: dict[str, CandidateRecord] = {}
    for each in candidates:
        who = merge.keep_id if each.performer_id == merge.gone_id else each.performer_id
        best.setdefault(who, CandidateRecord(who, each.subject_id, each.similarity))
    return tuple(best.values())


def _merged(row: tuple[Any, ...]) -> MergedPerformer:
    gone_id, run_id, keep_id, name, gender, picture, subjects, enrolment = row
    known = json.loads(enrolment)
    return MergedPerformer(
        gone_id,
        run_id,
        keep_id,
        name,
        gender,
        picture,
        tuple(json.loads(subjects)),
        Enrolment(**known) if known else None,
    )
