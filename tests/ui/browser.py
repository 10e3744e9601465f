"""One headless Chromium for all tests of a process, driven by ui/browser/run.mjs over its standard streams."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import Any

RESTRAINED = Path(__file__).with_name("restrained.py")
STARTED_S = 60.0
OPENED_S = 40.0  # run.mjs itself gives up on a page after 30
STARTS = 3  # for one flow
ANSWERED_S = 240.0  # run.mjs itself gives up on a flow after 200
ENDED_S = 15.0


class Browser:
    """Started by the first flow. Whatever happens, `close` leaves neither node nor Chromium behind."""

    def __init__(self, ui: Path, chromium: str) -> None:
        self._script = ui / "browser" / "run.mjs"
        self._chromium = chromium
        self._node: subprocess.Popen[str] | None = None
        self._lines: Queue[str] = Queue()
        self._groups: list[int] = []

    def run(self, flow: str, address: str, **given: Any) -> dict[str, Any]:
        """What the flow saw. Raises AssertionError with its faults; after a time-out the next flow starts anew."""
        self._open({"flow": flow, "address": address, **given})
        answer = self._answer(ANSWERED_S, flow)
        assert "faults" not in answer, "\n".join(answer["faults"])
        seen: dict[str, Any] = answer["seen"]
        return seen

    def _open(self, order: dict[str, Any]) -> None:
        """Until the flow has a page, nothing was done: a browser that opens none is started anew, and that is said."""
        for start in range(1, STARTS + 1):
            try:
                node = self._node or self._start()
                assert node.stdin is not None
                node.stdin.write(json.dumps(order) + "\n")
                node.stdin.flush()
                assert "opened" in self._answer(OPENED_S, "the opening of a page"), "the browser has ended"
                return
            except (AssertionError, BrokenPipeError) as error:
                self._kill()
                if start == STARTS:
                    raise
                print(f"{error}; started anew for {order['flow']}", file=sys.stderr)

    def _start(self) -> subprocess.Popen[str]:
        self._lines = Queue()
        self._node = subprocess.Popen(
            [sys.executable, RESTRAINED, "node", self._script],
            env={**os.environ, "CHROMIUM": self._chromium},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._groups = [self._node.pid]
        threading.Thread(target=self._read, args=(self._node, self._lines), daemon=True).start()
        self._groups.append(self._answer(STARTED_S, "the start of the browser")["browser"])
        return self._node

    @staticmethod
    def _read(node: subprocess.Popen[str], lines: Queue[str]) -> None:
        assert node.stdout is not None
        for line in node.stdout:
            lines.put(line)
        lines.put('{"faults": ["node has ended; see what it said on stderr"]}')

    def _answer(self, within_s: float, what: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(self._lines.get(timeout=within_s))
        except Empty:
            self._kill()
            raise AssertionError(f"no answer from {what} within {within_s:.0f} s; the browser was ended") from None
        if self._node is not None and self._node.poll() is not None:
            self._kill()
        return answer

    def _kill(self) -> None:
        """Node and Chromium have a process group each."""
        node, self._node = self._node, None
        for group in self._groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        self._groups = []
        if node is not None:
            node.wait(ENDED_S)

    def close(self) -> None:
        """Asks for the end and, where that is not heard, makes one."""
        node = self._node
        if node is None:
            return
        assert node.stdin is not None
        node.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            node.wait(ENDED_S)
        self._kill()
