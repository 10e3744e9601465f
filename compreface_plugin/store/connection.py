"""Opening the database file, transactions, and the one place where SQLite's errors become ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compreface_plugin.domain.errors import StoreDamaged, StoreError, StoreTooNew
from compreface_plugin.store.schema import migrate

FILE_NAME = "compreface.sqlite"
_APPLICATION_ID = 0x43465031  # "CFP1", so that a foreign database is not taken for ours
_BUSY_SECONDS = 30.0  # an operation may wait for a task's commit, never the other way round for long


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Translates sqlite3 errors into StoreError or StoreDamaged with one sentence."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _translated(error, path) from error


def _translated(error: sqlite3.DatabaseError, path: Path) -> StoreError:
    text = str(error)
    if "full" in text:
        return StoreError(f"no space left for the database {path}: free some space and start the task again")
    if "readonly" in text or "unable to open" in text:
        return StoreError(f"the database {path} cannot be written ({text}): check the folder's owner and rights")
    if "locked" in text:
        return StoreError(f"the database {path} stayed locked by another process: try again when it has ended")
    if isinstance(error, (sqlite3.OperationalError, sqlite3.IntegrityError, sqlite3.ProgrammingError)):
        return StoreError(f"the database {path} could not be used ({text})")
    return StoreDamaged(
        f"the database {path} is damaged or no database ({text}): it was left as it is; "
        "restore a backup or move it away to begin anew"
    )


def connect(path: Path) -> sqlite3.Connection:
    """Opens (creates, migrates) the file in WAL mode with mode 0600. Autocommit; use `transaction`.

    Raises StoreError, StoreTooNew, StoreDamaged. A damaged or foreign file is never written to.
    """
    with store_errors(path):
        if not path.exists():
            try:
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            except OSError as error:
                raise StoreError(f"the database {path} cannot be created ({error.strerror})") from error
        db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _check_ours(db, path)
            db.execute("PRAGMA journal_mode = WAL")
            # WAL + NORMAL: a crash of the process loses nothing, a power cut at most the last commits, never
            # the file; Stash itself runs this way
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            migrate(db)
        except BaseException:
            db.close()
            raise
        return db


def _check_ours(db: sqlite3.Connection, path: Path) -> None:
    ours: int = db.execute("PRAGMA application_id").fetchone()[0]
    tables: int = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if ours == 0 and tables == 0:
        db.execute(f"PRAGMA application_id = {_APPLICATION_ID:d}")
    elif ours != _APPLICATION_ID:
        raise StoreDamaged(f"{path} is a database of another program: move it away, it was left as it is")


@contextmanager
def transaction(db: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All statements inside are committed together, or none. Not to be nested."""
    with store_errors(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.execute("COMMIT")  # may fail, and leave the transaction open
        except BaseException:
            if db.in_transaction:  # a full disk may already have rolled back
                db.execute("ROLLBACK")
            raise


__all__ = ["FILE_NAME", "StoreTooNew", "connect", "store_errors", "transaction"]
