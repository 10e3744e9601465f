"""What Alpine has is enough for images: the tasks run where nothing but requirements.txt can be imported."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import World

# What Python runs when it starts. Everything that is installed beside the set is as if it were not there.
SITECUSTOMIZE = """
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
hidden = set(json.load(open(os.path.join(folder, "hidden.json"))))
open(os.path.join(folder, "started"), "a").write(sys.executable + "\\n")
from importlib.machinery import PathFinder
class Part(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in hidden else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Part
"""


def closure(requirements: Path) -> set[str]:
    """Names of the distributions that the list installs, with what they need themselves."""
    found: set[str] = set()
    waiting = re.findall(r"^([\w.-]+)", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name not in found:
            found.add(name)
            needs = importlib.metadata.requires(name) or []
            waiting += [re.split(r"[^\w.-]", need)[0] for need in needs if "extra ==" not in need]
    return found


def test_the_image_tasks_need_nothing_else(
    world: World, repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = closure(repo_root / "requirements.txt")
    owners = importlib.metadata.packages_distributions()
    names = {module: {re.sub(r"[-_.]+", "-", owner).lower() for owner in held} for module, held in owners.items()}
    hidden = sorted(module for module, held in names.items() if not held & allowed)
    assert {"onnxruntime", "openvino", "av"} & set(hidden), "there is nothing here that Alpine lacks"
    folder = tmp_path / "startup"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    (folder / "hidden.json").write_text(json.dumps(hidden))
    monkeypatch.setenv("PYTHONPATH", os.fspath(folder))
    tasks = ("Synchronize Performers", "Identify Unscanned Images", "Recognize Images (High Quality)")
    assert [world.run(task)["status"] for task in tasks] == ["FINISHED"] * 3
    assert world.errors() == []
    assert world.named() == {image: sorted(who) for image, who in world.expected.items()}
    ran = (folder / "started").read_text().split()
    assert any(".venv" in python for python in ran), "the plugin's own Python started without these limits"
