# SPDX-License-Identifier: AGPL-3.0-or-later
"""Time and chance enter the house only here: the edges implement these protocols, everything else receives them."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Reads the time. Implemented by the processes' edges and by the movable clock of the stories."""

    def now(self) -> datetime:
        """The moment, timezone-aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences have a meaning."""
        ...


class Entropy(Protocol):
    """Gives unpredictable bytes. Implemented by the edges with the system's generator, by the tests with a seed."""

    def token(self, size: int) -> bytes:
        """`size` unpredictable bytes."""
        ...
