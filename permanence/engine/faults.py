# SPDX-License-Identifier: AGPL-3.0-or-later
"""Faults are counted where they are written down: whatever goes into the log with its trace is a fault of ours.

So a place that catches every exception needs nothing but `log.exception`, a task that asyncio finds dead is counted
too, and no such place can be forgotten (`tests/architecture/test_faults.py`).
"""

import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime

type Tell = Callable[[str, str, datetime], None]
"""Hears of a fault: the class of the exception, the logger that wrote it, when. Any thread."""


class FaultHandler(logging.Handler):
    """Tells of every entry of the log that carries an exception; what the exception says stays in the log."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """logging: one entry."""
        kind = record.exc_info[0] if record.exc_info else None
        if kind is not None:
            with contextlib.suppress(RuntimeError):  # the loop that should hear of it is closing
                self._tell(kind.__name__, record.name, datetime.fromtimestamp(record.created, UTC))


def count_faults(tell: Tell) -> FaultHandler:
    """From now on `tell` hears of every fault of this process; gives the handler, which can be removed again."""
    handler = FaultHandler(tell)
    logging.getLogger().addHandler(handler)
    return handler
