# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a visit leaves free beside it, and whether another one has room there.

Who comes into such a gap is not known yet: it is useful when some reason for which the hours beside the visit are has
room in it, with its buffers and travel. Maxima, rooms and equipment are not looked at.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain

from permanence.agenda.rules.admission import is_for
from permanence.agenda.rules.judge import Judge, Place
from permanence.agenda.rules.kinds import Opening
from permanence.agenda.rules.seconds import Pair, cells, merged, whole
from permanence.agenda.rules.wishes import Book

type _Size = tuple[int, int, int]
"""Seconds before, of and after a visit."""


class Gaps:
    """The gaps beside visits of the wish that `judge` judges."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._away = merged(cells(each.starts, each.ends) for each in judge.away)
        self._busy = merged(whole(each) for each in (*judge.blocks, *judge.visits))
        self._sizes: dict[tuple[str, tuple[str, ...], str, int], frozenset[_Size]] = {}
        self._places: dict[int, tuple[list[tuple[Pair, frozenset[_Size]]], int]] = {}

    def hole(self, place: Place, start: int) -> int:
        """Minutes beside a visit of this place that begins then (a start that `Judge.starts` gave), up to what is taken
        or closed, in which nobody else has room; 0 for none. In hours for several at once nothing is a hole.
        """
        if place.opening.capacity > 1:
            return 0
        opens, closes = place.around(start) or (start, start + self._judge.length)
        return (self._before(place, start, opens) + self._after(place, start, closes)) // 60

    def _before(self, place: Place, start: int, opens: int) -> int:
        until = start - place.before
        edge, taken = max(opens, _last(self._away, start)), _last(self._busy, start)
        since = max(edge, taken)
        if since >= until or until - since >= self._plenty(place):
            return 0
        sizes = self._admitted(place, since, until)
        has_room = any(max(edge, taken + before) + length + after <= until for before, length, after in sizes)
        return 0 if has_room else int(until - since)

    def _after(self, place: Place, start: int, closes: int) -> int:
        ends = start + self._judge.length
        since = ends + self._judge.after
        edge, taken = min(closes, _next(self._away, ends)), _next(self._busy, ends)
        until = min(edge, taken)
        if since >= until or until - since >= self._plenty(place):
            return 0
        has_room = any(
            since + before + length <= min(edge, taken - after)
            for before, length, after in self._admitted(place, since, until)
        )
        return 0 if has_room else int(until - since)

    def _admitted(self, place: Place, since: float, until: float) -> Iterable[_Size]:
        """The visits for which some hours of the place between these moments are."""
        stretches, _ = self._of_place(place)
        return chain.from_iterable(some for (lo, hi), some in stretches if lo < until and since < hi)

    def _plenty(self, place: Place) -> int:
        """Seconds in which somebody has room in any hours of the place."""
        return self._of_place(place)[1]

    def _of_place(self, place: Place) -> tuple[list[tuple[Pair, frozenset[_Size]]], int]:
        known = self._places.get(id(place))
        if known is None:
            stretches = [
                ((int(each.starts.timestamp()), int(each.ends.timestamp())), self._of_opening(each.opening))
                for each in place.spans
            ]
            plenty = max(min(map(sum, some), default=0) for some in {each for _, each in stretches})
            known = self._places[id(place)] = stretches, plenty
        return known

    def _of_opening(self, opening: Opening) -> frozenset[_Size]:
        key = opening.kind, opening.reasons, opening.site, opening.travel
        if key not in self._sizes:
            self._sizes[key] = sizes(self._judge.book, opening)
        return self._sizes[key]


def sizes(book: Book, opening: Opening) -> frozenset[_Size]:
    """How much each visit takes that can be booked in these hours; travel is before it."""
    return frozenset(
        ((each.before + opening.travel) * 60, each.length(is_new=False) * 60, each.after * 60)
        for each in book.reasons
        if each.also != book.agenda.id and is_for(opening, each)
    )


def _last(pairs: Sequence[Pair], second: int) -> float:
    """When the last of them ended by then."""
    place = bisect_right(pairs, second, key=lambda pair: pair[1]) - 1
    return pairs[place][1] if place >= 0 else -math.inf


def _next(pairs: Sequence[Pair], second: int) -> float:
    """When the first of them begins from then on."""
    place = bisect_left(pairs, second, key=lambda pair: pair[0])
    return pairs[place][0] if place < len(pairs) else math.inf
