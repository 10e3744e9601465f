"""The folder for everything the plugin keeps: by default `compreface` beside Stash's config.yml.

Never inside the plugin's own folder: an update deletes that. Only the user may read it: it holds faces.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from compreface_plugin.domain.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from compreface_plugin.request import ServerConnection

FOLDER = "compreface"
_PROBE = ".write-test"
_PROBE_BYTES = 4096
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) if hasattr(errno, "EDQUOT") else (errno.ENOSPC, errno.EFBIG)


def data_dir_path(connection: ServerConnection, chosen: str | None) -> Path:
    """Where the data folder is, absolute. `chosen` is the setting dataDir; relative ones start at the config
    folder.

    Raises SettingsError for a folder inside the plugin's.
    """
    if not chosen:
        return connection.config_dir / FOLDER
    path = Path(os.path.abspath(connection.config_dir / Path(chosen).expanduser()))
    plugin_dir = Path(os.path.realpath(connection.plugin_dir))
    if Path(os.path.realpath(path)).is_relative_to(plugin_dir):
        raise SettingsError(
            f"The setting dataDir is {chosen!r}; allowed is a folder outside the plugin's own "
            f"({plugin_dir}), because an update of the plugin deletes that. Correct it and start again."
        )
    return path


def prepare_data_dir(path: Path) -> Path:
    """Makes the folder when it is missing and proves that it can be written. New files are ours alone from
    now on.

    Raises StoreError with what is in the way: no rights, no space, a file of that name.
    """
    os.umask(0o077)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = path / f"{_PROBE}-{os.getpid()}"
        try:
            with probe.open("wb") as stream:
                stream.write(bytes(_PROBE_BYTES))
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(_sentence(path, error)) from error
    return path


def _sentence(path: Path, error: OSError) -> str:
    if error.errno in _FULL:
        return f"The disk with the data folder {path} is full; free some space and start again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"The data folder {path} cannot be written ({error.strerror}); "
            "give the user that runs Stash the right to write there, or set dataDir to another folder."
        )
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return f"The data folder {path} cannot be made because a file is in its way; remove it or set dataDir."
    return f"The data folder {path} cannot be used ({error.strerror or error}); check it, or set dataDir."
