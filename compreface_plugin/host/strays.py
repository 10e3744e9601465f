"""What libraries say by themselves - logging, warnings, prints - becomes framed debug lines."""

from __future__ import annotations

import io
import logging
import re
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_HELD = 8 * 1024  # characters of a print without an end that are kept back
_LINE_END = re.compile(r"\r\n|\r|\n")


class LineStream(io.TextIOBase):
    """A text stream that hands over whole lines. A bare CR (progress bars) ends a line too."""

    def __init__(self, say: Callable[[str], None], descriptor: int = 2) -> None:
        """`descriptor`: where libraries write that want bytes or the number of a file."""
        self._say = say
        self._held = ""
        self._lock = threading.Lock()
        self._descriptor = descriptor
        self.buffer = open(descriptor, "wb", buffering=0, closefd=False)  # noqa: SIM115  # lives as long as we

    def fileno(self) -> int:
        return self._descriptor

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            *lines, self._held = _LINE_END.split(self._held + text)
            if len(self._held) > LONGEST_HELD:
                lines.append(self._held)
                self._held = ""
        for line in lines:
            self._say(line)
        return len(text)

    def flush(self) -> None:
        """Keeps a line that has no end yet; `finish` hands it over."""

    def finish(self) -> None:
        """Hands over what was printed without an end."""
        with self._lock:
            rest, self._held = self._held, ""
        if rest:
            self._say(rest)


class _Handler(logging.Handler):
    """Routes `logging` records to our debug level; their tracebacks come along as further lines."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say
        self.setFormatter(logging.Formatter("%(name)s: %(levelname)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._say(self.format(record))
        except (TypeError, ValueError):  # a library's own format string does not fit its arguments
            self._say(f"{record.name}: {record.msg}")


def route_strays(say: Callable[[str], None]) -> LineStream:
    """From now on Python's prints, warnings and log records of libraries go to `say`, line by line.

    Returns the stream that stands in for stdout and stderr. Records below INFO are dropped: HTTP libraries
    write one for every request.
    """
    stream = LineStream(say)
    sys.stdout = stream
    sys.stderr = stream
    root = logging.getLogger()
    root.handlers[:] = [_Handler(say)]
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    return stream
