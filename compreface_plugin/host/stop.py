"""The graceful way to stop a task: the file `stop` in the data folder, SIGTERM, or Stash's own end.

An empty file that is newer than the run's start stops it (`touch stop`); a file that holds a run's id stops
that run only; older files are removed. Whoever asks leaves the file behind: the run that obeys removes it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import Cancelled, StoreError

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from compreface_plugin.host.process import Parent

STOP_FILE = "stop"
LONGEST_ID = 200  # bytes read of a stop file
_LOOK_EVERY_S = 0.1  # while waiting
_BY_SIGNAL = "Stopped by a signal; what is done stays, the next start goes on from here."


class StopSignal:
    """SIGTERM and SIGINT as a flag. The second one ends the process at once, as it would without us."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def listen(self) -> None:
        """Main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._asked.set()
        signal.signal(number, signal.SIG_DFL)

    def ask(self) -> None:
        self._asked.set()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleeps at most so long; True as soon as the signal is there."""
        return self._asked.wait(seconds)

    def sleep(self, seconds: float) -> None:
        """Sleeps `seconds`; raises Cancelled as soon as the signal is there."""
        if self._asked.wait(seconds):
            raise Cancelled(_BY_SIGNAL)


class StopToken:
    """ports.CancelToken of one task. Once it has said stop it says so for ever."""

    def __init__(
        self,
        data_dir: Path | None,
        since_ns: int,
        signals: StopSignal | None = None,
        parent: Parent | None = None,
    ) -> None:
        """`since_ns`: the run's start by the data folder's own clock (TaskLock.since_ns), which dates its files.

        `data_dir` None: an operation. It must not see stop files, as it would obey, or remove as too old, one
        that is meant for the task it runs beside.
        """
        self._path = data_dir / STOP_FILE if data_dir is not None else None
        self._since_ns = since_ns
        self._signals = signals or StopSignal()
        self._parent = parent
        self._run_id: str | None = None
        self._reason = ""
        self._seen: tuple[int, int] | None = None  # (date, size) of a file that does not concern us
        self._forget_old()

    def bind(self, run_id: str) -> None:
        """From now on a stop file that names `run_id` counts."""
        self._run_id = run_id
        self._seen = None

    @property
    def stopped(self) -> bool:
        """Whether somebody asked to stop. One stat of a file that is mostly absent."""
        if not self._reason:
            self._reason = self._look()
        return bool(self._reason)

    def raise_if_cancelled(self) -> None:
        """Raises Cancelled once the stop file, SIGTERM or the end of Stash asked for it."""
        if self.stopped:
            raise Cancelled(self._reason)

    def wait(self, seconds: float) -> None:
        """Sleeps at most `seconds`; raises Cancelled within a quarter of a second of being asked."""
        until = time.monotonic() + seconds
        self.raise_if_cancelled()
        while (rest := until - time.monotonic()) > 0:
            self._signals.wait(min(rest, _LOOK_EVERY_S))
            self.raise_if_cancelled()

    def _look(self) -> str:
        if self._signals.asked:
            return _BY_SIGNAL
        if self._parent is not None and self._parent.is_gone():
            return "Stopped because Stash has ended; what is done stays, the next start goes on from here."
        if self._path is not None and self._file_asks(self._path):
            self._path.unlink(missing_ok=True)
            return "Stopped as asked; what is done stays, the next start goes on from here."
        return ""

    def _file_asks(self, path: Path) -> bool:
        try:
            found = path.stat()
        except OSError:
            return False
        state = (found.st_mtime_ns, found.st_size)
        if found.st_mtime_ns < self._since_ns or state == self._seen:
            return False
        named = _named_run(path)
        if named in ("", self._run_id):
            return True
        self._seen = state
        return False

    def _forget_old(self) -> None:
        try:
            if self._path is not None and self._path.stat().st_mtime_ns < self._since_ns:
                self._path.unlink()
        except OSError:
            return  # none there; or one that cannot be removed, which is too old to count anyway


def _named_run(path: Path) -> str | None:
    """The run a stop file names, empty for every run; None when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(LONGEST_ID).decode("utf-8", "replace").strip()
    except OSError:
        return None


def request_stop(data_dir: Path, run_id: str | None = None) -> Path:
    """Asks the running task, or only the run `run_id`, to stop. Returns the stop file. Raises StoreError.

    The file appears whole: a half-written name would be an empty one, which stops every run.
    """
    path = data_dir / STOP_FILE
    draft = data_dir / f".{STOP_FILE}.{os.getpid()}.{threading.get_ident()}"
    try:
        draft.write_text(run_id or "", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise StoreError(
            f"The stop file {path} could not be written ({error.strerror}); stop the task in Stash's task queue."
        ) from error
    return path
