"""A test CompreFace per test, and clients that lose no time between two tries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from testcompreface import TestCompreFace

from compreface_plugin.compreface.open import CompreFace, open_compreface
from compreface_plugin.compreface.patience import Patience
from compreface_plugin.domain.faces import Picture
from compreface_plugin.media.pictures import decode

SHORT = (0.02,) * 5
"""Pauses between tries: six tries in a tenth of a second."""


class Lines:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def progress(self, fraction: float) -> None:
        self.told.append(f"{fraction:.2f}")

    def info(self, message: str) -> None:
        self.told.append(message)

    warning = error = debug = info


@pytest.fixture
def server() -> Iterator[TestCompreFace]:
    with TestCompreFace() as running:
        yield running


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def connect(server: TestCompreFace, lines: Lines) -> Iterator[Callable[..., CompreFace]]:
    """Opens the running server; `key` and other arguments of `open_compreface` may be given."""
    with ExitStack() as opened:

        def _connect(key: str | None = None, **more: object) -> CompreFace:
            more.setdefault("patience", Patience(SHORT))
            found = open_compreface(server.base_url, key or server.recognition_key, log=lines, **more)
            opened.callback(found.close)
            return found

        yield _connect


@pytest.fixture
def service(connect: Callable[..., CompreFace]) -> CompreFace:
    return connect()


@pytest.fixture(scope="session")
def picture(photos_dir: Path) -> Callable[[str], Picture]:
    return lambda name: decode(photos_dir / name)


@pytest.fixture(scope="session")
def photo(photos_dir: Path) -> Callable[[str], bytes]:
    return lambda name: (photos_dir / name).read_bytes()
