# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pulse of a process: it writes a byte a second to a pipe that whoever started it may have given it.

It is written where the work is done (the exchange's loop, both threads of media, the site's loop), so that its absence
says that the work stands still. A process that was started by nobody in particular has no pipe, and nothing happens.
"""

import contextlib
import os
from collections.abc import Mapping
from typing import Self

PULSE_FD = "PERMANENCE_PULSE_FD"
"""The environment's name for the number of the descriptor to write to."""
PULSE_S = 1.0


class Pulse:
    """`beat` is called about once every `PULSE_S`; it never waits and never fails."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd

    @classmethod
    def inherited(cls, environment: Mapping[str, str]) -> Self:
        """The pipe this process was given, if any; its own children do not get it."""
        number = environment.get(PULSE_FD, "")
        if not number.isdecimal():
            return cls(None)
        with contextlib.suppress(OSError):
            os.set_inheritable(int(number), False)
            os.set_blocking(int(number), False)
            return cls(int(number))
        return cls(None)

    def beat(self) -> None:
        """The work goes on. A reader that does not read, or is gone, is not waited for."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.write(self._fd, b".")
