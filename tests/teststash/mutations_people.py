"""Mutations on performers, tags and markers."""

from __future__ import annotations

from typing import Any

from . import gojson
from .answers import Request, resolves
from .database import Row
from .library import KINDS, Library, LibraryError, as_id, check_performer_aliases
from .mutations import apply, changed, changing, picture_bytes

# people


@resolves("Mutation.performerCreate")
def _performer_create(_: Any, request: Request, input: Row) -> Row | None:
    library = request.stash.library
    name = input["name"].strip()
    picture = picture_bytes(input.get("image"))
    with changing(request):
        library.check_performer_name(name, input.get("disambiguation"))
        aliases = check_performer_aliases(
            name, input.get("alias_list") or [], request.stash.release >= (0, 31)
        )
        made = library.insert(
            "performer", {"name": name, "disambiguation": input.get("disambiguation") or None}
        )
        fields = input.get("custom_fields") or {}
        given = {key: value for key, value in input.items() if key != "custom_fields"} | {"name": name}
        apply(library, "performer", made, given, request, bulk=False)
        library.set_custom_fields("performer", made, {"full": gojson.stored_number(fields)}, checked=False)
        library.set_values("alias", "performer", made, aliases)
        library.update("performer", made, {"image": picture})
        library.db.run("UPDATE performer SET updated_at = created_at WHERE id = ?", [made])  # one moment, as in Stash
    changed(request, "performer", [made], input, None, "Create")
    return library.get("performer", made)


@resolves("Mutation.performerUpdate")
def _performer_update(_: Any, request: Request, input: Row) -> Row | None:
    library = request.stash.library
    with changing(request):
        found = library.need("performer", input["id"])
        change_performer(request, found, input, checked=True)
    changed(request, "performer", [found["id"]], input, list(input), "Update")
    return library.get("performer", found["id"])


def change_performer(request: Request, found: Row, given: Row, *, checked: bool) -> None:
    """Lays a performer input over a performer; a merge does so without checking names."""
    library = request.stash.library
    name = given.get("name") or found["name"]
    if checked and ("name" in given or "disambiguation" in given):
        library.check_performer_name(
            given.get("name", found["name"]) or "",
            given.get("disambiguation", found["disambiguation"]),
            found["id"],
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
def _performer_merge(_: Any, request: Request, input: Row) -> Row | None:
    library = request.stash.library
    try:
        sources = [as_id(one) for one in input["source"]]
    except LibraryError as error:
        raise LibraryError(f"converting source ids: {error}") from error
    into = as_id(input["destination"])
    if into in sources:
        raise LibraryError("destination performer cannot be in source list")
    with changing(request):
        for source in sources:
            if library.get("performer", source) is None:
                raise LibraryError(f"finding source performers: performer with id {source} not found")
        before = library.get("performer", into)
        if before is None:
            raise LibraryError("updating performer: sql: no rows in result set")
        for source in sources:
            _move_links(library, source, into)
            library.destroy("performer", source)
        if input.get("values"):
            change_performer(request, before, input["values"], checked=False)
    return before  # plain fields are answered as they were, although `values` have been written


def _move_links(library: Library, source: int, into: int) -> None:
    """Everything that carried one performer carries the other; tags come along."""
    for kind in ("image", "scene", "gallery"):
        table = f"{kind}_performer"
        library.db.run(
            f"INSERT OR IGNORE INTO {table} ({kind}_id, performer_id) SELECT {kind}_id, ? FROM {table} "
            "WHERE performer_id = ?",
            [into, source],
        )
    library.relink("performer", into, "tag", library.linked("performer", source, "tag"), "ADD")


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
                if as_id(one) == tag_id:
                    shown = library.need("tag", tag_id)["name"]
                    raise LibraryError(
                        f'cannot apply tag "{shown}" as a parent of "{shown}" as it is already a descendant ({shown})'
                    )
                library.db.run(f"INSERT INTO tag_parent ({own}, {other}) VALUES (?, ?)", [tag_id, as_id(one)])


@resolves("Mutation.tagCreate")
def _tag_create(_: Any, request: Request, input: Row) -> Row | None:
    library = request.stash.library
    name = input["name"].strip()
    with changing(request):
        library.check_tag_names(name, input.get("aliases") or ())
        made = library.insert("tag", {"name": name})
        apply(library, "tag", made, {**input, "name": name}, request, bulk=False)
        _tag_parts(library, made, input)
    changed(request, "tag", [made], input, None, "Create")
    return library.get("tag", made)


@resolves("Mutation.tagUpdate")
def _tag_update(_: Any, request: Request, input: Row) -> Row | None:
    library = request.stash.library
    with changing(request):
        found = library.need("tag", input["id"])
        library.check_tag_names(input.get("name"), input.get("aliases") or (), found["id"])
        apply(library, "tag", found["id"], input, request, bulk=False)
        _tag_parts(library, found["id"], input)
    changed(request, "tag", [found["id"]], input, list(input), "Update")
    return library.get("tag", found["id"])


@resolves("Mutation.tagsMerge")
def _tags_merge(_: Any, request: Request, input: Row) -> Row | None:
    library = request.stash.library
    with changing(request):
        into = library.need("tag", input["destination"])
        for source in (library.need("tag", one) for one in input["source"]):
            if source["id"] == into["id"]:
                raise LibraryError("cannot merge where source == destination")
            for kind in KINDS:
                if kind == "tag":
                    continue
                library.db.run(
                    f"INSERT OR IGNORE INTO {kind}_tag ({kind}_id, tag_id) SELECT {kind}_id, ? FROM {kind}_tag "
                    "WHERE tag_id = ?",
                    [into["id"], source["id"]],
                )
            library.db.run(
                "UPDATE marker SET primary_tag_id = ? WHERE primary_tag_id = ?", [into["id"], source["id"]]
            )
            names = [source["name"], *library.values("alias", "tag", source["id"])]
            library.destroy("tag", source["id"])
            library.set_values("alias", "tag", into["id"], names, "ADD")
    changed(request, "tag", [into["id"]], input, None, "Merge")
    return library.get("tag", into["id"])


# markers


def _check_marker(given: Row) -> None:
    end = given.get("end_seconds")
    if end is not None and end < given["seconds"]:
        raise LibraryError(
            f"end_seconds ({end:f}) must be greater than or equal to seconds ({given['seconds']:f})"
        )


def _marker_tags(given: Row, primary: int) -> list[int]:
    return [one for one in (as_id(value) for value in given.get("tag_ids") or ()) if one != primary]


@resolves("Mutation.sceneMarkerCreate")
def _marker_create(_: Any, request: Request, input: Row) -> Row | None:
    library = request.stash.library
    _check_marker(input)
    with changing(request):
        primary = as_id(input["primary_tag_id"])
        made = library.insert(
            "marker",
            {
                "title": input["title"].strip(),
                "seconds": input["seconds"],
                "end_seconds": input.get("end_seconds"),
                "scene_id": as_id(input["scene_id"]),
                "primary_tag_id": primary,
            },
        )
        library.relink("marker", made, "tag", _marker_tags(input, primary))
    changed(request, "marker", [made], input, None, "Create")
    return library.get("marker", made)


@resolves("Mutation.sceneMarkerUpdate")
def _marker_update(_: Any, request: Request, input: Row) -> Row | None:
    library = request.stash.library
    with changing(request):
        found = library.need("marker", input["id"])
        _check_marker({**found, **input})
        columns: Row = {name: input[name] for name in ("title", "seconds", "end_seconds") if name in input}
        for name in ("scene_id", "primary_tag_id"):
            if input.get(name) is not None:
                columns[name] = as_id(input[name])
        library.update("marker", found["id"], columns)
        if "tag_ids" in input:
            primary = library.need("marker", found["id"])["primary_tag_id"]
            library.relink("marker", found["id"], "tag", _marker_tags(input, primary))
    changed(request, "marker", [found["id"]], input, list(input), "Update")
    return library.get("marker", found["id"])
