"""Gives the start over to the Python that has our packages: `.venv` beside the manifest, made by install.sh.

Runs in whatever Python Stash found, before anything else, so it uses nothing newer than Python 3.7 and
nothing but os and sys. stdin stays unread: the next interpreter reads it.
"""

from __future__ import annotations

import os
import sys

MARKER = "COMPREFACE_PLUGIN_HANDED_OVER"  # set for the next interpreter, against loops
ENVIRONMENT = ".venv"


def environment_python(root):  # type: (str) -> str | None
    """The interpreter of the environment in `root`; None when there is none (or a broken link to one)."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    path = os.path.join(root, ENVIRONMENT, *inside)
    return path if os.path.isfile(path) and os.access(path, os.X_OK) else None


def _real(path):  # type: (str) -> str
    return os.path.realpath(path or ".")


def clean_path(root):  # type: (str) -> None
    """Makes the package importable, and nothing else by accident.

    Stash starts a file inside the package, which puts the package's inside on the path (a module named
    `stash`, ...), and adds the folder above the plugin, where other plugins could hide installed packages.
    Both go.
    """
    unwanted = {_real(os.path.join(root, "compreface_plugin")), _real(os.path.dirname(root)), _real(root)}
    sys.path[:] = [root, *[entry for entry in sys.path if _real(entry) not in unwanted]]


def hand_over(root):  # type: (str) -> None
    """Goes on in the environment's interpreter. Returns when this is it already, or there is none that
    starts.
    """
    python = environment_python(root)
    here = os.path.realpath(sys.prefix) == os.path.realpath(os.path.join(root, ENVIRONMENT))
    if python is None or here or os.environ.get(MARKER):
        return
    environment = dict(os.environ)
    environment[MARKER] = "1"
    environment.pop("PYTHONHOME", None)
    entries = environment.get("PYTHONPATH", "").split(os.pathsep)
    kept = [entry for entry in entries if entry and _real(entry) != _real(os.path.dirname(root))]
    environment["PYTHONPATH"] = os.pathsep.join(kept)
    command = [python, "-s", os.path.join(root, "compreface_plugin", "__main__.py"), *sys.argv[1:]]
    if os.name == "nt":  # exec would leave Stash waiting for a process that has ended
        import subprocess

        sys.exit(subprocess.call(command, env=environment))
    try:
        os.execve(python, command, environment)  # noqa: S606  # our own interpreter, no shell wanted
    except OSError:
        return  # an environment copied from another machine; what is missing is told by the import that fails
