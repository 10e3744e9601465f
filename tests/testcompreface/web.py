"""The gateway: nginx before the API and core, its limits and its pages, and the faults ordered by a test."""

from __future__ import annotations

import json
import posixpath
import re
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from . import api
from .faults import Fault
from .pages import TOMCAT_BAD_REQUEST, USER_INTERFACE, page
from .params import Incoming

if TYPE_CHECKING:
    from .server import TestCompreFace


LONGEST_LINE = 8170
"""Of a request's path with query: nginx holds the line in 8 KiB."""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as it came in, and the status it got (0: the connection was cut)."""

    method: str
    path: str  # with query, as sent
    headers: dict[str, str]
    body: bytes
    status: int


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 100

    def __init__(self, address: tuple[str, int], owner: TestCompreFace) -> None:
        super().__init__(address, _Handler)
        self.owner = owner
        self.open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class WebServer:
    """Listens on 127.0.0.1 in a thread of its own."""

    def __init__(self, owner: TestCompreFace, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), owner)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the listener and breaks off every connection, as a crash does."""
        self._server.shutdown()
        self._server.server_close()
        for one in list(self._server.open):
            _cut(one)
        self._thread.join(10)


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_: Any) -> None:
        """Requests are kept as records instead."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET

    def _serve(self) -> None:
        owner = self.server.owner
        self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = owner.faults.take(f"{self.command} {self.path}")
        with owner.busy():
            if fault is not None and self._suffer(fault):
                return
            made = self._answer()
        if fault is not None and fault.kind == "drop_answer":
            self._drop()
        elif fault is not None and fault.kind == "answer_after":
            self._send(api.Answer(fault.status, fault.body, "text/html"))
        else:
            self._send(made)

    def _suffer(self, fault: Fault) -> bool:
        """True when the fault is the whole answer."""
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        elif fault.kind == "answer":
            self._send(api.Answer(fault.status, fault.body, fault.content_type))
            return True
        elif fault.kind == "drop":
            self._drop()
            return True
        return False

    def _answer(self) -> api.Answer:
        owner = self.server.owner
        url = urlsplit(self.path)
        path = gateway_path(url.path)
        if len(self.path) > LONGEST_LINE:
            return api.Answer(414, page(414), "text/html")
        if path is None:
            return api.Answer(400, page(400), "text/html")
        if len(self._body) > owner.max_request_bytes:
            return api.Answer(413, page(413), "text/html")
        if path in ("/core", "/api/v1"):
            return api.Answer(301, page(301), "text/html", location=f"{owner.base_url}{path}/")
        if not path.startswith(("/core/", "/api/v1/")):
            return api.Answer(200, USER_INTERFACE, "text/html")
        if self.command == "OPTIONS":
            return api.Answer(204, b"", "text/plain charset=UTF-8")
        if path.startswith("/core/"):
            return self._core(path)
        if owner.api_down:
            return api.Answer(502, page(502), "text/html")
        if "\\" in path:
            return api.Answer(400, TOMCAT_BAD_REQUEST, "text/html;charset=utf-8")
        request = Incoming(
            self.command,
            path.removeprefix("/api/v1"),
            url.query,
            self.headers.get("x-api-key"),
            self.headers.get("Content-Type") or "",
            self._body,
            self.headers.get("Accept") or "",
        )
        return api.answer(owner, request)

    def _core(self, path: str) -> api.Answer:
        """Forwarded without a key. Slashes at the end do not matter to it."""
        core = self.server.owner.core
        if core.down:
            return api.Answer(502, page(502), "text/html")
        if not self.server.owner.core_is_open:
            return api.Answer(404, page(404), "text/html")
        told = {"/core/status": core.status, "/core/healthcheck": lambda: {"status": "OK"}}.get(path.rstrip("/"))
        if told is None:
            return api.Answer(404, b'{"message":"404 Not Found: The requested URL was not found on the server."}')
        if self.command not in ("GET", "HEAD"):
            return api.Answer(
                405, b'{"message":"405 Method Not Allowed: The method is not allowed for the requested URL."}'
            )
        return api.Answer(200, json.dumps(told()).encode())

    def _drop(self) -> None:
        self._finish(0)
        self.close_connection = True
        _cut(self.request)

    def _send(self, made: api.Answer) -> None:
        self._finish(made.status)
        self.send_response(made.status)
        if made.content_type:
            self.send_header("Content-Type", made.content_type)
        if made.cache_control:
            self.send_header("Cache-Control", made.cache_control)
        if made.location:
            self.send_header("Location", made.location)
        self.send_header("Content-Length", str(len(made.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(made.body)

    def _finish(self, status: int) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.owner.record(RequestRecord(self.command, self.path, headers, self._body, status))


def gateway_path(raw: str) -> str | None:
    """What nginx makes of a path: decoded once (%2F too), double slashes merged, "." and ".." resolved.

    None for what it refuses: a percent sign without two digits, or a zero byte.
    """
    if re.search(r"%(?![0-9a-fA-F]{2})|%00", raw):
        return None
    decoded = re.sub(r"/+", "/", unquote(raw))
    ends_with_slash = decoded.endswith(("/", "/.", "/.."))
    normal = posixpath.normpath(decoded)
    return normal + "/" if ends_with_slash and normal != "/" else normal
