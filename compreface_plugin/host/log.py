"""Our voice on Stash's log: framed lines on descriptor 2, progress, and an exit that loses neither.

Stash reads stderr line by line: 0x01, a level letter, 0x02, the message. It stops reading for good at a line
of 64 KiB, drops progress while it is busy, and closes the pipe at our exit without reading the rest. Hence:
every physical line is framed and capped in bytes, progress is throttled and repeated, and `close` waits for
the reader.
"""

from __future__ import annotations

import math
import os
import threading
import time
from array import array
from collections.abc import Callable

from compreface_plugin.host.secrets import Secrets

LONGEST_LINE = 8 * 1024  # bytes of a message; far below Stash's 65,535 per line
PROGRESS_EVERY_S = 0.1  # Stash forwards progress at most every 100 ms
DRAIN_AT_MOST_S = 2.0  # how long the exit waits for Stash to read what is in the pipe
_DRAIN_STEP_S = 0.005
_BLIND_DRAIN_S = 0.1  # where the pipe cannot be asked

_CONTROL = {code: " " for code in [*range(32), 127, 0x2028, 0x2029] if code not in (9, 10, 13)}


class StashLog:
    """ports.Progress on a descriptor. Any thread may call. A closed stderr is survived in silence."""

    def __init__(
        self,
        descriptor: int = 2,
        secrets: Secrets | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._descriptor = descriptor
        self.secrets = secrets or Secrets()
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._closed = False
        self._wrote = False
        self._progress: float | None = None  # last told by the run
        self._progress_at = -math.inf  # when one was last written

    def mask(self, secret: str | None) -> None:
        """From now on `secret` is hidden in every line."""
        self.secrets.add(secret)

    def trace(self, message: str) -> None:
        self._say("t", message)

    def debug(self, message: str) -> None:
        self._say("d", message)

    def info(self, message: str) -> None:
        self._say("i", message)

    def warning(self, message: str) -> None:
        self._say("w", message)

    def error(self, message: str) -> None:
        self._say("e", message)

    def progress(self, fraction: float) -> None:
        """How far the run is, 0..1; values outside are clamped. Raises ValueError for NaN.

        At most ten a second are written; a value held back is written by the next call or by `close`.
        """
        if math.isnan(fraction):
            raise ValueError("progress is not a number")
        with self._lock:
            self._progress = min(1.0, max(0.0, fraction))
            if self._monotonic() - self._progress_at >= PROGRESS_EVERY_S:
                self._write_progress()

    def close(self, at_most_s: float = DRAIN_AT_MOST_S) -> None:
        """Repeats the last progress, which Stash may have missed, and waits until it has read everything."""
        with self._lock:
            if self._progress is not None and not self._closed:
                time.sleep(max(0.0, min(PROGRESS_EVERY_S, self._progress_at + PROGRESS_EVERY_S - self._monotonic())))
                self._write_progress()
        self.drain(at_most_s)

    def drain(self, at_most_s: float = DRAIN_AT_MOST_S) -> None:
        """Waits until the pipe is empty, at most so long. Returns at once when nothing was written."""
        if not self._wrote or self._closed:
            return
        until = time.monotonic() + at_most_s
        while time.monotonic() < until:
            waiting = _unread_bytes(self._descriptor)
            if waiting is None:
                time.sleep(min(_BLIND_DRAIN_S, at_most_s))
                return
            if waiting == 0:
                return
            time.sleep(_DRAIN_STEP_S)

    def _say(self, letter: str, message: str) -> None:
        text = self.secrets.clean(message)
        frames = [_frame(letter, line) for line in text.splitlines() if line.strip()]
        if frames:
            self._write(b"".join(frames))

    def _write_progress(self) -> None:
        self._progress_at = self._monotonic()
        self._write(_frame("p", f"{self._progress:.6f}"))

    def _write(self, data: bytes) -> None:
        with self._lock:
            while data and not self._closed:
                try:
                    data = data[os.write(self._descriptor, data) :]
                    self._wrote = True
                except BlockingIOError:  # somebody made the shared pipe non-blocking
                    time.sleep(_DRAIN_STEP_S)
                except OSError:  # EPIPE, EBADF, EIO: nobody listens any more, and that is no reason to stop
                    self._closed = True


def _frame(letter: str, line: str) -> bytes:
    """One physical line for Stash. Characters that are no text become spaces, what is no UTF-8 is escaped."""
    body = line.translate(_CONTROL).strip().encode("utf-8", "backslashreplace")
    if len(body) > LONGEST_LINE:
        note = f" ... (cut, {len(body)} bytes in all)".encode()
        body = body[: LONGEST_LINE - len(note)].decode("utf-8", "ignore").encode() + note
    return b"\x01" + letter.encode() + b"\x02" + body + b"\n"


def _unread_bytes(descriptor: int) -> int | None:
    """Bytes the reader has not taken yet; None where that cannot be asked. A file or terminal has none."""
    try:
        import fcntl
        import stat
        import termios
    except ImportError:  # Windows
        return None
    try:
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return 0
        count = array("i", [0])
        fcntl.ioctl(descriptor, termios.FIONREAD, count, True)
    except OSError:
        return None
    return count[0]
