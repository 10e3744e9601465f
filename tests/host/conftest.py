"""A process started as Stash starts one: a document on stdin, pipes, another working directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FRAME = 4  # bytes: 0x01, level, 0x02 and at least one of message


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process left behind."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def answer(self) -> Any:
        return json.loads(self.stdout)

    def lines(self, level: str) -> list[str]:
        """The messages of the log lines of one level letter; '' for lines without a frame."""
        found = []
        for line in self.stderr.split(b"\n"):
            framed = len(line) >= FRAME and line[0] == 1 and line[2] == 2
            if framed and chr(line[1]) == level:
                found.append(line[3:].decode())
            elif line and not framed and not level:
                found.append(line.decode("utf-8", "replace"))
        return found


def document(config_dir: Path, plugin_dir: str, args: Mapping[str, object]) -> bytes:
    """The stdin document as Stash 0.30 writes it."""
    cookie = {"Name": "session", "Value": "cookie-value-of-the-test", "Path": "", "Domain": "", "MaxAge": 0}
    connection = {
        "Scheme": "http",
        "Host": "0.0.0.0",
        "Port": 9999,
        "SessionCookie": cookie,
        "Dir": str(config_dir),
        "PluginDir": plugin_dir,
    }
    return json.dumps({"server_connection": connection, "args": dict(args)}).encode()


@pytest.fixture
def request_document(tmp_path: Path, repo_root: Path) -> Callable[..., bytes]:
    config_dir = tmp_path / "config"
    config_dir.mkdir()
    return lambda **args: document(config_dir, str(repo_root), args)


@pytest.fixture
def serve_app(tmp_path: Path, repo_root: Path, request_document: Callable[..., bytes]) -> Callable[..., Ended]:
    """Runs the door with an application whose source is given: `run(request, log)` is its body."""

    def run(source: str, stdin: bytes | None = None, **args: object) -> Ended:
        (tmp_path / "application_under_test.py").write_text(source, encoding="utf-8")
        starter = (
            f"import sys; sys.path[:0] = [{str(repo_root)!r}, {str(tmp_path)!r}]\n"
            "from compreface_plugin.host.door import serve\nsys.exit(serve('application_under_test'))"
        )
        done = subprocess.run(
            [sys.executable, "-c", starter],
            input=request_document(**args) if stdin is None else stdin,
            capture_output=True,
            cwd=tmp_path,
            timeout=60,
            check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run
