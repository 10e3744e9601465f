"""The store on real SQLite files: migrations, refusals, and what each room keeps."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import numpy as np
import pytest

from compreface_plugin.domain.errors import StoreDamaged, StoreError, StoreTooNew
from compreface_plugin.domain.faces import Box, Quality, SeenFace
from compreface_plugin.domain.markers import MARKERS, Marker
from compreface_plugin.domain.records import (
    CandidateRecord,
    Change,
    ChangeState,
    Enrolment,
    Kind,
    Look,
    Op,
    RunState,
    Verdict,
    VerdictRecord,
)
from compreface_plugin.domain.worked import Spent, Worked
from compreface_plugin.store.markers import MadeMarker
from compreface_plugin.store.schema import MIGRATIONS, migrate
from compreface_plugin.store.store import Store

GOOD = Quality(0.9, 120.0, 0.8, 0.9, 1.0, 2.0, 3.0, ())


def unit(seed: int, dimensions: int = 8) -> np.ndarray:
    row = np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)
    return row / np.linalg.norm(row)


def seen(x: float, seed: int = 1) -> SeenFace:
    box = Box(x, 0.1, x + 0.2, 0.3)
    return SeenFace(box, np.full((5, 2), 0.2, np.float32), 0.99, GOOD, unit(seed), b"jpeg" + bytes([seed]))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    with Store.open(tmp_path) as opened:
        yield opened


def test_a_new_file_is_private_and_in_wal_mode(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        mode = stat.S_IMODE(store.path.stat().st_mode)
    assert mode == 0o600
    with sqlite3.connect(tmp_path / "compreface.sqlite") as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    path = tmp_path / "compreface.sqlite"
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 5}")
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="newer plugin"):
        Store.open(tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"this is no database at all" * 50, b"SQLite format 3\x00" + os.urandom(4096)])
def test_a_damaged_file_is_named_and_not_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "compreface.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="left as it is"):
        Store.open(tmp_path)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "compreface.sqlite") as db:
        db.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreDamaged, match="another program"):
        Store.open(tmp_path)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "absent"
    with pytest.raises(StoreError, match=r"cannot be created|cannot be written"):
        Store.open(missing)


def test_an_older_schema_is_migrated_step_by_step(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)
    first = (lambda each: each.execute("CREATE TABLE a (x)"),)
    assert migrate(db, first) == 1  # type: ignore[arg-type]
    both = (*first, lambda each: each.execute("ALTER TABLE a ADD COLUMN y"))
    assert migrate(db, both) == 2  # type: ignore[arg-type]
    assert migrate(db, both) == 2  # type: ignore[arg-type]  # nothing is done twice
    db.execute("INSERT INTO a (x, y) VALUES (1, 2)")


def test_a_failing_migration_leaves_the_version_before_it(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)

    def half(each: sqlite3.Connection) -> None:
        each.execute("CREATE TABLE half (x)")
        raise sqlite3.OperationalError("boom")

    with pytest.raises(sqlite3.OperationalError):
        migrate(db, [lambda each: each.execute("CREATE TABLE a (x)"), half])  # type: ignore[list-item]
    assert db.execute("PRAGMA user_version").fetchone()[0] == 1
    assert [row[0] for row in db.execute("SELECT name FROM sqlite_master")] == ["a"]


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    def half() -> None:
        with store.transaction():
            store.meta.set("one", 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert store.meta.get("one") is None
    with store.transaction():
        store.meta.set("one", {"a": [1]})
    assert store.meta.get("one") == {"a": [1]}


def test_a_commit_that_fails_leaves_nothing_open(store: Store) -> None:
    def of_no_face() -> None:
        with store.transaction():
            store._db.execute("PRAGMA defer_foreign_keys = ON")  # asked for at the commit
            store._db.execute("INSERT INTO face_crops VALUES (1, x'ff')")

    with pytest.raises(StoreError):
        of_no_face()
    with store.transaction():
        store.meta.set("after it", 1)
    assert store._db.execute("SELECT count(*) FROM face_crops").fetchone() == (0,)


def test_a_full_disk_is_one_sentence_and_loses_nothing(store: Store) -> None:
    with store.transaction():
        store.meta.set("kept", "yes")
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")

    def too_much() -> None:
        with store.transaction():
            for n in range(2000):
                store.meta.set(f"key {n}", "x" * 5000)

    with pytest.raises(StoreError, match="no space left"):
        too_much()
    assert store.meta.get("kept") == "yes"
    assert store.meta.get("key 0") is None


def test_a_face_seen_again_keeps_its_id_and_other_embeddings(store: Store) -> None:
    with store.transaction():
        first = store.faces.replace(
            Kind.IMAGE, 7, [seen(0.1, 1), seen(0.6, 2)], model_id="a", detector_id="d", run_id="r"
        )
        store.faces.add_embedding(first[0], "b", unit(9))
    with store.transaction():
        second = store.faces.replace(
            Kind.IMAGE, 7, [seen(0.61, 3), seen(0.3, 4)], model_id="a", detector_id="d", run_id="r"
        )
    assert second[0] == first[1]
    assert second[1] not in first
    assert store.faces.face(first[0], "a") is None  # was not seen again
    again = store.faces.face(second[0], "a")
    assert again is not None and again.embedding is not None
    assert np.array_equal(again.embedding, unit(3))
    assert store.faces.crops([second[0]])[second[0]] == b"jpeg\x03"


def test_a_face_somebody_decided_about_is_never_dropped(store: Store) -> None:
    with store.transaction():
        [face_id] = store.faces.replace(Kind.IMAGE, 7, [seen(0.1)], model_id="a", detector_id="d", run_id="r")
        store._db.execute(
            "INSERT INTO decisions (kind, item_id, x_min, y_min, x_max, y_max, decision, face_id, decided_at, run_id)"
            " VALUES ('image', 7, 0, 0, 1, 1, 'not a face', ?, 0, 'r')",
            (face_id,),
        )
        store.faces.replace(Kind.IMAGE, 7, [], model_id="a", detector_id="d", run_id="r")
    assert store.faces.face(face_id, "a") is not None


def test_verdicts_come_back_whole(store: Store) -> None:
    record = VerdictRecord(
        Verdict.REVIEW, "a", "r", 0.91, 0.02, "another performer is as similar", (CandidateRecord("5", 3, 0.9),)
    )
    with store.transaction():
        [face_id] = store.faces.replace(Kind.IMAGE, 7, [seen(0.1)], model_id="a", detector_id="d", run_id="r")
        store.faces.save_verdicts([(face_id, record)])
    [face] = store.faces.of_items(Kind.IMAGE, [7, 8], "a")[7]
    assert face.verdict == record
    assert face.quality == GOOD
    assert store.faces.of_items(Kind.IMAGE, [8], "a") == {8: []}


def test_items_remember_scans_and_failures(store: Store) -> None:
    def fail(fingerprint: str) -> None:
        store.items.mark_failed(Kind.IMAGE, 3, code="undecodable", message="m", run_id="r", fingerprint=fingerprint)

    with store.transaction():
        fail("f1")
        fail("f1")
    assert store.items.states(Kind.IMAGE, [3])[3].attempts == 2
    with store.transaction():
        fail("f2")
    assert store.items.states(Kind.IMAGE, [3])[3].attempts == 1  # another file: counted anew
    with store.transaction():
        store.items.mark_scanned(Kind.IMAGE, 3, matched=False, run_id="s", tag_id="9", fingerprint="f2", now=1.0)
    state = store.items.states(Kind.IMAGE, [3])[3]
    assert (state.attempts, state.scanned_at, state.scanned_tag_id, state.error) == (0, 1.0, "9", "")
    assert store.items.unmatched(Kind.IMAGE, 0, 10) == [3]
    with store.transaction():
        store.items.forget_scans(Kind.IMAGE, [3])
    assert store.items.unmatched(Kind.IMAGE, 0, 10) == []


def test_looks_belong_to_a_model(store: Store) -> None:
    with store.transaction():
        store.items.save_look(Kind.IMAGE, Look(3, "f", 40.0, 2), "a", 0.0)
    assert store.items.looks(Kind.IMAGE, [3, 4], "a") == {3: Look(3, "f", 40.0, 2)}
    assert store.items.looks(Kind.IMAGE, [3], "b") == {}


def test_the_gallery_holds_linked_subjects_of_one_model(store: Store) -> None:
    people = store.people
    with store.transaction():
        linked = people.add_subject("Person 1 AAAAAAAAAAAAAAAA", "1", "r", 0.0)
        loose = people.add_subject("Person 2 AAAAAAAAAAAAAAAA", None, "r", 0.0)
        for number, subject in enumerate((linked, loose)):
            people.add_example(
                subject.subject_id,
                origin="performer",
                origin_id=str(number),
                picture_sha="s",
                quality=1.0,
                crop=b"c",
                model_id="a",
                embedding=unit(number),
                run_id="r",
                now=0.0,
            )
    gallery = people.gallery("a", 8)
    assert gallery.performer_ids == ("1",)
    assert np.array_equal(gallery.embeddings[0], unit(0))
    assert people.gallery("b", 8).embeddings.shape == (0, 8)
    assert people.gallery("a", 8, performers={"2"}).performer_ids == ()
    assert people.subject_named("person 1 aaaaaaaaaaaaaaaa") == linked  # as CompreFace compares


def test_forgetting_a_run_keeps_what_others_enrolled(store: Store) -> None:
    people = store.people

    def example(subject_id: int, run_id: str) -> None:
        people.add_example(
            subject_id,
            origin="performer",
            origin_id="1",
            picture_sha="s",
            quality=1.0,
            crop=b"c",
            model_id="a",
            embedding=unit(1),
            run_id=run_id,
            now=0.0,
        )

    with store.transaction():
        mine = people.add_subject("Person 1 A", "1", "r1", 0.0)
        shared = people.add_subject("Person 2 A", "2", "r1", 0.0)
        example(mine.subject_id, "r1")
        example(shared.subject_id, "r1")
        example(shared.subject_id, "r2")
        people.save_enrolment(Enrolment("1", "u", "s", "enrolled"), "r1")
    with store.transaction():
        assert people.forget_run("r1") == {"examples": 2, "subjects": 1}
    assert [subject.name for subject in people.subjects()] == ["Person 2 A"]
    assert people.enrolments() == {}


def test_runs_resume_only_what_did_not_end(store: Store) -> None:
    runs = store.runs
    with store.transaction():
        runs.begin("r1", "m", {"limit": "5"}, 1.0)
    assert runs.resumable("m", {}) is None
    left = runs.resumable("m", {"limit": "5"})
    assert left is not None and left.run_id == "r1"
    with store.transaction():
        spent = {"open": Spent(1.5, 4)}
        runs.advance("r1", cursor=9, counts={"seen": 4}, reasons={"failed refused": 1}, seconds=2.0, steps=spent)
        runs.end("r1", RunState.FINISHED, 5.0)
    assert runs.resumable("m", {"limit": "5"}) is None
    ended = runs.get("r1")
    assert ended is not None
    assert (ended.cursor, ended.counts, ended.active_seconds) == (9, {"seen": 4}, 2.0)
    assert (ended.reasons, ended.steps) == ({"failed refused": 1}, spent)
    assert runs.cohort("r1") is None
    with store.transaction():
        runs.set_cohort("r1", b"")
    assert runs.cohort("r1") == b""


def test_what_runs_did_is_added_up_by_task_and_engine(store: Store) -> None:
    runs = store.runs
    with store.transaction():
        for number, (mode, model) in enumerate([("a", "m1"), ("a", "m1"), ("a", "m2"), ("b", "m1")]):
            run = runs.begin(f"r{number}", mode, {}, float(number)).run_id
            runs.pin_engine(run, "local", model)
            steps = {"open": Spent(0.5, 4), "store": Spent(0.25, 4)}
            runs.advance(run, cursor=1, counts={"seen": 4}, reasons={"failed empty": number}, seconds=1.0, steps=steps)
        runs.end("r0", RunState.FINISHED, 9.0)
        runs.begin("r9", "decide", {}, 9.0)
    worked = store.statistics.worked()
    assert set(worked) == {("a", "local", "m1"), ("a", "local", "m2"), ("b", "local", "m1"), ("decide", "", "")}
    assert worked["a", "local", "m1"] == Worked(
        2,
        2.0,
        {"finished": 1, "running": 1},
        {"seen": 8},
        {"failed empty": 1},
        {"open": Spent(1.0, 8), "store": Spent(0.5, 8)},
    )
    assert worked["decide", "", ""] == Worked(1, 0.0, {"running": 1})


def test_the_journal_knows_what_is_open_and_what_can_be_undone(store: Store) -> None:
    change = Change("r1", Kind.IMAGE, "7", "tag_ids", Op.ADD, "3")
    with store.transaction():
        store.runs.begin("r1", "m", {}, 1.0)
        store.changes.plan([change])
    [opened] = store.changes.open("r1")
    assert (opened.item_id, opened.state) == ("7", ChangeState.PLANNED)
    assert store.changes.undoable_run() is None
    with store.transaction():
        store.changes.mark([opened.change_id], ChangeState.APPLIED)
    assert store.changes.open("r1") == []
    assert store.changes.undoable_run() == "r1"
    assert store.changes.counts("r1") == {"applied": 1}


def test_the_id_of_a_face_that_is_gone_is_nobody_elses(store: Store) -> None:
    def put(item: int, faces: list[SeenFace]) -> list[int]:
        with store.transaction():
            return store.faces.replace(Kind.IMAGE, item, faces, model_id="m@1", detector_id="d", run_id="r")

    [gone] = put(1, [seen(0.1)])
    assert put(1, []) == []
    assert put(2, [seen(0.1)]) != [gone]


def test_a_performer_made_again_takes_the_markers_along(store: Store) -> None:
    made = [Change("r1", Kind.SCENE, "9", MARKERS, Op.ADD, Marker(who, 1.0, 2.5).text) for who in ("5", "55")]
    with store.transaction():
        store.runs.begin("r1", "m", {}, 1.0)
        store.changes.plan(made)
        store.markers.add([MadeMarker(f"m{change.value[:2]}", "9", change.value, "Ann") for change in made])
        store.merges.renumber("5", "77")
    expected = {Marker("77", 1.0, 2.5).text, Marker("55", 1.0, 2.5).text}
    assert {change.value for change in store.changes.open("r1")} == expected
    assert {each.value for each in store.markers.of_scene("9")} == expected
