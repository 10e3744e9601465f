"""The plugin as Stash starts it, from the real manifest: bad input is one sentence, and nothing is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compreface_plugin.host.lock import TaskLock
from compreface_plugin.host.stop import StopToken
from teststash import LibraryError, TestStash

PLUGIN = "compreface"


@pytest.fixture
def stash(tmp_path: Path, repo_root: Path) -> Iterator[TestStash]:
    """A Stash with the plugin linked into its plugins folder, told by a path relative to Stash's own folder."""
    config = tmp_path / "config"
    folder = config / "plugins" / "face"
    folder.mkdir(parents=True)
    for name in ("compreface.yml", "compreface_plugin"):
        (folder / name).symlink_to(repo_root / name)
    with TestStash(config, plugins_dir="plugins", working_dir=config, python_path=sys.executable) as server:
        yield server
        assert server.broken == []


def errors(stash: TestStash) -> list[str]:
    return [text for text in stash.log.messages("Error") if "Stash Compreface" in text or "Plugin returned" in text]


def test_the_manifest_is_taken(stash: TestStash) -> None:
    assert not stash.log.messages("Error")
    output = stash.run_operation(PLUGIN, {"mode": "health"})
    assert output["checks"]
    assert (stash.config_dir / "compreface").is_dir()


@pytest.mark.parametrize("args", [{}, {"mode": ""}, {"mode": "fly"}])
def test_an_unknown_mode_lists_the_modes(stash: TestStash, args: dict[str, object]) -> None:
    with pytest.raises(LibraryError) as caught:
        stash.run_operation(PLUGIN, args)
    assert "synchronizePerformers" in str(caught.value)
    assert "identifyImagesNew" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"minSimilarity": "9"}, "The setting minSimilarity is '9'; allowed is a number from 0 to 1"),
        ({"maxBatchSize": -3}, "The setting maxBatchSize is -3"),
        ({"engine": "magic"}, "The setting engine is 'magic'; allowed is one of auto, local, compreface"),
        ({"dataDir": "plugins/face/data"}, "The setting dataDir is 'plugins/face/data'"),
    ],
)
def test_a_bad_setting_starts_nothing(stash: TestStash, settings: dict[str, object], named: str) -> None:
    stash.set_plugin_settings(PLUGIN, settings)
    before = stash.snapshot(times=True)
    job = stash.run_task(PLUGIN, "Identify Unscanned Images")
    stash.wait_for_job(job)
    (sentence,) = errors(stash)
    assert named in sentence
    assert stash.snapshot(times=True) == before
    assert not (stash.config_dir / "compreface").exists()


def test_an_expired_session_is_one_sentence(tmp_path: Path, stash: TestStash) -> None:
    stash.username = "ann"
    stash.sessions.age_s = -1
    stash.wait_for_job(stash.run_task(PLUGIN, "Synchronize Performers"))
    (sentence,) = errors(stash)
    assert "HTTP 401" in sentence


def test_a_task_beside_a_task_is_told(stash: TestStash) -> None:
    (stash.config_dir / "compreface").mkdir()
    with TaskLock(stash.config_dir / "compreface", "identifyImagesAll"):
        stash.wait_for_job(stash.run_task(PLUGIN, "Synchronize Performers"))
        (sentence,) = errors(stash)
        assert "The task identifyImagesAll (process" in sentence
        assert stash.run_operation(PLUGIN, {"mode": "runs"}) is not None, "operations answer meanwhile"


def test_stop_leaves_a_file_for_the_task(stash: TestStash) -> None:
    folder = stash.config_dir / "compreface"
    folder.mkdir()
    with TaskLock(folder, "identifyImagesAll") as lock:
        task = StopToken(folder, lock.since_ns)
        stash.run_operation(PLUGIN, {"mode": "stop"})
        stash.run_operation(PLUGIN, {"mode": "runs"})  # an operation is not who the file is meant for
        assert task.stopped


def test_nothing_secret_reaches_the_log(tmp_path: Path, stash: TestStash) -> None:
    stash.username, stash.api_key = "ann", "the.api.key.of.stash"
    stash.wait_for_job(stash.run_task(PLUGIN, "Synchronize Performers"))
    text = "\n".join(stash.log.messages())
    assert "the.api.key.of.stash" not in text
    for process in stash.plugin_processes:
        assert json.loads(process.document)["server_connection"]["SessionCookie"]["Value"] not in text


def test_a_python_without_our_packages_hands_over_to_the_one_that_has_them(tmp_path: Path, repo_root: Path) -> None:
    if Path(sys.prefix).resolve() != (repo_root / ".venv").resolve():
        pytest.skip("these tests do not run in the environment that install.sh makes")
    bare = os.path.realpath(sys.executable)
    if subprocess.run([bare, "-c", "import dlib"], capture_output=True, check=False).returncode == 0:
        pytest.skip(f"{bare} has every package itself")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "face").symlink_to(repo_root)
    with TestStash(tmp_path / "config", plugins_dir=tmp_path / "plugins", python_path=bare) as server:
        [check] = server.run_operation(PLUGIN, {"mode": "health", "only": "engine", "deep": True})["checks"]
        assert check["message"].startswith("self-test passed")
        assert server.broken == []
