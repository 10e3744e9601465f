"""The client against the test Stash: real HTTP, strict schema, cookies, faults on order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from compreface_plugin.request import ServerConnection
from compreface_plugin.stash.client import Patience, StashClient
from compreface_plugin.stash.library import StashLibrary
from teststash import TestStash
from teststash.session import Session


@dataclass
class Told:
    """A log that keeps what it is told."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def progress(self, fraction: float) -> None:
        self.lines.append(("progress", str(fraction)))

    def info(self, message: str) -> None:
        self.lines.append(("info", message))

    def warning(self, message: str) -> None:
        self.lines.append(("warning", message))

    def error(self, message: str) -> None:
        self.lines.append(("error", message))

    def debug(self, message: str) -> None:
        self.lines.append(("debug", message))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def stash(tmp_path: Path) -> Iterator[TestStash]:
    with TestStash(tmp_path / "config") as server:
        yield server
        assert server.broken == []


def connection_to(server: TestStash, *, cookie: bool = True) -> ServerConnection:
    """What the test Stash would tell a plugin."""
    held = server.sessions.plugin_cookie(Session(server.username)) if cookie else {"Value": ""}
    return ServerConnection(
        scheme=server.scheme,
        host=server.bind_host,
        port=server.port,
        cookie_name="session",
        cookie_value=held["Value"],
        config_dir=server.config_dir,
        plugin_dir=server.config_dir / "plugins" / "compreface",
    )


@pytest.fixture
def connect(told: Told) -> Iterator[Callable[..., StashClient]]:
    """connect(server, **options): a client with the little patience of a test."""
    clients: list[StashClient] = []

    def connect_to(server: TestStash, *, cookie: bool = True, total_s: float = 2.0, **options: object) -> StashClient:
        options.setdefault("patience", Patience(total_s=total_s))
        clients.append(StashClient.connect(connection_to(server, cookie=cookie), told, **options))  # type: ignore[arg-type]
        return clients[-1]

    yield connect_to
    for client in clients:
        client.close()


@pytest.fixture
def client(stash: TestStash, connect: Callable[..., StashClient]) -> StashClient:
    return connect(stash)


@pytest.fixture
def library(client: StashClient) -> StashLibrary:
    return StashLibrary(client)


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """picture(name): a small JPEG file; equal names are equal pictures."""

    def make(name: str = "one.jpg") -> Path:
        path = tmp_path / "media" / name
        path.parent.mkdir(exist_ok=True)
        shade = sum(name.encode()) % 256
        Image.new("RGB", (32, 24), (shade, 255 - shade, 77)).save(path, "JPEG")
        return path

    return make
