"""install.sh by its promises: plain POSIX sh, one sentence on failure, quick the second time, nobody overwritten.

Each test works on a copy with empty requirement lists, so that nothing is fetched; setting up for real is what
`--demo` and `--test` themselves do.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NO_PYTHON = "/nonexistent/python"  # ends the run right after the step that is tested


@pytest.fixture
def checkout(tmp_path: Path, repo_root: Path) -> Path:
    """A folder with install.sh, the manifest, the package's door, and empty lists of packages."""
    folder = tmp_path / "plugin"
    (folder / "compreface_plugin").mkdir(parents=True)
    (folder / "compreface_plugin" / "__main__.py").write_text("")
    for name in ("install.sh", "compreface.yml"):
        shutil.copy2(repo_root / name, folder / name)
    for path in repo_root.glob("requirements*.txt"):
        (folder / path.name).write_text("# nothing\n")
    return folder


def install(
    checkout: Path, *arguments: str, python: str = NO_PYTHON, shell: str = "sh"
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": python, "HOME": str(checkout.parent / "home")}
    command = [shell, str(checkout / "install.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)


@pytest.fixture
def stash_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "stash"
    folder.mkdir()
    (folder / "config.yml").write_text("stash: []\n")
    return folder


@pytest.mark.parametrize("shell", ["sh", "dash", "busybox sh", "bash"])
def test_every_shell_can_read_it(repo_root: Path, shell: str) -> None:
    command = shell.split()
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} here")
    done = subprocess.run([*command, "-n", str(repo_root / "install.sh")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_names_every_option_and_does_nothing(checkout: Path) -> None:
    done = install(checkout, "--help")
    assert done.returncode == 0
    for option in ("--demo", "--test", "--stash", "--copy", "--models", "--accept-terms", "--gpu", "--offline"):
        assert option in done.stdout
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--stash"], ["--models", "--gpu"], ["--demo", "--test"]])
def test_wrong_usage_is_one_sentence(checkout: Path, arguments: list[str]) -> None:
    done = install(checkout, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("install.sh: ")


def test_a_missing_python_is_one_sentence_and_no_colour_reaches_a_pipe(checkout: Path) -> None:
    done = install(checkout)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "no Python 3.10 to 3.14 found" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_links_into_stash_once(checkout: Path, stash_dir: Path) -> None:
    first = install(checkout, "--stash", str(stash_dir))
    link = stash_dir / "plugins" / "compreface"
    assert link.is_symlink()
    assert link.resolve() == checkout
    assert "linked as" in first.stdout
    again = install(checkout, "--stash", str(stash_dir / "plugins"))
    assert "linked already" in again.stdout


def test_copies_what_the_plugin_needs_and_nothing_else(checkout: Path, stash_dir: Path) -> None:
    (checkout / "tests").mkdir()
    install(checkout, "--stash", str(stash_dir), "--copy")
    copied = {path.name for path in (stash_dir / "plugins" / "compreface").iterdir()}
    assert {"compreface.yml", "compreface_plugin", "install.sh", "requirements.txt"} <= copied
    assert "tests" not in copied


@pytest.mark.parametrize("options", [[], ["--copy"]])
def test_never_overwrites_another_plugin(checkout: Path, stash_dir: Path, options: list[str]) -> None:
    other = stash_dir / "plugins" / "compreface"
    other.mkdir(parents=True)
    (other / "config.py").write_text("old = True\n")
    done = install(checkout, "--stash", str(stash_dir), *options)
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert [path.name for path in other.iterdir()] == ["config.py"]


def test_a_folder_that_is_no_stash_is_refused(checkout: Path, tmp_path: Path) -> None:
    done = install(checkout, "--stash", str(tmp_path))
    assert done.returncode == 1
    assert "neither config.yml nor a folder plugins" in done.stderr


def test_the_second_time_nothing_is_installed_again(checkout: Path) -> None:
    """`--demo` ends after setting up: this copy has no demonstration."""
    first = install(checkout, "--demo", python=sys.executable)
    assert re.search(r"Python environment .*, new", first.stdout)
    assert re.search(r"Packages +0 packages", first.stdout)
    second = install(checkout, "--demo", python=sys.executable)
    assert ", new" not in second.stdout
    assert re.search(r"Packages +unchanged", second.stdout)
    (checkout / "requirements.txt").write_text("# another list\n")
    third = install(checkout, "--demo", python=sys.executable)
    assert re.search(r"Packages +0 packages", third.stdout)
    (checkout / ".venv" / ".built-for").write_text("cpython-39 of another container\n")
    fourth = install(checkout, "--demo", python=sys.executable)
    assert re.search(r"Python environment .*, new", fourth.stdout)


def test_packages_that_do_not_start_are_installed_again_next_time(checkout: Path) -> None:
    for _ in range(2):
        done = install(checkout, "--offline", python=sys.executable)
        assert done.returncode == 1
        assert "do not start on this machine" in done.stderr
        assert re.search(r"Packages +0 packages", done.stdout)


def test_stash_would_find_one_plugin_only(repo_root: Path) -> None:
    """Stash reads every *.yml below its plugins folder as a plugin."""
    listed = subprocess.run(
        ["git", "-C", str(repo_root), "ls-files", "*.yml"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert listed.stdout.split() == ["compreface.yml"]


def test_lists_are_pinned_and_the_base_list_works_on_musl(repo_root: Path) -> None:
    for path in repo_root.glob("requirements*.txt"):
        for line in path.read_text().splitlines():
            entry = line.partition("#")[0].strip()
            assert not entry or entry.startswith("-r ") or "==" in entry, f"{path.name}: {line}"
    base = (repo_root / "requirements.txt").read_text().lower()
    assert not re.search(r"^(onnx|opencv|openvino|torch)", base, re.MULTILINE)
