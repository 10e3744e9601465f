"""Whether a server is there, and its parts: asked without a key and without patience."""

from __future__ import annotations

from compreface_plugin import http_trouble
from compreface_plugin.compreface import trouble
from compreface_plugin.compreface.transport import Transport
from compreface_plugin.domain.sentences import sentence

CONFIG = "/api/v1/config"
CONSISTENCE = "/api/v1/consistence/status"
"""Compares the recogniser that runs with those that made the examples. Whether core lives it tells only before it has
asked core for the first time: it keeps the answer as long as the API runs."""


def answers_at(base: str, connect_s: float = 3.0, read_s: float = 15.0) -> str:
    """Whether CompreFace is at `base`: "" when it is, else what came back. A gateway whose rooms still start counts."""
    transport = Transport(base, connect_s=connect_s, read_s=read_s)
    try:
        reply = transport.send("GET", CONFIG)
        if isinstance(reply.data, dict) and "clientMaxFileSize" in reply.data:
            return ""
        if reply.status in (502, 503, 504):
            return ""
        reply = transport.send("GET", "/core/healthcheck")
        if isinstance(reply.data, dict) and reply.data.get("status") == "OK":
            return ""
    except trouble.CONNECTION_ERRORS as error:
        return http_trouble.describe(error)
    finally:
        transport.close()
    return sentence("server.other", answer=trouble.words(reply))


def core_trouble(transport: Transport) -> str:
    """"" while the inference service answers, or nobody can tell because its path is closed; else what came back."""
    try:
        reply = transport.send("GET", "/core/healthcheck")
        if reply.data is None and reply.status < 500:
            reply = transport.send("GET", CONSISTENCE)
    except trouble.CONNECTION_ERRORS as error:
        return http_trouble.describe(error)
    return trouble.words(reply) if reply.status >= 500 else ""


def holds_foreign_examples(transport: Transport) -> bool:
    """Whether some examples on the server were made by another recogniser than the one it runs."""
    try:
        told = transport.send("GET", CONSISTENCE).data
    except trouble.CONNECTION_ERRORS:
        return False
    return isinstance(told, dict) and bool(told.get("dbIsInconsistent") or told.get("demoFaceCollectionIsInconsistent"))
