"""Where CompreFace is: the setting comprefaceUrl, whatever it leaves out, or the two usual places.

Names are not resolved here: a container name, a host name, an address and localhost all go to the connection, and
what came of each place that was tried is told in one sentence.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from compreface_plugin.domain.errors import ServiceUnavailable, SettingsError
from compreface_plugin.domain.sentences import sentence

USUAL_PLACES = ("http://compreface:8000", "http://localhost:8000")
"""Tried in this order when nothing is set: the container beside Stash, then this machine."""
PUBLISHED_PORT = 8000
"""What CompreFace's own compose files publish; inside a container network its gateway listens on the scheme's port."""
_PAGES = ("/api/v1", "/api", "/login", "/sign-up", "/demo", "/core", "/admin")
"""Addresses people copy from the browser or from examples; what follows the gateway's root is cut off."""

Ask = Callable[[str], str]
"""Base address -> "" when CompreFace answers there, else what came back, in a few words."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where CompreFace answers, and what was tried before."""

    base: str  # http(s)://host[:port][/prefix], without a slash at the end
    told: str  # one sentence for the log


def candidates(setting: str | None) -> tuple[str, ...]:
    """Base addresses to try, best first. Raises SettingsError when `setting` is no address.

    A scheme left out becomes http (https for port 443), a port left out 8000 and then the scheme's own.
    """
    text = (setting or "").strip()
    if not text:
        return USUAL_PLACES
    if "://" not in text and text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"  # a bare IPv6 address
    parts = urlsplit(text if "://" in text else f"//{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("", "http", "https") or any(c.isspace() for c in text) or parts.username:
        raise SettingsError(sentence("address.wrong", given=repr(setting)))
    shown = f"[{host}]" if ":" in host else host
    prefix = _without_page(parts.path)
    if port is not None:
        scheme = parts.scheme or ("https" if port == 443 else "http")
        return (f"{scheme}://{shown}:{port}{prefix}",)
    scheme = parts.scheme or "http"
    return (f"{scheme}://{shown}:{PUBLISHED_PORT}{prefix}", f"{scheme}://{shown}{prefix}")


def _without_page(path: str) -> str:
    cleaned = path.rstrip("/")
    starts = [index for page in _PAGES if (index := cleaned.find(page)) >= 0]
    return cleaned[: min(starts)].rstrip("/") if starts else cleaned


def find(setting: str | None, ask: Ask) -> Place:
    """The first place where CompreFace answers. Raises ServiceUnavailable telling all that was tried, SettingsError."""
    tried: list[str] = []
    for base in candidates(setting):
        trouble = ask(base)
        if not trouble:
            before = f" (tried before: {'; '.join(tried)})" if tried else ""
            return Place(base, f"CompreFace answers at {base}{before}.")
        tried.append(f"{base}: {trouble}")
    raise ServiceUnavailable(_nowhere(tried))


def _nowhere(tried: Sequence[str]) -> str:
    return sentence("server.nowhere", tried="; ".join(tried))


def is_near(base: str) -> bool:
    """Whether an address is on this machine or in a private network, where no proxy stands between."""
    host = urlsplit(base).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan"))
    return address.is_private or address.is_loopback
