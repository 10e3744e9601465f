"""Which filter key means what, per kind of object."""

from __future__ import annotations

from typing import Any

from .filters import (
    FIELDS,
    Builder,
    Condition,
    Criterion,
    FilterError,
    any_of,
    combine,
    count_of,
    flag,
    link_set,
    moment,
    number,
    number_condition,
    string_condition,
    text,
    through,
)

_URL = "SELECT 1 FROM url v WHERE v.kind = '{kind}' AND v.object_id = {{t}}.id AND {{}}"
_ALIAS = "SELECT 1 FROM alias v WHERE v.kind = '{kind}' AND v.object_id = {{t}}.id AND {{}}"


def _files(kind: str, column: str) -> Builder:
    return any_of(
        f"SELECT 1 FROM (SELECT f.{column} AS value, o.object_id AS owner FROM owned_file o "
        f"JOIN file f ON f.id = o.file_id WHERE o.kind = '{kind}') v WHERE v.owner = {{t}}.id AND {{}}"
    )


def _hash(kind: str, *types: str) -> Builder:
    names = ", ".join(f"'{name}'" for name in types)
    return any_of(
        f"SELECT 1 FROM (SELECT p.value, o.object_id AS owner FROM owned_file o JOIN fingerprint p "
        f"ON p.file_id = o.file_id WHERE o.kind = '{kind}' AND p.type IN ({names})) v "
        f"WHERE v.owner = {{t}}.id AND {{}}"
    )


def _missing(kind: str, links: dict[str, str], columns: set[str]) -> Builder:
    def build(t: str, value: str) -> Condition:
        if value in links:
            return f"NOT EXISTS (SELECT 1 FROM {links[value]} = {t}.id)", []
        if value == "image" and kind in ("performer", "tag"):
            return f"{t}.image IS NULL", []
        if value == "url":
            return f"NOT EXISTS (SELECT 1 FROM url v WHERE v.kind = '{kind}' AND v.object_id = {t}.id)", []
        if value == "aliases":
            return f"NOT EXISTS (SELECT 1 FROM alias v WHERE v.kind = '{kind}' AND v.object_id = {t}.id)", []
        if value == "studio":
            return f"{t}.studio_id IS NULL", []
        if value not in columns:
            raise FilterError(
                f"error querying aggregate fields: executing query: no such column: {kind}s.{value}"
            )
        return f"({t}.{value} IS NULL OR TRIM({t}.{value}) = '')", []

    return build


def _studios(t: str, criterion: Criterion) -> Condition | None:
    if criterion["modifier"] in ("IS_NULL", "NOT_NULL"):
        return f"{t}.studio_id {'IS' if criterion['modifier'] == 'IS_NULL' else 'IS NOT'} NULL", []
    wanted = [int(value) for value in criterion.get("value") or ()]
    if not wanted:
        return None
    return f"{t}.studio_id IN ({', '.join(map(str, wanted))})", []


def _performer_tags(link: str, own: str) -> Builder:
    def build(t: str, criterion: Criterion) -> Condition | None:
        inner = link_set("performer_tag", "performer_id", "tag_id")("pt", criterion)
        if inner is None:
            return None
        return (
            f"EXISTS (SELECT 1 FROM {link} k JOIN performer pt ON pt.id = k.performer_id "
            f"WHERE k.{own} = {t}.id AND ({inner[0]}))"
        ), inner[1]

    return build


def _favourite(link: str, own: str) -> Builder:
    def build(t: str, value: bool) -> Condition:
        joined = f"{link} k JOIN performer p ON p.id = k.performer_id"
        inner = f"SELECT 1 FROM {joined} WHERE k.{own} = {t}.id AND p.favorite"
        return f"{'EXISTS' if value else 'NOT EXISTS'} ({inner})", []

    return build


def _file_filter(kind: str) -> Builder:
    def build(t: str, value: Criterion) -> Condition:
        sql, parameters = combine("file", value, "ff") or ("1", [])
        return (
            f"EXISTS (SELECT 1 FROM owned_file o JOIN file ff ON ff.id = o.file_id "
            f"WHERE o.kind = '{kind}' AND o.object_id = {t}.id AND ({sql}))"
        ), parameters

    return build


def _zip_file(t: str, criterion: Criterion) -> Condition | None:
    modifier = criterion["modifier"]
    if modifier in ("IS_NULL", "NOT_NULL"):
        return f"{t}.zip_file_id {'IS' if modifier == 'IS_NULL' else 'IS NOT'} NULL", []
    wanted = ", ".join(str(int(value)) for value in criterion.get("value") or ())
    return (f"{t}.zip_file_id IN ({wanted})", []) if wanted else None


def _directory(t: str, criterion: Criterion) -> Condition:
    return string_condition(f"(SELECT d.path FROM folder d WHERE d.id = {t}.folder_id)", criterion)


def _custom_fields(t: str, wanted: list[Criterion]) -> Condition:
    parts: list[str] = []
    parameters: list[Any] = []
    for criterion in wanted:
        own = f"c.kind = 'performer' AND c.object_id = {t}.id"
        value = f"(SELECT c.value FROM custom_field c WHERE {own} AND c.field = ?)"
        values = criterion.get("value") or []
        modifier = criterion["modifier"]
        if modifier in ("EQUALS", "NOT_EQUALS"):
            word = "IN" if modifier == "EQUALS" else "NOT IN"
            sql, given = f"{value} {word} ({', '.join('?' * len(values))})", list(values)
        elif modifier in ("INCLUDES", "EXCLUDES", "MATCHES_REGEX", "NOT_MATCHES_REGEX"):
            sql, given = string_condition(value, {"modifier": modifier, "value": str(values[0])})
        else:
            first = values[0] if values else 0
            last = values[1] if len(values) > 1 else None
            sql, given = number_condition(value, {"modifier": modifier, "value": first, "value2": last})
        parts.append(f"({sql})")
        names = [criterion["field"]] * sql.count("c.field = ?")
        parameters += _interleave(sql, names, given)
    return " AND ".join(parts), parameters


def _interleave(sql: str, names: list[str], own: list[Any]) -> list[Any]:
    """Parameters in the order of their marks: field names stand where `c.field = ?` does."""
    result: list[Any] = []
    rest, fields = list(own), list(names)
    pieces = sql.split("?")
    for piece in pieces[:-1]:
        result.append(fields.pop(0) if piece.endswith("c.field = ") else rest.pop(0))
    return result


def _gender(t: str, criterion: Criterion) -> Condition:
    wanted = list(criterion.get("value_list") or ()) or [criterion["value"]] * (
        criterion.get("value") is not None
    )
    modifier = criterion["modifier"]
    if modifier in ("IS_NULL", "NOT_NULL") or not wanted:
        return f"{t}.gender {'IS NOT' if modifier == 'NOT_NULL' else 'IS'} NULL", []
    marks = ", ".join("?" * len(wanted))
    if modifier in ("EQUALS", "INCLUDES"):
        return f"{t}.gender IN ({marks})", wanted
    return f"({t}.gender IS NULL OR {t}.gender NOT IN ({marks}))", wanted


def _times() -> dict[str, Builder]:
    return {"created_at": moment("created_at"), "updated_at": moment("updated_at")}


def _item(kind: str) -> dict[str, Builder]:
    own = f"{kind}_id"
    count = f"SELECT COUNT(*) FROM {kind}_{{other}} j WHERE j.{own} = {{{{t}}}}.id"
    return {
        **_times(),
        "id": number("id"),
        **{name: text(name) for name in ("title", "code", "details")},
        "path": _files(kind, "path"),
        "checksum": _hash(kind, "md5"),
        "file_count": count_of(
            f"SELECT COUNT(*) FROM owned_file o WHERE o.kind = '{kind}' AND o.object_id = {{t}}.id"
        ),
        "rating100": number("rating100"),
        "date": number("date"),
        "url": any_of(_URL.format(kind=kind)),
        "organized": flag("organized"),
        "o_counter": number("o_counter"),
        "studios": _studios,
        "tags": link_set(f"{kind}_tag", own, "tag_id"),
        "tag_count": count_of(count.format(other="tag")),
        "performers": link_set(f"{kind}_performer", own, "performer_id"),
        "performer_count": count_of(count.format(other="performer")),
        "performer_tags": _performer_tags(f"{kind}_performer", own),
        "performer_favorite": _favourite(f"{kind}_performer", own),
        "performers_filter": through(f"{kind}_performer", own, "performer_id", "performer"),
        "tags_filter": through(f"{kind}_tag", own, "tag_id", "tag"),
        "files_filter": _file_filter(kind),
        "is_missing": _missing(
            kind,
            {
                "performers": f"{kind}_performer j WHERE j.{own}",
                "tags": f"{kind}_tag j WHERE j.{own}",
                "galleries": "gallery_image j WHERE j.image_id"
                if kind == "image"
                else "scene_gallery j WHERE j.scene_id",
                "scenes": "scene_gallery j WHERE j.gallery_id",
            },
            {"title", "code", "details", "date", "rating100", "photographer", "director"},
        ),
    }


FIELDS["image"] = {
    **_item("image"),
    "photographer": text("photographer"),
    "galleries": link_set("gallery_image", "image_id", "gallery_id"),
    "galleries_filter": through("gallery_image", "image_id", "gallery_id", "gallery"),
}
FIELDS["gallery"] = {
    **_item("gallery"),
    "photographer": text("photographer"),
    "is_zip": lambda t, value: (f"{t}.folder_id IS {'' if value else 'NOT '}NULL", []),
    "scenes": link_set("scene_gallery", "gallery_id", "scene_id"),
    "image_count": count_of("SELECT COUNT(*) FROM gallery_image j WHERE j.gallery_id = {t}.id"),
    "scenes_filter": through("scene_gallery", "gallery_id", "scene_id", "scene"),
    "images_filter": through("gallery_image", "gallery_id", "image_id", "image"),
}
FIELDS["scene"] = {
    **_item("scene"),
    "director": text("director"),
    "oshash": _hash("scene", "oshash"),
    "duration": count_of(
        "SELECT f.duration FROM owned_file o JOIN file f ON f.id = o.file_id "
        "WHERE o.kind = 'scene' AND o.object_id = {t}.id ORDER BY o.position LIMIT 1"
    ),
    "has_markers": lambda t, value: (
        f"{'EXISTS' if value == 'true' else 'NOT EXISTS'} (SELECT 1 FROM marker m WHERE m.scene_id = {t}.id)",
        [],
    ),
    "galleries": link_set("scene_gallery", "scene_id", "gallery_id"),
    "galleries_filter": through("scene_gallery", "scene_id", "gallery_id", "gallery"),
}
FIELDS["file"] = {
    **_times(),
    "path": text("path"),
    "basename": text("basename"),
    "dir": _directory,
    "zip_file": _zip_file,
    "mod_time": moment("mod_time"),
}


def _scene_of_marker(t: str, value: Criterion) -> Condition:
    sql, parameters = combine("scene", value, "ms") or ("1", [])
    return f"EXISTS (SELECT 1 FROM scene ms WHERE ms.id = {t}.scene_id AND ({sql}))", parameters


def _of_scene(key: str) -> Builder:
    return lambda t, value: _scene_of_marker(t, {key: value})


def _marker_scenes(t: str, criterion: Criterion) -> Condition | None:
    wanted = ", ".join(str(int(value)) for value in criterion.get("value") or ())
    if not wanted:
        return None
    return f"{t}.scene_id {'NOT IN' if criterion['modifier'] == 'EXCLUDES' else 'IN'} ({wanted})", []


def _marker_tags(t: str, criterion: Criterion) -> Condition | None:
    """A marker has its tags and its primary tag."""
    return link_set(
        "(SELECT marker_id, tag_id FROM marker_tag UNION SELECT id, primary_tag_id FROM marker)",
        "marker_id",
        "tag_id",
    )(t, criterion)


FIELDS["marker"] = {
    **_times(),
    "tags": _marker_tags,
    "scene_tags": _of_scene("tags"),
    "performers": _of_scene("performers"),
    "scenes": _marker_scenes,
    "duration": lambda t, value: number_condition(f"({t}.end_seconds - {t}.seconds)", value),
    "scene_filter": _scene_of_marker,
}


def _count(table: str, own: str) -> Builder:
    return count_of(f"SELECT COUNT(*) FROM {table} j WHERE j.{own} = {{t}}.id")


FIELDS["performer"] = {
    **_times(),
    **{name: text(name) for name in ("name", "disambiguation", "details", "country")},
    "filter_favorites": flag("favorite"),
    "aliases": any_of(_ALIAS.format(kind="performer")),
    "url": any_of(_URL.format(kind="performer")),
    "gender": _gender,
    "tags": link_set("performer_tag", "performer_id", "tag_id"),
    "tag_count": _count("performer_tag", "performer_id"),
    "scene_count": _count("scene_performer", "performer_id"),
    "image_count": _count("image_performer", "performer_id"),
    "gallery_count": _count("gallery_performer", "performer_id"),
    "rating100": number("rating100"),
    "ignore_auto_tag": flag("ignore_auto_tag"),
    "birthdate": number("birthdate"),
    "death_date": number("death_date"),
    "custom_fields": _custom_fields,
    "is_missing": _missing(
        "performer",
        {"scenes": "scene_performer j WHERE j.performer_id"},
        {"name", "disambiguation", "gender", "birthdate", "country", "details", "death_date", "ethnicity"},
    ),
    "scenes_filter": through("scene_performer", "performer_id", "scene_id", "scene"),
    "images_filter": through("image_performer", "performer_id", "image_id", "image"),
    "galleries_filter": through("gallery_performer", "performer_id", "gallery_id", "gallery"),
    "tags_filter": through("performer_tag", "performer_id", "tag_id", "tag"),
}
FIELDS["tag"] = {
    **_times(),
    **{name: text(name) for name in ("name", "sort_name", "description")},
    "aliases": any_of(_ALIAS.format(kind="tag")),
    "favorite": flag("favorite"),
    "ignore_auto_tag": flag("ignore_auto_tag"),
    **{
        f"{kind}_count": _count(f"{kind}_tag", "tag_id")
        for kind in ("scene", "image", "gallery", "performer", "marker")
    },
    "parents": link_set("tag_parent", "tag_id", "parent_id"),
    "children": link_set("tag_parent", "parent_id", "tag_id"),
    "is_missing": _missing("tag", {}, {"name", "description"}),
    "scenes_filter": through("scene_tag", "tag_id", "scene_id", "scene"),
    "images_filter": through("image_tag", "tag_id", "image_id", "image"),
    "galleries_filter": through("gallery_tag", "tag_id", "gallery_id", "gallery"),
}
