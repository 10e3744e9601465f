"""The test CompreFace: services with keys, their collections, one core, one gateway, and what may go wrong."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .builds import DLIB, Build
from .collection import Collection
from .core import Core
from .faults import Faults
from .web import RequestRecord, WebServer


class TestCompreFace:
    """Start it with `start()` or as a context manager. State survives `stop()` and `start()`, as a database does."""

    __test__ = False  # no test class

    def __init__(
        self,
        build: Build = DLIB,
        *,
        models_dir: Path | None = None,
        save_images: bool = True,
        max_file_bytes: int = 5 * 1024 * 1024,
        max_request_bytes: int = 10 * 1024 * 1024,
        detect_side: int = 640,
    ) -> None:
        self.core = Core(build, detect_side=detect_side, models_dir=models_dir)
        self.save_images = save_images
        self.max_file_bytes, self.max_request_bytes = max_file_bytes, max_request_bytes
        self.faults = Faults()
        self.api_down = False  # the gateway answers 502 for the API
        self.core_is_open = True  # whether the gateway forwards /core/
        self.migrating = False
        self.core_was_asked = False  # for its coefficients, which the API keeps while it runs
        self.lock = threading.RLock()
        self.services: dict[str, str] = {}
        self.recognition_key = self.add_service("recognition")
        self.detection_key = self.add_service("detection")
        self.verification_key = self.add_service("verification")
        self.violations: list[str] = []  # what a careful client never does
        self.requests: list[RequestRecord] = []
        self.most_at_once = 0
        self.loads = 0  # first pictures that found nothing loaded: parallel ones count each
        self.warm_keys: set[str] = set()
        self._collections: dict[str, Collection] = {}
        self._busy = 0
        self._count_lock = threading.Lock()
        self._web: WebServer | None = None
        self._port = 0

    # life

    def start(self) -> TestCompreFace:
        """Listens, on the same port as before when it was stopped."""
        if self._web is None:
            self._web = WebServer(self, self._port)
            self._port = self._web.port
            self.warm_keys.clear()
            self.core_was_asked = False
        return self

    def stop(self) -> None:
        """Breaks everything off."""
        if self._web is not None:
            self._web.close()
            self._web = None

    def __enter__(self) -> TestCompreFace:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    # services

    def add_service(self, kind: str) -> str:
        """A new key of "recognition", "detection" or "verification"."""
        key = str(uuid.uuid4())
        self.services[key] = kind
        return key

    def collection(self, key: str | None = None) -> Collection:
        """The subjects and examples under a key; without: under `recognition_key`."""
        chosen = key or self.recognition_key
        if chosen not in self._collections:
            self._collections[chosen] = Collection(self.core.build.c0, self.core.build.c1, self.save_images)
        return self._collections[chosen]

    def makers(self) -> set[str]:
        """Calculators that made the vectors stored under any key."""
        return {each.calculator for held in self._collections.values() for each in held.examples.values()}

    # what was asked

    def count(self, text: str = "") -> int:
        """Requests whose "METHOD /path" holds a text."""
        return sum(text in f"{each.method} {each.path}" for each in self.requests)

    def record(self, request: RequestRecord) -> None:
        with self._count_lock:
            self.requests.append(request)

    @contextmanager
    def busy(self) -> Iterator[None]:
        with self._count_lock:
            self._busy += 1
            self.most_at_once = max(self.most_at_once, self._busy)
        try:
            yield
        finally:
            with self._count_lock:
                self._busy -= 1

    def told(self) -> dict[str, Any]:
        """A summary for benchmarks: requests, pictures looked at."""
        return {"requests": len(self.requests), "pictures": self.core.looks}
