"""NumPy's matrix library on one thread, for code that runs side by side in threads of its own.

OpenBLAS splits every product over all cores and its threads spin while they wait. Beside other work that
costs more than it brings: on a busy machine with 2 cores a face took 160 ms instead of 26. There is no
function of NumPy for it.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

_PREFIXES = ("scipy_openblas", "openblas")
_SUFFIXES = ("64_", "", "_64", "_64_")


def use_one_thread() -> bool:
    """Sets every OpenBLAS loaded in this process to one thread; false when there is none, or it cannot be
    told.

    Call it after NumPy is imported. It stays so until the process ends.
    """
    changed = False
    for path in _loaded_libraries():
        library = ctypes.CDLL(path)  # already loaded: the same one again
        for name in (f"{prefix}_set_num_threads{suffix}" for prefix in _PREFIXES for suffix in _SUFFIXES):
            setter = getattr(library, name, None)
            if setter is not None:
                setter.argtypes, setter.restype = [ctypes.c_int], None
                setter(1)
                changed = True
                break
    return changed


def _loaded_libraries() -> list[str]:
    try:
        lines = Path("/proc/self/maps").read_text("utf-8", "replace").splitlines()
    except OSError:  # not Linux
        return []
    paths = {line.split(maxsplit=5)[5] for line in lines if "blas" in line and len(line.split(maxsplit=5)) == 6}
    return sorted(path for path in paths if Path(path).is_file())
