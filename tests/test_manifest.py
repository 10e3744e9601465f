"""The manifest is what Stash's strict reader takes, and lists exactly what works."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from compreface_plugin import __version__
from compreface_plugin.settings import Settings, parse_settings

yaml = pytest.importorskip("yaml")

# Keys of Stash's plugin manifest; any other rejects the whole plugin (strict YAML).
TOP = {
    "name",
    "description",
    "version",
    "url",
    "interface",
    "errLog",
    "exec",
    "tasks",
    "hooks",
    "settings",
    "ui",
}
LEVELS = {"none", "trace", "debug", "info", "warning", "error", "progress"}


class Strict(yaml.SafeLoader):  # type: ignore[misc]
    """Refuses doubled keys, as Stash does; Python's loader takes the last one in silence."""


def _mapping(loader: Any, node: Any) -> dict[str, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    assert len(keys) == len(set(keys)), f"doubled key among {keys}"
    return {
        key: loader.construct_object(value, deep=True)
        for key, (_, value) in zip(keys, node.value, strict=True)
    }


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


@pytest.fixture
def manifest(repo_root: Path) -> dict[str, Any]:
    held = yaml.load((repo_root / "compreface.yml").read_text(encoding="utf-8"), Loader=Strict)
    assert isinstance(held, dict)
    return held


def test_only_keys_and_types_that_stash_knows(manifest: dict[str, Any]) -> None:
    assert set(manifest) <= TOP
    assert manifest["name"] == "Stash Compreface"
    assert manifest["version"] == __version__
    assert manifest["interface"] == "raw"
    assert manifest["errLog"] in LEVELS - {"error", "warning"}, "stray lines of libraries are no errors"
    assert all(isinstance(part, str) for part in manifest["exec"])
    for task in manifest["tasks"]:
        assert set(task) <= {"name", "description", "defaultArgs", "execArgs"}
        assert all(isinstance(value, str) for value in task["defaultArgs"].values())
        assert task["description"]
    for key, setting in manifest["settings"].items():
        assert re.fullmatch(r"[A-Za-z0-9]+", key)
        assert set(setting) == {"displayName", "description", "type"}
        assert setting["type"] in {"STRING", "NUMBER", "BOOLEAN"}


def test_it_starts_the_door_wherever_stash_stands(manifest: dict[str, Any], repo_root: Path) -> None:
    program, script = manifest["exec"]
    assert program in ("python", "python3"), "only these two make Stash use its python_path"
    assert script.startswith("{pluginDir}/")
    assert (repo_root / script.removeprefix("{pluginDir}/")).is_file()


def test_task_names_are_unique_and_each_has_a_mode(manifest: dict[str, Any]) -> None:
    names = [task["name"] for task in manifest["tasks"]]
    modes = [task["defaultArgs"]["mode"] for task in manifest["tasks"]]
    assert len(set(names)) == len(names)
    assert len(set(modes)) == len(modes)
    assert {"synchronizePerformers", "identifyImagesNew", "identifyImagesAll"} <= set(modes)


def test_every_listed_setting_is_read(manifest: dict[str, Any]) -> None:
    """A value for the key changes the parsed settings: no switch without a wire."""
    samples: dict[str, object] = {
        "engine": "local",
        "applyMode": "review",
        "modelPack": "light",
        "device": "cpu",
        "hardwareDecoding": "vaapi:/dev/dri/renderD128",
        "minSimilarity": "0.95",
        "reviewSimilarity": "0.5",
        "minQuality": "0.6",
        "sceneFrameInterval": "5",
        "cooldownSeconds": -1,
        "dataDir": "/somewhere",
        "stashUrl": "http://localhost:1",
        "pathMap": "/a=/b",
        "comprefaceUrl": "http://compreface:8000",
    }
    for key, setting in manifest["settings"].items():
        by_type = {"NUMBER": 33, "BOOLEAN": True, "STRING": "Some Text"}[setting["type"]]
        assert parse_settings({key: samples.get(key, by_type)}) != Settings(), key


def test_every_default_is_told_and_true(manifest: dict[str, Any]) -> None:
    """Stash shows no defaults, so the description does; the number in it is the number in the code."""
    defaults = dataclasses.asdict(Settings())
    fields = {"cooldownSeconds": "cooldown_s", "sceneFrameInterval": "scene_frame_interval_s"}
    for key, setting in manifest["settings"].items():
        text = setting["description"]
        assert "efault" in text, key
        field = fields.get(key, re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower())
        value = defaults[field]
        if isinstance(value, bool) or value is None or isinstance(value, dict):
            continue
        told = text.split("efault: ", 1)[1]
        assert told.startswith(f"{value:g}" if isinstance(value, (int, float)) else value), key


def test_the_only_yml_below_the_plugin_folder(repo_root: Path) -> None:
    """Stash reads every *.yml under its plugins as a plugin."""
    skipped = {".venv", ".git", "node_modules", "demo-output"}
    found = [
        path
        for path in repo_root.rglob("*.yml")
        if not skipped & set(path.relative_to(repo_root).parts) and path.suffix == ".yml"
    ]
    assert found == [repo_root / "compreface.yml"]
