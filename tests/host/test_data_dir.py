"""Where the data folder is, who may read it, and one sentence for everything that can be in its way."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from compreface_plugin.domain.errors import SettingsError, StoreError
from compreface_plugin.host.data_dir import data_dir_path, prepare_data_dir
from compreface_plugin.request import ServerConnection


@pytest.fixture
def connection(tmp_path: Path) -> ServerConnection:
    (tmp_path / "config" / "plugins" / "face").mkdir(parents=True)
    return ServerConnection(
        "http", "0.0.0.0", 9999, "session", "", tmp_path / "config", tmp_path / "config" / "plugins" / "face"
    )


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_beside_the_configuration(connection: ServerConnection) -> None:
    assert data_dir_path(connection, None) == connection.config_dir / "compreface"


@pytest.mark.parametrize(("chosen", "place"), [("/data/faces", "/data/faces"), ("faces", "{config}/faces")])
def test_elsewhere_when_chosen(connection: ServerConnection, chosen: str, place: str) -> None:
    assert data_dir_path(connection, chosen) == Path(place.format(config=connection.config_dir))


def test_a_home_folder(connection: ServerConnection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_dir_path(connection, "~/faces") == tmp_path / "faces"


@pytest.mark.parametrize("chosen", ["plugins/face", "plugins/face/data", "plugins/x/../face/data", "link/data"])
def test_never_inside_the_plugin(connection: ServerConnection, chosen: str) -> None:
    (connection.config_dir / "link").symlink_to(connection.plugin_dir)
    with pytest.raises(SettingsError, match=r"The setting dataDir is .* outside the plugin's own"):
        data_dir_path(connection, chosen)


def test_a_linked_plugin_folder_is_the_same_folder(connection: ServerConnection, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(connection.plugin_dir)
    linked = replace(connection, plugin_dir=tmp_path / "linked")
    with pytest.raises(SettingsError):
        data_dir_path(linked, "plugins/face/data")


def test_made_for_us_alone(tmp_path: Path) -> None:
    folder = prepare_data_dir(tmp_path / "a" / "b")
    (folder / "file").write_text("x")
    (folder / "sub").mkdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "file").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "sub").stat().st_mode) == 0o700
    assert prepare_data_dir(folder) == folder
    assert sorted(path.name for path in folder.iterdir()) == ["file", "sub"], "the test file is gone"


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "compreface").write_text("")
    with pytest.raises(StoreError, match="a file is in its way"):
        prepare_data_dir(tmp_path / "compreface")
    with pytest.raises(StoreError, match="a file is in its way"):
        prepare_data_dir(tmp_path / "compreface" / "deeper")


PREPARE = """
import os, pathlib, resource, sys
sys.path.insert(0, sys.argv[1])
from compreface_plugin.domain.errors import StoreError
from compreface_plugin.host.data_dir import prepare_data_dir
if sys.argv[3] == "full":
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
elif os.getuid() == 0:
    os.setuid(65534)
try:
    prepare_data_dir(pathlib.Path(sys.argv[2]))
except StoreError as error:
    print(error)
"""


def _prepare(repo_root: Path, folder: Path, how: str) -> str:
    command = [sys.executable, "-c", PREPARE, str(repo_root), str(folder), how]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder nobody may write to, where a user without rights can get: pytest's own folders are root's alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "closed"
        folder.mkdir()
        folder.parent.chmod(0o755)
        folder.chmod(0o555)
        yield folder


def test_a_folder_that_cannot_be_written(closed_folder: Path, repo_root: Path) -> None:
    folder = closed_folder
    for path in (folder, folder / "deeper"):
        said = _prepare(repo_root, path, "closed")
        assert "cannot be written" in said
        assert str(path) in said
        assert "dataDir" in said


def test_a_disk_without_space(tmp_path: Path, repo_root: Path) -> None:
    """A limit on file size is answered by the same kind of error as a full disk."""
    said = _prepare(repo_root, tmp_path / "new", "full")
    assert said.startswith(f"The disk with the data folder {tmp_path / 'new'} is full")
    assert not list((tmp_path / "new").iterdir())
