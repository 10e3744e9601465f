"""The plugins folder: which manifests load, which are refused, which are switched off."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from . import manifest
from .log import ServerLog

if TYPE_CHECKING:
    from .manifest import Plugin


class PluginFolder:
    """Reads every `.yml` below `path` (relative paths count from `working_dir`), following links."""

    def __init__(self, path: Path | None, working_dir: Path, log: ServerLog) -> None:
        self._path = path
        self._working_dir = working_dir
        self._log = log
        self._lock = threading.Lock()
        self._plugins: dict[str, Plugin] = {}
        self._off: set[str] = set()
        self.reload()

    def reload(self) -> None:
        """Reads the folder anew; running plugins are not touched."""
        loaded: dict[str, Plugin] = {}
        for path in self._manifests():
            try:
                plugin = manifest.load(self._working_dir / path)
            except (manifest.ManifestError, OSError) as error:
                self._log.add("Error", f"Error loading plugin {path}: {error}")
                continue
            plugin.path = path
            if any(plugin.id.lower() == known.lower() for known in loaded):
                self._log.add("Error", f"Error loading plugin {path}: plugin ID {plugin.id} already exists")
                continue
            loaded[plugin.id] = plugin
        with self._lock:
            self._plugins = loaded
        self.set_enabled({})

    def _manifests(self) -> list[Path]:
        if self._path is None:
            return []
        start = self._working_dir / self._path
        found = []
        for folder, folders, files in os.walk(start, followlinks=True):
            folders.sort()
            for name in sorted(files):
                if name.endswith(".yml"):
                    found.append(self._path / Path(folder, name).relative_to(start))
        return found

    def all(self) -> list[Plugin]:
        """Loaded plugins by path, switched off ones too."""
        with self._lock:
            return list(self._plugins.values())

    def enabled(self) -> list[Plugin]:
        return [plugin for plugin in self.all() if plugin.enabled]

    def get(self, plugin_id: str) -> Plugin | None:
        """Case-sensitive."""
        with self._lock:
            return self._plugins.get(plugin_id)

    def set_enabled(self, wanted: dict[str, bool]) -> None:
        for name, on in wanted.items():
            (self._off.discard if on else self._off.add)(name)
        for plugin in self.all():
            plugin.enabled = plugin.id not in self._off
