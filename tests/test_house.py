"""The rules of the house, read off the code itself: who may import whom, and what stands in one place only."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "compreface_plugin"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A room may import rooms of a lower floor, and its own. Adapters (floor 2) never import each other.
FLOORS = {
    "domain": 0,
    "ports": 1,
    "request": 1,
    "values": 0.5,
    "http_trouble": 1,
    "settings": 1,
    "stopwatch": 1,
    "host": 2,
    "stash": 2,
    "engine": 2,
    "media": 2,
    "store": 2,
    "compreface": 2,
    "pipeline": 3,
    "tasks": 4,
    "app": 5,
    "__main__": 6,
    "__init__": 0,
}
THIRD_PARTY = {
    "numpy": {"domain", "engine", "media", "store", "compreface", "pipeline", "tasks"},
    "PIL": {"engine", "media", "compreface"},
    "av": {"media"},
    "requests": {"stash", "compreface", "http_trouble"},
    "stashapi": {"stash"},
    "dlib": {"engine"},
    "_dlib_pybind11": {"engine"},
    "onnxruntime": {"engine"},
    "openvino": {"engine"},
    "sqlite3": {"store"},
}
LONGEST = 400


def room(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_point_down_and_libraries_stay_in_their_rooms(path: Path) -> None:
    mine = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "compreface_plugin" and len(parts) > 1:
            theirs = parts[1]
            assert theirs == mine or FLOORS[theirs] < FLOORS[mine], f"{mine} imports {name}"
        elif parts[0] in THIRD_PARTY:
            assert mine in THIRD_PARTY[parts[0]], f"{name} does not belong into {mine}"


def assert_no_circles(below: dict[str, set[str]]) -> None:
    """`below`: what each module needs."""
    assert sum(map(len, below.values())) > len(below)
    while leaves := {name for name, needed in below.items() if not needed}:
        below = {name: needed - leaves for name, needed in below.items() if name not in leaves}
    assert below == {}, "each of these needs itself, by way of the others or of nobody they lead to"


def test_no_two_modules_need_each_other() -> None:
    """Types count too: where two need each other's, what they share is a third module."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in MODULES}
    assert_no_circles({name: {other for other in imports(path) if other in names} for name, path in names.items()})


def test_no_two_modules_of_the_user_interface_need_each_other() -> None:
    source = ROOT / "ui" / "src"
    modules = {str(path.relative_to(source).with_suffix("")): path for path in source.rglob("*.ts*")}

    def needed(path: Path) -> set[str]:
        text = path.read_text(encoding="utf-8")
        asked = re.findall(r'^(?:import|export)[^;]*? from "(\.[^"]*)";', text, re.MULTILINE)
        return {os.path.relpath(path.parent / name, source) for name in asked} & set(modules)

    assert_no_circles({name: needed(path) for name, path in modules.items()})


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_stay_small_and_catch_what_they_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    caught = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]
    assert not caught or path.name == "door.py"


def test_a_start_without_a_model_loads_no_heavy_library() -> None:
    code = (
        "import sys, compreface_plugin.app, compreface_plugin.tasks.operations, compreface_plugin.tasks.health;"
        "heavy = {'numpy', 'PIL', 'dlib', 'onnxruntime', 'openvino', 'cv2'} & set(sys.modules); print(heavy or '')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_no_yaml_besides_the_manifest_and_no_large_or_private_thing_is_tracked() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    manifests = [path.name for path in files if path.suffix == ".yml" and ".github" not in path.parts]
    assert manifests == ["compreface.yml"]  # Stash takes every .yml below the plugin folder for a plugin
    large = [str(path) for path in files if path.exists() and path.stat().st_size > 1_000_000]
    assert not large
    assert not [str(path) for path in files if path.suffix in (".onnx", ".dat", ".bin", ".pt")]
