"""Where CompreFace is: what is left out is filled in, what was tried is told."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest
from testcompreface import TestCompreFace

from compreface_plugin.compreface.address import USUAL_PLACES, candidates, find, is_near
from compreface_plugin.compreface.alive import answers_at
from compreface_plugin.compreface.open import open_compreface, server_answers
from compreface_plugin.domain.errors import ServiceUnavailable, SettingsError


@pytest.mark.parametrize(
    ("setting", "first", "count"),
    [
        (None, "http://compreface:8000", 2),
        ("", "http://compreface:8000", 2),
        ("compreface-ui", "http://compreface-ui:8000", 2),
        ("192.168.1.5", "http://192.168.1.5:8000", 2),
        ("192.168.1.5:9000", "http://192.168.1.5:9000", 1),
        ("localhost:443", "https://localhost:443", 1),
        ("https://faces.example.org", "https://faces.example.org:8000", 2),
        ("http://nas:8000/", "http://nas:8000", 1),
        ("http://nas:8000/api/v1/recognition", "http://nas:8000", 1),
        ("http://nas:8000/login", "http://nas:8000", 1),
        ("http://proxy/compreface/api/v1", "http://proxy:8000/compreface", 2),
        ("::1", "http://[::1]:8000", 2),
        ("[fd00::5]:8000", "http://[fd00::5]:8000", 1),
    ],
)
def test_what_is_left_out_is_filled_in(setting: str | None, first: str, count: int) -> None:
    found = candidates(setting)
    assert found[0] == first
    assert len(found) == count


@pytest.mark.parametrize("setting", ["http://", "ftp://nas", "nas:port", "two words", "http://user:pw@nas"])
def test_what_is_no_address_is_refused(setting: str) -> None:
    with pytest.raises(SettingsError, match="comprefaceUrl"):
        candidates(setting)


def test_the_usual_places_are_tried_in_order() -> None:
    asked: list[str] = []

    def ask(base: str) -> str:
        asked.append(base)
        return "" if "localhost" in base else "the host name is unknown"

    place = find(None, ask)
    assert tuple(asked) == USUAL_PLACES
    assert place.base == "http://localhost:8000"
    assert "http://compreface:8000: the host name is unknown" in place.told


def test_a_server_is_recognised(server: TestCompreFace) -> None:
    assert answers_at(server.base_url) == ""
    place = find(server.base_url.removeprefix("http://"), answers_at)
    assert place.base == server.base_url


def test_a_gateway_whose_rooms_still_start_counts(server: TestCompreFace) -> None:
    server.api_down = server.core.down = True
    assert answers_at(server.base_url) == ""


def test_nothing_there_tells_what_was_tried() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        port = taken.getsockname()[1]
        with pytest.raises(ServiceUnavailable) as caught:
            open_compreface(f"127.0.0.1:{port}", "00000000-0000-0000-0000-000000000002")
        assert f"tried http://127.0.0.1:{port}: connection refused" in str(caught.value)
        assert "comprefaceUrl" in str(caught.value)
        assert not server_answers(f"127.0.0.1:{port}")


@pytest.fixture
def other_server() -> Iterator[str]:
    """Some web server that is no CompreFace."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html>Router</html>")

        def log_message(self, *_: object) -> None:
            """Silent."""

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


def test_another_server_is_not_taken_for_it(other_server: str) -> None:
    with pytest.raises(ServiceUnavailable, match="something else answers"):
        open_compreface(other_server, "00000000-0000-0000-0000-000000000002")


def test_without_a_key_nothing_is_asked() -> None:
    with pytest.raises(SettingsError, match="recognitionApiKey"):
        open_compreface("nas", None)


@pytest.mark.parametrize(
    ("base", "near"),
    [
        ("http://compreface:8000", True),
        ("http://127.0.0.1:8000", True),
        ("http://192.168.0.4", True),
        ("http://nas.local", True),
        ("https://faces.example.org", False),
        ("http://8.8.8.8", False),
    ],
)
def test_no_proxy_stands_before_what_is_near(base: str, near: bool) -> None:
    assert is_near(base) is near
