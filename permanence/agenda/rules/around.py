# SPDX-License-Identifier: AGPL-3.0-or-later
"""A book for who asks about many single days, one after the other: each with what is taken around it, and no more.

The book of a year holds thousands of visits. Each look walks all of them, though `judge` wants those of five days.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from permanence.agenda.rules.kinds import Agenda, Taken
from permanence.agenda.rules.seconds import whole
from permanence.agenda.rules.wishes import Book

_DAY_S = 24 * 60 * 60
_EPOCH = date(1970, 1, 1)
_REACH = 3
"""Days in UTC on either side: two local ones and what the zone adds to them."""
_LONG = 31
"""Days. What lasts longer, an absence without end say, stands in every cut."""


class Around:
    """A book that grows as visits are planned, cut to single days: what a cut says of its day the book says."""

    def __init__(self, book: Book) -> None:
        self._bare = replace(book, taken=(), beside=())
        self._beside = [Around(each) for each in book.beside]
        self._count = 0
        self._by_day = defaultdict[int, list[tuple[int, Taken]]](list)
        self._long: list[tuple[int, Taken]] = []
        self._cuts: dict[date, Book] = {}
        self._put(book.taken)

    @property
    def agenda(self) -> Agenda:
        """Whose book it is."""
        return self._bare.agenda

    def on(self, day: date) -> Book:
        """The book as it decides about starts on that local day, in the order in which it was taken."""
        cut = self._cuts.get(day)
        if cut is None:
            number = (day - _EPOCH) // timedelta(days=1)
            near = dict(self._long)
            for each in range(number - _REACH, number + _REACH + 1):
                near.update(self._by_day.get(each, ()))
            taken = tuple(near[place] for place in sorted(near))
            cut = replace(self._bare, taken=taken, beside=tuple(each.on(day) for each in self._beside))
            self._cuts[day] = cut
        return cut

    def take(self, taken: Iterable[Taken]) -> None:
        """This is taken from now on as well."""
        more = tuple(taken)
        self._put(more)
        for each in self._beside:
            each.take(more)
        self._cuts.clear()

    def _put(self, taken: Iterable[Taken]) -> None:
        for each in taken:
            lo, hi = (second // _DAY_S for second in whole(each))
            if hi - lo > _LONG:
                self._long.append((self._count, each))
            for number in range(lo, hi + 1) if hi - lo <= _LONG else ():
                self._by_day[number].append((self._count, each))
            self._count += 1
