# SPDX-License-Identifier: AGPL-3.0-or-later
"""Timers without a clock: a heap of moments, run by `tick`. A cancelled timer costs nothing until its moment comes."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count

_SMALL = 1_024


class Timer:
    """One call to be made; `action` is None once it is cancelled."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[], object]) -> None:
        self.action: Callable[[], object] | None = action

    def cancel(self) -> None:
        """The call will not be made."""
        self.action = None


class Timers:
    """Every timer of an endpoint, ordered by its moment, then by the order in which they were set."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._numbers = count()
        self._sweep_at = _SMALL

    def at(self, moment: float, action: Callable[[], object]) -> Timer:
        """Calls `action` at `moment` (monotonic seconds)."""
        timer = Timer(action)
        heap = self._heap
        heappush(heap, (moment, next(self._numbers), timer))
        if len(heap) > self._sweep_at:
            self._sweep()
        return timer

    def _sweep(self) -> None:
        """Forgets cancelled timers whose moment is far, so that finished calls leave nothing behind."""
        self._heap = [entry for entry in self._heap if entry[2].action is not None]
        heapify(self._heap)
        self._sweep_at = max(_SMALL, 2 * len(self._heap))

    def next_deadline(self) -> float | None:
        """The moment of the first live timer."""
        heap = self._heap
        while heap and heap[0][2].action is None:
            heappop(heap)
        return heap[0][0] if heap else None

    def none_before(self, moment: float) -> bool:
        """Whether certainly no timer is due before `moment`; a cancelled one counts, so that this is one look."""
        heap = self._heap
        return not heap or heap[0][0] >= moment

    def pop_due(self, now: float) -> Callable[[], object] | None:
        """Takes the first call due at `now`, None when there is none."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            action = heappop(heap)[2].action
            if action is not None:
                return action
        return None

    def __len__(self) -> int:
        return len(self._heap)
