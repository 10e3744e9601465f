"""Stash's JSON to records, and filters to JSON. One function per record; nothing is asked here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from compreface_plugin.stash.records import (
    FileRecord,
    GalleryRecord,
    ImageRecord,
    Job,
    PerformerRecord,
    PerformerUse,
    TagRecord,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def ids(held: Sequence[Mapping[str, Any]] | None) -> tuple[str, ...]:
    return tuple(str(one["id"]) for one in held or ())


def performer(held: Mapping[str, Any]) -> PerformerRecord:
    url = held.get("image_path") or ""
    return PerformerRecord(
        id=str(held["id"]),
        name=held["name"],
        disambiguation=held.get("disambiguation") or "",
        aliases=tuple(held.get("alias_list") or ()),
        image_url=url,
        has_own_image=bool(url) and parse_qs(urlsplit(url).query).get("default") != ["true"],
        updated=str(held.get("updated_at") or ""),
        gender=held.get("gender"),
    )


def performer_use(held: Mapping[str, Any]) -> PerformerUse:
    edited = ("rating100", "details", "urls", "favorite", "stash_ids")
    return PerformerUse(
        record=performer(held),
        images=int(held["image_count"]),
        scenes=int(held["scene_count"]),
        galleries=int(held["gallery_count"]),
        tag_ids=ids(held["tags"]),
        edited=held["updated_at"] != held["created_at"] or any(held.get(name) for name in edited),
    )


def file(held: Mapping[str, Any]) -> FileRecord:
    prints = {one["type"]: str(one["value"]) for one in held.get("fingerprints") or ()}
    return FileRecord(
        path=held["path"],
        size=int(held["size"]),
        mod_time=str(held["mod_time"]),
        md5=prints.get("md5", ""),
        width=int(held.get("width") or 0),
        height=int(held.get("height") or 0),
        is_video=held.get("__typename") == "VideoFile",
        in_archive=bool(held.get("zip_file_id") or held.get("zip_file")),
        duration_s=float(held.get("duration") or 0.0),
    )


def image(held: Mapping[str, Any]) -> ImageRecord:
    return ImageRecord(
        id=int(held["id"]),
        title=held.get("title") or "",
        files=tuple(file(one) for one in held.get("visual_files") or ()),
        tag_ids=ids(held["tags"]),
        performer_ids=ids(held["performers"]),
        gallery_ids=ids(held["galleries"]),
        organized=bool(held.get("organized")),
        image_url=(held.get("paths") or {}).get("image") or f"/image/{held['id']}/image",
    )


def gallery(held: Mapping[str, Any]) -> GalleryRecord:
    return GalleryRecord(
        id=int(held["id"]),
        title=held.get("title") or "",
        tag_ids=ids(held["tags"]),
        performer_ids=ids(held["performers"]),
        image_count=int(held["image_count"]),
        organized=bool(held.get("organized")),
    )


def tag(held: Mapping[str, Any], created: bool = False) -> TagRecord:
    return TagRecord(str(held["id"]), held["name"], tuple(held.get("aliases") or ()), created)


def job(held: Mapping[str, Any]) -> Job:
    return Job(str(held["id"]), held["status"], held.get("description") or "", held.get("progress"))


def tagged(with_tag: str | None, without_tag: str | None) -> dict[str, Any]:
    """The part of a filter that asks for exactly this tag, no descendants, or for items without it."""
    if with_tag is not None:
        return {"tags": {"value": [with_tag], "modifier": "INCLUDES", "depth": 0}}
    if without_tag is not None:
        return {"tags": {"value": [without_tag], "modifier": "EXCLUDES", "depth": 0}}
    return {}
