# SPDX-License-Identifier: AGPL-3.0-or-later
"""One moment as the two clocks tell it: the calendar's for events and hours, the monotonic one for timers."""

from datetime import datetime
from typing import NamedTuple, Self

from permanence.kernel.clock import Clock


class Moment(NamedTuple):
    """`at` is timezone-aware, in UTC; `now` is monotonic seconds."""

    at: datetime
    now: float

    @classmethod
    def read(cls, clock: Clock) -> Self:
        """Now, by `clock`."""
        return cls(clock.now(), clock.monotonic())

    @property
    def ms(self) -> int:
        """Milliseconds since 1970."""
        return milliseconds(self.at)


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970 of a moment."""
    return round(at.timestamp() * 1000)
