"""Runs a raw plugin as Stash does: command, environment, stdin document, stdout result, kill."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import gojson
from .database import Row
from .manifest import Plugin
from .plugin_log import PluginLog

if TYPE_CHECKING:
    from .stash import TestStash


class PluginStartError(Exception):
    """The process could not be created."""


@dataclass(frozen=True, slots=True)
class PluginResult:
    """`error` None means success; `output` is any JSON value, or the raw text when stdout was no document."""

    error: str | None
    output: Any
    raw: bool = False


class PluginProcess:
    """One running plugin. `wait` returns its result once every holder of stdout has closed it."""

    def __init__(
        self,
        stash: TestStash,
        plugin: Plugin,
        task: Row | None,
        args: Row,
        cookie: Row | None,
        on_progress: Callable[[float], None] | None,
    ) -> None:
        command = plugin.command(task)
        if not command:
            raise PluginStartError("empty exec value")
        command, environment = self._python(stash, plugin, command)
        self.result: PluginResult | None = None
        self.document = stdin_document(stash, plugin, args, cookie)
        stderr_read, stderr_write = os.pipe()
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr_write,
                env=environment,
                cwd=stash.working_dir,
            )
        except OSError as error:
            os.close(stderr_read)
            raise PluginStartError(f"error running plugin: {_go_error(command[0], error)}") from error
        finally:
            os.close(stderr_write)
        self._stash = stash
        self._plugin = plugin
        stash.log.add("Debug", f"Plugin {plugin.name} started: {' '.join(command)}")
        err_log = str(plugin.body.get("errLog") or "")
        self._log = PluginLog(
            stderr_read, stash.log, plugin.name, err_log, on_progress, stash.log_line_cost_s
        )
        threading.Thread(target=self._write_stdin, name="plugin-stdin", daemon=True).start()
        self._reader = threading.Thread(target=self._read_stdout, name="plugin-stdout", daemon=True)
        self._reader.start()

    @staticmethod
    def _python(stash: TestStash, plugin: Plugin, command: list[str]) -> tuple[list[str], dict[str, str]]:
        environment = stash.plugin_environment()
        if command[0] not in ("python", "python3"):
            return command, environment
        wanted = stash.python_path
        if wanted and not Path(wanted).is_file():
            stash.log.add("Warning", f"could not find python at {wanted}; falling back to PATH")
            wanted = ""
        search = environment.get("PATH")
        found = wanted or shutil.which("python3", path=search) or shutil.which("python", path=search)
        if not found:
            stash.log.add("Warning", "python executable not found in PATH")
            return command, environment
        above = str((stash.working_dir / plugin.path).parent.parent)
        old = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{old}{os.pathsep}{above}" if old else above
        return [found, *command[1:]], environment

    def _write_stdin(self) -> None:
        pipe = self.process.stdin
        assert pipe is not None  # opened above
        try:
            pipe.write(self.document.encode())
            pipe.close()
        except OSError as error:
            self._stash.log.add("Warning", f"error writing input to plugins stdin: {error}")

    def _read_stdout(self) -> None:
        pipe = self.process.stdout
        assert pipe is not None  # opened above
        text = pipe.read().decode("utf-8", "replace")
        pipe.close()
        result = decode_output(text)
        code = self.process.wait()
        self._log.close()
        if code != 0 and result.error is None:
            result = PluginResult(_exit_text(code), result.output)
        self._stash.log.add("Debug", f"Plugin {self._plugin.name} finished")
        self.result = result

    def wait(self, gone: Callable[[], bool]) -> PluginResult | None:
        """The result, or None when `gone` said true first (asked every 50 ms); the process then still runs."""
        while self._reader.is_alive():
            if gone():
                return None
            self._reader.join(0.05)
        return self.result

    def kill(self) -> None:
        """SIGKILL of the direct child only."""
        self.process.kill()

    def when_done(self, tell: Callable[[PluginResult], None]) -> None:
        """Calls `tell` with the result from another thread, whenever every holder of stdout has let go."""

        def wait() -> None:
            self._reader.join()
            if self.result is not None:
                tell(self.result)

        threading.Thread(target=wait, name="plugin-result", daemon=True).start()

    def finish(self, timeout_s: float) -> None:
        """Waits until pipes and reader threads are done."""
        self._reader.join(timeout_s)
        self._log.join(timeout_s)


def stdin_document(stash: TestStash, plugin: Plugin, args: Row, cookie: Row | None) -> str:
    """The one JSON document, no newline at its end. Keys of structs keep their order, maps are sorted."""
    connection = {
        "Scheme": stash.scheme,
        "Host": stash.bind_host,
        "Port": stash.port,
        "SessionCookie": cookie,
        "Dir": str(stash.config_dir),
        "PluginDir": plugin.directory,
    }
    shown = gojson.dumps(connection, sort=False)
    return '{"server_connection":' + shown + ',"args":' + gojson.dumps(args) + "}"


def merged_args(args: Row, task: Row | None) -> Row:
    """The caller's arguments win; the task's `defaultArgs` fill the gaps, always as text."""
    return {**((task or {}).get("defaultArgs") or {}), **args}


def decode_output(text: str) -> PluginResult:
    """Stash's reading of stdout: one JSON object with error and output, else raw text."""
    try:
        value = gojson.loads_strict(text)
    except ValueError:
        return PluginResult(None, text, raw=True)
    if value is None:
        return PluginResult(None, None)
    if not isinstance(value, dict):
        return PluginResult(None, text, raw=True)
    folded = {key.lower(): one for key, one in value.items()}
    error = folded.get("error")
    if error is not None and not isinstance(error, str):
        return PluginResult("", text)
    return PluginResult(error, folded.get("output"))


def _exit_text(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    name = {signal.SIGKILL: "killed", signal.SIGTERM: "terminated", signal.SIGSEGV: "segmentation fault"}
    return f"signal: {name.get(signal.Signals(-code), signal.strsignal(-code) or str(-code))}"


def _go_error(command: str, error: OSError) -> str:
    if os.sep not in command:
        return f'exec: "{command}": executable file not found in $PATH'
    return f"fork/exec {command}: {(error.strerror or str(error)).lower()}"
