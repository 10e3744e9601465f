"""Faults a test may order: what the server does wrong, how often, and to which requests."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass

from .pages import page


@dataclass(slots=True)
class Fault:
    """`kind`: answer, drop (connection closed before anything is done), drop_answer (done, never told), delay."""

    kind: str
    left: int
    matching: str = ""
    status: int = 502
    body: bytes = b""
    content_type: str = "text/html"
    seconds: float = 0.0


class Faults:
    """Orders are used up in the order given. `matching` is a part of "METHOD /path"."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []
        self._storm: list[Fault] = []
        self._every = self._met = 0
        self.slow_first_s = 0.0  # what the first picture under each key waits
        self.unordered_pages = False  # GET /faces without sort: another order on every request

    def gateway(self, status: int = 502, times: int = 1, matching: str = "/api/") -> None:
        """An HTML page of nginx: 413, 502, 504."""
        self._order(Fault("answer", times, matching, status, page(status)))

    def error(self, status: int, code: int, message: str = "", times: int = 1, matching: str = "/api/") -> None:
        """The API's own error, as 500/41 or 400/0."""
        told = {"message": message or _WORDS.get(code, "Something went wrong, please try again"), "code": code}
        body = json.dumps(told, indent=2, separators=(",", " : ")).encode()
        self._order(Fault("answer", times, matching, status, body, "application/json"))

    def empty(self, status: int = 400, times: int = 1, matching: str = "/api/") -> None:
        self._order(Fault("answer", times, matching, status, b"", ""))

    def hollow(self, times: int = 1, matching: str = "/api/") -> None:
        """What recognition answers when core dies between the head and the body of its own answer."""
        self._order(Fault("answer", times, matching, 200, b"{ }", "application/json"))

    def drop_connection(self, times: int = 1, matching: str = "") -> None:
        self._order(Fault("drop", times, matching))

    def drop_answer(self, times: int = 1, matching: str = "") -> None:
        self._order(Fault("drop_answer", times, matching))

    def answer_after_work(self, status: int = 504, times: int = 1, matching: str = "") -> None:
        """The request is carried out, and the gateway's page is told."""
        self._order(Fault("answer_after", times, matching, status, page(status)))

    def delay(self, seconds: float, times: int = 1, matching: str = "") -> None:
        self._order(Fault("delay", times, matching, seconds=seconds))

    def storm(self, every: int = 3) -> None:
        """From now on every so-manieth request to the API meets trouble that passes, of each kind in turn."""
        told = json.dumps({"message": _WORDS[41], "code": 41}).encode()
        with self._lock:
            self._every, self._met = every, 0
            self._storm = [
                Fault("answer", 0, status=502, body=page(502)),
                Fault("answer", 0, status=500, body=told, content_type="application/json"),
                Fault("answer", 0, status=503, content_type=""),  # an empty body
                Fault("drop", 0),
                Fault("delay", 0, seconds=0.3),
                Fault("answer_after", 0, status=504, body=page(504)),
            ]

    def clear(self) -> None:
        """Ends everything that was ordered, a storm too."""
        with self._lock:
            self._orders.clear()
            self._every = 0

    def take(self, text: str) -> Fault | None:
        """The fault for a request, counted down."""
        with self._lock:
            for fault in self._orders:
                if fault.left > 0 and fault.matching in text:
                    fault.left -= 1
                    return fault
            if not self._every or "/api/" not in text:
                return None
            self._met += 1
            return self._storm[self._met // self._every % len(self._storm)] if self._met % self._every == 0 else None

    def _order(self, fault: Fault) -> None:
        with self._lock:
            self._orders.append(fault)


_WORDS = {
    41: "Error during synchronization between servers: Read timed out executing POST http://compreface-core:3000/find_faces"
}
