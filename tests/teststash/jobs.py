"""The job queue: one job at a time, first come first served, the last ten finished ones remembered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Full, Queue

from .database import Row, now
from .log import ServerLog

_REMEMBERED = 10
_UPDATE_EVERY_S = 0.1  # news of progress; what comes between waits
_BACKLOG = 100  # news for one listener; who is slower misses some


class JobFailed(Exception):
    """A job that could not even start."""


@dataclass(slots=True)
class Job:
    """`work` gets the job; it looks at `cancelled` and sets `progress` (0..1, or -1 for none)."""

    id: int
    description: str
    work: Callable[[Job], None]
    status: str = "READY"
    progress: float = 0.0
    error: str | None = None
    added: str = field(default_factory=now)
    started: str | None = None
    ended: str | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    on_progress: Callable[[], None] = lambda: None

    def set_progress(self, fraction: float) -> None:
        """Clamped to 0..1; NaN goes through, as it does in Stash."""
        self.progress = 0.0 if fraction < 0 else 1.0 if fraction > 1 else fraction
        self.on_progress()

    def as_graphql(self) -> Row:
        return {
            "id": self.id,
            "status": self.status,
            "subTasks": None,
            "description": self.description,
            "progress": None if self.progress == -1 else self.progress,
            "startTime": self.started,
            "endTime": self.ended,
            "addTime": self.added,
            "error": self.error,
        }


class Listener:
    """News of all jobs for one subscriber: {"type": "ADD", "UPDATE" or "REMOVE", "job": ...}."""

    def __init__(self) -> None:
        self._news: Queue[Row] = Queue(_BACKLOG)

    def tell(self, kind: str, job: Job) -> None:
        with suppress(Full):
            self._news.put_nowait({"type": kind, "job": job.as_graphql()})

    def heard(self) -> Iterator[Row]:
        """What came since the last call; does not wait."""
        with suppress(Empty):
            while True:
                yield self._news.get_nowait()


class JobQueue:
    """Runs jobs in one thread of its own."""

    def __init__(self, log: ServerLog) -> None:
        self._log = log
        self.broken: list[BaseException] = []
        self._changed = threading.Condition()
        self._queue: list[Job] = []
        self._done: list[Job] = []
        self._last_id = 0
        self._stopping = False
        self._listeners: list[Listener] = []
        self._updated_at = 0.0
        self._late: threading.Timer | None = None
        self._thread = threading.Thread(target=self._run, name="teststash-jobs", daemon=True)
        self._thread.start()

    def add(self, description: str, work: Callable[[Job], None]) -> int:
        """Queues a job; its id."""
        with self._changed:
            self._last_id += 1
            job = Job(self._last_id, description, work)
            job.on_progress = lambda: self._progressed(job)
            self._queue.append(job)
            self._tell("ADD", job)
            self._changed.notify_all()
            return self._last_id

    def subscribe(self) -> Listener:
        """Hears of every job from now on."""
        listener = Listener()
        with self._changed:
            self._listeners.append(listener)
        return listener

    def unsubscribe(self, listener: Listener) -> None:
        with self._changed:
            self._listeners.remove(listener)

    def _tell(self, kind: str, job: Job) -> None:
        for listener in self._listeners:
            listener.tell(kind, job)

    def _progressed(self, job: Job) -> None:
        """Tells at once, or when the last news is old enough: what is told then is how far it is by then."""
        with self._changed:
            wait = self._updated_at + _UPDATE_EVERY_S - time.monotonic()
            if wait <= 0:
                self._update(job)
            elif self._late is None:
                self._late = threading.Timer(wait, self._progressed_late, [job])
                self._late.daemon = True
                self._late.start()

    def _progressed_late(self, job: Job) -> None:
        with self._changed:
            self._late = None
            self._update(job)

    def _update(self, job: Job) -> None:
        self._updated_at = time.monotonic()
        if job.status not in ("CANCELLED", "FINISHED"):
            self._tell("UPDATE", job)

    def queue(self) -> list[Row]:
        """Jobs that wait or run, in order."""
        with self._changed:
            return [job.as_graphql() for job in self._queue]

    def find(self, job_id: int) -> Row | None:
        """A queued job or one of the last ten finished."""
        with self._changed:
            found = next((job for job in [*self._queue, *self._done] if job.id == job_id), None)
            return found.as_graphql() if found else None

    def stop(self, job_id: int) -> None:
        """Cancels one job; unknown ids are ignored."""
        with self._changed:
            for job in [job for job in self._queue if job.id == job_id]:
                self._cancel(job)

    def stop_all(self) -> None:
        """Cancels everything queued and running."""
        with self._changed:
            for job in list(self._queue):
                self._cancel(job)

    def _cancel(self, job: Job) -> None:
        if job.status == "READY":
            job.status = "CANCELLED"
            self._bury(job)
        elif job.status == "RUNNING":
            job.status = "STOPPING"
        job.cancelled.set()
        self._changed.notify_all()

    def _bury(self, job: Job) -> None:
        self._queue.remove(job)
        self._done = [*self._done, job][-_REMEMBERED:]
        self._tell("REMOVE", job)
        self._changed.notify_all()

    def wait(self, job_id: int, timeout_s: float = 120.0) -> Row:
        """The finished job. Raises TimeoutError; KeyError when it is no longer remembered."""
        with self._changed:
            over = self._changed.wait_for(lambda: all(job.id != job_id for job in self._queue), timeout_s)
            if not over:
                raise TimeoutError(f"job {job_id} is still in the queue after {timeout_s} s")
        found = self.find(job_id)
        if found is None:
            raise KeyError(job_id)
        return found

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or bool(self._queue))
                if self._stopping:
                    return
                job = self._queue[0]
                job.status, job.started, job.progress = "RUNNING", now(), job.progress
                self._tell("UPDATE", job)
            self._execute(job)
            with self._changed:
                if job.status == "STOPPING":
                    job.status = "CANCELLED"
                elif job.status != "FAILED":
                    job.status = "FINISHED"
                job.ended = now()
                self._bury(job)

    def _execute(self, job: Job) -> None:
        try:
            job.work(job)
        except JobFailed as error:
            self._log.add("Error", f"task failed due to error: {error}")
            with self._changed:
                job.status, job.error = "FAILED", str(error)
        except Exception as error:  # noqa: BLE001 - the queue lives on after a panic, in Stash as here
            self.broken.append(error)
            self._log.add("Error", f"panic in job {job.id} - {job.description}: {error!r}")
            with self._changed:
                job.status = "FAILED"

    def close(self) -> None:
        """Cancels everything and ends the thread."""
        with self._changed:
            self._stopping = True
            if self._late is not None:
                self._late.cancel()
            for job in list(self._queue):
                self._cancel(job)
            self._changed.notify_all()
        self._thread.join(10)
