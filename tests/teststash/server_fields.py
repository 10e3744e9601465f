"""Addresses of pictures and videos, and what the server says of itself."""

from __future__ import annotations

import os
import urllib.parse
from datetime import datetime
from typing import Any

from .answers import RESOLVERS, Request, Resolver, resolves
from .database import Row
from .library import LibraryError, as_id

# addresses


def stamp(moment: str) -> int:
    """Seconds since the epoch of an RFC 3339 time: the `t=` of Stash's addresses."""
    return int(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp())


@resolves("Image.paths")
def _image_paths(source: Row, request: Request) -> Row:
    base = f"{request.base_url}/image/{source['id']}"
    mark = f"?t={stamp(source['updated_at'])}"
    return {"image": f"{base}/image{mark}", "thumbnail": f"{base}/thumbnail{mark}", "preview": ""}


@resolves("Scene.paths")
def _scene_paths(source: Row, request: Request) -> Row:
    base = f"{request.base_url}/scene/{source['id']}"
    key = request.stash.api_key
    oshash = _print_of(request, source["id"], "oshash")
    return {
        "screenshot": f"{base}/screenshot?t={stamp(source['updated_at'])}",
        "preview": f"{base}/preview",
        "stream": f"{base}/stream" + (f"?apikey={urllib.parse.quote(key, safe='')}" if key else ""),
        "webp": f"{base}/webp",
        "vtt": f"{request.base_url}/scene/{oshash}_thumbs.vtt",
        "sprite": f"{request.base_url}/scene/{oshash}_sprite.jpg",
        "funscript": f"{base}/funscript",
        "interactive_heatmap": f"{base}/interactive_heatmap",
        "caption": f"{base}/caption",
    }


def _print_of(request: Request, scene_id: int, kind: str) -> str:
    found = request.stash.library.db.column(
        "SELECT p.value FROM owned_file o JOIN fingerprint p ON p.file_id = o.file_id "
        "WHERE o.kind = 'scene' AND o.object_id = ? AND p.type = ? ORDER BY o.position",
        [scene_id, kind],
    )
    return str(found[0]) if found else ""


@resolves("Scene.sceneStreams")
def _streams(source: Row, request: Request) -> list[Row]:
    url = _scene_paths(source, request)["stream"]
    return [{"url": url, "mime_type": "video/mp4", "label": "Direct stream"}]


@resolves("Scene.scene_markers")
def _markers_of(source: Row, request: Request) -> list[Row]:
    return request.stash.library.db.rows(
        "SELECT * FROM marker WHERE scene_id = ? ORDER BY seconds", [source["id"]]
    )


@resolves("SceneMarker.scene")
def _marker_scene(source: Row, request: Request) -> Row:
    return request.stash.library.need("scene", source["scene_id"])


@resolves("SceneMarker.primary_tag")
def _marker_tag(source: Row, request: Request) -> Row:
    return request.stash.library.need("tag", source["primary_tag_id"])


def _marker_url(name: str) -> Resolver:
    return lambda source, request: (
        f"{request.base_url}/scene/{source['scene_id']}/scene_marker/{source['id']}/{name}"
    )


for _name in ("stream", "preview", "screenshot"):
    RESOLVERS[f"SceneMarker.{_name}"] = _marker_url(_name)


@resolves("Performer.image_path")
def _performer_path(source: Row, request: Request) -> str:
    default = "" if source["image"] is not None else "&default=true"
    return f"{request.base_url}/performer/{source['id']}/image?t={stamp(source['updated_at'])}{default}"


@resolves("Tag.image_path")
def _tag_path(source: Row, request: Request) -> str:
    default = "" if source["image"] is not None else "&default=true"
    return f"{request.base_url}/tag/{source['id']}/image?t={stamp(source['updated_at'])}{default}"


@resolves("Gallery.paths")
def _gallery_paths(source: Row, request: Request) -> Row:
    base = f"{request.base_url}/gallery/{source['id']}"
    return {"cover": f"{base}/cover?t={stamp(source['updated_at'])}", "preview": f"{base}/preview"}


def _gallery_images(request: Request, gallery_id: int) -> list[int]:
    criterion = {"galleries": {"value": [gallery_id], "modifier": "INCLUDES"}}
    return request.stash.library.find("image", criterion, {"per_page": -1, "sort": "path"}, None)[0]


@resolves("Gallery.cover")
def _cover(source: Row, request: Request) -> Row | None:
    found = _gallery_images(request, source["id"])
    return request.stash.library.get("image", found[0]) if found else None


@resolves("Gallery.image")
def _gallery_image(source: Row, request: Request, index: int) -> Row:
    found = _gallery_images(request, source["id"])
    if index >= len(found):
        raise LibraryError("the requested element is null which the schema does not allow")
    return request.stash.library.need("image", found[index])


# server


@resolves("Query.version")
def _version(_: Any, request: Request) -> Row:
    return {"version": request.stash.version, "hash": "0000000", "build_time": "2025-12-18 00:00:00"}


@resolves("Query.systemStatus")
def _system_status(_: Any, request: Request) -> Row:
    stash = request.stash
    ffmpeg, ffprobe = stash.ffmpeg_paths()
    return {
        "databaseSchema": stash.schema_number,
        "appSchema": stash.schema_number,
        "databasePath": str(stash.config_dir / "stash-go.sqlite"),
        "configPath": str(stash.config_dir / "config.yml"),
        "status": "OK",
        "os": "linux",
        "workingDir": str(stash.working_dir),
        "homeDir": os.path.expanduser("~"),
        "ffmpegPath": ffmpeg,
        "ffprobePath": ffprobe,
    }


@resolves("Query.configuration")
def _configuration(_: Any, request: Request) -> Row:
    return {"general": request.stash.general_settings(), "ui": request.stash.ui_settings}


@resolves("ConfigResult.plugins")
def _plugin_settings(_: Row, request: Request, include: list[str] | None = None) -> Row:
    settings = request.stash.plugin_settings
    if not include:
        return settings
    return {name: settings[name] for name in include if name in settings}


@resolves("Query.logs")
def _logs(_: Any, request: Request) -> list[Row]:
    return request.stash.log.latest()


@resolves("Query.jobQueue")
def _job_queue(_: Any, request: Request) -> list[Row] | None:
    return request.stash.jobs.queue() or None


@resolves("Query.scrapeSinglePerformer")
def _scrape_performer(_: Any, request: Request, source: Row, input: Row) -> list[Row]:
    known = request.stash.stash_boxes.get(source.get("stash_box_endpoint") or "")
    if known is None:
        raise LibraryError("unknown stash-box endpoint")
    wanted = (input.get("query") or "").lower()
    return [each for each in known if wanted in each["name"].lower()]


@resolves("Query.findJob")
def _find_job(_: Any, request: Request, input: Row) -> Row | None:
    return request.stash.jobs.find(as_id(input["id"]))


@resolves("Query.plugins")
def _plugins(_: Any, request: Request) -> list[Row] | None:
    return [plugin.as_graphql(request) for plugin in request.stash.plugins.all()] or None


@resolves("Query.pluginTasks")
def _plugin_tasks(_: Any, request: Request) -> list[Row]:
    return [
        {**task, "plugin": plugin}
        for plugin in _plugins(None, request) or ()
        for task in plugin["tasks"] or ()
    ]
