"""Mutations on the library: one transaction each, hooks after the commit."""

from __future__ import annotations

import base64
import binascii
import json
import re
import sqlite3
from typing import Any

from . import gojson
from .answers import Request, resolves
from .database import Row, now
from .library import Library, LibraryError, as_id, check_performer_aliases

PLAIN = {
    "image": ("title", "code", "details", "photographer", "date", "rating100", "organized", "studio_id"),
    "gallery": ("title", "code", "details", "photographer", "date", "rating100", "organized", "studio_id"),
    "scene": ("title", "code", "details", "director", "date", "rating100", "organized", "studio_id"),
    "performer": [
        "name",
        "disambiguation",
        "gender",
        "birthdate",
        "ethnicity",
        "country",
        "eye_color",
        "height_cm",
        "measurements",
        "fake_tits",
        "penis_length",
        "circumcised",
        "career_length",
        "tattoos",
        "piercings",
        "favorite",
        "rating100",
        "details",
        "death_date",
        "hair_color",
        "weight",
        "ignore_auto_tag",
    ],
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
            value = check_date(name, value, partial_dates)
        elif name in ("organized", "favorite", "ignore_auto_tag"):
            if value is None:
                raise LibraryError("Internal system error. Error <null value not allowed in optional bool>")
            value = int(value)
        elif value == "" and kind != "marker":
            value = None
        columns[name] = value
    return columns


def check_date(name: str, value: str | None, partial: bool) -> str | None:
    """A date as stored. Since v0.30 also `YYYY-MM` and `YYYY`. Raises LibraryError for other text."""
    if not value:
        return None
    pattern = r"\d{4}(-\d\d(-\d\d([T ].*)?)?)?" if partial else r"\d{4}-\d\d-\d\d([T ].*)?"
    if not re.fullmatch(pattern, value):
        raise LibraryError(f'converting {name}: failed to parse date "{value}": [no layout fits]')
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
        raise LibraryError("processing image: illegal base64 data at input byte 0") from error


def apply(library: Library, kind: str, object_id: int, given: Row, request: Request, *, bulk: bool) -> None:
    """Lays one input over one object."""
    library.update(kind, object_id, columns_of(kind, given, request.stash.release >= (0, 30)))
    for name, other in LISTS[kind].items():
        if name not in given:
            continue
        wanted = given[name] or {}
        if other == "gallery" and kind == "image":
            _check_gallery_change(library, object_id, wanted, bulk)
        if bulk and wanted:
            library.relink(kind, object_id, other, wanted.get("ids"), wanted["mode"])
        elif not bulk:
            library.relink(kind, object_id, other, given[name])
    if given.get("urls") is not None:
        wanted = given["urls"]
        library.set_values(
            "url",
            kind,
            object_id,
            wanted.get("values") if bulk else wanted,
            wanted["mode"] if bulk else "SET",
        )
    elif given.get("url") is not None:
        library.set_values("url", kind, object_id, [given["url"]] if given["url"] else [])
    if given.get("stash_ids") is not None:
        library.update(kind, object_id, {"stash_ids": _stash_ids(given["stash_ids"])})
    if given.get("custom_fields") is not None:
        library.set_custom_fields(kind, object_id, gojson.stored_number(given["custom_fields"]))


def _check_gallery_change(library: Library, image_id: int, wanted: Any, bulk: bool) -> None:
    """Only galleries made by hand can gain or lose images."""
    mode = wanted["mode"] if bulk and wanted else "SET"
    ids = {as_id(one) for one in ((wanted.get("ids") or ()) if bulk and wanted else wanted or ())}
    if mode == "SET":
        ids ^= set(library.linked("image", image_id, "gallery"))
    for one in sorted(ids):
        try:
            check_by_hand(library, library.need("gallery", one))
        except GalleryFixed as error:
            files = library.files("image", image_id)
            name = files[0]["basename"] if files else image_id
            raise LibraryError(f'changing galleries of image "{name}": {error}') from error


class GalleryFixed(LibraryError):
    """The gallery is an archive or a folder."""


def check_by_hand(library: Library, gallery: Row) -> None:
    """Raises GalleryFixed for archive and folder galleries."""
    files = library.files("gallery", gallery["id"])
    if not files and gallery["folder_id"] is None:
        return
    kind = "zip-based" if files else "folder-based"
    title = gallery["title"] or (files[0]["basename"] if files else "")
    raise GalleryFixed(f'cannot change contents of {kind} gallery "{title}"')


def _stash_ids(given: list[Row]) -> str:
    return json.dumps([{"updated_at": now(), **one} for one in given])


def changed(
    request: Request, kind: str, ids: list[int], given: Any, fields: list[str] | None, what: str
) -> None:
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
    def resolve(_: Any, request: Request, input: Row) -> Row | None:
        with changing(request):
            found = request.stash.library.need(kind, input["id"])
            apply(request.stash.library, kind, found["id"], input, request, bulk=False)
        changed(request, kind, [found["id"]], input, list(input), "Update")
        return request.stash.library.get(kind, found["id"])

    return resolve


def _update_each(kind: str) -> Any:
    def resolve(_: Any, request: Request, input: list[Row]) -> list[Row]:
        library = request.stash.library
        with changing(request):
            for one in input:
                apply(library, kind, library.need(kind, one["id"])["id"], one, request, bulk=False)
        ids = [as_id(one["id"]) for one in input]
        for one, object_id in zip(input, ids, strict=True):
            changed(request, kind, [object_id], input, list(one), "Update")
        return library.many(kind, ids)

    return resolve


def _bulk(kind: str) -> Any:
    def resolve(_: Any, request: Request, input: Row) -> list[Row] | None:
        library = request.stash.library
        ids = _as_ids(input.get("ids"))
        with changing(request):
            for one in ids:
                if kind in ("image", "performer"):
                    library.need(kind, one)  # the others are only missed when a link or the re-reading fails
                if kind == "performer":
                    _check_bulk_performer(request, one, input)
                apply(library, kind, one, input, request, bulk=True)
                if kind == "performer" and input.get("alias_list"):
                    library.set_values(
                        "alias", kind, one, input["alias_list"].get("values"), input["alias_list"]["mode"]
                    )
                    name = library.need(kind, one)["name"]
                    check_performer_aliases(name, library.values("alias", kind, one), silently=False)
            if len(library.many(kind, ids)) < len(set(ids)):
                raise LibraryError("sql: no rows in result set")
        changed(request, kind, ids, input, list(input), "Update")
        return library.many(kind, ids) or None

    return resolve


def _as_ids(given: list[Any] | None) -> list[int]:
    try:
        return [as_id(one) for one in given or ()]
    except LibraryError as error:
        raise LibraryError(f"converting ids: {error}") from error


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


def _destroy_input(library: Library, image_id: int, given: Row) -> Row:
    """A hook on the end of an image also learns where and what it was."""
    file = next(iter(library.files("image", image_id)), None)
    prints = (
        library.db.column("SELECT value FROM fingerprint WHERE file_id = ?", [file["id"]]) if file else []
    )
    shown = {"delete_file": None, "delete_generated": None, **given}
    return shown | {"checksum": prints[0] if prints else "", "path": file["path"] if file else ""}


def _destroy(request: Request, kind: str, ids: list[Any], given: Any) -> bool:
    library = request.stash.library
    told: dict[int, Any] = {}
    with changing(request):
        for one in ids:
            object_id = as_id(one)
            told[object_id] = _destroy_input(library, object_id, given) if kind == "image" else given
            library.destroy(kind, one)
    for object_id, shown in told.items():
        changed(request, kind, [object_id], shown, None, "Destroy")
    return True


for _kind in ("image", "performer", "tag"):
    resolves(f"Mutation.{_kind}Destroy")(
        lambda _, request, input, kind=_kind: _destroy(request, kind, [input["id"]], input)
    )
resolves("Mutation.imagesDestroy")(lambda _, request, input: _destroy(request, "image", input["ids"], input))
for _kind in ("performer", "tag"):
    resolves(f"Mutation.{_kind}sDestroy")(
        lambda _, request, ids, kind=_kind: _destroy(request, kind, ids, ids)
    )
resolves("Mutation.sceneMarkerDestroy")(lambda _, request, id: _destroy(request, "marker", [id], id))
resolves("Mutation.sceneMarkersDestroy")(lambda _, request, ids: _destroy(request, "marker", ids, ids))


@resolves("Mutation.galleryCreate")
def _gallery_create(_: Any, request: Request, input: Row) -> Row | None:
    library = request.stash.library
    with changing(request):
        made = library.insert("gallery", {"title": input["title"]})
        apply(library, "gallery", made, input, request, bulk=False)
    changed(request, "gallery", [made], input, None, "Create")
    return library.get("gallery", made)


def _gallery_images(mode: str) -> Any:
    def resolve(_: Any, request: Request, input: Row) -> bool:
        with changing(request):
            library = request.stash.library
            gallery = library.need("gallery", input["gallery_id"])
            check_by_hand(library, gallery)
            try:
                library.relink("gallery", gallery["id"], "image", input["image_ids"], mode)
            except LibraryError as error:
                raise LibraryError(
                    f"failed to {'add' if mode == 'ADD' else 'remove'} images to gallery: {error}"
                ) from error
        return True

    return resolve


resolves("Mutation.addGalleryImages")(_gallery_images("ADD"))
resolves("Mutation.removeGalleryImages")(_gallery_images("REMOVE"))
