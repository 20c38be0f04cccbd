# SPDX-License-Identifier: AGPL-3.0-or-later
"""The moments at which time alone changes something at the desk.

A call and a seat know themselves what is due next for them (`due`); only that one moment of each is laid down here. So
a call that is answered in time has cost one entry, whatever its limits. An entry that is no longer wanted stays where
it is until it comes to the top, or until such entries are the majority.
"""

from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import Protocol

SLACK = 64
"""Entries no longer wanted that may lie here beyond the others before these are sorted anew."""

type Due = tuple[datetime, str]
"""A moment, and what is due then. What is due at one moment is done in the order of these names, then of the ids."""


class Timed(Protocol):
    """Something for which time matters. `laid`: what lies here for it, None to take that away."""

    laid: Due | None

    @property
    def id(self) -> str:
        """Which call, which secretary."""
        ...

    def due(self) -> Due | None:
        """What is due next, None when time changes nothing."""
        ...


type Entry = tuple[Due, str, int, Timed]
"""What is due, for which id, and for what; the number keeps two things of one id from being compared.

It is wanted while it is the very object that its thing has as `laid`.
"""


class Deadlines:
    """What is due next for each thing that was laid down."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._number = 0
        self._most = SLACK

    def lay(self, timed: Timed) -> None:
        """To be called whenever something else may be due next for it than before."""
        due = timed.due()
        if due == timed.laid:
            return
        timed.laid = due
        if due is not None:
            self._number += 1
            heappush(self._heap, (due, timed.id, self._number, timed))
            if len(self._heap) > self._most:
                self._heap = [entry for entry in self._heap if entry[0] is entry[3].laid]
                heapify(self._heap)
                self._most = 2 * len(self._heap) + SLACK

    def first(self) -> Entry | None:
        """What comes first, None when nothing is due."""
        heap = self._heap
        while heap:
            entry = heap[0]
            if entry[0] is entry[3].laid:
                return entry
            heappop(heap)
        return None
