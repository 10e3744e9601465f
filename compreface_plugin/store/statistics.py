"""How much there is of everything, and how often the plugin was right by what people said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compreface_plugin.domain.worked import Spent, Worked

if TYPE_CHECKING:
    import sqlite3

# the last word about each face that had a verdict, with that verdict
_JUDGED = (
    "SELECT json_extract(before, '$.verdict') AS verdict, CASE"
    " WHEN decision = 'confirmed' AND performer_id = json_extract(before, '$.candidates[0].performer_id') THEN 'right'"
    " WHEN decision IN ('confirmed', 'not this person', 'not a face') THEN 'wrong' END AS outcome"
    " FROM decisions WHERE before <> '' AND decision_id IN (SELECT max(decision_id) FROM decisions"
    " WHERE decision IN ('confirmed', 'not this person', 'not a face') GROUP BY face_id)"
)


Work = tuple[str, str, str]  # mode, engine, model id

# of the numbers that runs keep as JSON
_SUMS = "SELECT mode, engine, model_id, e.key, {what} FROM runs, json_each({column}) e GROUP BY 1, 2, 3, 4"


class Statistics:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def items(self) -> dict[str, dict[str, int]]:
        """By kind of item: scanned, matched, failed; only kinds that were looked at."""
        rows = self._db.execute(
            "SELECT kind, sum(scanned_at IS NOT NULL), sum(scanned_at IS NOT NULL AND matched), sum(attempts > 0)"
            " FROM items GROUP BY kind"
        )
        return {row[0]: {"scanned": row[1], "matched": row[2], "failed": row[3]} for row in rows}

    def faces(self, model_id: str) -> dict[str, int]:
        """Faces by the verdict of a model; "all" with those that have none."""
        total = self._db.execute("SELECT count(*) FROM faces").fetchone()[0]
        query = "SELECT verdict, count(*) FROM verdicts WHERE model_id = ? GROUP BY verdict"
        return {"all": total, **dict(self._db.execute(query, (model_id,)).fetchall())}

    def people(self) -> dict[str, int]:
        """Performers with an example, and the examples by where they came from."""
        people = self._db.execute(
            "SELECT count(DISTINCT s.performer_id) FROM examples e JOIN subjects s USING (subject_id)"
        ).fetchone()[0]
        rows = self._db.execute("SELECT origin, count(*) FROM examples GROUP BY origin")
        return {"enrolled": people, **{f"examples_{origin}": count for origin, count in rows}}

    def decisions(self) -> dict[str, int]:
        """What people said, by kind."""
        return dict(self._db.execute("SELECT decision, count(*) FROM decisions GROUP BY decision").fetchall())

    def judged(self) -> dict[str, dict[str, int]]:
        """Verdict of the plugin -> right, wrong: by the last word of a person about each face."""
        found: dict[str, dict[str, int]] = {}
        rows = self._db.execute(f"SELECT verdict, outcome, count(*) FROM ({_JUDGED}) GROUP BY verdict, outcome")  # noqa: S608
        for verdict, outcome, count in rows:
            if outcome is not None:
                found.setdefault(verdict, {"right": 0, "wrong": 0})[outcome] = count
        return found

    def written(self) -> dict[str, int]:
        """Names put on items of Stash that still stand there, and those taken back, by the plugin's journal."""
        rows = self._db.execute(
            "SELECT state, count(*) FROM changes WHERE field = 'performer_ids' AND op = 'add'"
            " AND state IN ('applied', 'undone', 'kept') GROUP BY state"
        )
        return dict(rows.fetchall())

    def worked(self) -> dict[Work, Worked]:
        """What all runs did, together by mode, engine and model, which are empty where a run needed none."""
        runs: dict[Work, dict[str, int]] = {}
        seconds: dict[Work, float] = {}
        rows = self._db.execute(
            "SELECT mode, engine, model_id, state, count(*), sum(active_seconds) FROM runs GROUP BY 1, 2, 3, 4"
        )
        for mode, engine, model_id, state, count, took in rows:
            work = (mode, engine, model_id)
            runs.setdefault(work, {})[state] = count
            seconds[work] = seconds.get(work, 0.0) + took
        counts, reasons, steps = self._counted("counts"), self._counted("reasons"), self._spent()
        return {
            work: Worked(
                sum(states.values()),
                seconds[work],
                states,
                counts.get(work, {}),
                reasons.get(work, {}),
                steps.get(work, {}),
            )
            for work, states in runs.items()
        }

    def _counted(self, column: str) -> dict[Work, dict[str, int]]:
        found: dict[Work, dict[str, int]] = {}
        rows = self._db.execute(_SUMS.format(what="sum(e.value)", column=column))
        for mode, engine, model_id, name, count in rows:
            found.setdefault((mode, engine, model_id), {})[name] = count
        return found

    def _spent(self) -> dict[Work, dict[str, Spent]]:
        found: dict[Work, dict[str, Spent]] = {}
        what = "sum(json_extract(e.value, '$[0]')), sum(json_extract(e.value, '$[1]'))"
        rows = self._db.execute(_SUMS.format(what=what, column="steps"))
        for mode, engine, model_id, name, seconds, things in rows:
            found.setdefault((mode, engine, model_id), {})[name] = Spent(seconds, things)
        return found
