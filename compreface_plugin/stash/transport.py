"""HTTP to Stash: one session of the package stashapp-tools, kept quiet, with timeouts and a fresh cookie.

stashapp-tools would log to stdout and stderr, raise bare exceptions, introspect the whole schema at start
and wait for ever. Its GraphQL wrapper is used below all that: it builds and posts requests; what came back
is ours to read.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from stashapi.classes import GQLWrapper
from urllib3 import disable_warnings
from urllib3.exceptions import InsecureRequestWarning

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from compreface_plugin.stash.address import Address

CONNECT_S = 10.0
READ_S = 300.0  # hooks of other plugins run before a bulk mutation answers
POOL = 8  # connections kept open; pictures are fetched by several threads


@dataclass(frozen=True, slots=True)
class GraphQLError:
    message: str
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from /graphql. `data` is None when there was none; `text` is the start of a body
    without JSON.
    """

    status: int
    data: Mapping[str, Any] | None
    errors: tuple[GraphQLError, ...]
    content_type: str
    text: str = ""

    @property
    def busy(self) -> bool:
        """Whether a write found Stash's database locked by another, such as a scan: asking again helps."""
        return any("database is locked" in error.message.lower() for error in self.errors)

    @property
    def is_json(self) -> bool:
        return self.data is not None or bool(self.errors)


class _Silent:
    """A logger for stashapp-tools that says nothing: what matters is told by our own errors."""

    def __getattr__(self, level: str) -> Any:
        return lambda *_: None


class _PatientAdapter(HTTPAdapter):
    """requests waits for ever unless told otherwise, and stashapp-tools does not tell."""

    def __init__(self, connect_s: float, read_s: float) -> None:
        super().__init__(pool_connections=2, pool_maxsize=POOL)
        self._timeout = (connect_s, read_s)

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        return super().send(request, *args, **kwargs)


class Transport(GQLWrapper):  # type: ignore[misc]  # stashapp-tools carries no types
    """Posts documents and gets pictures; raises only what `requests` raises. Any thread may call."""

    s: requests.Session

    def __init__(
        self, address: Address, cookie: tuple[str, str], connect_s: float = CONNECT_S, read_s: float = READ_S
    ) -> None:
        super().__init__()
        self.url = address.graphql
        self.log = _Silent()
        self.fragments: dict[str, str] = {}
        self._cookie_name = cookie[0]
        self._lock = threading.Lock()
        self._count = 0
        adapter = _PatientAdapter(connect_s, read_s)
        self.s.mount("http://", adapter)
        self.s.mount("https://", adapter)
        self.s.verify = address.verify_tls
        # This machine is never behind a proxy, and a CA bundle from the environment would undo verify=False.
        self.s.trust_env = address.verify_tls
        if not address.verify_tls:
            disable_warnings(InsecureRequestWarning)
        if cookie[1]:
            self._set_cookie(cookie[1])

    @property
    def requests_sent(self) -> int:
        return self._count

    @property
    def api_key(self) -> str:
        return str(self.s.headers.get("ApiKey", ""))

    @api_key.setter
    def api_key(self, key: str) -> None:
        if key:
            self.s.headers["ApiKey"] = key
        else:
            self.s.headers.pop("ApiKey", None)

    def post(self, document: str, variables: Mapping[str, Any]) -> Reply:
        """One GraphQL request."""
        self._counted()
        reply: Reply = self.call_GQL(document, dict(variables))
        return reply

    def get(self, url: str, timeout: tuple[float, float]) -> requests.Response:
        """One picture, body not read yet. Redirects are not followed: they lead to the login page."""
        self._counted()
        response = self.s.get(url, allow_redirects=False, stream=True, timeout=timeout, headers={"Accept": "*/*"})
        self._keep_cookie(response)
        return response

    def close(self) -> None:
        self.s.close()

    def _handle_GQL_response(self, response: requests.Response) -> Reply:  # noqa: N802  # overrides stashapp-tools
        self._keep_cookie(response)
        content_type = response.headers.get("Content-Type", "")
        try:
            content = response.json()
        except ValueError:
            return Reply(response.status_code, None, (), content_type, response.text[:2000])
        if not isinstance(content, dict):
            return Reply(response.status_code, None, (), content_type, response.text[:2000])
        data = content.get("data")
        return Reply(
            response.status_code,
            data if isinstance(data, dict) else None,
            tuple(_error(held) for held in content.get("errors") or ()),
            content_type,
        )

    def _counted(self) -> None:
        with self._lock:
            self._count += 1

    def _keep_cookie(self, response: requests.Response) -> None:
        """Stash answers each request with a fresh cookie; the first one would run out after an hour."""
        fresh = response.cookies.get(self._cookie_name)
        if fresh:
            self._set_cookie(fresh)

    def _set_cookie(self, value: str) -> None:
        # A new jar each time: beside our cookie without a domain, requests would keep Stash's with one, and
        # send two.
        jar = RequestsCookieJar()
        jar.set(self._cookie_name, value, path="/")
        self.s.cookies = jar


def _error(held: object) -> GraphQLError:
    if not isinstance(held, dict):
        return GraphQLError(str(held))
    path = held.get("path") or ()
    return GraphQLError(str(held.get("message", "")), tuple(path))
