"""dlib's frontal face detector, without what it costs to unpack.

It lies in the library as compressed text: 0.33 s of computing for every object, where an image needs 0.1 s (dlib 20.0
on a server's core; a small NAS takes a second). A copy of one takes a millisecond, as does dlib's own binary file of
150 kB. So it is unpacked once, kept in the data folder, and every thread gets a copy.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import os
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()


def new_detector(dlib: Any, keep_in: Path | None) -> Any:
    """A detector of one's own: it holds scratch memory, so no two threads may share one.

    `keep_in` is the folder for the file, None to keep none. A file that cannot be written is done without; one whose
    digest is not that of its name is not taken.
    """
    with _lock:
        return copy.deepcopy(_first(dlib, keep_in))


@cache
def _first(dlib: Any, keep_in: Path | None) -> Any:
    name = f"dlib-{dlib.__version__}-detector"
    for path in _intact(keep_in, name):
        with contextlib.suppress(RuntimeError):  # dlib's error for what it cannot read
            return dlib.fhog_object_detector(str(path))
    made = dlib.get_frontal_face_detector()
    if keep_in is not None:
        with contextlib.suppress(RuntimeError, OSError):
            _keep(made, keep_in, name)
    return made


def _keep(made: Any, folder: Path, name: str) -> None:
    fresh = folder / f"{name}.{os.getpid()}"
    try:
        made.save(str(fresh))
        fresh.replace(folder / f"{name}-{_digest(fresh)}.svm")
    finally:
        fresh.unlink(missing_ok=True)


def _intact(folder: Path | None, name: str) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{name}-*.svm") if folder is not None else ():
            if path.stem == f"{name}-{_digest(path)}":
                yield path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
