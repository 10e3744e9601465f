"""Which faces wait, and that asking stays cheap in a library where most were named long ago."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from compreface_plugin.domain.faces import Box, Quality, SeenFace
from compreface_plugin.domain.records import (
    CandidateRecord,
    Change,
    ChangeState,
    Kind,
    Op,
    Verdict,
    VerdictRecord,
)
from compreface_plugin.store.proposals import ORDERS, Proposals, Wanted
from compreface_plugin.store.store import Store

MODEL = "m@1"
GOOD = Quality(0.9, 120.0, 0.8, 0.9, 1.0, 2.0, 3.0, ())
LANDMARKS, EMBEDDING = np.full((5, 2), 0.2, np.float32), np.eye(8, dtype=np.float32)[0]
FACE = SeenFace(Box(0.1, 0.1, 0.3, 0.3), LANDMARKS, 0.99, GOOD, EMBEDDING, b"")


def face(store: Store, item: int, verdict: Verdict, who: str = "4", similarity: float = 0.9) -> int:
    with store.transaction():
        [made] = store.faces.replace(Kind.IMAGE, item, [FACE], model_id=MODEL, detector_id="d", run_id="r")
        record = VerdictRecord(verdict, MODEL, "r", 0.89, None, "", (CandidateRecord(who, 1, similarity),))
        store.faces.save_verdicts([(made, record)])
    return made


def change(store: Store, item: int, state: ChangeState, who: str = "4") -> None:
    with store.transaction():
        store.changes.plan([Change("r", Kind.IMAGE, str(item), "performer_ids", Op.ADD, who, state)])


def test_what_waits_is_to_review_or_named_by_a_plan_that_nobody_applied(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        likely, surest = face(store, 1, Verdict.REVIEW), face(store, 2, Verdict.REVIEW, similarity=0.95)
        other = face(store, 3, Verdict.REVIEW, who="9")
        planned, applied = face(store, 4, Verdict.ACCEPT), face(store, 5, Verdict.ACCEPT)
        of_another = face(store, 6, Verdict.ACCEPT)
        change(store, 4, ChangeState.PROPOSED)
        change(store, 5, ChangeState.APPLIED)
        change(store, 6, ChangeState.PROPOSED, who="9")
        face(store, 7, Verdict.UNKNOWN)
        assert store.proposals.page(MODEL) == (4, [likely, surest, other, planned])
        assert store.proposals.page(MODEL, "person", limit=3) == (4, [surest, likely, planned])
        assert store.proposals.page(MODEL, wanted=Wanted(face_ids=(planned, applied, of_another))) == (1, [planned])
        assert store.proposals.waiting(MODEL) == {"4": 3, "9": 1}
        assert [each.face_id for each in store.proposals.sightings("4", MODEL, 2)] == [planned, applied]


@pytest.mark.parametrize("order", ORDERS)
def test_the_cost_grows_with_the_library_and_not_with_its_square(tmp_path: Path, order: str) -> None:
    """Counted in steps of SQLite's machine, for two sizes of the same library."""
    steps = {}
    for size in (100, 400):
        (folder := tmp_path / str(size)).mkdir()
        with Store.open(folder) as store:
            for item in range(1, size + 1):
                face(store, item, Verdict.ACCEPT if item % 2 else Verdict.REVIEW)
                change(store, item, ChangeState.APPLIED)
        with sqlite3.connect(folder / "compreface.sqlite") as db:
            count = [0]
            db.set_progress_handler(lambda count=count: count.__setitem__(0, count[0] + 1), 1)
            assert Proposals(db).page(MODEL, order)[0] == size / 2
            Proposals(db).waiting(MODEL)
            steps[size] = count[0]
        db.close()
    assert steps[400] < 5 * steps[100]
