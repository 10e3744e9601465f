"""Where the bytes of an item come from: a file, a member of a zip archive, or whatever can fetch it.

What is readable here is read here; only the rest is fetched (over HTTP, by a callable that the caller
brings).
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from compreface_plugin.domain.errors import MediaUnavailable
from compreface_plugin.media.pictures import printable

Fetch = Callable[[], bytes]
"""Brings the bytes from elsewhere, or raises a PluginError."""

MAX_BYTES = 1 << 30
"""No picture is larger; a member that claims to be is not unpacked."""


def locate(path: str | None, *, archive: str | None = None, fetch: Fetch | None = None) -> bytes | Path:
    """The bytes of an item, or the path to decode from.

    `path` is as Stash tells it; for a file inside a zip archive it is the archive's path, a separator and the
    name inside, and `archive` is the archive's path. Bytes of a path that are no UTF-8 may stand in it as
    surrogate escapes (os.fsdecode). Raises MediaUnavailable when nothing works; errors of `fetch` pass
    through.
    """
    reason = "Stash knows no path for it"
    if path:
        try:
            return _member(path, archive) if archive else _file(path)
        except MediaUnavailable as error:
            reason = str(error)
    if fetch is None:
        raise MediaUnavailable(reason)
    return fetch()


def _file(path: str) -> Path:
    found = Path(path)
    try:
        with found.open("rb"):
            return found
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise MediaUnavailable(f"{printable(path)}: the file cannot be read here ({reason})") from error


def _member(path: str, archive: str) -> bytes:
    inner = path[len(archive) :].lstrip("/\\") if path.startswith(archive) else path
    shown = printable(path)
    try:
        with zipfile.ZipFile(archive) as opened:
            info = _find(opened, inner)
            if info is None:
                raise MediaUnavailable(f"{shown}: the archive has no such file")
            if info.file_size > MAX_BYTES:
                raise MediaUnavailable(f"{shown}: {info.file_size} bytes are too many for a picture")
            with opened.open(info) as member:
                return member.read(MAX_BYTES)
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise MediaUnavailable(f"{shown}: the archive cannot be read here ({error})") from error
    except RuntimeError as error:  # what zipfile raises for an encrypted member
        raise MediaUnavailable(f"{shown}: the archive is encrypted") from error


def _find(opened: zipfile.ZipFile, inner: str) -> zipfile.ZipInfo | None:
    """By the exact name, then by the name with the other separator or decoded as the UTF-8 that many tools
    write without saying so."""
    wanted = inner.replace("\\", "/")
    for info in opened.infolist():
        names = {info.filename, info.filename.replace("\\", "/")}
        if not info.flag_bits & 0x800:
            names.add(info.filename.encode("cp437", "replace").decode("utf-8", "replace"))
        if inner in names or wanted in names:
            return info
    return None
