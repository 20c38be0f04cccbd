# SPDX-License-Identifier: AGPL-3.0-or-later
"""Timers without a clock: a heap of moments, run by `tick`. A cancelled timer costs nothing until its moment comes."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, order=True)
class Timer:
    """One call to be made at `at` (monotonic seconds); `number` keeps the order of timers of the same moment."""

    at: float
    number: int
    action: Callable[[], object] | None = field(compare=False)

    def cancel(self) -> None:
        """The call will not be made."""
        self.action = None


class Timers:
    """Every timer of an endpoint."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._number = 0

    def at(self, moment: float, action: Callable[[], object]) -> Timer:
        """Calls `action` at `moment`."""
        self._number += 1
        timer = Timer(moment, self._number, action)
        heapq.heappush(self._heap, timer)
        return timer

    def next_deadline(self) -> float | None:
        """The moment of the first live timer."""
        heap = self._heap
        while heap and heap[0].action is None:
            heapq.heappop(heap)
        return heap[0].at if heap else None

    def pop_due(self, now: float) -> Callable[[], object] | None:
        """Takes the first call due at `now`, None when there is none."""
        due = self.next_deadline()
        if due is None or due > now:
            return None
        return heapq.heappop(self._heap).action

    def __len__(self) -> int:
        return len(self._heap)
