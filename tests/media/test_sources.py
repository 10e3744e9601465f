"""Bytes of an item: file, archive member, or fetched."""

from __future__ import annotations

import os
import sys
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from compreface_plugin.domain.errors import MediaUnavailable
from compreface_plugin.media.sources import locate


def test_a_readable_path_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"bytes")
    assert locate(str(path)) == path


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="file names are Unicode here")
def test_a_path_that_is_no_utf8(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9 \xff.jpg"
    try:
        with open(raw, "wb") as file:
            file.write(b"bytes")
    except OSError:
        pytest.skip("this file system wants UTF-8")
    found = locate(os.fsdecode(raw))
    assert isinstance(found, Path)
    assert found.read_bytes() == b"bytes"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "gallery.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("one.jpg", b"first")
        opened.writestr("sub/zwei ü.jpg", b"second")
    return path


@pytest.mark.parametrize(("inner", "expected"), [("one.jpg", b"first"), ("sub/zwei ü.jpg", b"second")])
def test_a_member_of_an_archive(archive: Path, inner: str, expected: bytes) -> None:
    assert locate(f"{archive}/{inner}", archive=str(archive)) == expected
    assert locate(f"{archive}\\{inner}", archive=str(archive)) == expected


def test_a_member_whose_name_was_written_without_saying_utf8(tmp_path: Path) -> None:
    path = tmp_path / "plain.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("zz.jpg", b"third")
    path.write_bytes(path.read_bytes().replace(b"zz.jpg", "é.jpg".encode()))
    assert locate(f"{tmp_path}/plain.zip/é.jpg", archive=f"{tmp_path}/plain.zip") == b"third"


def test_archives_that_cannot_be_read(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaUnavailable, match="no such file"):
        locate(f"{archive}/three.jpg", archive=str(archive))
    broken = tmp_path / "broken.zip"
    broken.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(MediaUnavailable, match="archive cannot be read"):
        locate(f"{broken}/one.jpg", archive=str(broken))


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"fetched " + self.path.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_what_is_not_here_is_fetched(server: str, tmp_path: Path) -> None:
    def fetch() -> bytes:
        with urllib.request.urlopen(f"{server}/image/7") as answer:  # noqa: S310 our own server
            return bytes(answer.read())

    assert locate(str(tmp_path / "elsewhere.jpg"), fetch=fetch) == b"fetched /image/7"
    assert locate(None, fetch=fetch) == b"fetched /image/7"
    assert locate("/a\x00b.jpg", fetch=fetch) == b"fetched /image/7"


def test_nothing_works(tmp_path: Path) -> None:
    with pytest.raises(MediaUnavailable, match=r"gone\.jpg: the file cannot be read here \(No such file"):
        locate(str(tmp_path / "gone.jpg"))
    with pytest.raises(MediaUnavailable, match="knows no path"):
        locate(None)


def test_an_error_of_the_fetcher_passes_through(tmp_path: Path) -> None:
    def fetch() -> bytes:
        raise MediaUnavailable("image 7: Stash answers 404")

    with pytest.raises(MediaUnavailable, match="404"):
        locate(str(tmp_path / "gone.jpg"), fetch=fetch)
