"""Serves the test host's page and the built plugin, under Stash's content policy, with the test Stash behind it."""

from __future__ import annotations

import re
import select
import socket
import threading
import urllib.request
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

# As Stash sends it with every page, its own script host left out.
POLICY = (
    "default-src data: 'self' 'unsafe-inline'; connect-src data: 'self' ws: wss:; img-src data: *; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; media-src blob: 'self'; "
    "child-src 'none'; object-src 'none'; form-action 'self'; worker-src blob:"
)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stash</title>
<link rel="stylesheet" href="/host.css"><link rel="stylesheet" href="/plugin/compreface/css"></head>
<body><div id="root"></div><script src="/host.js"></script></body></html>"""
TYPES = {".js": "text/javascript", ".css": "text/css"}


class HostServer:
    """Listens on 127.0.0.1 until `close`."""

    def __init__(self, stash_url: str, bundle: Path, ui: Path) -> None:
        files = {
            "/host.js": bundle / "host.js",
            "/host.css": bundle / "host.css",
            "/plugin/compreface/javascript": ui / "dist" / "compreface.js",
            "/plugin/compreface/css": ui / "dist" / "compreface.css",
            "/plugin/rude/javascript": ui / "browser" / "rude.js",
            "/plugin/ruder/javascript": ui / "browser" / "ruder.js",
        }

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Nothing to keep."""

            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                if path == "/graphql":
                    self._tunnel()
                elif path in files:
                    self._send(200, files[path].read_bytes(), TYPES[files[path].suffix.replace(".mjs", ".js")])
                elif path.startswith(("/image/", "/performer/", "/scene/")):
                    self._pass_on(None)
                elif path == "/favicon.ico":
                    self._send(404, b"", "text/plain")
                else:
                    self._send(200, PAGE.encode(), "text/html; charset=utf-8")

            def do_POST(self) -> None:
                self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

            def _pass_on(self, body: bytes | None) -> None:
                request = urllib.request.Request(stash_url + self.path, body)  # noqa: S310 (loopback)
                request.add_header("Content-Type", self.headers.get("Content-Type") or "application/json")
                try:
                    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
                        self._send_part(answer.status, answer.read(), answer.headers["Content-Type"])
                except HTTPError as error:
                    self._send(error.code, error.read(), error.headers["Content-Type"])

            def _tunnel(self) -> None:
                """A WebSocket: bytes go both ways until one side ends."""
                self.close_connection = True
                stash = urlsplit(stash_url)
                with socket.create_connection((stash.hostname, stash.port)) as behind, suppress(OSError):
                    behind.sendall(f"{self.requestline}\r\n{self.headers}".encode())
                    ways = {self.connection: behind, behind: self.connection}
                    while True:
                        for source in select.select(list(ways), [], [])[0]:
                            data = source.recv(65536)
                            if not data:
                                return
                            ways[source].sendall(data)

            def _send_part(self, status: int, body: bytes, content_type: str) -> None:
                """Players seek by asking for parts."""
                wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
                if wanted is None:
                    self._send(status, body, content_type)
                    return
                start, end = int(wanted[1]), min(int(wanted[2] or len(body) - 1), len(body) - 1)
                place = f"bytes {start}-{end}/{len(body)}"
                self._send(206, body[start : end + 1], content_type, {"Content-Range": place})

            def _send(
                self, status: int, body: bytes, content_type: str, more: dict[str, str] | None = None
            ) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", POLICY)
                for name, value in (more or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(ConnectionError):  # a page that was left has not waited
                    self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
