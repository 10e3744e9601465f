"""Endpoints about the server itself; they want no key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors

if TYPE_CHECKING:
    from .params import Incoming
    from .server import TestCompreFace


def limits(server: TestCompreFace, _: Incoming) -> dict[str, Any]:
    return {"clientMaxFileSize": server.max_file_bytes, "clientMaxBodySize": server.max_request_bytes}


def consistence(server: TestCompreFace, _: Incoming) -> dict[str, Any]:
    """Does not tell whether core lives: it is asked once."""
    ask_core_once(server)
    return {
        "demoFaceCollectionIsInconsistent": False,
        "dbIsInconsistent": any(made_by not in ("", server.core.build.calculator) for made_by in server.makers()),
        "saveImagesToDB": server.save_images,
        "status": "OK",
    }


def migrate(server: TestCompreFace, _: Incoming) -> str:
    """Only blocks writing: nothing is embedded anew here."""
    if server.migrating:
        raise errors.ApiError(400, 27, "Migration already executing")
    server.migrating = True
    return "Migration started"


def ask_core_once(server: TestCompreFace) -> None:
    """For its version and coefficients, which the API keeps as long as it runs. Raises ApiError."""
    if server.core.down and not server.core_was_asked:
        raise errors.core_failed("Connection refused executing GET http://compreface-core:3000/status")
    server.core_was_asked = True
