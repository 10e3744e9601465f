"""The HTTP face: GraphQL, pictures, log-in, and the faults ordered by a test."""

from __future__ import annotations

import gzip
import html
import json
import re
import select
import socket
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from .answers import Request
from .faults import LOGIN_PAGE, Fault
from .graphql_call import GRAPHQL_JSON, answer_graphql, answer_type
from .pictures import Picture, find_picture
from .session import Session, is_local

if TYPE_CHECKING:
    from .stash import TestStash


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as it came in. `query`, `variables`, `operation` are filled for GraphQL."""

    method: str
    path: str
    headers: dict[str, str]
    query: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    operation: str = ""
    status: int = 0
    at_s: float = 0.0


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], stash: TestStash) -> None:
        super().__init__(address, _Handler)
        self.stash = stash
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""

    def break_off(self) -> None:
        """Ends the listener and every connection, as a crash does."""
        self.shutdown()
        self.server_close()
        with self._open_lock:
            still = list(self._open)
        for one in still:
            _cut(one)


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class WebServer:
    """Listens on 127.0.0.1 in a thread of its own."""

    def __init__(self, stash: TestStash, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), stash)
        if stash.tls is not None:
            self._server.socket = stash.tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Breaks everything off."""
        self._server.break_off()
        self._thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    _cookie: str | None = None
    _record: RequestRecord

    def setup(self) -> None:
        super().setup()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_: Any) -> None:
        """Requests are kept as records instead."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._record = self._recorded(self.path, b"")
        self._send(405, b"", "", {"Allow": "GET"})

    # one request

    def _serve(self) -> None:
        stash = self.server.stash
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._cookie = None
        self._record = self._recorded(url.path, body)
        text = self._record.query if url.path == "/graphql" else url.path
        fault = stash.faults.take(text)
        if fault is not None and self._suffer(fault):
            return
        if url.path == "/healthz":
            self._send(200, b".", "text/plain")
            return
        user = self._authenticate(url)
        if user is None:
            return
        if url.path == "/graphql" and (self.headers.get("Upgrade") or "").lower() == "websocket":
            self._websocket()
        elif url.path == "/graphql":
            self._graphql(url, body, user, fault)
        elif url.path == "/login":
            self._login(url, body)
        elif url.path == "/logout":
            target = "/login" if stash.username else "/"
            self._cookie = "session=; Path=/; Max-Age=0; SameSite=Lax"
            self._redirect(target)
        else:
            self._file(url)

    def _recorded(self, path: str, body: bytes) -> RequestRecord:
        query, operation = "", ""
        variables: dict[str, Any] = {}
        if path == "/graphql" and body:
            try:
                sent = json.loads(body)
                query, operation = sent.get("query") or "", sent.get("operationName") or ""
                variables = sent.get("variables") or {}
            except (ValueError, AttributeError):
                query = body.decode("utf-8", "replace")
        headers = dict(self.headers.items())
        return RequestRecord(
            self.command, self.path, headers, query, variables, operation, 0, time.monotonic()
        )

    def _suffer(self, fault: Fault) -> bool:
        """True when the fault is the whole answer."""
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        elif fault.kind == "status":
            self._send(fault.status, fault.body, "text/html")
            return True
        elif fault.kind == "drop":
            self._finish_record(0)
            self.close_connection = True
            _cut(self.request)
            return True
        return False

    def _authenticate(self, url: urllib.parse.SplitResult) -> Session | None:
        """The session, or None when the refusal has been sent."""
        stash = self.server.stash
        if stash.tripwire:
            self._send(403, b"Stash is exposed to the internet without authentication\n", "text/plain")
            return None
        key = self.headers.get("ApiKey") or dict(urllib.parse.parse_qsl(url.query)).get("apikey", "")
        cookie = stash.sessions.decode(self.headers.get("Cookie"))
        if key:
            if key != stash.api_key:
                self._refuse()
                return None
            session = Session(stash.username, cookie.visits if cookie else [])
        elif cookie is not None:
            self._cookie = stash.sessions.set_cookie(cookie)
            session = cookie
        else:
            session = Session()
        if not stash.username:
            hops = [hop for hop in (self.headers.get("X-Forwarded-For") or "").split(",") if hop.strip()]
            if not all(is_local(address) for address in [self.client_address[0], *hops]):
                stash.tripwire = True
                self._send(403, b"Stash is exposed to the internet without authentication\n", "text/plain")
                return None
            return session
        if session.user or url.path.startswith(("/login", "/assets")) or url.path in ("/logout", "/css"):
            return session
        extension = url.path.rsplit("/", 1)[-1].rpartition(".")
        if url.path == "/graphql" or (extension[1] and extension[2] != "html"):
            self._refuse()
            return None
        target = url.path + (f"?{url.query}" if url.query else "")
        self._redirect("/login?" + urllib.parse.urlencode({"returnURL": target}))
        return None

    def _redirect(self, location: str) -> None:
        page = f'<a href="{html.escape(location)}">Found</a>.\n\n'.encode()
        self._send(302, page, "text/html; charset=utf-8", {"Location": location})

    def _refuse(self) -> None:
        self._send(401, b"", "", {"WWW-Authenticate": "FormBased"})

    def _graphql(
        self, url: urllib.parse.SplitResult, body: bytes, session: Session, fault: Fault | None
    ) -> None:
        stash = self.server.stash
        request = Request(stash, self.base_url(), session.user, list(session.visits), self._client_gone)
        status, document = answer_graphql(
            request, self.command, self.headers.get("Content-Type") or "", url.query, body
        )
        if fault is not None and fault.kind == "drop_answer":
            self._finish_record(0)
            self.close_connection = True
            _cut(self.request)
            return
        kind = answer_type(request, self.headers.get("Accept"))
        if kind == GRAPHQL_JSON and status == 422:
            status = 400
        self._send(status, document, kind, {"Cache-Control": "no-store"})

    def _websocket(self) -> None:
        from .subscriptions import serve  # its library comes with the tests, not with the demonstration

        self.close_connection = True
        self._finish_record(101)
        serve(self.server.stash, self.request, self.path, dict(self.headers.items()))

    def base_url(self) -> str:
        """Scheme and host of every address in an answer: external_host wins over the request's own Host header."""
        stash = self.server.stash
        prefix = (self.headers.get("X-Forwarded-Prefix") or "").rstrip("/")
        if stash.external_host:
            return stash.external_host.rstrip("/") + prefix
        secure = stash.scheme == "https" or self.headers.get("X-Forwarded-Proto") == "https"
        return f"{'https' if secure else 'http'}://{self.headers.get('Host')}{prefix}"

    def _client_gone(self) -> bool:
        if self.request.fileno() < 0:
            return True
        readable = select.select([self.request], [], [], 0)[0]
        if not readable:
            return False
        try:
            return not socket.socket.recv(
                self.request, 1, socket.MSG_PEEK
            )  # below TLS, whose recv cannot peek
        except OSError:
            return True

    def _login(self, url: urllib.parse.SplitResult, body: bytes) -> None:
        stash = self.server.stash
        if self.command != "POST":
            if not stash.username:
                self._redirect(dict(urllib.parse.parse_qsl(url.query)).get("returnURL", "/"))
                return
            self._send(200, LOGIN_PAGE, "text/html; charset=utf-8")
            return
        form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
        if (form.get("username"), form.get("password")) != (stash.username, stash.password):
            self._send(401, LOGIN_PAGE, "text/html; charset=utf-8")
            return
        self._cookie = stash.sessions.set_cookie(Session(stash.username))
        self._send(200, b"", "text/plain")

    def _file(self, url: urllib.parse.SplitResult) -> None:
        stash = self.server.stash
        if stash.faults.login_page_for_pictures:
            self._send(200, LOGIN_PAGE, "text/html; charset=utf-8")
            return
        found = find_picture(stash, url.path, dict(urllib.parse.parse_qsl(url.query)))
        if isinstance(found, Picture):
            self._send(200, found.content, found.mime, {"Cache-Control": "no-cache"})
        else:
            known = re.match(
                r"/(image|performer|tag|scene|plugin)/[^/]+/(image|thumbnail|stream|javascript|css)$",
                url.path,
            )
            text = {404: b"Not Found\n" if known else b"404 page not found\n"}.get(found, b"")
            self._send(found, text, "text/plain; charset=utf-8")

    # answers

    def _send(self, status: int, body: bytes, mime: str, headers: dict[str, str] | None = None) -> None:
        packed = mime.startswith(("application/json", "text/")) and "gzip" in (
            self.headers.get("Accept-Encoding") or ""
        )
        if packed and body:
            body = gzip.compress(body, 4, mtime=0)
        self._finish_record(status)
        self.send_response(status)
        if mime:
            self.send_header("Content-Type", mime)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if packed and body:
            self.send_header("Content-Encoding", "gzip")
        if self._cookie:
            self.send_header("Set-Cookie", self._cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _finish_record(self, status: int) -> None:
        record = self._record
        self.server.stash.record(
            RequestRecord(
                record.method,
                record.path,
                record.headers,
                record.query,
                record.variables,
                record.operation,
                status,
                record.at_s,
            )
        )
