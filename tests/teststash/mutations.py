"""Mutations on the library: one transaction each, hooks after the commit."""

from __future__ import annotations

import base64
import binascii
import json
import re
import sqlite3
from typing import Any

from .database import Row, now
from .library import KINDS, Library, LibraryError, as_id, check_custom_field, check_performer_aliases
from .resolvers import Request, resolves

PLAIN = {
    "image": ("title", "code", "details", "photographer", "date", "rating100", "organized", "studio_id"),
    "gallery": ("title", "code", "details", "photographer", "date", "rating100", "organized", "studio_id"),
    "scene": ("title", "code", "details", "director", "date", "rating100", "organized", "studio_id"),
    "performer": (
        "name disambiguation gender birthdate ethnicity country eye_color height_cm measurements fake_tits "
        "penis_length circumcised career_length tattoos piercings favorite rating100 details death_date hair_color "
        "weight ignore_auto_tag"
    ).split(),
    "tag": ("name", "sort_name", "description", "ignore_auto_tag", "favorite"),
    "marker": ("title", "seconds", "end_seconds"),
}
LISTS = {
    "image": {"performer_ids": "performer", "tag_ids": "tag", "gallery_ids": "gallery"},
    "gallery": {"performer_ids": "performer", "tag_ids": "tag", "scene_ids": "scene"},
    "scene": {"performer_ids": "performer", "tag_ids": "tag", "gallery_ids": "gallery"},
    "performer": {"tag_ids": "tag"},
    "tag": {},
    "marker": {"tag_ids": "tag"},
}
DATES = ("date", "birthdate", "death_date")


def columns_of(kind: str, given: Row, partial_dates: bool) -> Row:
    """The plain columns present in an input; blank text of optional columns clears them."""
    columns: Row = {}
    for name in PLAIN[kind]:
        if name not in given:
            continue
        value = given[name]
        if name in DATES:
            value = check_date(value, partial_dates)
        elif name in ("organized", "favorite", "ignore_auto_tag"):
            value = int(bool(value))
        elif name == "disambiguation":
            value = value or None
        columns[name] = value
    return columns


def check_date(value: str | None, partial: bool) -> str | None:
    """A date as stored. Since v0.30 also `YYYY-MM` and `YYYY`. Raises LibraryError for other text."""
    if not value:
        return None
    pattern = r"\d{4}(-\d\d(-\d\d([T ].*)?)?)?" if partial else r"\d{4}-\d\d-\d\d([T ].*)?"
    if not re.fullmatch(pattern, value):
        raise LibraryError(f"converting date: unable to parse date '{value}'")
    return value[:10]


def picture_bytes(text: str | None) -> bytes | None:
    """Bytes of a data URI; blank means no picture. Content is not looked at. Addresses are not fetched here."""
    if not text:
        return None
    head, mark, body = text.rpartition(";base64,")
    if not mark or not re.fullmatch(r"data:[^/]+/.+", head) or "\n" in body:
        raise LibraryError(f"processing image: Get {json.dumps(text[:80])}: the test Stash downloads nothing")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise LibraryError(f"processing image: illegal base64 data: {error}") from error


def apply(library: Library, kind: str, object_id: int, given: Row, request: Request, *, bulk: bool) -> None:
    """Lays one input over one object."""
    library.update(kind, object_id, columns_of(kind, given, request.stash.release >= (0, 30)))
    for name, other in LISTS[kind].items():
        if name not in given:
            continue
        wanted = given[name] or {}
        if bulk and wanted:
            library.relink(kind, object_id, other, wanted.get("ids"), wanted["mode"])
        elif not bulk:
            library.relink(kind, object_id, other, given[name])
    if given.get("urls") is not None:
        wanted = given["urls"]
        library.set_values(
            "url", kind, object_id, wanted.get("values") if bulk else wanted, wanted["mode"] if bulk else "SET"
        )
    elif given.get("url") is not None:
        library.set_values("url", kind, object_id, [given["url"]] if given["url"] else [])
    if given.get("stash_ids") is not None:
        library.update(kind, object_id, {"stash_ids": _stash_ids(given["stash_ids"])})
    if given.get("custom_fields") is not None:
        library.set_custom_fields(kind, object_id, given["custom_fields"])


def _stash_ids(given: list[Row]) -> str:
    return json.dumps([{"updated_at": now(), **one} for one in given])


def _changed(request: Request, kind: str, ids: list[int], given: Any, fields: list[str] | None, what: str) -> None:
    name = {"marker": "SceneMarker"}.get(kind, kind.capitalize())
    for object_id in ids:
        request.stash.hooks.fire(request, f"{name}.{what}.Post", object_id, given, fields)


def _translate(error: sqlite3.Error) -> LibraryError:
    return LibraryError(str(error))


class changing:  # noqa: N801 - reads as a statement
    """A transaction whose SQLite errors become resolver errors."""

    def __init__(self, request: Request) -> None:
        self._transaction = request.stash.library.db.transaction()

    def __enter__(self) -> None:
        self._transaction.__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._transaction.__exit__(kind, error, trace)
        if isinstance(error, sqlite3.IntegrityError):
            raise _translate(error) from error


# items


def _update(kind: str) -> Any:
    def resolve(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
        with changing(request):
            found = request.stash.library.need(kind, input["id"])
            apply(request.stash.library, kind, found["id"], input, request, bulk=False)
        _changed(request, kind, [found["id"]], input, list(input), "Update")
        return request.stash.library.get(kind, found["id"])

    return resolve


def _update_each(kind: str) -> Any:
    def resolve(_: Any, request: Request, input: list[Row]) -> list[Row]:  # noqa: A002
        library = request.stash.library
        with changing(request):
            for one in input:
                apply(library, kind, library.need(kind, one["id"])["id"], one, request, bulk=False)
        ids = [as_id(one["id"]) for one in input]
        _changed(request, kind, ids, input, list(input[0]) if input else [], "Update")
        return library.many(kind, ids)

    return resolve


def _bulk(kind: str) -> Any:
    def resolve(_: Any, request: Request, input: Row) -> list[Row]:  # noqa: A002
        library = request.stash.library
        ids = [as_id(one) for one in input.get("ids") or ()]
        with changing(request):
            for one in ids:
                library.need(kind, one)
                if kind == "performer":
                    _check_bulk_performer(request, one, input)
                apply(library, kind, one, input, request, bulk=True)
                if kind == "performer" and input.get("alias_list"):
                    library.set_values("alias", kind, one, input["alias_list"].get("values"), input["alias_list"]["mode"])
                    name = library.need(kind, one)["name"]
                    check_performer_aliases(name, library.values("alias", kind, one), silently=False)
        _changed(request, kind, ids, input, list(input), "Update")
        return library.many(kind, ids)

    return resolve


def _check_bulk_performer(request: Request, performer_id: int, given: Row) -> None:
    if "disambiguation" in given:
        row = request.stash.library.need("performer", performer_id)
        request.stash.library.check_performer_name(row["name"], given["disambiguation"], performer_id)


for _kind in ("image", "gallery", "scene"):
    resolves(f"Mutation.{_kind}Update")(_update(_kind))
    resolves(f"Mutation.bulk{_kind.capitalize()}Update")(_bulk(_kind))
resolves("Mutation.imagesUpdate")(_update_each("image"))
resolves("Mutation.scenesUpdate")(_update_each("scene"))
resolves("Mutation.bulkPerformerUpdate")(_bulk("performer"))


def _destroy(request: Request, kind: str, ids: list[Any], given: Any) -> bool:
    with changing(request):
        for one in ids:
            request.stash.library.destroy(kind, one)
    _changed(request, kind, [as_id(one) for one in ids], given, None, "Destroy")
    return True


for _kind in ("image", "performer", "tag"):
    resolves(f"Mutation.{_kind}Destroy")(
        lambda _, request, input, kind=_kind: _destroy(request, kind, [input["id"]], input)
    )
resolves("Mutation.imagesDestroy")(lambda _, request, input: _destroy(request, "image", input["ids"], input))
for _kind in ("performer", "tag"):
    resolves(f"Mutation.{_kind}sDestroy")(lambda _, request, ids, kind=_kind: _destroy(request, kind, ids, ids))
resolves("Mutation.sceneMarkerDestroy")(lambda _, request, id: _destroy(request, "marker", [id], id))
resolves("Mutation.sceneMarkersDestroy")(lambda _, request, ids: _destroy(request, "marker", ids, ids))


@resolves("Mutation.galleryCreate")
def _gallery_create(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
    library = request.stash.library
    with changing(request):
        made = library.insert("gallery", {"title": input["title"]})
        apply(library, "gallery", made, input, request, bulk=False)
    _changed(request, "gallery", [made], input, None, "Create")
    return library.get("gallery", made)


def _gallery_images(mode: str) -> Any:
    def resolve(_: Any, request: Request, input: Row) -> bool:  # noqa: A002
        with changing(request):
            gallery = request.stash.library.need("gallery", input["gallery_id"])
            request.stash.library.relink("gallery", gallery["id"], "image", input["image_ids"], mode)
        return True

    return resolve


resolves("Mutation.addGalleryImages")(_gallery_images("ADD"))
resolves("Mutation.removeGalleryImages")(_gallery_images("REMOVE"))


# people


@resolves("Mutation.performerCreate")
def _performer_create(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
    library = request.stash.library
    name = input["name"].strip()
    picture = picture_bytes(input.get("image"))
    with changing(request):
        library.check_performer_name(name, input.get("disambiguation"))
        aliases = check_performer_aliases(name, input.get("alias_list") or [], request.stash.release >= (0, 31))
        made = library.insert("performer", {"name": name, "disambiguation": input.get("disambiguation") or None})
        fields = input.get("custom_fields") or {}
        for field, value in fields.items():
            check_custom_field(field, value)
        given = {**input, "name": name, "custom_fields": {"full": fields}}
        apply(library, "performer", made, given, request, bulk=False)
        library.set_values("alias", "performer", made, aliases)
        library.update("performer", made, {"image": picture})
    _changed(request, "performer", [made], input, None, "Create")
    return library.get("performer", made)


@resolves("Mutation.performerUpdate")
def _performer_update(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
    library = request.stash.library
    with changing(request):
        found = library.need("performer", input["id"])
        change_performer(request, found, input, checked=True)
    _changed(request, "performer", [found["id"]], input, list(input), "Update")
    return library.get("performer", found["id"])


def change_performer(request: Request, found: Row, given: Row, *, checked: bool) -> None:
    """Lays a performer input over a performer; a merge does so without checking names."""
    library = request.stash.library
    name = given.get("name") or found["name"]
    if checked and ("name" in given or "disambiguation" in given):
        library.check_performer_name(
            given.get("name", found["name"]) or "", given.get("disambiguation", found["disambiguation"]), found["id"]
        )
    aliases = given.get("alias_list")
    if aliases is not None:
        aliases = check_performer_aliases(name, aliases, request.stash.release >= (0, 31))
    apply(library, "performer", found["id"], given, request, bulk=False)
    if "alias_list" in given:
        library.set_values("alias", "performer", found["id"], aliases)
    if "image" in given:
        library.update("performer", found["id"], {"image": picture_bytes(given["image"])})


@resolves("Mutation.performerMerge")
def _performer_merge(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
    library = request.stash.library
    with changing(request):
        into = library.need("performer", input["destination"])
        for source in (library.need("performer", one) for one in input["source"]):
            if source["id"] == into["id"]:
                raise LibraryError("cannot merge where source == destination")
            for kind in ("image", "scene", "gallery"):
                table = f"{kind}_performer"
                library.db.run(
                    f"INSERT OR IGNORE INTO {table} ({kind}_id, performer_id) SELECT {kind}_id, ? FROM {table} "
                    "WHERE performer_id = ?",
                    [into["id"], source["id"]],
                )
            library.destroy("performer", source["id"])
        if input.get("values"):
            change_performer(request, into, input["values"], checked=False)
    return library.get("performer", into["id"])


# tags


def _tag_parts(library: Library, tag_id: int, given: Row) -> None:
    if given.get("aliases") is not None:
        library.set_values("alias", "tag", tag_id, given["aliases"])
    if "image" in given:
        library.update("tag", tag_id, {"image": picture_bytes(given["image"])})
    for name, own, other in (("parent_ids", "tag_id", "parent_id"), ("child_ids", "parent_id", "tag_id")):
        if name in given:
            library.db.run(f"DELETE FROM tag_parent WHERE {own} = ?", [tag_id])
            for one in given[name] or ():
                library.db.run(f"INSERT INTO tag_parent ({own}, {other}) VALUES (?, ?)", [tag_id, as_id(one)])


@resolves("Mutation.tagCreate")
def _tag_create(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
    library = request.stash.library
    name = input["name"].strip()
    with changing(request):
        library.check_tag_names(name, input.get("aliases") or ())
        made = library.insert("tag", {"name": name})
        apply(library, "tag", made, {**input, "name": name}, request, bulk=False)
        _tag_parts(library, made, input)
    _changed(request, "tag", [made], input, None, "Create")
    return library.get("tag", made)


@resolves("Mutation.tagUpdate")
def _tag_update(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
    library = request.stash.library
    with changing(request):
        found = library.need("tag", input["id"])
        library.check_tag_names(input.get("name"), input.get("aliases") or (), found["id"])
        apply(library, "tag", found["id"], input, request, bulk=False)
        _tag_parts(library, found["id"], input)
    _changed(request, "tag", [found["id"]], input, list(input), "Update")
    return library.get("tag", found["id"])


@resolves("Mutation.tagsMerge")
def _tags_merge(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
    library = request.stash.library
    with changing(request):
        into = library.need("tag", input["destination"])
        for source in (library.need("tag", one) for one in input["source"]):
            for kind in KINDS:
                if kind == "tag":
                    continue
                library.db.run(
                    f"INSERT OR IGNORE INTO {kind}_tag ({kind}_id, tag_id) SELECT {kind}_id, ? FROM {kind}_tag "
                    "WHERE tag_id = ?",
                    [into["id"], source["id"]],
                )
            library.db.run("UPDATE marker SET primary_tag_id = ? WHERE primary_tag_id = ?", [into["id"], source["id"]])
            names = [source["name"], *library.values("alias", "tag", source["id"])]
            library.destroy("tag", source["id"])
            library.set_values("alias", "tag", into["id"], names, "ADD")
    return library.get("tag", into["id"])


# markers


def _check_marker(given: Row) -> None:
    end = given.get("end_seconds")
    if end is not None and end < given["seconds"]:
        raise LibraryError(f"end_seconds ({end:f}) must be greater than or equal to seconds ({given['seconds']:f})")


def _marker_tags(given: Row, primary: int) -> list[int]:
    return [one for one in (as_id(value) for value in given.get("tag_ids") or ()) if one != primary]


@resolves("Mutation.sceneMarkerCreate")
def _marker_create(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
    library = request.stash.library
    _check_marker(input)
    with changing(request):
        primary = as_id(input["primary_tag_id"])
        made = library.insert(
            "marker",
            {
                "title": input["title"],
                "seconds": input["seconds"],
                "end_seconds": input.get("end_seconds"),
                "scene_id": as_id(input["scene_id"]),
                "primary_tag_id": primary,
            },
        )
        library.relink("marker", made, "tag", _marker_tags(input, primary))
    _changed(request, "marker", [made], input, None, "Create")
    return library.get("marker", made)


@resolves("Mutation.sceneMarkerUpdate")
def _marker_update(_: Any, request: Request, input: Row) -> Row | None:  # noqa: A002
    library = request.stash.library
    with changing(request):
        found = library.need("marker", input["id"])
        _check_marker({**found, **input})
        columns = {name: input[name] for name in ("title", "seconds", "end_seconds") if name in input}
        for name in ("scene_id", "primary_tag_id"):
            if input.get(name) is not None:
                columns[name] = as_id(input[name])
        library.update("marker", found["id"], columns)
        if "tag_ids" in input:
            primary = library.need("marker", found["id"])["primary_tag_id"]
            library.relink("marker", found["id"], "tag", _marker_tags(input, primary))
    _changed(request, "marker", [found["id"]], input, list(input), "Update")
    return library.get("marker", found["id"])
