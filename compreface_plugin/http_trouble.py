"""What an exception of the HTTP library means: may it pass, and did the request leave at all? For both servers."""

from __future__ import annotations

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

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
        return "its certificate is not trusted"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        reason = getattr(error.args[0], "reason", None) if error.args else None
        if isinstance(reason, NameResolutionError):
            return "the host name is unknown"
        return "connection refused" if isinstance(reason, NewConnectionError) else "the connection broke"
    return type(error).__name__
