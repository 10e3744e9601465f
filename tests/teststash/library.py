"""The library behind the server: reading, changing, and the rules Stash checks before it changes anything."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from typing import TYPE_CHECKING, Any

from . import filter_fields as _filter_fields  # noqa: F401  (fills the table of filter keys)
from .database import Database, Row, now
from .filters import combine
from .lists import ORDER, search_condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

KINDS = ("image", "gallery", "scene", "performer", "tag", "marker")
NO_ORDER = ("image", "gallery", "scene")
LINKS = {
    ("image", "performer"): "image_performer",
    ("image", "tag"): "image_tag",
    ("image", "gallery"): "gallery_image",
    ("gallery", "performer"): "gallery_performer",
    ("gallery", "tag"): "gallery_tag",
    ("gallery", "scene"): "scene_gallery",
    ("gallery", "image"): "gallery_image",
    ("scene", "performer"): "scene_performer",
    ("scene", "tag"): "scene_tag",
    ("scene", "gallery"): "scene_gallery",
    ("performer", "tag"): "performer_tag",
    ("marker", "tag"): "marker_tag",
}


_SPOKEN = {"marker": "scene marker"}


_SQL = {"marker": "scene_marker"}


def _table(kind: str, other: str) -> str:
    """Stash's own name of a link table, as its error texts show it."""
    plural = {"gallery": "galleries", "marker": "scene_markers"}
    if other == "performer":
        return f"performers_{plural.get(kind, kind + 's')}"
    if {kind, other} == {"gallery", "image"}:
        return "galleries_images"
    return f"{plural.get(kind, kind + 's')}_{plural.get(other, other + 's')}"


class LibraryError(Exception):
    """A request that Stash refuses; becomes `errors` with status 200."""


class Library:
    """Items, people and tags with Stash's reading and writing rules. Thread-safe."""

    def __init__(self, path: Path, seed: int) -> None:
        self.db = Database(path)
        self._shuffle = random.Random(seed)

    # reading

    def get(self, kind: str, object_id: object) -> Row | None:
        """One object, or None."""
        return self.db.row(f"SELECT * FROM {kind} WHERE id = ?", [as_id(object_id)])

    def need(self, kind: str, object_id: object) -> Row:
        """One object. Raises LibraryError when there is none."""
        found = self.get(kind, object_id)
        if found is None:
            raise LibraryError(f"{_SPOKEN.get(kind, kind)} with id {object_id} not found")
        return found

    def many(self, kind: str, ids: Sequence[int]) -> list[Row]:
        """Objects in the order of `ids`; unknown ones are left out."""
        found: dict[int, Row] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            found |= {
                row["id"]: row for row in self.db.rows(f"SELECT * FROM {kind} WHERE id IN ({marks})", part)
            }
        return [found[i] for i in ids if i in found]

    def find(
        self,
        kind: str,
        wanted: dict[str, Any] | None,
        page: dict[str, Any] | None,
        ids: Sequence[object] | None,
    ) -> tuple[list[int], list[int]]:
        """Ids of the asked-for page, and of all matches. Non-empty `ids` overrule filter and page."""
        if ids:
            try:
                chosen = [as_id(i) for i in ids]
            except LibraryError as error:
                raise LibraryError(f"converting ids: {error}") from error
            self._check_ids(kind, chosen)
            return chosen, chosen
        page = page or {}
        condition, parameters = combine(kind, wanted) or ("1", [])
        search = search_condition(kind, page.get("q"))
        order = ORDER[kind].sql(page.get("sort"), page.get("direction"))
        with self.db.lock:
            matches = self.db.column(
                f"SELECT t.id FROM {kind} t WHERE ({condition}) AND ({search[0]}) {order}",
                parameters + search[1],
            )
            if not page.get("sort") and kind in NO_ORDER:
                self._shuffle.shuffle(matches)
        size = 25 if page.get("per_page") is None else page["per_page"]
        if size < 0:
            return matches, matches
        first = (max(page.get("page") or 1, 1) - 1) * size
        return matches[first : first + size], matches

    def _check_ids(self, kind: str, ids: list[int]) -> None:
        twice = next((one for place, one in enumerate(ids) if one in ids[:place]), None)
        if twice is not None:
            raise LibraryError(f"validating ids: duplicate id found: {twice}")
        known = {row["id"] for row in self.many(kind, ids)}
        for wanted in ids:
            if wanted not in known:
                raise LibraryError(f"{kind} with id {wanted} not found")

    def linked(self, kind: str, object_id: int, other: str) -> list[int]:
        """Ids of `other` objects on an object, by name where they have one."""
        order = {"performer": "o.name", "tag": "COALESCE(o.sort_name, o.name)"}.get(other, "o.id")
        return self.db.column(
            f"SELECT o.id FROM {LINKS[kind, other]} j JOIN {other} o ON o.id = j.{other}_id "
            f"WHERE j.{kind}_id = ? ORDER BY {order} COLLATE NATURAL_CI",
            [object_id],
        )

    def values(self, table: str, kind: str, object_id: int) -> list[str]:
        """Aliases or addresses, in order."""
        return self.db.column(
            f"SELECT value FROM {table} WHERE kind = ? AND object_id = ? ORDER BY position", [kind, object_id]
        )

    def files(self, kind: str, object_id: int) -> list[Row]:
        """Files of an item, primary first."""
        return self.db.rows(
            "SELECT f.* FROM owned_file o JOIN file f ON f.id = o.file_id "
            "WHERE o.kind = ? AND o.object_id = ? ORDER BY o.position",
            [kind, object_id],
        )

    def custom_fields(self, kind: str, object_id: int) -> dict[str, Any]:
        """Free fields; a boolean comes back as 1 or 0."""
        rows = self.db.rows(
            "SELECT field, value FROM custom_field WHERE kind = ? AND object_id = ? ORDER BY field",
            [kind, object_id],
        )
        return {row["field"]: row["value"] for row in rows}

    # changing

    def insert(self, kind: str, columns: Row) -> int:
        """A new row with both time stamps."""
        values = {**columns, "created_at": now(), "updated_at": now()}
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        return self.db.run(f"INSERT INTO {kind} ({names}) VALUES ({marks})", values.values())

    def update(self, kind: str, object_id: int, columns: Row) -> None:
        """Changes a row and its time stamp."""
        values = {**columns, "updated_at": now()}
        names = ", ".join(f"{name} = ?" for name in values)
        self.db.run(f"UPDATE {kind} SET {names} WHERE id = ?", [*values.values(), object_id])

    def relink(
        self, kind: str, object_id: int, other: str, ids: Iterable[object] | None, mode: str = "SET"
    ) -> None:
        """SET replaces, ADD ignores what is there, REMOVE what is not."""
        table = LINKS[kind, other]
        wanted = list(dict.fromkeys(as_id(i) for i in ids or ()))
        if mode == "SET":
            self.db.run(f"DELETE FROM {table} WHERE {kind}_id = ?", [object_id])
        for one in wanted:
            if mode == "REMOVE":
                self.db.run(f"DELETE FROM {table} WHERE {kind}_id = ? AND {other}_id = ?", [object_id, one])
            else:
                self._insert_link(kind, object_id, other, one)

    def _insert_link(self, kind: str, object_id: int, other: str, one: int) -> None:
        try:
            self.db.run(
                f"INSERT OR IGNORE INTO {LINKS[kind, other]} ({kind}_id, {other}_id) VALUES (?, ?)",
                [object_id, one],
            )
        except sqlite3.IntegrityError as error:
            columns = f"{_SQL.get(kind, kind)}_id, {other}_id"
            statement = f"INSERT INTO {_table(kind, other)} ({columns}) VALUES (?, ?)"
            if kind != "marker":
                statement += f" ON CONFLICT ({columns}) DO NOTHING"
            raise LibraryError(f"error executing `{statement}` [[{object_id} {one}]]: {error}") from error

    def set_values(
        self, table: str, kind: str, object_id: int, values: Iterable[str] | None, mode: str = "SET"
    ) -> None:
        """Aliases or addresses, with the modes of bulk updates."""
        given = list(values or ())
        old = self.values(table, kind, object_id)
        result = {
            "SET": given,
            "ADD": [*old, *(v for v in given if v not in old)],
            "REMOVE": [v for v in old if v not in given],
        }[mode]
        self.db.run(f"DELETE FROM {table} WHERE kind = ? AND object_id = ?", [kind, object_id])
        for position, value in enumerate(result):
            self.db.run(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", [kind, object_id, position, value])

    def set_custom_fields(
        self, kind: str, object_id: int, given: dict[str, Any] | None, *, checked: bool = True
    ) -> None:
        """`full` replaces; otherwise `partial` is laid over and `remove` taken away. Null values are passed over.

        Stash looks at the names only when it updates, not when it creates (`checked` false).
        """
        given = given or {}
        if given.get("full") is not None:
            changes, dropped = given["full"], list(self.custom_fields(kind, object_id))
        else:
            changes, dropped = given.get("partial") or {}, given.get("remove") or []
            for field in dropped:
                if field in changes:
                    raise LibraryError(
                        f"custom field name {json.dumps(field)} cannot be in both values and delete keys"
                    )
        for field, value in changes.items():
            check_custom_value(field, value)
            if checked:
                check_custom_name(field)
        for field in dropped:
            self.db.run(
                "DELETE FROM custom_field WHERE kind = ? AND object_id = ? AND field = ?",
                [kind, object_id, field],
            )
        for field, value in ((name, one) for name, one in changes.items() if one is not None):
            self.db.run(
                "INSERT OR REPLACE INTO custom_field VALUES (?, ?, ?, ?)", [kind, object_id, field, value]
            )

    def destroy(self, kind: str, object_id: object) -> None:
        """Removes an object and everything that hangs on it. Raises LibraryError for an unknown id."""
        found = self.get(kind, object_id)
        if found is None and kind in ("tag", "performer"):
            raise LibraryError(f"id {object_id} does not exist in {kind}s")
        found = found or self.need(kind, object_id)
        if kind == "tag" and self.db.row("SELECT id FROM marker WHERE primary_tag_id = ?", [found["id"]]):
            raise LibraryError("cannot delete tag used as a primary tag in scene markers")
        for table in ("alias", "url", "custom_field", "owned_file"):
            self.db.run(f"DELETE FROM {table} WHERE kind = ? AND object_id = ?", [kind, found["id"]])
        self.db.run(f"DELETE FROM {kind} WHERE id = ?", [found["id"]])

    # rules

    def check_performer_name(self, name: str, disambiguation: str | None, own_id: int | None = None) -> None:
        """(name, disambiguation) is unique, compared by LIKE: `_` and `%` in the new name are wildcards."""
        if not name.strip():
            raise LibraryError("performer name must not be blank")
        sql = "SELECT id FROM performer WHERE name LIKE ? AND id IS NOT ? AND "
        if disambiguation:
            taken = self.db.row(sql + "disambiguation LIKE ?", [name, own_id, disambiguation])
        else:
            taken = self.db.row(sql + "(disambiguation IS NULL OR TRIM(disambiguation) = '')", [name, own_id])
        if taken is not None:
            beside = f" and disambiguation '{disambiguation}'" if disambiguation else ""
            raise LibraryError(f"performer with name '{name}'{beside} already exists")

    def check_tag_names(self, name: str | None, aliases: Iterable[str], own_id: int | None = None) -> None:
        """Names and aliases of all tags share one namespace, compared by LIKE."""
        if name is not None and not name.strip():
            raise LibraryError("tag name must not be blank")
        if name is not None:
            self._check_tag_word(name, own_id, "name")
        for alias in aliases:
            self._check_tag_word(alias, own_id, "alias")

    def _check_tag_word(self, word: str, own_id: int | None, what: str) -> None:
        if self.db.row("SELECT id FROM tag WHERE name LIKE ? AND id IS NOT ?", [word, own_id]):
            raise LibraryError(f"tag with name '{word}' already exists")
        other = self.db.row(
            "SELECT t.name FROM alias a JOIN tag t ON t.id = a.object_id "
            "WHERE a.kind = 'tag' AND a.value LIKE ? AND t.id IS NOT ?",
            [word, own_id],
        )
        if other:
            raise LibraryError(f"name '{word}' is used as alias for '{other['name']}'")


def as_id(value: object) -> int:
    """Ids come as text or number. Raises LibraryError like Go's number parsing."""
    text = str(value)
    if not re.fullmatch(r"-?\d+", text):
        raise LibraryError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)


def check_custom_name(field: str) -> None:
    """1 to 64 bytes without blanks around them."""
    said = f"custom field name {json.dumps(field)}: custom field name"
    if not field.strip():
        raise LibraryError(f"{said} cannot be empty")
    if len(field.encode()) > 64:
        raise LibraryError(f"{said} must be less than 65 characters")
    if field != field.strip():
        raise LibraryError(f"{said} cannot have leading or trailing whitespace")


def check_custom_value(field: str, value: object) -> None:
    """Text, number or boolean."""
    if isinstance(value, (list, dict)):
        kind = "[]interface {}" if isinstance(value, list) else "map[string]interface {}"
        raise LibraryError(
            f"getting SQL value for field {json.dumps(field)}: unsupported custom field value type: {kind}"
        )


def check_performer_aliases(name: str, aliases: Sequence[str], silently: bool) -> list[str]:
    """The aliases to store. Duplicates and the own name raise up to v0.30.1 and are dropped (`silently`) later."""
    seen = {name.lower()}
    kept = []
    for alias in aliases:
        if alias.lower() in seen:
            if silently:
                continue
            raise LibraryError(f"performer contains duplicate alias '{alias}'")
        seen.add(alias.lower())
        kept.append(alias)
    return kept
