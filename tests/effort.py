# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one call costs: the thread's own CPU time, without the collector.

A full collection walks everything that the tests before have left in the process; whom it meets pays for all of them,
and the bounds here are bounds on one message.
"""

import gc
import time
from collections.abc import Callable


def thread_s(call: Callable[[], object]) -> float:
    """The seconds of thread time that `call` took."""
    collects = gc.isenabled()
    gc.disable()
    try:
        begun = time.thread_time()
        call()
        return time.thread_time() - begun
    finally:
        if collects:
            gc.enable()
