"""Files over HTTP: resumed where they broke off, checked by hash, moved into place whole. Standard library
only."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from compreface_plugin.domain.errors import ModelUnavailable

if TYPE_CHECKING:
    from compreface_plugin.engine.models import Download

Progress = Callable[[int, int], None]
"""(bytes so far, bytes in all) of one file."""

ATTEMPTS = 4
TIMEOUT_S = 60
_CHUNK = 1 << 18
_SPARE = 64 << 20  # bytes left free on the disk after a download
_MAX_UNPACKED = 4 << 30
_BACK_OFF_S = 0.5  # doubled each time


class _Interrupted(Exception):
    """The transfer ended early; what arrived is kept and the next attempt goes on behind it."""


def fetch(download: Download, target: Path, url: str, progress: Progress | None = None) -> None:
    """`url` into `target`, which appears only when size and hash are right; `target`.part keeps what came so
    far.

    Raises ModelUnavailable: no space, not reachable after a few attempts, refused, or another file than
    expected.
    """
    part = target.with_name(target.name + ".part")
    have = part.stat().st_size if part.exists() else 0
    if have > download.size:
        part.unlink()
        have = 0
    need_space(target.parent, download.size - have)
    reason: Exception | str = "no answer"
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(_BACK_OFF_S * 2**attempt)
        try:
            _append(url, part, download.size, progress)
            break
        except (_Interrupted, OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code < 500 and error.code not in (408, 416, 429):
                raise ModelUnavailable(f"{url} cannot be fetched: the server answers {error.code}.") from error
            if isinstance(error, urllib.error.HTTPError) and error.code == 416:
                part.unlink(missing_ok=True)
            reason = error
    else:
        raise ModelUnavailable(
            f"{url} cannot be fetched ({_said(reason)}): see that this machine reaches {urlsplit(url).hostname} and"
            " start again to go on; what arrived is kept."
        )
    if sha256(part) != download.sha256:
        part.unlink()
        raise ModelUnavailable(f"{url} is not the expected file (its SHA-256 differs); nothing was installed.")
    part.replace(target)


def _said(reason: Exception | str) -> str:
    """What the system or the server said, without the wrapping of urllib and error numbers."""
    if isinstance(reason, urllib.error.HTTPError):
        return f"the server answers {reason.code}"
    inner = reason.reason if isinstance(reason, urllib.error.URLError) else reason
    return (inner.strerror or str(inner)) if isinstance(inner, OSError) else str(inner)


def _append(url: str, part: Path, size: int, progress: Progress | None) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have == size:
        return
    if not url.startswith(("http://", "https://")):
        raise ModelUnavailable(f"{url} is no HTTP address.")
    request = urllib.request.Request(url, headers={"User-Agent": "stash-compreface-plugin"})  # noqa: S310 checked above
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 checked above
        resumed = answer.status == 206 and str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-")
        with part.open("ab" if resumed else "wb") as file:
            done = have if resumed else 0
            while chunk := answer.read(_CHUNK):
                done += len(chunk)
                if done > size:
                    break
                file.write(chunk)
                if progress is not None:
                    progress(done, size)
    if done > size:
        part.unlink()
        raise ModelUnavailable(f"{url} is larger than the expected {size} bytes; nothing was installed.")
    if done < size:
        raise _Interrupted(f"it broke off after {done} of {size} bytes")


def need_space(folder: Path, size: int) -> None:
    """Raises ModelUnavailable when the disk of `folder` has not `size` bytes and a little more free."""
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        raise ModelUnavailable(
            f"{folder} has {free >> 20} MB free and {(size + _SPARE) >> 20} MB are needed: make room and start again."
        )


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def unpack_models(archive: Path, folder: Path) -> list[Path]:
    """The *.onnx files of a zip archive, flat into `folder`; other members are left out.

    A member whose name climbs out of the archive, or is absolute, makes the whole archive refused, and so
    does one that is larger than any model. Raises ModelUnavailable.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if not info.is_dir()]
            for info in members:
                _refuse_unsafe(info, archive)
            wanted = [info for info in members if info.filename.lower().endswith(".onnx")]
            total = sum(info.file_size for info in wanted)
            if total > _MAX_UNPACKED:
                raise ModelUnavailable(f"{archive.name} would unpack to {total >> 20} MB and is refused.")
            need_space(folder, total)
            return [_unpack_one(opened, info, folder) for info in wanted]
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        raise ModelUnavailable(f"{archive.name} is no readable zip archive ({error}).") from error


def _refuse_unsafe(info: zipfile.ZipInfo, archive: Path) -> None:
    name = info.filename.replace("\\", "/")
    link = (info.external_attr >> 16) & 0o170000 == 0o120000
    if link or name.startswith("/") or ":" in name or ".." in name.split("/"):
        raise ModelUnavailable(f"{archive.name} holds the unsafe name {info.filename!r} and is refused.")


def _unpack_one(opened: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> Path:
    target = folder / info.filename.replace("\\", "/").rsplit("/", 1)[-1]
    part = target.with_name(target.name + ".part")
    with opened.open(info) as source, part.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)
    return target
