"""Plugin manifests by Stash's strict rules: any unknown or duplicate key or wrong type refuses the plugin."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .database import Row

OPERATION_KEYS = {"name": "text", "description": "text", "execArgs": "texts", "defaultArgs": "text map"}
KEYS = {
    "name": "text",
    "description": "text",
    "url": "text",
    "version": "text",
    "interface": "text",
    "exec": "texts",
    "errLog": "text",
    "tasks": "operations",
    "hooks": "hooks",
    "ui": "ui",
    "settings": "settings",
}
UI_KEYS = {"requires": "texts", "csp": "csp", "javascript": "texts", "css": "texts", "assets": "text map"}
CSP_KEYS = {"script-src": "texts", "style-src": "texts", "connect-src": "texts"}
SETTING_KEYS = {"type": "text", "displayName": "text", "description": "text"}


class ManifestError(Exception):
    """Why a plugin file is refused."""


@dataclass(slots=True)
class Plugin:
    """One loaded plugin. `path` may be relative to the server's working directory."""

    id: str
    path: Path
    body: Row
    enabled: bool = True

    @property
    def name(self) -> str:
        return str(self.body.get("name") or self.id)

    @property
    def directory(self) -> str:
        """The `{pluginDir}` value: as relative as the configured plugins path."""
        return os.path.dirname(str(self.path)) or "."

    @property
    def tasks(self) -> list[Row]:
        return list(self.body.get("tasks") or ())

    def task(self, name: str) -> Row | None:
        """The first task of exactly this name."""
        return next((task for task in self.tasks if task.get("name", "") == name), None)

    def hooks_for(self, trigger: str) -> list[Row]:
        return [hook for hook in self.body.get("hooks") or () if trigger in (hook.get("triggeredBy") or ())]

    def command(self, task: Row | None) -> list[str]:
        """exec and execArgs with `{pluginDir}` replaced everywhere but in the first word."""
        words = [*(self.body.get("exec") or ()), *((task or {}).get("execArgs") or ())]
        if not words:
            return []
        first = words[0]
        if first not in ("python", "python3") and shutil.which(first) is None:
            first = os.path.join(self.directory, first)
        return [first, *(word.replace("{pluginDir}", self.directory) for word in words[1:])]

    def as_graphql(self, request: Any) -> Row:
        """The `Plugin` object."""
        ui = self.body.get("ui") or {}
        base = f"{request.base_url}/plugin/{self.id}"
        settings = self.body.get("settings") or {}
        made: Row = {
            "id": self.id,
            "name": self.name,
            "description": self.body.get("description"),
            "url": self.body.get("url"),
            "version": self.body.get("version"),
            "enabled": self.enabled,
            "requires": ui.get("requires"),
            "paths": {
                "javascript": _paths(ui.get("javascript"), f"{base}/javascript"),
                "css": _paths(ui.get("css"), f"{base}/css"),
            },
            "settings": [
                {
                    "name": key,
                    "display_name": (settings[key] or {}).get("displayName", ""),
                    "description": (settings[key] or {}).get("description", ""),
                    "type": (settings[key] or {}).get("type") or "STRING",
                }
                for key in sorted(settings)
            ],
        }
        made["tasks"] = [_operation(task, made) for task in self.tasks] or None
        made["hooks"] = [
            {**_operation(hook, made), "hooks": hook.get("triggeredBy")}
            for hook in self.body.get("hooks") or ()
        ] or None
        return made


def _operation(task: Row, plugin: Row) -> Row:
    return {"name": task.get("name", ""), "description": task.get("description", ""), "plugin": plugin}


def _paths(files: list[str] | None, bundled: str) -> list[str] | None:
    outside = [one for one in files or () if one.startswith(("http://", "https://"))]
    inside = [one for one in files or () if one not in outside]
    return [*outside, *([bundled] if inside else [])] or None


def load(path: Path) -> Plugin:
    """Reads one `.yml`. Raises ManifestError."""
    try:
        node = next(iter(yaml.compose_all(path.read_text("utf-8"), Loader=yaml.SafeLoader)), None)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ManifestError(str(error)) from error
    if node is None:
        raise ManifestError("EOF")
    body = _object(node, KEYS, "manifest")
    if body.get("interface") not in (None, "", "raw", "rpc", "js"):
        raise ManifestError(f"invalid interface type {body['interface']}")
    for key, setting in (body.get("settings") or {}).items():
        kind = (setting or {}).get("type", "")
        if kind not in ("", "STRING", "NUMBER", "BOOLEAN"):
            raise ManifestError(f"invalid type {kind} for setting {key}")
    return Plugin(path.name.rsplit(".", 1)[0], path, body)


def _object(node: yaml.Node, keys: dict[str, str], where: str) -> Row:
    if _is_null(node):
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise ManifestError(f"line {node.start_mark.line + 1}: cannot unmarshal into {where}")
    body: Row = {}
    for key_node, value in node.value:
        key = key_node.value
        line = key_node.start_mark.line + 1
        if key in body:
            raise ManifestError(f"line {line}: field {key} already set in {where}")
        if key not in keys:
            raise ManifestError(f"line {line}: field {key} not found in {where}")
        if where == "manifest" and keys[key] == "text" and _is_null(value):
            body[key] = None
        else:
            body[key] = _value(value, keys[key], key)
    return body


def _value(node: yaml.Node, kind: str, where: str) -> Any:
    if kind == "text":
        return _text(node, where)
    if _is_null(node):
        return None
    if kind == "texts":
        return [_text(one, where) for one in _sequence(node, where)]
    if kind == "text map":
        return {key.value: _text(value, where) for key, value in _mapping(node, where)}
    if kind == "operations":
        return [_object(one, OPERATION_KEYS, where) for one in _sequence(node, where)]
    if kind == "hooks":
        return [
            _object(one, {**OPERATION_KEYS, "triggeredBy": "texts"}, where) for one in _sequence(node, where)
        ]
    if kind == "settings":
        return {key.value: _object(value, SETTING_KEYS, where) for key, value in _mapping(node, where)}
    return _object(node, UI_KEYS if kind == "ui" else CSP_KEYS, where)


def _text(node: yaml.Node, where: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise ManifestError(f"line {node.start_mark.line + 1}: cannot unmarshal {where} into string")
    return "" if _is_null(node) else str(node.value)


def _sequence(node: yaml.Node, where: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise ManifestError(f"line {node.start_mark.line + 1}: cannot unmarshal {where} into a list")
    return list(node.value)


def _mapping(node: yaml.Node, where: str) -> list[tuple[yaml.Node, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise ManifestError(f"line {node.start_mark.line + 1}: cannot unmarshal {where} into a map")
    keys = [key.value for key, _ in node.value]
    if len(set(keys)) != len(keys):
        raise ManifestError(f"line {node.start_mark.line + 1}: key already set in map")
    return list(node.value)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
