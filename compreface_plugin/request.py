"""What Stash hands over at the start, as frozen values: where it can be reached and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServerConnection:
    """How to reach the Stash that started us. `host` is the address it binds: maybe 0.0.0.0 or empty."""

    scheme: str
    host: str
    port: int
    cookie_name: str
    cookie_value: str = field(repr=False)  # empty: Stash could not make one
    config_dir: Path  # absolute: the folder of config.yml
    plugin_dir: Path  # absolute: the folder of the manifest


@dataclass(frozen=True, slots=True)
class Request:
    """One start of the plugin. `args` may hold any JSON; numbers often arrive as text (see values.py)."""

    connection: ServerConnection
    args: Mapping[str, object]

    @property
    def mode(self) -> str:
        """What is asked for; empty when nothing is."""
        mode = self.args.get("mode")
        return mode.strip() if isinstance(mode, str) else ""
