# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real-time priority for the media thread where the system allows it (RLIMIT_RTPRIO or CAP_SYS_NICE); never needed."""

import os
import resource
import signal
import threading
from types import FrameType

_LEVEL = 10
_RUN_LIMIT_US = 200_000
"""A real-time thread that runs for so long without sleeping is put back to ordinary priority, microseconds."""


def raise_priority() -> bool:
    """Give the calling thread SCHED_FIFO; True where the system allowed it. Call `guard` first, in the main thread."""
    try:
        os.sched_setscheduler(threading.get_native_id(), os.SCHED_FIFO, os.sched_param(_LEVEL))
    except OSError:
        return False
    return True


def guard() -> None:
    """Let the kernel tell (SIGXCPU, RLIMIT_RTTIME) when a real-time thread does not sleep any more, and demote it."""

    def demote(_signal: int, _frame: FrameType | None) -> None:
        for entry in os.listdir("/proc/self/task"):
            try:
                os.sched_setscheduler(int(entry), os.SCHED_OTHER, os.sched_param(0))
            except OSError:
                continue

    signal.signal(signal.SIGXCPU, demote)
    _, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
    soft = _RUN_LIMIT_US if hard == resource.RLIM_INFINITY else min(_RUN_LIMIT_US, hard)
    resource.setrlimit(resource.RLIMIT_RTTIME, (soft, hard))
