"""One task at a time on a data folder. The lock dies with its process, however that ends, and children do not
have it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import AlreadyRunning, StoreError
from compreface_plugin.host.byte_lock import lock_byte

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

LOCK_FILE = "task.lock"
_LOCKED_BYTE = 2**30  # far behind the text, which others must be able to read (Windows locks are mandatory)
_LONGEST_NOTE = 4096
_TRIES, _BETWEEN_TRIES_S = 5, 0.02

# POSIX gives a lock to the same process twice, and takes it away when that process closes any descriptor of the
# file. So what we hold ourselves is known here, with its note, and its file is not opened again.
_held: dict[str, Mapping[str, object]] = {}
_guard = threading.Lock()


class TaskLock:
    """An exclusive lock, held from `acquire` to `release` or to the end of the process."""

    def __init__(self, data_dir: Path, mode: str) -> None:
        self._path = data_dir / LOCK_FILE
        self._mode = mode
        self._descriptor: int | None = None
        self._key = ""
        self.since_ns = 0  # when it was taken, by the clock that dates the folder's files

    def acquire(self) -> None:
        """Raises AlreadyRunning, naming who holds it; StoreError when the folder cannot be used."""
        key = os.path.realpath(self._path)
        with _guard:
            if key in _held:
                raise AlreadyRunning(_who(self._path, _held[key]))
            descriptor = self._open()
            if not _lock_soon(descriptor):
                os.close(descriptor)
                raise AlreadyRunning(_who(self._path, _note(self._path)))
            note = {"pid": os.getpid(), "mode": self._mode, "since": round(time.time(), 3)}
            _held[key] = note
        self._descriptor, self._key = descriptor, key
        try:
            self._sign(descriptor, note)
        except OSError as error:
            self.release()
            raise StoreError(
                f"The lock file {self._path} could not be written ({error.strerror}); free some disk space."
            ) from error

    def name_run(self, run_id: str) -> None:
        """Says which run the task works on, for those who look at the lock. Only while it is held."""
        if self._descriptor is None:
            return
        with _guard:
            note = {**_held[self._key], "runId": run_id}
            _held[self._key] = note
            _write(self._descriptor, note)

    def release(self) -> None:
        """Idempotent. The file stays: removing it would let two processes lock two different files."""
        if self._descriptor is None:
            return
        with _guard:
            _held.pop(self._key, None)
            os.close(self._descriptor)  # closing gives the lock back
            self._descriptor = None

    def __enter__(self) -> TaskLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise StoreError(
                f"The lock file {self._path} could not be opened ({error.strerror}); make the folder writable."
            ) from error

    def _sign(self, descriptor: int, note: Mapping[str, object]) -> None:
        _write(descriptor, note)
        self.since_ns = os.fstat(descriptor).st_mtime_ns


def _write(descriptor: int, note: Mapping[str, object]) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps(note).encode())


def lock_holder(data_dir: Path) -> Mapping[str, object] | None:
    """Who works on the folder now: {"pid", "mode", "since", "runId"} (as far as known); None when nobody does.

    For operations that run beside a task.
    """
    path = data_dir / LOCK_FILE
    with _guard:
        note = _held.get(os.path.realpath(path))
    if note is not None:
        return note
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if lock_byte(descriptor, _LOCKED_BYTE, exclusive=False) else _note(path)
    finally:
        os.close(descriptor)


def _lock_soon(descriptor: int) -> bool:
    """Tries for a moment: an operation that looks who works holds the lock for the time of its look."""
    for _ in range(_TRIES):
        if lock_byte(descriptor, _LOCKED_BYTE, exclusive=True):
            return True
        time.sleep(_BETWEEN_TRIES_S)
    return lock_byte(descriptor, _LOCKED_BYTE, exclusive=True)


def _note(path: Path) -> Mapping[str, object]:
    try:
        with path.open("rb") as stream:
            note = json.loads(stream.read(_LONGEST_NOTE))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _who(path: Path, note: Mapping[str, object]) -> str:
    task = f"The task {note['mode']}" if note.get("mode") else "Another task"
    process = f" (process {note['pid']})" if note.get("pid") else ""
    return (
        f"{task}{process} is already working on the data folder {path.parent}; "
        "wait for it to end or stop it, then start this one again."
    )
