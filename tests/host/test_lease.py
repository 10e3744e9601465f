"""Who is at work is known by a lock that ends with its process, however that ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from compreface_plugin.domain.errors import StoreError
from compreface_plugin.host.lease import NOBODY, Lease

HOLD = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from compreface_plugin.host.lease import Lease
print(Lease(pathlib.Path(sys.argv[2])).token, flush=True)
sys.stdin.read()
"""


def test_a_process_is_at_work_until_it_is_killed(tmp_path: Path, repo_root: Path) -> None:
    mine = Lease(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(repo_root), str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        token = int(other.stdout.readline())
        assert mine.at_work(token)
        assert mine.at_work(token)  # looking takes nothing from anybody
        assert Lease(tmp_path).at_work(token)
        assert token != mine.token
        other.kill()
        other.wait()
    assert not mine.at_work(token)
    assert not mine.at_work(NOBODY)
    mine.release()


def test_two_calls_of_one_process_do_not_end_each_other(tmp_path: Path) -> None:
    first, second = Lease(tmp_path), Lease(tmp_path)
    token, other = first.token, second.token
    assert token == first.token != other
    assert second.at_work(token)
    first.release()
    first.release()
    assert not second.at_work(token)
    assert second.at_work(other)
    second.release()
    with pytest.raises(StoreError, match="make the folder writable"):
        Lease(tmp_path / "absent").at_work(1)
