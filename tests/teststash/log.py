"""The server log as tests read it and as the `logs` query shows it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from .database import Row, now

_SHOWN = ("Info", "Progress", "Warning", "Error")
_LATEST = 30


@dataclass(frozen=True, slots=True)
class LogLine:
    """Level is one of Trace, Debug, Info, Progress, Warning, Error."""

    level: str
    message: str
    time: str


class ServerLog:
    """Every line ever logged, oldest first."""

    def __init__(self) -> None:
        self._lines: list[LogLine] = []
        self._changed = threading.Condition()

    def add(self, level: str, message: str) -> None:
        with self._changed:
            self._lines.append(LogLine(level, message, now()))
            self._changed.notify_all()

    @property
    def lines(self) -> list[LogLine]:
        """A copy of all lines."""
        with self._changed:
            return list(self._lines)

    def messages(self, level: str | None = None) -> list[str]:
        """Texts of one level, or of all."""
        return [line.message for line in self.lines if level in (None, line.level)]

    def wait_for(self, part: str, timeout_s: float = 30.0) -> LogLine:
        """The first line that contains `part`. Raises TimeoutError."""
        found: list[LogLine] = []

        def seen() -> bool:
            found[:] = [line for line in self._lines if part in line.message][:1]
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(seen, timeout_s):
                raise TimeoutError(f"nothing logged that contains {part!r}")
        return found[0]

    def latest(self) -> list[Row]:
        """The last 30 lines at Info and above, newest first."""
        shown = [line for line in self.lines if line.level in _SHOWN][-_LATEST:]
        return [{"time": line.time, "level": line.level, "message": line.message} for line in reversed(shown)]

    def clear(self) -> None:
        """Forgets all lines."""
        with self._changed:
            self._lines.clear()
