"""Processes around us: children that end with us, and the parent whose end is ours.

Stash stops a task by SIGKILL of this process alone. Children that live on would keep the machine busy and
write into the log of the next job, so the kernel is asked to end them with us.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # Linux, prctl(2)


@cache
def _prctl() -> Callable[..., int] | None:
    """The C library's prctl, None outside Linux. Asked for before a fork: loading after one may deadlock."""
    if sys.platform != "linux":
        return None
    import ctypes  # late: most starts have no children

    library = ctypes.CDLL(None, use_errno=True)
    function: Callable[..., int] = library.prctl
    return function


def die_with_parent(parent: int | None = None) -> None:
    """In a child: end by SIGKILL when the parent's thread that started us ends. Linux; elsewhere nothing
    happens.

    `parent` is the process id the child expects as its parent: if that one is gone already, the child ends
    here. Start children from a thread that lives as long as they do.
    """
    prctl = _prctl()
    if prctl is None:
        return
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def bound_to_us() -> Callable[[], None] | None:
    """For subprocess.Popen(preexec_fn=...): the program started ends with this process. None where
    unsupported.
    """
    if _prctl() is None:
        return None
    us = os.getpid()
    return lambda: die_with_parent(us)


class Parent:
    """Who started us. A changed parent means that Stash has ended and nobody waits for us any more."""

    def __init__(self) -> None:
        self._pid = os.getppid()

    def is_gone(self) -> bool:
        """Whether the parent has ended. Costs one system call."""
        return os.name != "nt" and os.getppid() != self._pid
