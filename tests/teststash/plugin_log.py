"""A plugin's stderr by Stash's rules: framed lines, progress that may be dropped, the 64 KiB line that ends it all."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

from .log import ServerLog

LONGEST_LINE = 64 * 1024  # the reader's buffer: a line of this many bytes before its LF stops the log
_FIRST_BUFFER = 4096
_BUSY_S = (
    0.001  # a progress line that follows another sooner than this finds the receiver busy and is dropped
)
LEVELS = {
    "t": "Trace",
    "d": "Debug",
    "i": "Info",
    "w": "Warning",
    "e": "Error",
    "p": "Progress",
    "\0": "None",
}
NAMES = {name.lower(): name for name in LEVELS.values()}


class PluginLog:
    """Reads one pipe until it ends, breaks a rule, or is closed from the server's side."""

    def __init__(
        self,
        pipe: int,
        log: ServerLog,
        plugin_name: str,
        err_log: str,
        on_progress: Callable[[float], None] | None,
        line_cost_s: float = 0.0,
    ) -> None:
        self._pipe = pipe
        self._log = log
        self._prefix = f"[Plugin / {plugin_name}] "
        self._default = NAMES.get(err_log, "Error")
        self._on_progress = on_progress
        self._line_cost_s = line_cost_s
        self._closing = threading.Event()
        self._last_progress = 0.0
        self._thread = threading.Thread(target=self._read, name="plugin-stderr", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stash's end is closed without being drained: a backlog is lost. A reader that keeps up loses nothing."""
        if self._line_cost_s == 0.0:
            self._thread.join(
                0.25
            )  # a fast logger has read what was written before the exit; see docs/test-stash.md
        self._closing.set()

    def join(self, timeout_s: float) -> None:
        """Waits for the reader to end."""
        self._thread.join(timeout_s)

    def _read(self) -> None:
        pending = bytearray()
        try:
            while not self._closing.is_set():
                if not select.select([self._pipe], [], [], 0.05)[0]:
                    continue
                chunk = os.read(
                    self._pipe, max(_FIRST_BUFFER, min(len(pending), LONGEST_LINE - len(pending)))
                )
                if not chunk:
                    break
                pending += chunk
                if not self._lines(pending):
                    return
            else:
                return
            if pending:
                self._line(bytes(pending))
        finally:
            os.close(self._pipe)

    def _lines(self, pending: bytearray) -> bool:
        """Takes whole lines out of `pending`; False when one is too long."""
        while (end := pending.find(b"\n")) >= 0:
            if end >= LONGEST_LINE:
                return False
            line = bytes(pending[:end])
            del pending[: end + 1]
            self._line(line)
        return len(pending) < LONGEST_LINE

    def _line(self, line: bytes) -> None:
        text = line[:-1] if line.endswith(b"\r") else line
        if not text:
            return
        if self._line_cost_s:
            time.sleep(self._line_cost_s)
        level, message = self._level_of(text)
        if level == "Progress":
            self._progress(message)
        elif level != "None":
            self._log.add(level, self._prefix + message)

    def _level_of(self, line: bytes) -> tuple[str, str]:
        shown = line.decode("utf-8", "replace")
        if len(line) < 4 or line[0] != 1 or line[2] != 2:
            return self._default, shown
        level = LEVELS.get(chr(line[1]))
        if level is None:
            return self._default, shown
        return level, line[3:].decode("utf-8", "replace").strip()

    def _progress(self, text: str) -> None:
        try:
            if "_" in text:
                raise ValueError(text)
            value = float(text)
        except ValueError:
            self._log.add(
                "Error",
                f"Error parsing progress value '{text}': strconv.ParseFloat: parsing \"{text}\": invalid syntax",
            )
            return
        moment = time.monotonic()
        if self._on_progress is None or moment - self._last_progress < _BUSY_S:
            return
        self._last_progress = moment
        self._on_progress(value)
