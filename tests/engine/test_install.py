"""Fetching a model pack from a real HTTP server on loopback: whole, resumed, refused."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from compreface_plugin.domain.errors import ModelUnavailable
from compreface_plugin.engine import download as download_module
from compreface_plugin.engine import install as install_module
from compreface_plugin.engine.install import RECEIPT, install, main
from compreface_plugin.engine.models import PACKS, Download, ModelPack


class Server(ThreadingHTTPServer):
    """Files by name, with ranges, and faults on demand."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.break_after: list[int] = []  # bytes after which the next answers break off
        self.refuse: list[int] = []  # status codes of the next answers
        self.ranges = True
        self.asked: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name, wanted = self.path.rsplit("/", 1)[-1], self.headers.get("Range", "")
        self.server.asked.append((name, wanted))
        if self.server.refuse:
            self.send_error(self.server.refuse.pop(0))
            return
        if name not in self.server.files:
            self.send_error(404)
            return
        data, start = self.server.files[name], 0
        if wanted and self.server.ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if self.server.break_after:
            end = min(end, start + self.server.break_after.pop(0))
        self.wfile.write(data[start:end])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "_BACK_OFF_S", 0.0)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            opened.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def offer(server: Server, monkeypatch: pytest.MonkeyPatch, **files: bytes) -> ModelPack:
    """A pack `toy` of these files, known to the installer and served."""
    named = {name.replace("_zip", ".zip").replace("_bin", ".bin"): data for name, data in files.items()}
    server.files |= named
    downloads = tuple(
        Download(f"https://models.invalid/{name}", len(data), hashlib.sha256(data).hexdigest())
        for name, data in named.items()
    )
    pack = dataclasses.replace(PACKS["light"], name="toy", downloads=downloads)
    monkeypatch.setitem(install_module.PACKS, "toy", pack)
    return pack


def test_a_pack_is_fetched_and_not_again(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(server, monkeypatch, one_bin=b"weights" * 1000, two_bin=b"more")
    told: list[tuple[str, int, int]] = []
    folder = install("toy", True, tmp_path, server.url, lambda *row: told.append(row))
    assert folder == tmp_path / "toy"
    assert (folder / "one.bin").read_bytes() == b"weights" * 1000
    assert "Apache-2.0" in (folder / RECEIPT).read_text()
    assert told[-1] == ("two.bin", 4, 4)
    asked = len(server.asked)
    assert install("toy", True, tmp_path, server.url) == folder
    assert len(server.asked) == asked
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy"]


def test_a_broken_transfer_goes_on_where_it_stopped(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offer(server, monkeypatch, one_bin=bytes(range(256)) * 4000)
    server.break_after = [300_000, 200_000]
    install("toy", True, tmp_path, server.url)
    starts = [int(wanted.removeprefix("bytes=").rstrip("-") or 0) for _, wanted in server.asked]
    assert starts[0] == 0
    assert 0 < starts[1] < starts[2]


def test_a_second_call_goes_on_after_giving_up(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(server, monkeypatch, one_bin=bytes(range(256)) * 4000)
    server.break_after = [100_000] * download_module.ATTEMPTS
    with pytest.raises(ModelUnavailable, match="start again to go on"):
        install("toy", True, tmp_path, server.url)
    assert not (tmp_path / "toy").exists()
    install("toy", True, tmp_path, server.url)
    assert server.asked[download_module.ATTEMPTS][1] not in ("", "bytes=0-")


def test_a_server_without_ranges_starts_over(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(server, monkeypatch, one_bin=bytes(range(256)) * 4000)
    server.ranges, server.break_after = False, [300_000]
    folder = install("toy", True, tmp_path, server.url)
    assert len((folder / "one.bin").read_bytes()) == 1_024_000


def test_a_busy_server_is_asked_again(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(server, monkeypatch, one_bin=b"weights")
    server.refuse = [503, 429]
    assert (install("toy", True, tmp_path, server.url) / "one.bin").exists()


def test_a_missing_file_is_one_sentence(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(server, monkeypatch, one_bin=b"weights")
    server.files.clear()
    with pytest.raises(ModelUnavailable, match="the server answers 404"):
        install("toy", True, tmp_path, server.url)
    assert len(server.asked) == 1


@pytest.mark.parametrize("served", [b"WEIGHTS", b"weights and more"])
def test_another_file_than_expected_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, served: bytes
) -> None:
    offer(server, monkeypatch, one_bin=b"weights")
    server.files["one.bin"] = served
    with pytest.raises(ModelUnavailable, match="nothing was installed"):
        install("toy", True, tmp_path, server.url)
    assert not (tmp_path / "toy").exists()
    server.files["one.bin"] = b"weights"
    assert (install("toy", True, tmp_path, server.url) / "one.bin").read_bytes() == b"weights"


def test_an_archive_is_unpacked_flat_and_only_its_models(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offer(
        server,
        monkeypatch,
        toy_zip=zipped(**{"toy__det.onnx": b"detector", "toy__rec.onnx": b"recogniser", "readme.txt": b"hello"}),
    )
    folder = install("toy", True, tmp_path, server.url)
    assert sorted(path.name for path in folder.iterdir()) == ["det.onnx", RECEIPT, "rec.onnx"]
    asked = len(server.asked)
    install("toy", True, tmp_path, server.url)
    assert len(server.asked) == asked


@pytest.mark.parametrize(
    "name", ["../evil.onnx", "/etc/evil.onnx", "a/../../evil.onnx", "..\\evil.onnx", "C:\\evil.onnx"]
)
def test_an_archive_that_climbs_out_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        opened.writestr("good.onnx", b"good")
        opened.writestr(name, b"evil")
    offer(server, monkeypatch, toy_zip=out.getvalue())
    with pytest.raises(ModelUnavailable, match="unsafe name"):
        install("toy", True, tmp_path / "models", server.url)
    assert not list(tmp_path.rglob("evil*"))
    assert not (tmp_path / "models" / "toy").exists()


def test_an_archive_with_a_link_or_no_model_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        link = zipfile.ZipInfo("link.onnx")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")
    offer(server, monkeypatch, toy_zip=out.getvalue())
    with pytest.raises(ModelUnavailable, match="unsafe name"):
        install("toy", True, tmp_path, server.url)
    offer(server, monkeypatch, empty_zip=zipped(readme=b"nothing here"))
    with pytest.raises(ModelUnavailable, match="holds no model"):
        install("toy", True, tmp_path, server.url)


def test_a_full_disk_is_told_before_anything_is_fetched(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pack = offer(server, monkeypatch, one_bin=b"weights")
    huge = dataclasses.replace(pack.downloads[0], size=1 << 60)
    monkeypatch.setitem(install_module.PACKS, "toy", dataclasses.replace(pack, downloads=(huge,)))
    with pytest.raises(ModelUnavailable, match="make room"):
        install("toy", True, tmp_path, server.url)
    assert server.asked == []


def test_a_folder_that_cannot_be_written(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(server, monkeypatch, one_bin=b"weights")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelUnavailable, match="cannot be stored"):
        install("toy", True, tmp_path / "file", server.url)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, server: Server, tmp_path: Path) -> None:
    offer(server, monkeypatch, one_bin=b"weights")
    with pytest.raises(ModelUnavailable, match=r"cannot be fetched \(Connection refused\): see that this machine"):
        install("toy", True, tmp_path, "http://127.0.0.1:9")


def test_terms_must_be_accepted(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    offer(server, monkeypatch, one_bin=b"weights")
    with pytest.raises(ModelUnavailable, match="terms"):
        install("toy", False, tmp_path, server.url)
    assert server.asked == []


def test_the_command(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offer(server, monkeypatch, one_bin=b"weights")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["toy", "--dest", str(tmp_path), "--base-url", server.url]) == 1
    assert "were not accepted" in capsys.readouterr().err
    assert main(["toy", "--accept", "--dest", str(tmp_path), "--base-url", server.url]) == 0
    said = capsys.readouterr()
    assert "MIT (YuNet), Apache-2.0" in said.err
    assert said.out == ""
    assert (tmp_path / "toy" / "one.bin").exists()


@pytest.mark.data
def test_the_registered_hashes_are_those_of_the_published_files(data_dir: Path) -> None:
    files = {path.name: path for path in (data_dir / "models").rglob("*") if path.is_file()}
    for item in PACKS["light"].downloads:
        data = files[item.name].read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (item.size, item.sha256)


def test_every_pack_says_its_terms() -> None:
    for pack in PACKS.values():
        assert pack.terms.licence
        assert pack.terms.source.startswith("https://")
        assert all(len(item.sha256) == 64 and item.size > 0 for item in pack.downloads)
        assert all(item.url.startswith("https://") for item in pack.downloads)
