"""Who may do what: API key, sliding session cookie, and the cookie a plugin gets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie

from .database import Row

NAME = "session"


@dataclass(frozen=True, slots=True)
class Session:
    """What a cookie says: the user (blank without log-in) and the hooks visited on the way here."""

    user: str = ""
    visits: list[tuple[str, str]] = field(default_factory=list)


class SessionStore:
    """Signs and reads cookies. `age_s` is Stash's maxSessionAge; 0 never expires."""

    def __init__(self, age_s: int) -> None:
        self.age_s = age_s
        self._key = secrets.token_bytes(32)

    def encode(self, session: Session) -> str:
        body = json.dumps([time.time(), session.user, session.visits]).encode()
        mark = hmac.new(self._key, body, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mark + body).decode()

    def decode(self, header: str | None) -> Session | None:
        """The session of a Cookie header; None when absent, forged or too old."""
        try:
            morsel = SimpleCookie(header or "").get(NAME)
            raw = base64.urlsafe_b64decode(morsel.value) if morsel else b""
        except (CookieError, ValueError):
            return None
        mark, body = raw[:32], raw[32:]
        if not body or not hmac.compare_digest(mark, hmac.new(self._key, body, hashlib.sha256).digest()):
            return None
        minted, user, visits = json.loads(body)
        if self.age_s and time.time() - minted > self.age_s:
            return None
        return Session(user, [(plugin, hook) for plugin, hook in visits])

    def set_cookie(self, session: Session) -> str:
        """The Set-Cookie value that slides the expiry."""
        ends = formatdate(time.time() + self.age_s, usegmt=True)
        return f"{NAME}={self.encode(session)}; Path=/; Expires={ends}; Max-Age={self.age_s}; SameSite=Lax"

    def plugin_cookie(self, session: Session) -> Row:
        """Go's http.Cookie as the plugin finds it in its input."""
        return {
            "Name": NAME,
            "Value": self.encode(session),
            "Quoted": False,
            "Path": "",
            "Domain": "",
            "Expires": "0001-01-01T00:00:00Z",
            "RawExpires": "",
            "MaxAge": 0,
            "Secure": False,
            "HttpOnly": False,
            "SameSite": 0,
            "Partitioned": False,
            "Raw": "",
            "Unparsed": None,
        }


def is_local(address: str) -> bool:
    """Private, loopback, link-local or carrier-grade addresses need no log-in."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return False
    return (
        found.is_private
        or found.is_loopback
        or found.is_link_local
        or found in ipaddress.ip_network("100.64.0.0/10")
    )
