"""Pictures as the browser may have them: inside the answer, because plugins cannot serve files of the data folder."""

from __future__ import annotations


def data_uri(jpeg: bytes | None) -> str | None:
    """A JPEG as a data URI; None stays None."""
    if jpeg is None:
        return None
    from base64 import b64encode

    return "data:image/jpeg;base64," + b64encode(jpeg).decode()
