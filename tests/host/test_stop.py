"""The graceful way to stop: file, run id, signal, Stash's end. Files are dated by the folder, not by our
clock.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from compreface_plugin.domain.errors import Cancelled, StoreError
from compreface_plugin.host.lock import TaskLock
from compreface_plugin.host.process import Parent
from compreface_plugin.host.stop import StopSignal, StopToken, request_stop

SECOND = 1_000_000_000


@pytest.fixture
def since(tmp_path: Path) -> int:
    """When the run started, as the lock of a task tells it."""
    with TaskLock(tmp_path, "test") as lock:
        return lock.since_ns


def dated(path: Path, at_ns: int, text: str = "") -> Path:
    path.write_text(text)
    os.utime(path, ns=(at_ns, at_ns))
    return path


def test_without_a_file_nothing_stops(tmp_path: Path, since: int) -> None:
    token = StopToken(tmp_path, since)
    token.raise_if_cancelled()
    token.wait(0.01)


def test_touch_stop_stops_and_stays_stopped(tmp_path: Path, since: int) -> None:
    token = StopToken(tmp_path, since)
    token.raise_if_cancelled()
    (tmp_path / "stop").touch()
    for _ in range(2):
        with pytest.raises(Cancelled):
            token.raise_if_cancelled()
    assert not (tmp_path / "stop").exists(), "the run that obeys removes it"
    assert token.stopped


def test_a_file_touched_right_after_the_start_counts(tmp_path: Path) -> None:
    """File systems date by a coarser clock than ours: a wall clock would call this file older than the run."""
    for _ in range(50):
        with TaskLock(tmp_path, "test") as lock:
            (tmp_path / "stop").touch()
            assert StopToken(tmp_path, lock.since_ns).stopped


def test_an_older_file_is_removed(tmp_path: Path, since: int) -> None:
    path = dated(tmp_path / "stop", since - SECOND)
    token = StopToken(tmp_path, since)
    assert not path.exists()
    assert not token.stopped


def test_a_named_run_alone_is_stopped(tmp_path: Path, since: int) -> None:
    token = StopToken(tmp_path, since)
    token.bind("run-2")
    request_stop(tmp_path, "run-1")
    assert not token.stopped
    request_stop(tmp_path, "run-2")
    assert token.stopped


def test_a_name_is_known_later(tmp_path: Path, since: int) -> None:
    request_stop(tmp_path, "run-7")
    token = StopToken(tmp_path, since)
    assert not token.stopped
    token.bind("run-7")
    assert token.stopped


@pytest.mark.parametrize("text", ["", "\n", "  "])
def test_an_empty_file_stops_every_run(tmp_path: Path, since: int, text: str) -> None:
    token = StopToken(tmp_path, since)
    token.bind("any")
    dated(tmp_path / "stop", since + SECOND, text)
    assert token.stopped


def test_waiting_ends_early_when_asked(tmp_path: Path, since: int) -> None:
    token = StopToken(tmp_path, since)
    asked = threading.Timer(0.05, request_stop, args=(tmp_path,))
    asked.start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        token.wait(30)
    assert time.monotonic() - start < 20
    asked.join()


def test_an_unwritable_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"stop file .* could not be written"):
        request_stop(tmp_path / "absent")


def test_no_draft_is_left(tmp_path: Path) -> None:
    request_stop(tmp_path, "run-1")
    assert [path.name for path in tmp_path.iterdir()] == ["stop"]


WAITING = """
import sys, pathlib
sys.path.insert(0, sys.argv[1])
from compreface_plugin.domain.errors import Cancelled
from compreface_plugin.host.process import Parent
from compreface_plugin.host.stop import StopSignal, StopToken
signals = StopSignal()
signals.listen()
token = StopToken(pathlib.Path(sys.argv[2]), 0, signals, Parent())
print("ready", flush=True)
try:
    token.wait(60)
except Cancelled as error:
    print(error, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_the_same(tmp_path: Path, repo_root: Path, number: int) -> None:
    command = [sys.executable, "-c", WAITING, str(repo_root), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.readline().startswith("Stopped by a signal")
        assert process.wait(timeout=30) == 0


def test_a_second_signal_ends_at_once(tmp_path: Path, repo_root: Path) -> None:
    source = WAITING.replace(
        "    print(error, flush=True)", "    print('first', flush=True)\n    signals._asked.clear()"
    )
    source += "import time\ntime.sleep(60)\n"
    command = [sys.executable, "-c", source, str(repo_root), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.stdout.readline() == "first\n"
        process.terminate()
        assert process.wait(timeout=30) == -signal.SIGTERM


def test_the_end_of_stash_stops_too(tmp_path: Path, repo_root: Path) -> None:
    """The starter ends without a word, as a killed Stash does; its child notices and says so."""
    said = tmp_path / "said"
    starter = (
        "import subprocess, sys, os\n"
        f"child = subprocess.Popen([sys.executable, '-c', {WAITING!r}, {str(repo_root)!r}, {str(tmp_path)!r}],"
        f" stdout=open({str(said)!r}, 'wb'))\n"
        f"while b'ready' not in open({str(said)!r}, 'rb').read(): pass\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", starter], check=False, timeout=60)
    until = time.monotonic() + 30
    while b"Stash has ended" not in said.read_bytes() and time.monotonic() < until:
        time.sleep(0.05)
    assert b"Stopped because Stash has ended" in said.read_bytes()


def test_our_own_parent_is_there() -> None:
    assert not Parent().is_gone()
    assert not StopSignal().asked


def test_an_operation_leaves_the_stop_file_to_the_task(tmp_path: Path) -> None:
    with TaskLock(tmp_path, "task") as lock:
        task = StopToken(tmp_path, lock.since_ns)
        task.bind("run-1")
        request_stop(tmp_path)
        operation = StopToken(None, time.time_ns() + SECOND)
        operation.bind("run-1")
        operation.raise_if_cancelled()
        assert task.stopped


def test_a_signal_ends_a_sleep() -> None:
    signals = StopSignal()
    signals.sleep(0.001)
    signals.ask()
    with pytest.raises(Cancelled, match="by a signal"):
        signals.sleep(60)
