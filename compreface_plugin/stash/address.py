"""Where Stash is for us, and how the addresses it returns become ours.

Stash tells the address it binds, not one to connect to. The URLs in its answers carry whatever host name its
configuration wants the world to see, so only their path and query are believed.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from compreface_plugin.domain.errors import SettingsError

if TYPE_CHECKING:
    from compreface_plugin.request import ServerConnection

LOOPBACK = "127.0.0.1"
_ANYWHERE = ("", "0.0.0.0", "::", "[::]", "*")  # noqa: S104  # bind addresses to be replaced, nothing is bound
_ROOTS = ("/image/", "/performer/", "/scene/", "/gallery/", "/tag/", "/studio/", "/group/")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect. `verify_tls` is off on this machine, where certificates are mostly self-signed."""

    base: str  # http(s)://host:port, with a path prefix when there is one, without a slash at the end
    verify_tls: bool

    @property
    def graphql(self) -> str:
        return f"{self.base}/graphql"

    def own(self, url: str) -> str:
        """A URL or path that Stash returned, as we reach it: our scheme, host and prefix, its path and
        query.
        """
        parts = urlsplit(url)
        path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
        starts = [index for root in _ROOTS if (index := path.find(root)) >= 0]
        path = path[min(starts) :] if starts else path
        return self.base + urlunsplit(("", "", path, parts.query, ""))


def address_of(connection: ServerConnection, stash_url: str | None = None) -> Address:
    """From what Stash says about itself, or from the setting stashUrl. Raises SettingsError for a bad
    stashUrl.
    """
    if stash_url:
        return _chosen(stash_url, connection)
    host = connection.host.strip()
    host = LOOPBACK if host in _ANYWHERE else host
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    scheme = connection.scheme if connection.scheme in ("http", "https") else "http"
    # The address that Stash binds is one of this machine, so its certificate is its own business.
    return Address(f"{scheme}://{host}:{connection.port}", verify_tls=False)


def _chosen(stash_url: str, connection: ServerConnection) -> Address:
    text = stash_url.strip()
    parts = urlsplit(text if "://" in text else f"{connection.scheme or 'http'}://{text}")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        raise SettingsError(
            f"The setting stashUrl is {stash_url!r}; allowed is an address as http://localhost:9999. "
            "Correct it and start again."
        )
    host = LOOPBACK if parts.hostname in _ANYWHERE else parts.hostname
    shown = f"[{host}]" if ":" in host else host
    if port is None and not ("://" in text and parts.path.strip("/")):  # an address with a path is a reverse proxy's
        port = connection.port
    path = parts.path.rstrip("/").removesuffix("/graphql")
    where = f"{shown}:{port}" if port is not None else shown
    return Address(f"{parts.scheme}://{where}{path}", verify_tls=not is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
