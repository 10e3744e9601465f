"""What must never leave us in a log line or an answer: keys, cookies, and pictures as text."""

from __future__ import annotations

import re
from urllib.parse import quote

SHORTEST = 4  # masking shorter texts would eat ordinary words
MASK = "***"

# Each keeps its first group and hides the rest: parameters, headers and cookies by their names.
_PATTERNS = (
    re.compile(r"(?i)\b(api_?key=)[^&\s\"'<>]+"),
    re.compile(r"(?i)(\b(?:x-)?api-?key[\"']?\s*:\s*[\"']?)[^\s\"',}]+"),
    re.compile(r"(?i)(\b(?:set-)?cookie[\"']?\s*:\s*[\"']?)[^\r\n\"']+"),
    re.compile(r"(?i)(\bsession=)[^;\s\"']+"),
    re.compile(r"(data:[\w.+-]+/[\w.+-]+;base64,)[A-Za-z0-9+/=]{24,}"),
)


class Secrets:
    """The texts to hide. Grows while a run learns of keys; asked for every line that leaves."""

    def __init__(self) -> None:
        self._texts: tuple[str, ...] = ()

    def add(self, secret: str | None) -> None:
        """From now on `secret` is hidden, as it is and percent-encoded. None and very short texts are
        ignored.
        """
        if secret is None or len(secret) < SHORTEST:
            return
        texts = {*self._texts, secret, quote(secret, safe="")}
        self._texts = tuple(sorted(texts, key=len, reverse=True))  # longest first: a key may hold another

    def clean(self, text: str) -> str:
        """`text` with every secret hidden."""
        for secret in self._texts:
            text = text.replace(secret, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\g<1>{MASK}", text)
        return text
