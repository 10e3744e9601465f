"""Frames of a video file with their times, decoded in a child process that cannot outlive us.

A file that crashes the decoder, hangs it or eats the memory costs its own child and becomes one ItemError.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from compreface_plugin.domain.errors import DecoderMissing, ItemError, MediaUnavailable, UndecodableMedia
from compreface_plugin.domain.faces import Picture
from compreface_plugin.domain.timing import Frame, SamplePlan, VideoInfo
from compreface_plugin.media.pictures import printable

ROOT = str(Path(__file__).resolve().parent.parent.parent)
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from compreface_plugin.media.video_child import main; main()"
_AHEAD = 3  # frames decoded beyond the one in hand
_STARVED = -9  # a child that the kernel ended


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """`stall_s`: the longest wait for one frame (a forward decode of a long GOP of 8K on a slow disk is slow);
    `memory_mb` of address space: eight 8K frames and their threads fit."""

    stall_s: float = 120.0
    memory_mb: int = 6144


class VideoFile:
    """One video, opened. Use as a context manager from a thread that lives as long as it: the kernel ends the child
    with the thread that started it. Not thread-safe."""

    def __init__(
        self,
        path: str,
        *,
        name: str = "",
        bind: Callable[[], None] | None = None,
        limits: DecodeLimits | None = None,
        hardware: str = "",
    ) -> None:
        """`bind` runs in the child before it starts (host.process.bound_to_us). `hardware`: what HardwareDecoder found;
        what it cannot decode goes to the CPU, and its child has no limit of memory (drivers map far more than they
        use). Raises MediaUnavailable when the file
        cannot be read here, UndecodableMedia when it is no video."""
        self._name = name or printable(path)
        self._limits = limits or DecodeLimits()
        self.broken = 0  # pictures that could not be decoded
        self.last_s = 0.0  # of the last picture that could
        _check(path, self._name)
        self._child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=bind,
        )
        self._answers: queue.Queue[tuple[dict[str, Any], bytes] | None] = queue.Queue(_AHEAD)
        self._reader = threading.Thread(target=self._read, name="frames", daemon=True)
        self._reader.start()
        try:
            memory_mb = 0 if hardware else self._limits.memory_mb
            self._order({"path": path, "memory_mb": memory_mb, "hardware": hardware})
            told, _ = self._next()
        except BaseException:
            self.close()
            raise
        keyframes = told["keyframes"]
        self.info = VideoInfo(
            duration_s=told["duration_s"],
            width=told["width"],
            height=told["height"],
            codec=told["codec"],
            keyframes=tuple(keyframes) if keyframes is not None else None,
        )

    def sample(self, plan: SamplePlan) -> Iterator[Frame]:
        """The frames of a plan, ascending, each once. Leaving early is allowed; `close` then. Raises UndecodableMedia
        when there is none at all."""
        yield from self._frames(plan.way, plan.times)

    def at(self, times: Sequence[float]) -> Iterator[Frame]:
        """The pictures shown at these moments, or the next ones, ascending."""
        if times:
            yield from self._frames("at", times)

    def close(self) -> None:
        """Ends the child. Idempotent."""
        if self._child.poll() is None:
            self._child.kill()
        while self._reader.is_alive():  # it may wait for room
            _drain(self._answers)
            self._reader.join(0.05)
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        self._child.wait()

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _frames(self, way: str, times: Sequence[float]) -> Iterator[Frame]:
        import numpy as np

        self._order({"way": way, "times": list(times)})
        count = 0
        while True:
            told, pixels = self._next()
            if told["kind"] == "done":
                self.broken, self.last_s = told["broken"], told["last_s"]
                break
            count += 1
            shape = (told["high"], told["wide"], 3)
            picture = Picture(
                pixels=np.frombuffer(pixels, np.uint8).reshape(shape),
                width=told["width"],
                height=told["height"],
                source=f"{self._name} at {told['at_s']:.2f} s",
            )
            yield Frame(told["at_s"], picture)
        if not count and way != "at":
            raise UndecodableMedia(f"{self._name}: no picture of this video can be decoded")

    def _order(self, order: dict[str, Any]) -> None:
        assert self._child.stdin is not None  # noqa: S101  # a pipe was asked for
        try:
            self._child.stdin.write(json.dumps(order).encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            return  # it has ended: the next answer says why

    def _next(self) -> tuple[dict[str, Any], bytes]:
        try:
            answer = self._answers.get(timeout=self._limits.stall_s)
        except queue.Empty:
            self.close()
            raise UndecodableMedia(
                f"{self._name}: decoding took longer than {self._limits.stall_s:g} s for one picture and was given up"
            ) from None
        if answer is None:
            raise self._ended()
        if answer[0]["kind"] == "error":
            raise UndecodableMedia(f"{self._name}: {answer[0]['text']}")
        return answer

    def _ended(self) -> ItemError | DecoderMissing:
        status = self._child.wait()
        if _missing_av():
            return DecoderMissing(
                "Videos need the Python package av, which is not installed; run install.sh in the plugin's folder."
            )
        how = f"signal {-status}" if status < 0 else f"status {status}"
        return UndecodableMedia(f"{self._name}: this video makes the decoder crash ({how})")

    def _read(self) -> None:
        stream = self._child.stdout
        assert stream is not None  # noqa: S101
        while (answer := _answer(stream)) is not None:
            self._answers.put(answer)
        self._answers.put(None)


def _answer(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    try:
        line = stream.readline()
        told: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
        payload = stream.read(told.get("bytes", 0)) if told else b""
    except (OSError, ValueError):
        return None
    return (told, payload) if told and len(payload) == told["bytes"] else None


def _drain(answers: queue.Queue[Any]) -> None:
    try:
        while True:
            answers.get_nowait()
    except queue.Empty:
        return


def _check(path: str, name: str) -> None:
    """The plain reasons, said before a process is started."""
    try:
        with open(path, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise MediaUnavailable(f"{name}: the file cannot be read here ({reason})") from error
    if size == 0:
        raise UndecodableMedia(f"{name}: the file is empty")


def _missing_av() -> bool:
    from importlib.util import find_spec

    return find_spec("av") is None
