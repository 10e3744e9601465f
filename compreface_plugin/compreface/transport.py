"""HTTP to CompreFace: one pooled session, two requests at a time, every answer with its body read. No meaning here."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from compreface_plugin.compreface.address import is_near
from compreface_plugin.domain.worked import Step
from compreface_plugin.stopwatch import Stopwatch

CONNECT_S = 10.0
READ_S = 75.0  # the server gives up on itself after 60 s; its own words are better than our timeout
CONCURRENCY = 2  # the default of its uwsgi_processes times uwsgi_threads; more requests only queue

Files = Mapping[str, tuple[str, bytes, str]]
"""Field -> (file name, content, type). The server refuses a part without a file name."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `data` is None when the body is empty or no JSON."""

    status: int
    content_type: str
    body: bytes
    data: Any
    location: str = ""

    @property
    def code(self) -> int | None:
        """CompreFace's own error code; None where a gateway or a container speaks."""
        code = self.data.get("code") if isinstance(self.data, dict) else None
        return code if isinstance(code, int) and not isinstance(code, bool) else None

    @property
    def message(self) -> str:
        """The server's own words, else the beginning of the body, on one line; "" for an empty body."""
        if isinstance(self.data, dict):
            for name in ("message", "error"):  # its own errors, then those of the framework below it
                if isinstance(self.data.get(name), str):
                    return str(self.data[name]).strip().rstrip(";").strip()
        if self.is_page:
            return "a web page"
        return " ".join(self.body[:120].decode("utf-8", "replace").split())

    @property
    def is_page(self) -> bool:
        return "html" in self.content_type or self.body[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))


class Transport:
    """Sends requests; raises only what `requests` raises. Any thread may call, `concurrency` at a time."""

    def __init__(
        self,
        base: str,
        *,
        concurrency: int = CONCURRENCY,
        connect_s: float = CONNECT_S,
        read_s: float = READ_S,
        steps: Stopwatch | None = None,
    ) -> None:
        self.base = base
        self.concurrency = max(1, concurrency)
        self._timeout = (connect_s, read_s)
        self._free = threading.BoundedSemaphore(self.concurrency)
        self._session = requests.Session()
        self._session.headers["Accept"] = "application/json, application/octet-stream, */*;q=0.5"
        self._session.trust_env = not is_near(base)
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=self.concurrency)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._lock = threading.Lock()
        self._sent = 0
        self._steps = steps or Stopwatch()

    @property
    def requests_sent(self) -> int:
        return self._sent

    def send(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        files: Files | None = None,
    ) -> Reply:
        """One request. `path` begins with a slash and is sent as it is; `params` are encoded, `body` is JSON."""
        with self._free, self._steps.of(Step.SERVER):
            with self._lock:
                self._sent += 1
            response = self._session.request(
                method,
                self.base + path,
                params=params,
                json=body,
                files=files,
                headers={"x-api-key": key} if key else {},
                timeout=self._timeout,
                allow_redirects=False,
            )
            content = response.content
        content_type = response.headers.get("Content-Type", "").lower()
        data = _json(content, content_type)
        return Reply(response.status_code, content_type, content, data, response.headers.get("Location", ""))

    def close(self) -> None:
        self._session.close()


def _json(content: bytes, content_type: str) -> Any:
    if "octet-stream" in content_type or content.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(content)
    except ValueError:
        return None
