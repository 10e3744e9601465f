"""The schema as a list of migrations, append-only. Each is a function; its work and its version are one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from compreface_plugin.domain.errors import StoreTooNew

Migration = Callable[[sqlite3.Connection], None]

_V1 = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # subjects are matched case-insensitively, as CompreFace does
    """CREATE TABLE subjects (
        subject_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL COLLATE NOCASE UNIQUE,
        performer_id TEXT,
        created_run TEXT NOT NULL DEFAULT '',
        created_at REAL NOT NULL)""",
    "CREATE INDEX subjects_performer ON subjects (performer_id)",
    """CREATE TABLE examples (
        example_id INTEGER PRIMARY KEY,
        subject_id INTEGER NOT NULL REFERENCES subjects ON DELETE CASCADE,
        origin TEXT NOT NULL,           -- 'performer' (own picture), 'face' (of an item), 'import', 'compreface'
        origin_id TEXT NOT NULL,        -- performer id, face id, nothing, image id there
        picture_sha TEXT NOT NULL DEFAULT '',
        quality REAL NOT NULL,
        crop BLOB NOT NULL,             -- JPEG with margin: a new model re-embeds it
        created_run TEXT NOT NULL DEFAULT '',
        created_at REAL NOT NULL)""",
    "CREATE INDEX examples_subject ON examples (subject_id)",
    "CREATE INDEX examples_run ON examples (created_run)",
    "CREATE INDEX examples_origin ON examples (origin, origin_id)",
    # which examples stand on a CompreFace server too; an example that goes leaves its image id behind, however it
    # goes, until it is removed there as well
    """CREATE TABLE remote_examples (
        example_id INTEGER PRIMARY KEY REFERENCES examples ON DELETE CASCADE,
        image_id TEXT NOT NULL UNIQUE)""",
    "CREATE TABLE remote_removals (image_id TEXT PRIMARY KEY, subject TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TRIGGER example_gone BEFORE DELETE ON examples
        WHEN OLD.origin <> 'compreface'  -- what was learned from a collection is its owner's, and stays there
            AND EXISTS (SELECT 1 FROM remote_examples r WHERE r.example_id = OLD.example_id)
        BEGIN
            INSERT OR IGNORE INTO remote_removals (image_id, subject)
            SELECT r.image_id, coalesce(s.name, '') FROM remote_examples r
            LEFT JOIN subjects s ON s.subject_id = OLD.subject_id WHERE r.example_id = OLD.example_id;
        END""",
    """CREATE TRIGGER subject_gone BEFORE DELETE ON subjects
        BEGIN
            DELETE FROM examples WHERE subject_id = OLD.subject_id;
        END""",
    """CREATE TABLE example_embeddings (
        example_id INTEGER NOT NULL REFERENCES examples ON DELETE CASCADE,
        model_id TEXT NOT NULL,
        embedding BLOB NOT NULL,        -- float32, little endian, unit length
        PRIMARY KEY (model_id, example_id)) WITHOUT ROWID""",
    """CREATE TABLE enrolments (
        performer_id TEXT PRIMARY KEY,
        picture_url TEXT NOT NULL,
        picture_sha TEXT NOT NULL,
        outcome TEXT NOT NULL,
        detail TEXT NOT NULL DEFAULT '',
        model_id TEXT NOT NULL,
        min_face_px REAL NOT NULL,
        run_id TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE items (
        kind TEXT NOT NULL,
        item_id INTEGER NOT NULL,
        scanned_at REAL,
        matched INTEGER NOT NULL DEFAULT 0,
        run_id TEXT,
        scanned_tag_id TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        error_code TEXT NOT NULL DEFAULT '',
        error TEXT NOT NULL DEFAULT '',
        fingerprint TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (kind, item_id)) WITHOUT ROWID""",
    "CREATE INDEX items_run ON items (run_id)",
    """CREATE TABLE looks (
        kind TEXT NOT NULL,
        item_id INTEGER NOT NULL,
        model_id TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        min_face_px REAL NOT NULL,
        faces INTEGER NOT NULL,
        looked_at REAL NOT NULL,
        PRIMARY KEY (kind, item_id, model_id)) WITHOUT ROWID""",
    """CREATE TABLE faces (
        face_id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: pages, plans and examples name faces by it
        kind TEXT NOT NULL,
        item_id INTEGER NOT NULL,
        x_min REAL NOT NULL, y_min REAL NOT NULL, x_max REAL NOT NULL, y_max REAL NOT NULL,
        landmarks BLOB,
        det_score REAL NOT NULL,
        quality REAL NOT NULL,
        quality_json TEXT NOT NULL,
        size_px REAL NOT NULL,
        age REAL,
        gender TEXT,
        detector_id TEXT NOT NULL,
        created_run TEXT NOT NULL)""",
    "CREATE INDEX faces_item ON faces (kind, item_id)",
    # apart from faces: a match over thousands of rows must not read crops
    "CREATE TABLE face_crops (face_id INTEGER PRIMARY KEY REFERENCES faces ON DELETE CASCADE, crop BLOB NOT NULL)",
    """CREATE TABLE face_embeddings (
        face_id INTEGER NOT NULL REFERENCES faces ON DELETE CASCADE,
        model_id TEXT NOT NULL,
        embedding BLOB NOT NULL,
        PRIMARY KEY (face_id, model_id)) WITHOUT ROWID""",
    """CREATE TABLE verdicts (
        face_id INTEGER PRIMARY KEY REFERENCES faces ON DELETE CASCADE,
        verdict TEXT NOT NULL,
        model_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        performer_id TEXT,              -- of the best candidate
        similarity REAL,
        required REAL NOT NULL,
        margin REAL,                    -- NULL without another person to compare with
        reason TEXT NOT NULL,
        candidates TEXT NOT NULL)""",
    "CREATE INDEX verdicts_verdict ON verdicts (verdict, performer_id)",
    "CREATE INDEX verdicts_run ON verdicts (run_id)",
    # what people said about a face: kept against item and box, so that it survives rescans and models
    """CREATE TABLE decisions (
        decision_id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: readers notice changes by it
        kind TEXT NOT NULL,
        item_id INTEGER NOT NULL,
        x_min REAL NOT NULL, y_min REAL NOT NULL, x_max REAL NOT NULL, y_max REAL NOT NULL,
        decision TEXT NOT NULL,         -- domain/memory.py, Said
        performer_id TEXT,
        face_id INTEGER,
        run_id TEXT NOT NULL,
        fingerprint TEXT NOT NULL DEFAULT '',   -- of the item's file
        before TEXT NOT NULL DEFAULT '',        -- the verdict without any decision, as JSON
        crop BLOB,                      -- its own, so that it outlives the face and can be embedded anew
        decided_at REAL NOT NULL)""",
    "CREATE INDEX decisions_item ON decisions (kind, item_id)",
    "CREATE INDEX decisions_face ON decisions (face_id)",
    "CREATE INDEX decisions_run ON decisions (run_id)",
    "CREATE INDEX decisions_performer ON decisions (performer_id)",
    """CREATE TABLE decision_embeddings (
        decision_id INTEGER NOT NULL REFERENCES decisions ON DELETE CASCADE,
        model_id TEXT NOT NULL,
        embedding BLOB NOT NULL,
        PRIMARY KEY (model_id, decision_id)) WITHOUT ROWID""",
    # people a run decided to make of unknown faces: written before the first is made, so that a kill doubles nobody
    """CREATE TABLE planned_people (
        group_id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        name TEXT NOT NULL,
        performer_id TEXT,              -- somebody who exists; NULL: a performer of this name is made
        done INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX planned_people_run ON planned_people (run_id, done)",
    """CREATE TABLE planned_faces (
        group_id INTEGER NOT NULL REFERENCES planned_people ON DELETE CASCADE,
        face_id INTEGER NOT NULL REFERENCES faces ON DELETE CASCADE,
        PRIMARY KEY (group_id, face_id)) WITHOUT ROWID""",
    "CREATE INDEX planned_faces_face ON planned_faces (face_id)",
    # performers a run is going to unite, written down with the people it makes
    """CREATE TABLE planned_merges (
        merge_id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        keep_id TEXT NOT NULL,
        gone_id TEXT NOT NULL,
        done INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX planned_merges_run ON planned_merges (run_id, done)",
    # performers that went into another one, with what undo needs to make them again
    """CREATE TABLE merged_performers (
        gone_id TEXT PRIMARY KEY,
        run_id TEXT NOT NULL,
        keep_id TEXT NOT NULL,
        name TEXT NOT NULL,
        gender TEXT,
        picture BLOB,
        subjects TEXT NOT NULL,         -- JSON list of the subjects that were its own
        enrolment TEXT NOT NULL         -- JSON: what was known of its picture, null for nothing
        ) WITHOUT ROWID""",
    "CREATE INDEX merged_performers_run ON merged_performers (run_id)",
    # verdicts of other runs that a run replaced by grouping or naming: undo puts them back
    """CREATE TABLE replaced_verdicts (
        replaced_by TEXT NOT NULL,
        face_id INTEGER NOT NULL REFERENCES faces ON DELETE CASCADE,
        verdict TEXT NOT NULL,
        model_id TEXT NOT NULL,
        run_id TEXT NOT NULL,
        performer_id TEXT,
        similarity REAL,
        required REAL NOT NULL,
        margin REAL,
        reason TEXT NOT NULL,
        candidates TEXT NOT NULL,
        PRIMARY KEY (replaced_by, face_id)) WITHOUT ROWID""",
    "CREATE INDEX replaced_verdicts_face ON replaced_verdicts (face_id)",
    # groups of unknown faces as last computed, each named by its smallest face id
    "CREATE TABLE clusters (face_id INTEGER PRIMARY KEY REFERENCES faces ON DELETE CASCADE, cluster INTEGER NOT NULL)",
    "CREATE INDEX clusters_cluster ON clusters (cluster)",
    # what people said about groups: faces of one hand are one person, faces of two hands never are
    "CREATE TABLE hand_groups (face_id INTEGER PRIMARY KEY REFERENCES faces ON DELETE CASCADE, hand INTEGER NOT NULL)",
    # what a face of a scene stands for: one person seen in it
    """CREATE TABLE scene_people (
        face_id INTEGER PRIMARY KEY REFERENCES faces ON DELETE CASCADE,
        at_s REAL NOT NULL,             -- of the best frame
        sightings INTEGER NOT NULL,
        tiles INTEGER NOT NULL,         -- 1: seen in sprite tiles alone
        appearances TEXT NOT NULL)""",  # JSON [[from, to], ...] in seconds
    """CREATE TABLE sightings (
        face_id INTEGER NOT NULL REFERENCES faces ON DELETE CASCADE,
        n INTEGER NOT NULL,
        at_s REAL NOT NULL,
        weight REAL NOT NULL,
        crop BLOB NOT NULL,
        PRIMARY KEY (face_id, n)) WITHOUT ROWID""",
    """CREATE TABLE sighting_embeddings (
        face_id INTEGER NOT NULL REFERENCES faces ON DELETE CASCADE,
        n INTEGER NOT NULL,
        model_id TEXT NOT NULL,
        embedding BLOB NOT NULL,
        PRIMARY KEY (face_id, model_id, n)) WITHOUT ROWID""",
    # markers made at appearances: which of Stash's stands for which change, and its title when it was made
    """CREATE TABLE markers (
        marker_id TEXT PRIMARY KEY,
        scene_id TEXT NOT NULL,
        value TEXT NOT NULL,
        title TEXT NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX markers_scene ON markers (scene_id)",
    """CREATE TABLE runs (
        run_id TEXT PRIMARY KEY,
        mode TEXT NOT NULL,
        args TEXT NOT NULL,
        state TEXT NOT NULL,
        started_at REAL NOT NULL,
        ended_at REAL,
        active_seconds REAL NOT NULL DEFAULT 0,
        cursor INTEGER NOT NULL DEFAULT 0,
        total INTEGER,
        counts TEXT NOT NULL DEFAULT '{}',
        reasons TEXT NOT NULL DEFAULT '{}',     -- JSON: "failed CODE" and "skipped CODE" -> items
        steps TEXT NOT NULL DEFAULT '{}',       -- JSON: step -> [seconds, things]; domain/worked.py
        engine TEXT NOT NULL DEFAULT '',
        model_id TEXT NOT NULL DEFAULT '',
        message TEXT NOT NULL DEFAULT '',
        owner INTEGER NOT NULL DEFAULT 0,   -- the process that works, or worked, on it (host/lease.py)
        cohort BLOB)                    -- faces of other people that scores are normalised against, frozen""",
    # tasks that a page started under a name of its own
    """CREATE TABLE errands (
        name TEXT PRIMARY KEY,
        at REAL NOT NULL,
        state TEXT NOT NULL,
        message TEXT NOT NULL,
        job_id TEXT NOT NULL DEFAULT '',
        run_id TEXT NOT NULL DEFAULT '') WITHOUT ROWID""",
    # what a run was given by name, and what came of each
    """CREATE TABLE run_items (
        run_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        item_id INTEGER NOT NULL,
        place INTEGER NOT NULL,         -- in the list
        times INTEGER NOT NULL,         -- named in the list
        state TEXT NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        cursor INTEGER NOT NULL DEFAULT 0,      -- of a gallery: its last image that was looked at
        failed INTEGER NOT NULL DEFAULT 0,      -- of a gallery: images that could not be looked at
        PRIMARY KEY (run_id, kind, item_id)) WITHOUT ROWID""",
    """CREATE TABLE changes (
        change_id INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        item_id TEXT NOT NULL,
        field TEXT NOT NULL,
        op TEXT NOT NULL,
        value TEXT NOT NULL,
        state TEXT NOT NULL,
        note TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX changes_state ON changes (state)",
    "CREATE INDEX changes_run ON changes (run_id, state)",
    "CREATE INDEX changes_item ON changes (kind, item_id)",
    "CREATE INDEX changes_performer ON changes (value) WHERE field = 'performer_ids'",  # where somebody was put
)


def _version_1(db: sqlite3.Connection) -> None:
    for statement in _V1:
        db.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (_version_1,)


def migrate(db: sqlite3.Connection, steps: Sequence[Migration] = MIGRATIONS) -> int:
    """Brings an open database (autocommit mode) to the newest version and returns it.

    Raises StoreTooNew when the file was written by a newer plugin. A step that fails leaves the version before it.
    """
    done: int = db.execute("PRAGMA user_version").fetchone()[0]
    if done > len(steps):
        raise StoreTooNew(
            f"the database has schema {done}, this version of the plugin knows {len(steps)}: "
            "install the newer plugin again, or restore the backup made before the upgrade"
        )
    for version, step in enumerate(steps[done:], start=done + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            if db.execute("PRAGMA user_version").fetchone()[0] >= version:  # another process was quicker
                db.execute("ROLLBACK")
                continue
            step(db)
            db.execute(f"PRAGMA user_version = {version:d}")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
    return len(steps)
