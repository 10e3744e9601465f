"""Faults a test may order: what the server does wrong, how often, and to which requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass

GATEWAY_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
LOGIN_PAGE = (
    b'<!DOCTYPE html><html><head><title>Login</title></head><body><form action="/login"></form></body></html>'
)


@dataclass(slots=True)
class Fault:
    """`kind`: status, drop (connection closed before anything is done), drop_answer (done, but never told), delay."""

    kind: str
    left: int
    matching: str = ""
    status: int = 502
    body: bytes = GATEWAY_PAGE
    seconds: float = 0.0


class Faults:
    """Orders are used up in the order given. `matching` is a part of the GraphQL text or, for pictures, the path."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []
        self.login_page_for_pictures = False
        self.unreadable: set[tuple[str, int]] = set()  # (kind, id) of images and scenes whose files Stash cannot tell

    def _order(self, fault: Fault) -> None:
        with self._lock:
            self._orders.append(fault)

    def gateway_error(self, times: int = 1, matching: str = "") -> None:
        """502 with an HTML page, as a proxy answers."""
        self._order(Fault("status", times, matching))

    def unauthorised(self, times: int = 1, matching: str = "") -> None:
        """401 with an empty body."""
        self._order(Fault("status", times, matching, 401, b""))

    def answer(self, status: int, body: bytes, times: int = 1, matching: str = "") -> None:
        """Any status and body."""
        self._order(Fault("status", times, matching, status, body))

    def drop_connection(self, times: int = 1, matching: str = "") -> None:
        """The connection ends before the request is looked at."""
        self._order(Fault("drop", times, matching))

    def drop_answer(self, times: int = 1, matching: str = "") -> None:
        """The request is carried out, its answer is lost."""
        self._order(Fault("drop_answer", times, matching))

    def delay(self, seconds: float, times: int = 1, matching: str = "") -> None:
        """The request waits before it is carried out."""
        self._order(Fault("delay", times, matching, seconds=seconds))

    def clear(self) -> None:
        """Takes all orders back."""
        with self._lock:
            self._orders.clear()
        self.login_page_for_pictures = False
        self.unreadable.clear()

    def take(self, text: str) -> Fault | None:
        """The fault for a request, counted down."""
        with self._lock:
            for fault in self._orders:
                if fault.left > 0 and fault.matching in text:
                    fault.left -= 1
                    return fault
        return None
