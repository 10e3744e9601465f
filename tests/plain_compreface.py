"""Requests to a CompreFace without our client: `caller(server)("POST", path, file=..., params=..., json=...)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from realcompreface import RealCompreFace
from testcompreface import TestCompreFace

Server = TestCompreFace | RealCompreFace
Call = Callable[..., requests.Response]
API = "/api/v1"


def caller(server: Server) -> Call:
    """`key` None sends none, "" the one for recognition."""

    def _call(
        method: str, path: str, *, key: str | None = "", file: bytes | None = None, **more: Any
    ) -> requests.Response:
        headers = {} if key is None else {"x-api-key": key or server.recognition_key}
        files = {"file": ("picture.jpg", file)} if file is not None else more.pop("files", None)
        return requests.request(
            method,
            server.base_url + path,
            headers={**headers, **more.pop("headers", {})},
            files=files,
            timeout=60,
            **more,
        )

    return _call


def refused(response: requests.Response) -> tuple[int, int, str]:
    """Status, code and message of an error that is the API's own."""
    held = response.json()
    return response.status_code, held["code"], held["message"]
