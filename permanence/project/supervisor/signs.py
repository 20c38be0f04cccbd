# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signs of life: when a process that does not end has to be ended. The judgement is pure; `activity` reads /proc.

A process pulses once a second (`kernel/pulse.py`). One that does not is looked at: does it rest, or does it only not
get on? It rests when no thread of it wants the processor or waits for a disk, and none has used any since the look
before: stopped, or waiting for what never comes. That is told within seconds. A process that runs, or would if it were
let, may be slow on a machine that is busy, starved or short of memory: it is given far longer, since killing it would
make everything slower yet, and is ended only because it may as well run in circles.

Looks are counted, not seconds: a supervisor that was held up itself (a machine that slept) has missed nothing, and
finds at its first look the pulses that came meanwhile.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

LOOK_S = 1.0
STILL_LOOKS = 6
"""Looks in a row that find a process without a pulse and at rest."""
BUSY_LOOKS = 45
"""Looks in a row that find it without a pulse, whatever it does."""
_RESTS = frozenset("STI")


@dataclass(frozen=True, slots=True)
class Activity:
    """`wants`: whether a thread runs, would run, waits for a disk or is held by a debugger. `ticks`: processor time
    used by all threads until now, in clock ticks."""

    wants: bool
    ticks: int


class Signs:
    """What was seen of one process since it said that it serves."""

    def __init__(self) -> None:
        self._missed = 0
        self._still = 0
        self._before: Activity | None = None

    def look(self, *, pulsed: bool, found: Activity | None) -> bool:
        """One look; whether the process has to be ended. `found`: None when nothing could be read of it."""
        if pulsed:
            self._missed, self._still, self._before = 0, 0, None
            return False
        self._missed += 1
        before, self._before = self._before, found
        rests = found is not None and before is not None and not found.wants and found.ticks == before.ticks
        self._still = self._still + 1 if rests else 0
        return self._still >= STILL_LOOKS or self._missed >= BUSY_LOOKS


def activity(pid: int, proc: Path = Path("/proc")) -> Activity | None:
    """What a process does (proc(5)); None when that cannot be read."""
    wants, ticks, seen = False, 0, False
    with contextlib.suppress(OSError, ValueError, IndexError):
        for thread in (proc / str(pid) / "task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                fields = (thread / "stat").read_text().rpartition(")")[2].split()
                seen, wants, ticks = True, wants or fields[0] not in _RESTS, ticks + int(fields[11]) + int(fields[12])
        return Activity(wants, ticks) if seen else None
    return None
