"""python restrained.py PROGRAM [ARGUMENT ...]: becomes PROGRAM, with a browser's reach for the machine cut short.

Started as root, Chromium raises the priority of its threads (niceness -8, real time for sound). A thread of it that
spins then starves whoever waits for it, the test's own time-out included. So neither it nor its children may raise a
priority, and a process that computes for minutes is ended by the kernel, which no load can delay.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

PR_CAPBSET_DROP = 24  # linux/prctl.h
CAP_SYS_NICE = 23  # linux/capability.h
CPU_S = 600  # of one process; a flow takes 2 to 5, and one browser serves all flows
REAL_TIME_US = 500_000  # of a real-time thread without a pause


def restrain() -> None:
    """For this process and all it starts. What the system does not know is left out."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_RTTIME, (REAL_TIME_US, REAL_TIME_US))
        for limit in (resource.RLIMIT_NICE, resource.RLIMIT_RTPRIO):
            resource.setrlimit(limit, (0, 0))
        # Refused to anybody but root, who alone needs it.
        ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, CAP_SYS_NICE, 0, 0, 0)


if __name__ == "__main__":
    restrain()
    os.execvp(sys.argv[1], sys.argv[1:])
