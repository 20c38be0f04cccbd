# SPDX-License-Identifier: AGPL-3.0-or-later
"""Things in an order, findable by label: the callers who wait, the secretaries who are ready.

One heap a label, from which removed things are dropped when they come to the top, or when they are the majority.
`put` costs O(log n) a label of the thing, `take` O(1), `first` O(log n) amortized a label asked for, whatever the
number of clients: this is why a pool of 500 clients costs per call what a pool of one costs.
"""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Any

SLACK = 32
"""Removed things a heap may hold beyond the living ones before it is rebuilt."""

type Entry = tuple[Any, str]
"""(sort key, thing). It lives while it is the very object under which the thing was last laid down."""


class Shelf:
    """Things (named by a string) with a sort key and labels; equal keys are ordered by name."""

    def __init__(self) -> None:
        self.things: dict[str, Entry] = {}
        """What lies here now."""
        self._heaps: dict[str, list[Entry]] = {}

    def put(self, thing: str, key: Any, labels: Iterable[str]) -> None:
        """Lay it down under each of its labels; where that name was laid down before it is no longer found."""
        entry = self.things[thing] = (key, thing)
        most = 2 * len(self.things) + SLACK
        for label in labels:
            heap = self._heaps.get(label)
            if heap is None:
                heap = self._heaps[label] = []
            heappush(heap, entry)
            if len(heap) > most:
                self._rebuild(heap)

    def take(self, thing: str) -> None:
        """Take it away; nothing happens when it is not here."""
        self.things.pop(thing, None)

    def first(self, labels: Iterable[str]) -> str | None:
        """The first thing, by key then name, that has any of these labels."""
        things = self.things
        if not things:
            return None
        best: Entry | None = None
        for label in labels:
            heap = self._heaps.get(label)
            while heap:
                entry = heap[0]
                if things.get(entry[1]) is entry:
                    if best is None or entry < best:
                        best = entry
                    break
                heappop(heap)
        return None if best is None else best[1]

    def _rebuild(self, heap: list[Entry]) -> None:
        things = self.things
        heap[:] = {entry[1]: entry for entry in heap if things.get(entry[1]) is entry}.values()
        heapify(heap)
