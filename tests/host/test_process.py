"""Children that end with us, and the way from Stash's Python to ours."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from compreface_plugin.host.process import bound_to_us

PARENT = """
import subprocess, sys, os, time
sys.path.insert(0, sys.argv[1])
from compreface_plugin.host.process import bound_to_us
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], preexec_fn=bound_to_us())
print(child.pid, flush=True)
time.sleep(60)
"""


def _runs(pid: int) -> bool:
    """Whether a process works still: not gone, and no zombie waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux only")
def test_a_child_ends_with_a_killed_parent(repo_root: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(repo_root)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert _runs(child)
        parent.kill()
    until = time.monotonic() + 30
    while _runs(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _runs(child)


@pytest.mark.skipif(sys.platform != "linux", reason="as above")
def test_binding_does_not_change_the_program(repo_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "print('ran')"], preexec_fn=bound_to_us(), capture_output=True, check=True
    )
    assert done.stdout == b"ran\n"


@pytest.fixture
def plugin_folder(tmp_path: Path, repo_root: Path) -> Path:
    """A copy of the plugin as installed: the door, and an application that tells where it runs."""
    folder = tmp_path / "plugins" / "source" / "face"
    package = folder / "compreface_plugin"
    (package / "host").mkdir(parents=True)
    (package / "domain").mkdir()
    for path in [*(repo_root / "compreface_plugin").glob("*.py"), *(repo_root / "compreface_plugin/host").glob("*.py")]:
        target = package / path.relative_to(repo_root / "compreface_plugin")
        target.write_bytes(path.read_bytes())
    for name in ("__init__.py", "errors.py", "sentences.py"):
        (package / "domain" / name).write_bytes((repo_root / "compreface_plugin/domain" / name).read_bytes())
    (package / "app.py").write_text(
        "import sys, os\n"
        "def run(request, log):\n"
        "    log.info('works')\n"
        "    return {'prefix': sys.prefix, 'path': sys.path, 'mode': request.mode, 'cwd': os.getcwd(),\n"
        "            'plugin_dir': str(request.connection.plugin_dir)}\n"
    )
    hiding = folder.parent / "requests"  # another plugin, named like a package that we need
    hiding.mkdir()
    (hiding / "__init__.py").write_text("raise RuntimeError('hidden by another plugin')\n")
    return folder


def start(
    plugin_folder: Path, stdin: bytes, cwd: Path, python: str = sys.executable
) -> subprocess.CompletedProcess[bytes]:
    """As Stash starts it: a path relative to its own working directory, PYTHONPATH the folder above."""
    script = os.path.relpath(plugin_folder / "compreface_plugin" / "__main__.py", cwd)
    return subprocess.run(
        [python, script],
        input=stdin,
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(plugin_folder.parent)},
    )


def test_the_door_opens_from_a_foreign_folder(
    plugin_folder: Path, tmp_path: Path, request_document: Callable[..., bytes]
) -> None:
    done = start(plugin_folder, request_document(mode="health"), tmp_path)
    output = json.loads(done.stdout)["output"]
    assert output["mode"] == "health"
    assert output["path"][0] == str(plugin_folder)
    assert str(plugin_folder / "compreface_plugin") not in output["path"], "our modules are no top-level modules"
    assert str(plugin_folder.parent) not in output["path"], "other plugins hide nothing"
    assert b"\x01i\x02works\n" in done.stderr


def test_it_goes_on_in_the_environment_beside_the_manifest(
    plugin_folder: Path, tmp_path: Path, request_document: Callable[..., bytes]
) -> None:
    venv.create(plugin_folder / ".venv", with_pip=False, symlinks=True)
    done = start(plugin_folder, request_document(mode="health"), tmp_path)
    output = json.loads(done.stdout)["output"]
    assert Path(output["prefix"]) == plugin_folder / ".venv"
    assert output["mode"] == "health", "stdin was left for the second interpreter"
    assert output["cwd"] == str(tmp_path)
    assert str(plugin_folder.parent) not in output["path"]


def test_through_a_linked_plugin_folder(
    plugin_folder: Path, tmp_path: Path, request_document: Callable[..., bytes]
) -> None:
    venv.create(plugin_folder / ".venv", with_pip=False, symlinks=True)
    (tmp_path / "linked").symlink_to(plugin_folder)
    done = start(tmp_path / "linked", request_document(mode="m"), tmp_path)
    assert Path(json.loads(done.stdout)["output"]["prefix"]).resolve() == (plugin_folder / ".venv").resolve()


@pytest.mark.parametrize("damage", ["dangling", "no program", "directory"])
def test_a_broken_environment_does_not_lock_the_door(
    plugin_folder: Path, tmp_path: Path, request_document: Callable[..., bytes], damage: str
) -> None:
    program = plugin_folder / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    if damage == "dangling":
        program.symlink_to("/nowhere/python3")
    elif damage == "directory":
        program.mkdir()
    else:
        program.write_bytes(b"\x7fELF nonsense")
        program.chmod(0o755)
    done = start(plugin_folder, request_document(mode="health"), tmp_path)
    assert json.loads(done.stdout)["output"]["mode"] == "health"


def test_the_parent_stays_the_parent(
    plugin_folder: Path, tmp_path: Path, request_document: Callable[..., bytes]
) -> None:
    """The hand-over keeps the process: a kill from Stash meets the one that works."""
    venv.create(plugin_folder / ".venv", with_pip=False, symlinks=True)
    app = plugin_folder / "compreface_plugin" / "app.py"
    app.write_text("import os\ndef run(request, log):\n    return [os.getpid(), os.getppid()]\n")
    script = str(plugin_folder / "compreface_plugin" / "__main__.py")
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        out, _ = process.communicate(request_document(), timeout=60)
        assert json.loads(out)["output"] == [process.pid, os.getpid()]


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py", "host/__init__.py", "host/handover.py"])
def test_old_interpreters_can_read_the_door(repo_root: Path, name: str) -> None:
    """Stash starts whatever python3 there is: it must get as far as handing over, or saying why not."""
    ast.parse((repo_root / "compreface_plugin" / name).read_text(encoding="utf-8"), feature_version=(3, 7))
