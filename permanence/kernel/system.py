# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one edge where the real clock and the real chance are read (see `kernel.clock`)."""

import os
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, timezone-aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class SystemEntropy:
    """The system's random generator."""

    def token(self, size: int) -> bytes:
        """`size` unpredictable bytes."""
        return os.urandom(size)


class PooledEntropy:
    """The system's random generator, asked for POOL_BYTES at a time: for a process that needs a little chance for each
    message. It belongs to one thread, and to a process that does not fork."""

    def __init__(self) -> None:
        self._pool = b""
        self._at = 0

    def token(self, size: int) -> bytes:
        """`size` unpredictable bytes, none handed out twice."""
        end = self._at + size
        if end > len(self._pool):
            self._pool, self._at, end = os.urandom(max(POOL_BYTES, size)), 0, size
        token = self._pool[self._at : end]
        self._at = end
        return token


POOL_BYTES = 1_024
