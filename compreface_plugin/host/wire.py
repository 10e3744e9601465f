"""The two JSON documents of a start: the request on stdin, the answer on stdout.

Stash parses the whole of stdout as one document; a stray print would turn a result into text and hide an
error. So the descriptor is taken away before anything can print, and what is written to 1 from then on goes
to stderr.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from compreface_plugin.domain.errors import RunError
from compreface_plugin.request import Request, ServerConnection

DEFAULT_PORT = 9999  # of Stash
_BY_HAND = (
    "The request that Stash writes to the plugin's standard input is missing or damaged ({why}); "
    "start the plugin from Stash, under Settings > Tasks."
)


class Answer:
    """The real stdout. Exactly one document leaves; a second is refused."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def claim(cls) -> Answer:
        """Takes descriptor 1 away: from now on it is descriptor 2. Children cannot hold the answer open."""
        for number in (1, 2):
            _ensure_open(number)
        descriptor = os.dup(1)  # not inherited by programs we start (PEP 446)
        os.dup2(2, 1)
        answer = cls(descriptor)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=answer._abandon)
        return answer

    def output(self, value: object) -> None:
        """Answers with a result: anything JSON can hold; NaN and infinities become null."""
        self._send({"output": finite(value)})

    def error(self, sentence: str) -> None:
        """Answers with one sentence for the user. Never empty: Stash would show an empty error."""
        self._send({"error": sentence.strip() or "The plugin failed without saying why."})

    def _send(self, document: dict[str, object]) -> None:
        if self._descriptor is None:
            raise RuntimeError("the answer was given already")
        data = json.dumps(document, ensure_ascii=True, allow_nan=False).encode()
        descriptor, self._descriptor = self._descriptor, None
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError:
            pass  # Stash is gone: nobody waits for the answer
        finally:
            os.close(descriptor)

    def _abandon(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _ensure_open(descriptor: int) -> None:
    """A closed standard descriptor would be taken by the next file that is opened, and be written to."""
    try:
        os.fstat(descriptor)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)
        if nowhere != descriptor:
            os.dup2(nowhere, descriptor)
            os.close(nowhere)


def finite(value: object) -> object:
    """`value` as plain JSON: mappings with text keys, lists, and no number that JSON has no word for."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(held) for key, held in value.items()}
    if isinstance(value, (Sequence, set, frozenset)) and not isinstance(value, (bytes, bytearray)):
        return [finite(held) for held in value]
    if isinstance(value, Path):
        return str(value)
    item = getattr(value, "item", None)  # NumPy scalars
    return finite(item()) if callable(item) else str(value)


def read_request() -> Request:
    """Reads stdin to its end. Raises RunError when that is no request of Stash."""
    if stat.S_ISCHR(os.fstat(0).st_mode) and os.isatty(0):
        raise RunError(_BY_HAND.format(why="this is a terminal"))
    with open(0, "rb", closefd=False) as stream:
        return parse_request(stream.read(), Path.cwd())


def parse_request(document: bytes, folder: Path) -> Request:
    """The request in `document`, UTF-8 JSON. Unknown keys are ignored, relative paths start at `folder`."""
    try:
        held = json.loads(document.decode("utf-8-sig"))
    except ValueError as error:
        raise RunError(_BY_HAND.format(why="no JSON" if document.strip() else "it is empty")) from error
    if not isinstance(held, dict):
        raise RunError(_BY_HAND.format(why="no JSON object"))
    args = held.get("args")
    if args is not None and not isinstance(args, dict):
        raise RunError(_BY_HAND.format(why="args is no object"))
    return Request(_connection(held.get("server_connection"), folder), args or {})


def _connection(held: object, folder: Path) -> ServerConnection:
    if not isinstance(held, dict):
        raise RunError(_BY_HAND.format(why="server_connection is missing"))
    cookie = held.get("SessionCookie")
    cookie = cookie if isinstance(cookie, dict) else {}
    try:
        port = int(cast("int", held.get("Port") or DEFAULT_PORT))
    except (TypeError, ValueError):
        raise RunError(_BY_HAND.format(why="Port is no number")) from None
    plugin_dir = _text(held, "PluginDir") or Path(__file__).resolve().parents[2]
    config_dir = _text(held, "Dir") or _text(held, "ConfigDir")
    if not config_dir:
        raise RunError(_BY_HAND.format(why="Dir, the folder of Stash's configuration, is missing"))
    return ServerConnection(
        scheme=_text(held, "Scheme").lower() or "http",
        host=_text(held, "Host"),
        port=port,
        cookie_name=_text(cookie, "Name") or "session",
        cookie_value=_text(cookie, "Value"),
        config_dir=Path(os.path.abspath(folder / config_dir)),
        plugin_dir=Path(os.path.abspath(folder / plugin_dir)),
    )


def _text(held: Mapping[str, object], key: str) -> str:
    value = held.get(key)
    return value if isinstance(value, str) else ""
