"""A CompreFace server outside of the tests, where the environment names one: its collections are emptied by the tests.

COMPREFACE_REAL_URL=http://localhost:8000 COMPREFACE_REAL_KEYS=<recognition>,<detection>,<verification> pytest ...
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest
import requests

URL, KEYS = "COMPREFACE_REAL_URL", "COMPREFACE_REAL_KEYS"
needs_real_server = pytest.mark.skipif(
    not (os.environ.get(URL) and os.environ.get(KEYS)), reason=f"no real CompreFace: {URL} and {KEYS} are not set"
)


@dataclass(frozen=True, slots=True)
class RealCompreFace:
    """The attributes of TestCompreFace that a client of the API can know."""

    base_url: str
    recognition_key: str
    detection_key: str
    verification_key: str

    @property
    def port(self) -> int:
        return int(self.base_url.rpartition(":")[2])

    def wipe(self) -> None:
        """Deletes every subject under the recognition key."""
        url = f"{self.base_url}/api/v1/recognition/subjects"
        requests.delete(url, headers={"x-api-key": self.recognition_key}, timeout=60).raise_for_status()

    def calculator(self) -> str:
        """As `dlib.Calculator`."""
        told = requests.get(f"{self.base_url}/core/status", timeout=60).json()
        return str(told["available_plugins"]["calculator"])


def real_server() -> RealCompreFace:
    """For tests marked `needs_real_server`."""
    return RealCompreFace(os.environ[URL].rstrip("/"), *os.environ[KEYS].split(","))
