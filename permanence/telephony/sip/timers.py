# SPDX-License-Identifier: AGPL-3.0-or-later
"""Timers without a clock: a heap of moments, run by `tick`. A cancelled timer costs nothing until its moment comes."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

_SMALL = 1_024


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
        self._sweep_at = _SMALL

    def at(self, moment: float, action: Callable[[], object]) -> Timer:
        """Calls `action` at `moment`."""
        if len(self._heap) >= self._sweep_at:
            self._sweep()
        self._number += 1
        timer = Timer(moment, self._number, action)
        heapq.heappush(self._heap, timer)
        return timer

    def _sweep(self) -> None:
        """Forgets cancelled timers whose moment is far, so that finished calls leave nothing behind."""
        self._heap = [timer for timer in self._heap if timer.action is not None]
        heapq.heapify(self._heap)
        self._sweep_at = max(_SMALL, 2 * len(self._heap))

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
