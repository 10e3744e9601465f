"""Where Stash is, from what it says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from compreface_plugin.domain.errors import SettingsError
from compreface_plugin.request import ServerConnection
from compreface_plugin.stash.address import address_of, is_loopback


def connection(host: str, scheme: str = "http", port: int = 9999) -> ServerConnection:
    return ServerConnection(scheme, host, port, "session", "", Path("/config"), Path("/config/plugins/face"))


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("0.0.0.0", "http://127.0.0.1:9999"),
        ("", "http://127.0.0.1:9999"),
        ("::", "http://127.0.0.1:9999"),
        ("[::]", "http://127.0.0.1:9999"),
        ("127.0.0.1", "http://127.0.0.1:9999"),
        ("localhost", "http://localhost:9999"),
        ("192.168.1.5", "http://192.168.1.5:9999"),
        ("::1", "http://[::1]:9999"),
        ("[fe80::1]", "http://[fe80::1]:9999"),
        ("stash", "http://stash:9999"),
    ],
)
def test_bind_addresses_become_reachable_ones(host: str, base: str) -> None:
    assert address_of(connection(host)).base == base


def test_certificates_of_this_machine_are_its_own_business() -> None:
    assert not address_of(connection("0.0.0.0", "https")).verify_tls
    assert not address_of(connection("0.0.0.0"), "https://localhost:9999").verify_tls
    assert address_of(connection("0.0.0.0"), "https://stash.example.org").verify_tls


@pytest.mark.parametrize(
    ("chosen", "base"),
    [
        ("http://stash:1234", "http://stash:1234"),
        ("stash", "http://stash:9999"),
        ("stash:80", "http://stash:80"),
        ("10.0.0.2", "http://10.0.0.2:9999"),
        ("http://localhost", "http://localhost:9999"),
        ("http://localhost/", "http://localhost:9999"),
        ("https://proxy.lan/stash/", "https://proxy.lan/stash"),
        ("http://stash:9999/graphql", "http://stash:9999"),
        ("http://0.0.0.0:9999", "http://127.0.0.1:9999"),
        ("http://[::1]:9999", "http://[::1]:9999"),
    ],
)
def test_a_chosen_address_is_filled_in(chosen: str, base: str) -> None:
    assert address_of(connection("0.0.0.0"), chosen).base == base


@pytest.mark.parametrize("chosen", ["http://", "ftp://stash", "http://stash:port", "http://stash:99999", "://x"])
def test_a_wrong_address_is_one_sentence(chosen: str) -> None:
    with pytest.raises(SettingsError, match="The setting stashUrl is"):
        address_of(connection("0.0.0.0"), chosen)


@pytest.mark.parametrize(
    ("returned", "own"),
    [
        ("http://public.example.org/image/5/image?t=1", "http://127.0.0.1:9999/image/5/image?t=1"),
        (
            "https://x/prefix/performer/3/image?t=1&default=true",
            "http://127.0.0.1:9999/performer/3/image?t=1&default=true",
        ),
        ("/image/5/image", "http://127.0.0.1:9999/image/5/image"),
        ("http://x/scene/7/screenshot", "http://127.0.0.1:9999/scene/7/screenshot"),
        ("http://x/gallery/7/cover", "http://127.0.0.1:9999/gallery/7/cover"),
        ("http://x/scene/image/stream", "http://127.0.0.1:9999/scene/image/stream"),
    ],
)
def test_returned_urls_become_ours(returned: str, own: str) -> None:
    assert address_of(connection("0.0.0.0")).own(returned) == own


def test_our_prefix_is_kept() -> None:
    address = address_of(connection("0.0.0.0"), "https://proxy.lan/stash")
    assert address.own("http://other/image/5/image?t=1") == "https://proxy.lan/stash/image/5/image?t=1"
    assert address.graphql == "https://proxy.lan/stash/graphql"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "a.localhost"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "localhost.example.org", "stash", ""])
def test_other_machines(host: str) -> None:
    assert not is_loopback(host)
