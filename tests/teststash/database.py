"""The library's SQLite database: tables, one lock, transactions that roll back whole."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Row = dict[str, Any]

_STAMPS = "created_at TEXT NOT NULL, updated_at TEXT NOT NULL"
_ITEM = f"""id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT, code TEXT, details TEXT, date TEXT, rating100 INTEGER,
  organized INTEGER NOT NULL DEFAULT 0, o_counter INTEGER NOT NULL DEFAULT 0, studio_id INTEGER REFERENCES studio(id),
  {_STAMPS}"""


def _link(left: str, right: str, name: str = "") -> str:
    name = name or f"{left}_{right}"
    return (
        f"CREATE TABLE IF NOT EXISTS {name} ("
        f"{left}_id INTEGER NOT NULL REFERENCES {left}(id) ON DELETE CASCADE, "
        f"{right}_id INTEGER NOT NULL REFERENCES {right}(id) ON DELETE CASCADE, PRIMARY KEY ({left}_id, {right}_id));"
        f"CREATE INDEX IF NOT EXISTS {name}_back ON {name}({right}_id);"
    )


_TABLES = f"""
CREATE TABLE IF NOT EXISTS folder (id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, {_STAMPS});
CREATE TABLE IF NOT EXISTS file (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL UNIQUE,
  basename TEXT NOT NULL, folder_id INTEGER NOT NULL REFERENCES folder(id), zip_file_id INTEGER REFERENCES file(id),
  size INTEGER NOT NULL, mod_time TEXT NOT NULL, format TEXT NOT NULL DEFAULT '', width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0, duration REAL NOT NULL DEFAULT 0, video_codec TEXT NOT NULL DEFAULT '',
  audio_codec TEXT NOT NULL DEFAULT '', frame_rate REAL NOT NULL DEFAULT 0, bit_rate INTEGER NOT NULL DEFAULT 0,
  {_STAMPS});
CREATE TABLE IF NOT EXISTS fingerprint (file_id INTEGER NOT NULL REFERENCES file(id) ON DELETE CASCADE, type TEXT,
  value TEXT, PRIMARY KEY (file_id, type));
CREATE TABLE IF NOT EXISTS studio (id INTEGER PRIMARY KEY, name TEXT NOT NULL, {_STAMPS});
CREATE TABLE IF NOT EXISTS image ({_ITEM}, photographer TEXT);
CREATE TABLE IF NOT EXISTS gallery ({_ITEM}, photographer TEXT, folder_id INTEGER REFERENCES folder(id));
CREATE TABLE IF NOT EXISTS scene ({_ITEM}, director TEXT, stash_ids TEXT NOT NULL DEFAULT '[]');
CREATE TABLE IF NOT EXISTS performer (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, disambiguation TEXT,
  gender TEXT, birthdate TEXT, ethnicity TEXT, country TEXT, eye_color TEXT, height_cm INTEGER, measurements TEXT,
  fake_tits TEXT, penis_length REAL, circumcised TEXT, career_length TEXT, tattoos TEXT, piercings TEXT,
  favorite INTEGER NOT NULL DEFAULT 0, rating100 INTEGER, details TEXT, death_date TEXT, hair_color TEXT,
  weight INTEGER, ignore_auto_tag INTEGER NOT NULL DEFAULT 0, stash_ids TEXT NOT NULL DEFAULT '[]', image BLOB,
  {_STAMPS});
CREATE UNIQUE INDEX IF NOT EXISTS performers_name_disambiguation_unique
  ON performer(name, disambiguation) WHERE disambiguation IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS performers_name_unique ON performer(name) WHERE disambiguation IS NULL;
CREATE TABLE IF NOT EXISTS tag (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, sort_name TEXT,
  description TEXT, ignore_auto_tag INTEGER NOT NULL DEFAULT 0, favorite INTEGER NOT NULL DEFAULT 0,
  stash_ids TEXT NOT NULL DEFAULT '[]', image BLOB, {_STAMPS});
CREATE TABLE IF NOT EXISTS tag_parent (tag_id INTEGER NOT NULL REFERENCES tag(id) ON DELETE CASCADE,
  parent_id INTEGER NOT NULL REFERENCES tag(id) ON DELETE CASCADE, PRIMARY KEY (tag_id, parent_id));
CREATE TABLE IF NOT EXISTS alias (kind TEXT NOT NULL, object_id INTEGER NOT NULL, position INTEGER NOT NULL,
  value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS url (kind TEXT NOT NULL, object_id INTEGER NOT NULL, position INTEGER NOT NULL,
  value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS custom_field (kind TEXT NOT NULL, object_id INTEGER NOT NULL, field TEXT NOT NULL,
  value NOT NULL, PRIMARY KEY (kind, object_id, field));
CREATE TABLE IF NOT EXISTS owned_file (kind TEXT NOT NULL, object_id INTEGER NOT NULL,
  file_id INTEGER NOT NULL REFERENCES file(id), position INTEGER NOT NULL, PRIMARY KEY (kind, object_id, file_id));
CREATE TABLE IF NOT EXISTS marker (id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, seconds REAL NOT NULL,
  end_seconds REAL, scene_id INTEGER NOT NULL REFERENCES scene(id) ON DELETE CASCADE,
  primary_tag_id INTEGER NOT NULL REFERENCES tag(id), {_STAMPS});
"""
_LINKS = "".join(
    _link(left, right)
    for left, right in (
        ("image", "performer"),
        ("image", "tag"),
        ("gallery", "image"),
        ("gallery", "performer"),
        ("gallery", "tag"),
        ("scene", "performer"),
        ("scene", "tag"),
        ("scene", "gallery"),
        ("performer", "tag"),
        ("marker", "tag"),
    )
)


def now() -> str:
    """The present as RFC 3339 with seconds, as Stash writes it."""
    return rfc3339(datetime.now(timezone.utc))


def rfc3339(moment: datetime) -> str:
    """A time in the local zone, with Z where that is Greenwich."""
    return moment.astimezone().isoformat(timespec="seconds").replace("+00:00", "Z")


class Database:
    """One connection shared by all threads behind one lock."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = _as_dict
        self._connection.create_function("regexp", 2, _regexp, deterministic=True)
        self._connection.create_collation("NATURAL_CI", _natural)
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=OFF"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_TABLES + _LINKS)
        self._depth = 0

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[Row]:
        """All rows as dicts."""
        with self.lock:
            return self._connection.execute(sql, tuple(parameters)).fetchall()

    def row(self, sql: str, parameters: Iterable[Any] = ()) -> Row | None:
        """The first row, or None."""
        with self.lock:
            found: Row | None = self._connection.execute(sql, tuple(parameters)).fetchone()
            return found

    def column(self, sql: str, parameters: Iterable[Any] = ()) -> list[Any]:
        """The first column of all rows."""
        return [next(iter(row.values())) for row in self.rows(sql, parameters)]

    def run(self, sql: str, parameters: Iterable[Any] = ()) -> int:
        """Executes a change; returns the last row id."""
        with self.lock:
            return self._connection.execute(sql, tuple(parameters)).lastrowid or 0

    def raw(self, sql: str, parameters: Iterable[Any] = ()) -> tuple[list[str], list[list[Any]]]:
        """Column names and rows of any query (querySQL)."""
        with self.lock:
            cursor = self._connection.execute(sql, tuple(parameters))
            names = [column[0] for column in cursor.description or ()]
            return names, [list(row.values()) for row in cursor.fetchall()]

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Both or neither. Nested use joins the outer transaction."""
        with self.lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def close(self) -> None:
        """Ends the connection."""
        with self.lock:
            self._connection.close()


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def _natural(left: str, right: str) -> int:
    """Digits by their number, letters without case."""
    one, other = (
        [
            (0, int(part), "") if part.isdigit() else (1, 0, part)
            for part in re.findall(r"\d+|\D+", text.lower())
        ]
        for text in (left, right)
    )
    return (one > other) - (one < other)


def _regexp(pattern: str, value: object) -> bool:
    return value is not None and re.search(pattern, str(value)) is not None
