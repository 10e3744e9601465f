"""One task at a time: proved with real processes, forks and kills."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from compreface_plugin.domain.errors import AlreadyRunning, StoreError
from compreface_plugin.host.lock import LOCK_FILE, TaskLock, lock_holder

HOLD = """
import os, sys, pathlib, time
sys.path.insert(0, sys.argv[1])
from compreface_plugin.host.lock import TaskLock
lock = TaskLock(pathlib.Path(sys.argv[2]), "identifyImagesNew")
lock.acquire()
if sys.argv[3:] == ["fork"] and os.fork() == 0:
    print(os.getpid(), flush=True)
    time.sleep(60)
    os._exit(0)
if sys.argv[3:] != ["fork"]:
    print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def holder(repo_root: Path, folder: Path, *extra: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", HOLD, str(repo_root), str(folder), *extra]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_a_second_task_is_told_who_works(tmp_path: Path, repo_root: Path) -> None:
    with holder(repo_root, tmp_path) as (process, _):
        with pytest.raises(AlreadyRunning) as caught:
            TaskLock(tmp_path, "synchronizePerformers").acquire()
        assert f"The task identifyImagesNew (process {process.pid})" in str(caught.value)
        held = lock_holder(tmp_path)
        assert held is not None
        assert (held["pid"], held["mode"]) == (process.pid, "identifyImagesNew")
        assert json.loads((tmp_path / LOCK_FILE).read_text())["pid"] == process.pid, "the refusal changed nothing"


def test_a_killed_holder_holds_nothing(tmp_path: Path, repo_root: Path) -> None:
    with holder(repo_root, tmp_path) as (process, _):
        process.kill()
        process.wait(timeout=30)
        assert lock_holder(tmp_path) is None
        with TaskLock(tmp_path, "next"):
            pass


def test_a_forked_child_of_a_killed_holder_holds_nothing(tmp_path: Path, repo_root: Path) -> None:
    with holder(repo_root, tmp_path, "fork") as (process, child):
        try:
            process.kill()
            process.wait(timeout=30)
            with TaskLock(tmp_path, "next") as lock:
                assert lock.since_ns > 0
        finally:
            os.kill(int(child), 9)


def test_twice_in_one_process(tmp_path: Path) -> None:
    first = TaskLock(tmp_path, "first")
    first.acquire()
    with pytest.raises(AlreadyRunning):
        TaskLock(tmp_path, "second").acquire()
    held = lock_holder(tmp_path)
    assert held is not None
    assert held["pid"] == os.getpid()
    first.release()
    first.release()
    with TaskLock(tmp_path, "third"):
        pass
    assert lock_holder(tmp_path) is None


def test_looking_does_not_give_the_lock_back(tmp_path: Path, repo_root: Path) -> None:
    """POSIX drops a process's record locks when it closes any descriptor of the file."""
    with TaskLock(tmp_path, "first"):
        lock_holder(tmp_path)
        source = HOLD.replace("time.sleep(60)", "pass")
        command = [sys.executable, "-c", source, str(repo_root), str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert "AlreadyRunning" in done.stderr


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="lock file"):
        TaskLock(tmp_path / "absent", "any").acquire()
    assert lock_holder(tmp_path / "absent") is None


@pytest.mark.parametrize("note", [b"", b"nonsense", b"[1]", b"\xff" * 100])
def test_a_damaged_note_does_no_harm(tmp_path: Path, note: bytes) -> None:
    (tmp_path / LOCK_FILE).write_bytes(note)
    with TaskLock(tmp_path, "mine"):
        held = json.loads((tmp_path / LOCK_FILE).read_text())
        assert held["mode"] == "mine"


def test_somebody_who_looks_does_not_turn_a_task_away(tmp_path: Path, repo_root: Path) -> None:
    """Looking takes the lock for an instant; a task that starts in that instant must not be refused."""
    source = (
        "import sys, pathlib\nsys.path.insert(0, sys.argv[1])\n"
        "from compreface_plugin.host.lock import lock_holder\n"
        "print('looking', flush=True)\nwhile True: lock_holder(pathlib.Path(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", source, str(repo_root), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            for _ in range(20):
                with TaskLock(tmp_path, "task"):
                    pass
        finally:
            process.kill()


def test_two_who_look_at_once_do_not_take_each_other_for_a_task(tmp_path: Path, repo_root: Path) -> None:
    (tmp_path / "task.lock").write_text('{"pid": 1, "mode": "of a task that was killed"}')
    source = (
        "import os, sys\nsys.path.insert(0, sys.argv[1])\n"
        "from compreface_plugin.host.lock import _LOCKED_BYTE, lock_byte\n"
        "descriptor = os.open(sys.argv[2] + '/task.lock', os.O_RDWR)\n"
        "print(lock_byte(descriptor, _LOCKED_BYTE, exclusive=False), flush=True)\nsys.stdin.read()\n"
    )
    command = [sys.executable, "-c", source, str(repo_root), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as looking:
        assert looking.stdout is not None
        assert looking.stdout.readline() == "True\n"  # in the middle of its look
        assert lock_holder(tmp_path) is None
        looking.communicate("", timeout=30)
