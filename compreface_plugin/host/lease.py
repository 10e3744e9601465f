"""Who is at work on the data folder, operations beside a task included: each process locks a byte of its own, and
loses it however it ends.

A run names the process that works on it by the number of that byte. Whoever finds a run unfinished asks here whether
that process still lives: its changes are its own then, and nobody else's to finish.
"""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import StoreError
from compreface_plugin.host.byte_lock import lock_byte, unlock_byte

if TYPE_CHECKING:
    from pathlib import Path

LEASE_FILE = "work.lock"
NOBODY = 0
_BYTES = 2**30  # so many numbers: two processes at work at once do not draw the same one

# POSIX takes all locks of a file from a process that closes any descriptor of it: one descriptor a folder, kept open
_open: dict[str, int] = {}
_mine: dict[str, set[int]] = {}
_guard = threading.Lock()


class Lease:
    """What makes one call of the plugin known as being at work. Nothing is locked before `token` is asked for."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / LEASE_FILE
        self._token = NOBODY

    @property
    def token(self) -> int:
        """This process's number. Raises StoreError when the folder cannot be used."""
        if self._token == NOBODY:
            with _guard:
                key, descriptor = self._descriptor()
                token = random.SystemRandom().randrange(1, _BYTES)
                while not lock_byte(descriptor, token, exclusive=True):
                    token = random.SystemRandom().randrange(1, _BYTES)
                _mine[key].add(token)
                self._token = token
        return self._token

    def at_work(self, token: int) -> bool:
        """Whether the process of this number still runs. Raises StoreError."""
        if token == NOBODY:
            return False
        with _guard:
            key, descriptor = self._descriptor()
            if token in _mine[key]:
                return True
            if not lock_byte(descriptor, token, exclusive=False):
                return True
            unlock_byte(descriptor, token)
            return False

    def release(self) -> None:
        """Idempotent; the end of the process does the same."""
        with _guard:
            key = os.path.realpath(self._path)
            if key not in _open:
                return
            if self._token in _mine[key]:
                unlock_byte(_open[key], self._token)
                _mine[key].discard(self._token)
            self._token = NOBODY
            if not _mine[key]:
                os.close(_open.pop(key))
                del _mine[key]

    def _descriptor(self) -> tuple[str, int]:
        key = os.path.realpath(self._path)
        if key not in _open:
            try:
                _open[key] = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
            except OSError as error:
                raise StoreError(
                    f"The lock file {self._path} could not be opened ({error.strerror}); make the folder writable."
                ) from error
            _mine[key] = set()
        return key, _open[key]
