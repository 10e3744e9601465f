"""Bytes behind the addresses: originals (also out of zips), thumbnails, portraits, sprites."""

from __future__ import annotations

import hashlib
import io
import mimetypes
import re
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .database import Row

if TYPE_CHECKING:
    from .stash import TestStash

_THUMBNAIL_SIDE = 640


@dataclass(frozen=True, slots=True)
class Picture:
    """What is sent with status 200."""

    content: bytes
    mime: str


def find_picture(stash: TestStash, path: str, query: dict[str, str]) -> Picture | int:
    """The picture behind an address, or the status that refuses it."""
    if found := re.fullmatch(r"/image/(\d+)/(image|thumbnail)", path):
        return _image(stash, int(found[1]), found[2])
    if found := re.fullmatch(r"/(performer|tag)/(\d+)/image", path):
        return _portrait(stash, found[1], int(found[2]), query.get("default") == "true")
    if found := re.fullmatch(r"/scene/(\w+)_(sprite\.jpg|thumbs\.vtt)", path):
        return _generated(stash.generated_dir / "vtt" / f"{found[1]}_{found[2]}")
    if found := re.fullmatch(r"/scene/(\d+)/vtt/(sprite|thumbs)", path):
        return _scene_vtt(stash, int(found[1]), found[2])
    if found := re.fullmatch(r"/scene/(\d+)/stream", path):
        return _stream(stash, int(found[1]))
    if found := re.fullmatch(r"/plugin/([^/]+)/assets/(.*)", path):
        return _asset(stash, found[1], found[2])
    if found := re.fullmatch(r"/plugin/([^/]+)/(javascript|css)", path):
        return _bundle(stash, found[1], found[2])
    if path == "/css":
        return Picture(b"", "text/css")
    if re.match(r"/(image|performer|scene|gallery|tag|plugin)/", path) or "." in path.rpartition("/")[2]:
        return 404
    return Picture(
        b"<!DOCTYPE html><html><title>Stash</title></html>", "text/html"
    )  # the UI answers every other path


def file_bytes(stash: TestStash, file: Row) -> bytes:
    """The content of a file of the library. Raises OSError or KeyError when it is gone."""
    if file["zip_file_id"] is None:
        return Path(file["path"]).read_bytes()
    archive = stash.library.need("file", file["zip_file_id"])["path"]
    with zipfile.ZipFile(archive) as opened:
        return opened.read(file["path"][len(archive) + 1 :])


def _image(stash: TestStash, image_id: int, what: str) -> Picture | int:
    files = stash.library.files("image", image_id)
    if not files:
        return 404
    try:
        content = file_bytes(stash, files[0])
    except (OSError, KeyError):
        return 500
    mime = mimetypes.guess_type(files[0]["basename"])[0] or "application/octet-stream"
    if what == "thumbnail" and mime != "image/gif":
        return _thumbnail(content) or Picture(content, mime)
    return Picture(content, mime)


def _thumbnail(content: bytes) -> Picture | None:
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content)) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, Image.DecompressionBombError):
        return None
    picture.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return Picture(out.getvalue(), "image/jpeg")


def _portrait(stash: TestStash, kind: str, object_id: int, default: bool) -> Picture | int:
    row = stash.library.get(kind, object_id)
    if row is None:
        return 404
    if row["image"] is None or default:
        return Picture(placeholder(row["name"]), "image/png")
    content = bytes(row["image"])
    return Picture(content, _sniffed(content))


def _sniffed(content: bytes) -> str:
    for start, mime in ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG", "image/png"), (b"GIF8", "image/gif")):
        if content.startswith(start):
            return mime
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "text/html; charset=utf-8" if content.lstrip()[:1] == b"<" else "application/octet-stream"


@cache
def _placeholder_of(shade: int) -> bytes:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (400, 600), (shade, shade, 90))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((130, 130, 270, 310), fill=(200, 200, 200))
    pen.ellipse((60, 330, 340, 700), fill=(200, 200, 200))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def placeholder(name: str) -> bytes:
    """The same picture for the same name, as Stash chooses it."""
    return _placeholder_of(hashlib.md5(name.encode(), usedforsecurity=False).digest()[0] % 6 * 30)


def _generated(path: Path) -> Picture | int:
    if not path.is_file():
        return 404
    return Picture(path.read_bytes(), "text/vtt" if path.suffix == ".vtt" else "image/jpeg")


def _scene_vtt(stash: TestStash, scene_id: int, what: str) -> Picture | int:
    found = stash.library.db.column(
        "SELECT p.value FROM owned_file o JOIN fingerprint p ON p.file_id = o.file_id "
        "WHERE o.kind = 'scene' AND o.object_id = ? AND p.type = 'oshash'",
        [scene_id],
    )
    name = "sprite.jpg" if what == "sprite" else "thumbs.vtt"
    return _generated(stash.generated_dir / "vtt" / f"{found[0]}_{name}") if found else 404


def _stream(stash: TestStash, scene_id: int) -> Picture | int:
    files = stash.library.files("scene", scene_id)
    if not files or not Path(files[0]["path"]).is_file():
        return 404
    mime = mimetypes.guess_type(files[0]["basename"])[0] or "video/mp4"
    return Picture(Path(files[0]["path"]).read_bytes(), mime)


def _asset(stash: TestStash, plugin_id: str, path: str) -> Picture | int:
    plugin = stash.plugins.get(plugin_id)
    assets = ((plugin.body.get("ui") or {}).get("assets") or {}) if plugin else {}
    if plugin is None:
        return 404
    folder = (stash.working_dir / plugin.directory).resolve()
    for prefix, target in sorted(assets.items(), key=lambda pair: -len(pair[0])):
        if f"/{path}".startswith(prefix):
            file = (folder / target / f"/{path}"[len(prefix) :].lstrip("/")).resolve()
            if file.is_relative_to(folder) and file.is_file():
                return Picture(
                    file.read_bytes(), mimetypes.guess_type(file.name)[0] or "application/octet-stream"
                )
    return 404


def _bundle(stash: TestStash, plugin_id: str, what: str) -> Picture | int:
    plugin = stash.plugins.get(plugin_id)
    if plugin is None:
        return 404
    files = ((plugin.body.get("ui") or {}).get(what)) or []
    folder = stash.working_dir / plugin.directory
    parts = [(folder / name).read_bytes() for name in files if not name.startswith(("http://", "https://"))]
    return Picture(b"\n".join(parts), "text/javascript" if what == "javascript" else "text/css")
