"""What an exception of the HTTP library means: may it pass, and did the request leave at all? For both servers."""

from __future__ import annotations

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

from compreface_plugin.domain.sentences import sentence

HTTP_ERRORS = (requests.RequestException,)


def is_final(error: Exception) -> bool:
    """Whether trying again cannot help: a certificate, an impossible address."""
    return isinstance(
        error,
        (requests.exceptions.SSLError, requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema),
    )


def never_sent(error: Exception) -> bool:
    """Whether the request certainly did not reach the server."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, (NewConnectionError, NameResolutionError))


def describe(error: Exception) -> str:
    """The trouble in a few words, without addresses and object dumps."""
    if isinstance(error, requests.exceptions.SSLError):
        return sentence("http.certificate")
    if isinstance(error, requests.ConnectTimeout):
        return sentence("http.connect")
    if isinstance(error, requests.Timeout):
        return sentence("http.answer")
    if isinstance(error, requests.ConnectionError):
        reason = getattr(error.args[0], "reason", None) if error.args else None
        if isinstance(reason, NameResolutionError):
            return sentence("http.name")
        return sentence("http.refused" if isinstance(reason, NewConnectionError) else "http.broke")
    return type(error).__name__
