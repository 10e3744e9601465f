"""What the objects of the library answer: by id, in lists, linked, and with their files."""

from __future__ import annotations

import json
from typing import Any

from .answers import RESOLVERS, Request, Resolver, resolves
from .database import Row
from .library import LibraryError

# objects by id


def _one(kind: str) -> Resolver:
    def resolve(_: Any, request: Request, id: Any = None, checksum: str | None = None) -> Row | None:
        library = request.stash.library
        if id is not None:
            return library.get(kind, id)
        owner = library.db.row(
            "SELECT o.object_id AS id FROM fingerprint p JOIN owned_file o ON o.file_id = p.file_id "
            "WHERE o.kind = ? AND p.type = 'md5' AND p.value = ?",
            [kind, checksum],
        )
        return library.get(kind, owner["id"]) if owner else None

    return resolve


def _list(kind: str, name: str, filter_name: str) -> Resolver:
    def resolve(_: Any, request: Request, **arguments: Any) -> Row:
        library = request.stash.library
        old_ids = arguments.get(f"{kind}_ids")
        page, matches = library.find(
            kind, arguments.get(filter_name), arguments.get("filter"), arguments.get("ids") or old_ids
        )
        return {name: library.many(kind, page), "count": len(matches), "_kind": kind, "_matches": matches}

    return resolve


for _kind, _names, _filter in (
    ("image", "images", "image_filter"),
    ("gallery", "galleries", "gallery_filter"),
    ("scene", "scenes", "scene_filter"),
    ("performer", "performers", "performer_filter"),
    ("tag", "tags", "tag_filter"),
):
    RESOLVERS[f"Query.find{_kind.capitalize()}"] = _one(_kind)
    RESOLVERS[f"Query.find{_names.capitalize()}"] = _list(_kind, _names, _filter)
RESOLVERS["Query.findSceneMarkers"] = _list("marker", "scene_markers", "scene_marker_filter")


def _everything(kind: str) -> Resolver:
    def resolve(_: Any, request: Request) -> list[Row]:
        page, _matches = request.stash.library.find(kind, None, {"per_page": -1}, None)
        return request.stash.library.many(kind, page)

    return resolve


RESOLVERS["Query.allPerformers"] = _everything("performer")
RESOLVERS["Query.allTags"] = _everything("tag")


def _sum(column: str) -> Resolver:
    def resolve(source: Row, request: Request) -> float:
        ids = source["_matches"]
        total = 0.0
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            found = request.stash.library.db.row(
                f"SELECT SUM({column}) AS n FROM owned_file o JOIN file f ON f.id = o.file_id "
                f"WHERE o.position = 0 AND o.kind = ? AND o.object_id IN ({','.join('?' * len(part))})",
                [source["_kind"], *part],
            )
            total += float((found or {}).get("n") or 0)
        return total

    return resolve


RESOLVERS["FindImagesResultType.megapixels"] = _sum("f.width * f.height / 1000000")
RESOLVERS["FindImagesResultType.filesize"] = _sum("f.size")
RESOLVERS["FindScenesResultType.filesize"] = _sum("f.size")
RESOLVERS["FindScenesResultType.duration"] = _sum("f.duration")


# links between objects


def _linked(kind: str, other: str) -> Resolver:
    def resolve(source: Row, request: Request) -> list[Row]:
        library = request.stash.library
        return library.many(other, library.linked(kind, source["id"], other))

    return resolve


for _owner, _others in {
    "image": ("tag", "performer", "gallery"),
    "gallery": ("tag", "performer", "scene"),
    "scene": ("tag", "performer", "gallery"),
    "performer": ("tag",),
    "marker": ("tag",),
}.items():
    for _other in _others:
        _plural = "galleries" if _other == "gallery" else f"{_other}s"
        _type = "SceneMarker" if _owner == "marker" else _owner.capitalize()
        RESOLVERS[f"{_type}.{_plural}"] = _linked(_owner, _other)


def _count(table: str, own: str) -> Resolver:
    def resolve(source: Row, request: Request, depth: int | None = None) -> int:
        found = request.stash.library.db.row(
            f"SELECT COUNT(*) AS n FROM {table} WHERE {own} = ?", [source["id"]]
        )
        return int((found or {"n": 0})["n"])

    return resolve


for _kind in ("scene", "image", "gallery"):
    RESOLVERS[f"Performer.{_kind}_count"] = _count(f"{_kind}_performer", "performer_id")
    RESOLVERS[f"Tag.{_kind}_count"] = _count(f"{_kind}_tag", "tag_id")
RESOLVERS["Tag.performer_count"] = _count("performer_tag", "tag_id")
RESOLVERS["Tag.scene_marker_count"] = _count(
    "(SELECT marker_id, tag_id FROM marker_tag UNION SELECT id, primary_tag_id FROM marker)", "tag_id"
)
RESOLVERS["Tag.parent_count"] = _count("tag_parent", "tag_id")
RESOLVERS["Tag.child_count"] = _count("tag_parent", "parent_id")
RESOLVERS["Gallery.image_count"] = _count("gallery_image", "gallery_id")
RESOLVERS["Performer.performer_count"] = lambda *_: 0
RESOLVERS["Performer.o_counter"] = lambda *_: 0


def _family(own: str, other: str) -> Resolver:
    def resolve(source: Row, request: Request) -> list[Row]:
        library = request.stash.library
        ids = library.db.column(f"SELECT {other} FROM tag_parent WHERE {own} = ?", [source["id"]])
        return library.many("tag", ids)

    return resolve


RESOLVERS["Tag.parents"] = _family("tag_id", "parent_id")
RESOLVERS["Tag.children"] = _family("parent_id", "tag_id")


@resolves("Performer.scenes")
def _scenes_of(source: Row, request: Request) -> list[Row]:
    library = request.stash.library
    return library.many(
        "scene",
        library.db.column("SELECT scene_id FROM scene_performer WHERE performer_id = ?", [source["id"]]),
    )


# values kept beside the row


def _values(table: str, kind: str) -> Resolver:
    return lambda source, request: request.stash.library.values(table, kind, source["id"])


def _first(kind: str, needle: str) -> Resolver:
    def resolve(source: Row, request: Request) -> str | None:
        found = request.stash.library.values("url", kind, source["id"])
        return next((url for url in found if needle in url), None)

    return resolve


for _kind in ("image", "gallery", "scene", "performer"):
    RESOLVERS[f"{_kind.capitalize()}.urls"] = _values("url", _kind)
    RESOLVERS[f"{_kind.capitalize()}.url"] = _first(_kind, "")
RESOLVERS["Performer.twitter"] = _first("performer", "twitter.com")
RESOLVERS["Performer.instagram"] = _first("performer", "instagram.com")
RESOLVERS["Performer.alias_list"] = _values("alias", "performer")
RESOLVERS["Tag.aliases"] = _values("alias", "tag")


def _text(column: str) -> Resolver:
    return lambda source, request: source[column] or ""


for _kind, _columns in {
    "Image": ("title", "code", "details", "photographer"),
    "Gallery": ("title", "code", "details", "photographer"),
    "Scene": ("title", "code", "details", "director"),
    "Performer": [
        "disambiguation",
        "ethnicity",
        "country",
        "eye_color",
        "measurements",
        "fake_tits",
        "career_length",
        "tattoos",
        "piercings",
        "details",
        "hair_color",
    ],
    "Tag": ("sort_name", "description"),
}.items():
    for _column in _columns:
        RESOLVERS[f"{_kind}.{_column}"] = _text(_column)


@resolves("Image.studio", "Gallery.studio", "Scene.studio")
def _studio(source: Row, request: Request) -> Row | None:
    return request.stash.library.get("studio", source["studio_id"]) if source["studio_id"] else None


@resolves("Scene.stash_ids", "Performer.stash_ids", "Tag.stash_ids")
def _stash_ids(source: Row, _: Request) -> list[Row]:
    found: list[Row] = json.loads(source["stash_ids"])
    return found


def _custom(kind: str) -> Resolver:
    return lambda source, request: request.stash.library.custom_fields(kind, source["id"])


for _kind in ("image", "gallery", "scene", "performer", "tag"):
    RESOLVERS[f"{_kind.capitalize()}.custom_fields"] = _custom(_kind)


# files


@resolves("Image.visual_files", "Image.files")
def _visual_files(source: Row, request: Request) -> list[Row]:
    return _files("image", source, request)


def _files(kind: str, source: Row, request: Request) -> list[Row]:
    if (kind, source["id"]) in request.stash.faults.unreadable:
        raise LibraryError("sql: Scan error on column: unsupported")
    return request.stash.library.files(kind, source["id"])


RESOLVERS["Image.files"] = lambda source, request: [
    row for row in _visual_files(source, request) if row["kind"] == "image"
]
RESOLVERS["Scene.files"] = lambda source, request: _files("scene", source, request)
RESOLVERS["Gallery.files"] = lambda source, request: request.stash.library.files("gallery", source["id"])


@resolves("Gallery.folder")
def _folder(source: Row, request: Request) -> Row | None:
    return request.stash.library.get("folder", source["folder_id"]) if source["folder_id"] else None


def _file_parts(type_name: str) -> None:
    RESOLVERS[f"{type_name}.parent_folder_id"] = lambda source, request: source["folder_id"]
    RESOLVERS[f"{type_name}.parent_folder"] = lambda source, request: request.stash.library.get(
        "folder", source["folder_id"]
    )
    RESOLVERS[f"{type_name}.zip_file"] = lambda source, request: (
        request.stash.library.get("file", source["zip_file_id"]) if source["zip_file_id"] else None
    )
    RESOLVERS[f"{type_name}.fingerprints"] = lambda source, request: request.stash.library.db.rows(
        "SELECT type, value FROM fingerprint WHERE file_id = ?", [source["id"]]
    )

    def one_print(source: Row, request: Request, type: str) -> str | None:
        found = request.stash.library.db.column(
            "SELECT value FROM fingerprint WHERE file_id = ? AND type = ?", [source["id"], type]
        )
        return found[0] if found else ""

    RESOLVERS[f"{type_name}.fingerprint"] = one_print


for _type in ("ImageFile", "VideoFile", "GalleryFile", "BasicFile"):
    _file_parts(_type)
RESOLVERS["Folder.mod_time"] = lambda source, request: source["created_at"]
RESOLVERS["Folder.parent_folder_id"] = lambda source, request: None
