# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spans as pairs of whole seconds since 1970, and the arithmetic of what is in each other's way.

A cell (kinds.CELL minutes) that something touches is taken whole: what is booked begins and ends on cells.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import accumulate
from operator import itemgetter

from permanence.agenda.rules.kinds import CELL, Taken

CELL_S = CELL * 60

type Pair = tuple[int, int]


def moment(second: int) -> datetime:
    """As a moment (UTC)."""
    return datetime.fromtimestamp(second, UTC)


def cells(starts: datetime, ends: datetime) -> Pair:
    """The span, widened to cells."""
    return math.floor(starts.timestamp()) // CELL_S * CELL_S, -(-math.ceil(ends.timestamp()) // CELL_S) * CELL_S


def whole(taken: Taken) -> Pair:
    """All of what is taken, buffers included, widened to cells."""
    lo, hi = math.floor(taken.starts.timestamp()), math.ceil(taken.ends.timestamp())
    return (lo - taken.before * 60) // CELL_S * CELL_S, -(-(hi + taken.after * 60) // CELL_S) * CELL_S


def up(second: int, step: int) -> int:
    """The next multiple of `step`, itself included."""
    return -(-second // step) * step


def merged(pairs: Iterable[Pair]) -> list[Pair]:
    """Half-open pairs, those that touch or overlap as one."""
    found: list[Pair] = []
    for lo, hi in sorted(pairs):
        if found and lo <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], hi)
        else:
            found.append((lo, hi))
    return found


def crowded(pairs: Iterable[Pair], places: int) -> list[Pair]:
    """Where at least `places` of the half-open pairs overlap."""
    if places == 1:
        return merged(pairs)
    edges = sorted(edge for lo, hi in pairs if lo < hi for edge in ((lo, 1), (hi, -1)))
    found, count, since = [], 0, 0
    for second, change in edges:
        if change == 1 and count + 1 == places:
            since = second
        if change == -1 and count == places and since < second:
            found.append((since, second))
        count += change
    return merged(found)


class Near[Each]:
    """Values with the half-open spans they take: those that meet a stretch are found without a look at all others."""

    def __init__(self, spans: Iterable[tuple[Pair, Each]]) -> None:
        given = ((lo, hi, number, each) for number, ((lo, hi), each) in enumerate(spans))
        self._rows = sorted(given, key=itemgetter(0))
        self._los = [row[0] for row in self._rows]
        self._latest = list(accumulate((row[1] for row in self._rows), max))

    def meeting(self, lo: int, hi: int) -> list[Each]:
        """Those that overlap [lo, hi), in the order in which they were given."""
        first, until = bisect_right(self._latest, lo), bisect_left(self._los, hi)
        rows = [row for row in self._rows[first:until] if row[1] > lo]
        return [row[3] for row in sorted(rows, key=itemgetter(2))]


class Forbidden:
    """The starts at which a visit of `length` with its buffers would meet one of `busy`; all in seconds."""

    def __init__(self, busy: Iterable[Pair], *, before: int, length: int, after: int) -> None:
        self._pairs: list[Pair] = []
        for lo, hi in sorted((lo - length - after, hi + before) for lo, hi in busy if lo < hi):
            if self._pairs and lo < self._pairs[-1][1]:  # both ends open: where two only touch, a visit fits
                self._pairs[-1] = self._pairs[-1][0], max(self._pairs[-1][1], hi)
            else:
                self._pairs.append((lo, hi))
        self._los = [lo for lo, _ in self._pairs]

    def until(self, start: int) -> int:
        """The next start that is not forbidden: `start` itself when it is not."""
        place = bisect_right(self._los, start - 1) - 1
        return max(start, self._pairs[place][1]) if place >= 0 else start
