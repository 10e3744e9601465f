"""Turns files on disk into rows: sizes, dimensions, hashes, video facts."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import struct
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from .database import Database, Row, now, rfc3339

IMAGE_EXTENSIONS = ("png", "jpg", "jpeg", "gif", "webp", "avif")
VIDEO_EXTENSIONS = (
    "m4v",
    "mp4",
    "mov",
    "wmv",
    "avi",
    "mpg",
    "mpeg",
    "rmvb",
    "rm",
    "flv",
    "asf",
    "mkv",
    "webm",
    "f4v",
)
ARCHIVE_EXTENSIONS = ("zip", "cbz")


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a file before it gets an id."""

    path: str
    basename: str
    size: int
    mod_time: str
    md5: str
    format: str = ""
    width: int = 0
    height: int = 0


def look_at_image(path: Path, inner: str | None) -> Found:
    """Reads an image file, or `inner` of a zip at `path`. A missing file counts as empty, a broken one as 0 x 0."""
    try:
        content = path.read_bytes() if inner is None else zipfile.ZipFile(path).read(inner)
        changed = path.stat().st_mtime
    except (OSError, KeyError):
        content, changed = b"", 0.0
    width, height, kind = _dimensions(content)
    if kind == "jpeg" and inner is None:
        kind = "mjpeg"  # on disk Stash names the codec that ffprobe told
    shown = str(path) if inner is None else f"{path}/{inner}"
    stamp = rfc3339(datetime.fromtimestamp(changed, timezone.utc))
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Found(shown, Path(shown).name, len(content), stamp, md5, kind, width, height)


def _dimensions(content: bytes) -> tuple[int, int, str]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as opened:
            return opened.width, opened.height, (opened.format or "").lower()
    except (OSError, ValueError, Image.DecompressionBombError):
        return 0, 0, ""


def oshash(path: Path) -> str:
    """The OpenSubtitles hash: size plus the 64-bit sums of the first and last 64 KiB, as 16 hex digits."""
    size = path.stat().st_size
    total = size
    with path.open("rb") as opened:
        for start in (0, max(0, size - 65536)):
            opened.seek(start)
            block = opened.read(65536)
            block = block[: len(block) // 8 * 8]
            total += sum(struct.unpack(f"<{len(block) // 8}Q", block))
    return f"{total & 0xFFFFFFFFFFFFFFFF:016x}"


def video_facts(path: Path) -> Row:
    """Duration and codecs by ffprobe; zeros when there is none or it refuses the file."""
    facts: Row = {"format": path.suffix.lstrip("."), "width": 0, "height": 0, "duration": 0.0}
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        return facts
    command = [ffprobe, "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        return facts
    told = json.loads(done.stdout)
    facts["duration"] = round(float(told["format"].get("duration") or 0), 2)
    facts["bit_rate"] = int(told["format"].get("bit_rate") or 0)
    for stream in told["streams"]:
        if stream["codec_type"] == "video":
            up, _, down = stream.get("avg_frame_rate", "0/1").partition("/")
            facts |= {
                "width": stream["width"],
                "height": stream["height"],
                "video_codec": stream["codec_name"],
            }
            facts["frame_rate"] = round(int(up) / int(down or 1), 2) if int(down or 1) else 0.0
        elif stream["codec_type"] == "audio":
            facts["audio_codec"] = stream["codec_name"]
    return facts


def is_clip(found: Found) -> bool:
    """Whether Stash files it as a video, though among the images."""
    return found.format == "gif" or Path(found.path).suffix.lstrip(".").lower() in VIDEO_EXTENSIONS


def clip_facts(found: Found) -> Row:
    """As `video_facts`; the size of a GIF is known without ffprobe too."""
    path = Path(found.path)
    facts = video_facts(path) if path.exists() else {}
    return {name: value for name, value in facts.items() if value} | ({"format": "gif"} if found.width else {})


def folder_id(db: Database, path: str) -> int:
    """The id of a folder row, made when new."""
    found = db.row("SELECT id FROM folder WHERE path = ?", [path])
    if found:
        return int(found["id"])
    return db.run("INSERT INTO folder (path, created_at, updated_at) VALUES (?, ?, ?)", [path, now(), now()])


def add_file(
    db: Database, kind: str, found: Found, archive_id: int | None, prints: dict[str, str], more: Row
) -> int:
    """A file row with its fingerprints."""
    values: Row = {
        "kind": kind,
        "path": found.path,
        "basename": found.basename,
        "folder_id": folder_id(db, str(Path(found.path).parent)),
        "zip_file_id": archive_id,
        "size": found.size,
        "mod_time": found.mod_time,
        "format": found.format,
        "width": found.width,
        "height": found.height,
        "created_at": now(),
        "updated_at": now(),
        **more,
    }
    marks = ", ".join("?" * len(values))
    made = db.run(f"INSERT INTO file ({', '.join(values)}) VALUES ({marks})", values.values())
    for name, value in prints.items():
        db.run("INSERT INTO fingerprint VALUES (?, ?, ?)", [made, name, value])
    return made
