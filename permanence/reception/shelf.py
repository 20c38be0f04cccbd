# SPDX-License-Identifier: AGPL-3.0-or-later
"""Things in an order, findable by label: the callers who wait, the secretaries who are ready, the deadlines.

One heap a label, from which removed things are dropped when they come to the top, or when they are the majority.
`put` and `take` cost O(log n) a label of the thing, `first` O(log n) amortized a label asked for, whatever the number
of clients: this is why a pool of 500 clients costs per call what a pool of one costs.
"""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Any

SLACK = 32
"""Removed things a heap may hold beyond the living ones before it is rebuilt."""


class Shelf:
    """Things (named by a string) with a sort key and labels; equal keys are ordered by name."""

    def __init__(self) -> None:
        self._things: dict[str, tuple[Any, tuple[str, ...]]] = {}
        self._heaps: dict[str, list[tuple[Any, str]]] = {}
        self._living: dict[str, int] = {}
        self.steps = 0
        """Heap operations so far: what the tests count to prove that the work does not grow."""

    def __len__(self) -> int:
        return len(self._things)

    def __contains__(self, thing: str) -> bool:
        return thing in self._things

    def put(self, thing: str, key: Any, labels: Iterable[str]) -> None:
        """Lay it down under each of its labels; what was laid down under that name before is taken first."""
        self.take(thing)
        held = tuple(dict.fromkeys(labels))
        self._things[thing] = (key, held)
        for label in held:
            heap = self._heaps.setdefault(label, [])
            self._living[label] = self._living.get(label, 0) + 1
            heappush(heap, (key, thing))
            self.steps += 1
            if len(heap) > 2 * self._living[label] + SLACK:
                self._rebuild(label)

    def take(self, thing: str) -> None:
        """Take it away; nothing happens when it is not here."""
        found = self._things.pop(thing, None)
        if found is not None:
            for label in found[1]:
                self._living[label] -= 1

    def first(self, labels: Iterable[str]) -> str | None:
        """The first thing, by key then name, that has any of these labels."""
        best: tuple[Any, str] | None = None
        for label in labels:
            heap = self._heaps.get(label)
            while heap and not self._lives(heap[0], label):
                heappop(heap)
                self.steps += 1
            self.steps += 1
            if heap and (best is None or heap[0] < best):
                best = heap[0]
        return None if best is None else best[1]

    def key(self, thing: str) -> Any:
        """Its sort key. Raises KeyError."""
        return self._things[thing][0]

    def _lives(self, entry: tuple[Any, str], label: str) -> bool:
        held = self._things.get(entry[1])
        return held is not None and held[0] == entry[0] and label in held[1]

    def _rebuild(self, label: str) -> None:
        living = list({entry for entry in self._heaps[label] if self._lives(entry, label)})
        heapify(living)
        self._heaps[label] = living
        self.steps += len(living)
