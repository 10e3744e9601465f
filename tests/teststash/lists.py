"""Order, search words and the sort white lists of the list queries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .filters import Condition


class SortError(Exception):
    """Unknown sort key; becomes a resolver error."""


@dataclass(frozen=True, slots=True)
class Order:
    """Sort keys of one kind: name to SQL expression; without a key there may be no order at all."""

    keys: dict[str, str]
    default: str | None = None
    tie: str = "t.id"
    kind: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    def sql(self, sort: str | None, direction: str | None) -> str:
        """The ORDER BY clause, or nothing. Raises SortError for an unknown key."""
        sort = sort or self.default
        if not sort:
            return ""
        way = "DESC" if direction == "DESC" else "ASC"
        seeded = re.fullmatch(r"random_(\d+)", sort)
        if seeded:
            seed = int(seeded[1]) % 2_147_483_647
            return f"ORDER BY (t.id * 2654435761 + {seed} * 40503) % 2147483647 {way}"
        if sort == "random":
            return "ORDER BY RANDOM()"
        if sort not in self.keys:
            raise SortError(f"invalid sort: {sort}")
        return f"ORDER BY {self.keys[sort]} {way}, {self.tie}"


def _file(kind: str, column: str) -> str:
    return (
        f"(SELECT f.{column} FROM owned_file o JOIN file f ON f.id = o.file_id "
        f"WHERE o.kind = '{kind}' AND o.object_id = t.id ORDER BY o.position LIMIT 1)"
    )


def _count(table: str, own: str) -> str:
    return f"(SELECT COUNT(*) FROM {table} j WHERE j.{own} = t.id)"


def _item(kind: str) -> dict[str, str]:
    own = f"{kind}_id"
    return {
        **{name: f"t.{name}" for name in ("created_at", "updated_at", "date", "id", "o_counter")},
        "rating": "t.rating100",
        "title": f"COALESCE(NULLIF(t.title, ''), {_file(kind, 'basename')}, t.id) COLLATE NATURAL_CI",
        "path": _file(kind, "path") + " COLLATE NATURAL_CI",
        "filesize": _file(kind, "size"),
        "file_mod_time": _file(kind, "mod_time"),
        "file_count": f"(SELECT COUNT(*) FROM owned_file o WHERE o.kind = '{kind}' AND o.object_id = t.id)",
        "performer_count": _count(f"{kind}_performer", own),
        "tag_count": _count(f"{kind}_tag", own),
    }


ORDER = {
    "image": Order(_item("image")),
    "gallery": Order({**_item("gallery"), "images_count": _count("gallery_image", "gallery_id")}),
    "scene": Order({**_item("scene"), "duration": _file("scene", "duration")}),
    "performer": Order(
        {
            **{
                name: f"t.{name}"
                for name in ("created_at", "updated_at", "birthdate", "id", "height", "weight")
            },
            "name": "t.name COLLATE NATURAL_CI",
            "rating": "t.rating100",
            "images_count": _count("image_performer", "performer_id"),
            "scenes_count": _count("scene_performer", "performer_id"),
            "galleries_count": _count("gallery_performer", "performer_id"),
            "tag_count": _count("performer_tag", "performer_id"),
        },
        default="name",
    ),
    "tag": Order(
        {
            **{name: f"t.{name}" for name in ("created_at", "updated_at", "id")},
            "name": "COALESCE(NULLIF(t.sort_name, ''), t.name) COLLATE NATURAL_CI",
            "images_count": _count("image_tag", "tag_id"),
            "scenes_count": _count("scene_tag", "tag_id"),
            "galleries_count": _count("gallery_tag", "tag_id"),
            "performers_count": _count("performer_tag", "tag_id"),
        },
        default="name",
    ),
    "marker": Order(
        {
            **{name: f"t.{name}" for name in ("created_at", "updated_at", "id", "seconds", "title")},
            "duration": "t.end_seconds - t.seconds",
        },
        default="title",
    ),
}


def _search_columns(kind: str) -> list[str]:
    path = (
        "(SELECT GROUP_CONCAT(f.path, CHAR(10)) FROM owned_file o JOIN file f ON f.id = o.file_id "
        f"WHERE o.kind = '{kind}' AND o.object_id = t.id)"
    )
    prints = (
        "(SELECT GROUP_CONCAT(p.value, CHAR(10)) FROM owned_file o JOIN fingerprint p ON p.file_id = o.file_id "
        f"WHERE o.kind = '{kind}' AND o.object_id = t.id)"
    )
    aliases = f"(SELECT GROUP_CONCAT(a.value, CHAR(10)) FROM alias a WHERE a.kind = '{kind}' AND a.object_id = t.id)"
    return {
        "image": ["t.title", path, prints],
        "gallery": ["t.title", path, prints],
        "scene": ["t.title", "t.details", path, prints],
        "performer": ["t.name", aliases],
        "tag": ["t.name", aliases, "t.sort_name"],
        "marker": ["t.title", "(SELECT s.title FROM scene s WHERE s.id = t.scene_id)"],
    }[kind]


def search_condition(kind: str, words: str | None) -> Condition:
    """Every word must occur somewhere; `-word` must not; quotes hold a phrase together."""
    parts: list[str] = []
    parameters: list[Any] = []
    for sign, phrase, word in re.findall(r'(-?)(?:"([^"]*)"|(\S+))', words or ""):
        needle = f"%{phrase or word}%"
        columns = _search_columns(kind)
        test = " OR ".join(f"COALESCE({column}, '') LIKE ?" for column in columns)
        parts.append(f"NOT ({test})" if sign else f"({test})")
        parameters += [needle] * len(columns)
    return " AND ".join(parts) or "1", parameters
