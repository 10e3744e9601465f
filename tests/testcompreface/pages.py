"""HTML as nginx and Tomcat write it."""

from __future__ import annotations

_TITLES = {
    301: "Moved Permanently",
    400: "Bad Request",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


def page(status: int) -> bytes:
    """nginx's page for a status."""
    title = f"{status} {_TITLES.get(status, 'Error')}"
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    ).encode()


USER_INTERFACE = b"<!doctype html><html><head><title>CompreFace</title></head><body><app-root></app-root></body></html>"
TOMCAT_BAD_REQUEST = (
    "<!doctype html><html><head><title>HTTP Status 400 \u2013 Bad Request</title></head></html>".encode()
)
