# SPDX-License-Identifier: AGPL-3.0-or-later
"""The warm search over many agendas: for each, the starts of a kind of visit as bits, ready to be looked through.

Its answers are those of `free` (the tests hold the two against each other). A row is worked out when it is first asked
for, and again when its book was put anew, a hold lapses or a same-day opening is released; the next question for it
costs milliseconds, all others only look for the first bit. Not safe for threads; one index a process.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from permanence.agenda.rules.admission import against_wish, asks_age, is_outside
from permanence.agenda.rules.cells import Window, Words, on_days, packed, unpacked, wanted
from permanence.agenda.rules.kinds import Asker, VisitReason
from permanence.agenda.rules.seconds import CELL_S, moment
from permanence.agenda.rules.sheet import FOREVER, Sheet
from permanence.agenda.rules.wishes import Book, Preferences, Wish
from permanence.reception.hours import moment_of

_WORD = 64
_BLOCK = 36
"""Words looked at in one go: eight days. Most agendas have something within a week."""
_KINDS = 64
"""Kinds of visits kept at most; the one not asked for the longest goes."""

type _Kind = tuple[str, bool, bool, tuple[str, ...], int]
"""Reason, new patient, booked by themselves, sites, its own length: what makes one wish’s bits not another’s."""

type _Key = tuple[str, int, int, int, int | None, int | None]
"""Zone, notice, length (minutes), horizon (days), the youngest and the oldest: what bounds the search in a row."""


@dataclass(slots=True)
class _Table:
    """The rows of one kind of visit, as many as there are places for agendas."""

    words: Words
    since: NDArray[np.float64]
    until: NDArray[np.float64]
    reasons: list[VisitReason | None] = field(default_factory=list)


class Index:
    """Agendas over `days` local days from `first`."""

    def __init__(self, *, first: date, days: int) -> None:
        self.window = Window(first, days)
        self._sheets: list[Sheet] = []
        self._rows: dict[str, int] = {}
        self._tables: dict[_Kind, _Table] = {}

    def __contains__(self, agenda: str) -> bool:
        return agenda in self._rows

    def put(self, book: Book) -> None:
        """An agenda, or what became of it: the whole book, with all that is taken in the window."""
        agenda = book.agenda.id
        row = self._rows.get(agenda)
        if row is None:
            row = self._rows[agenda] = len(self._sheets)
            self._sheets.append(Sheet(self.window, book))
        else:
            self._sheets[row] = self._sheets[row].changed(book)
        for table in self._tables.values():
            if row < len(table.reasons):
                table.until[row] = -math.inf

    def drop(self, agenda: str) -> None:
        """An agenda is gone; nothing when it is not here."""
        row = self._rows.pop(agenda, None)
        if row is None:
            return
        last = self._sheets.pop()
        if row < len(self._sheets):
            self._sheets[row] = last
            self._rows[last.book.agenda.id] = row
        for table in self._tables.values():
            if row < len(table.reasons):
                table.until[row] = -math.inf
            del table.reasons[len(self._sheets) :]

    def next_free(self, wish: Wish, *, at: datetime, agendas: Sequence[str] | None = None) -> dict[str, datetime]:
        """The first free start of each agenda that has one within the window and as preferred, in their order.

        `agendas`: only these; None for those of the preferences, or all of them.
        """
        asked = self._asked(wish, agendas)
        rows = np.array([self._rows[each] for each in asked], dtype=np.int64)
        table = self._table(wish)
        self._refresh(table, rows, wish, at)
        starts = np.full(len(self._sheets), -1, dtype=np.int64)
        for key, some in self._alike(table, rows, wish).items():
            lo, hi, mask = self._bounds(key, wish, at)
            _find(table.words, np.array(some, dtype=np.int64), starts, lo=lo, hi=hi, mask=mask)
        base = self.window.base
        found = ((each, int(starts[row])) for each, row in zip(asked, rows, strict=True))
        return {each: moment(base + cell * CELL_S) for each, cell in found if cell >= 0}

    def starts(self, agenda: str, wish: Wish, *, at: datetime, most: int | None = None) -> list[datetime]:
        """The free starts of one agenda as preferred, the earliest first, `most` of them. Raises KeyError."""
        row = self._rows[agenda]
        table = self._table(wish)
        self._refresh(table, np.array([row]), wish, at)
        cells = self._cells(table, row, wish, at)
        return [moment(self.window.base + cell * CELL_S) for cell in islice(cells, most)]

    def _cells(self, table: _Table, row: int, wish: Wish, at: datetime) -> Iterator[int]:
        for key in self._alike(table, [row], wish):
            lo, hi, mask = self._bounds(key, wish, at)
            words = table.words[row] if mask is None else table.words[row] & mask
            yield from (int(each) for each in np.flatnonzero(unpacked(words)) if lo <= each < hi)

    def _bounds(self, key: _Key, wish: Wish, at: datetime) -> tuple[int, int, Words | None]:
        """From which cell to before which one visits may begin, and the bits of those that are wanted (None: all)."""
        zone, notice, length, horizon, youngest, oldest = key
        lo, hi, mask = max(self.window.cell(at.timestamp() + notice * 60), 0), self.window.size, None
        if horizon:
            last = at.astimezone(ZoneInfo(zone)).date() + timedelta(days=horizon + 1)
            hi = self.window.cell(moment_of(last, 0, zone, fold=0).timestamp())
        if replace(wish.preferences, agendas=()) != Preferences():
            mask = packed(wanted(self.window, zone, wish.preferences, length=length))
        if youngest is not None or oldest is not None:
            old = on_days(
                self.window,
                zone,
                lambda day: not is_outside(wish.age_on(day), youngest=youngest, oldest=oldest),
            )
            mask = packed(old) if mask is None else mask & packed(old)
        return lo, hi, mask

    def _asked(self, wish: Wish, agendas: Sequence[str] | None) -> list[str]:
        named = wish.preferences.agendas if agendas is None else agendas
        return [each for each in named if each in self._rows] if named else list(self._rows)

    def _table(self, wish: Wish) -> _Table:
        """The table of this kind of visit, with room for all agendas."""
        kind = wish.reason, wish.is_new, wish.asked_by is Asker.ONLINE, wish.sites, wish.minutes
        table = self._tables.pop(kind, None)
        room = len(self._sheets)
        if table is None:
            table = _Table(np.zeros((room, self.window.words), np.uint64), np.zeros(room), np.full(room, -math.inf))
        if len(table.since) < room:
            more = max(room, 2 * len(table.since)) - len(table.since)
            table.words = np.concatenate([table.words, np.zeros((more, self.window.words), np.uint64)])
            table.since = np.concatenate([table.since, np.zeros(more)])
            table.until = np.concatenate([table.until, np.full(more, -math.inf)])
        table.until[len(table.reasons) : room] = -math.inf
        table.reasons += [None] * (room - len(table.reasons))
        self._tables[kind] = table  # the last one in is the last one asked for
        while len(self._tables) > _KINDS:
            del self._tables[next(iter(self._tables))]
        return table

    def _refresh(self, table: _Table, rows: Iterable[int], wish: Wish, at: datetime) -> None:
        now = at.timestamp()
        rows = np.asarray(rows, dtype=np.int64)
        stale = rows[(table.until[rows] <= now) | (table.since[rows] > now)]
        if wish.holder:
            own = [row for row in rows.tolist() if self._sheets[row].has_hold_of(wish.holder)]
            stale = np.union1d(stale, np.array(own, dtype=np.int64))
        for row in stale.tolist():
            sheet = self._sheets[row]
            flags, since, until = sheet.starts(wish, at=at)
            table.words[row] = packed(flags)
            mine = sheet.has_hold_of(wish.holder)
            table.since[row], table.until[row] = since, -math.inf if mine else min(until, FOREVER)
            table.reasons[row] = sheet.book.reason(wish.reason)

    def _alike(self, table: _Table, rows: Iterable[int], wish: Wish) -> dict[_Key, list[int]]:
        """Rows by zone, notice, length and horizon; without those to which this patient cannot come."""
        found: dict[_Key, list[int]] = {}
        judged: dict[int, bool] = {}
        for row in map(int, rows):
            reason = table.reasons[row]
            if reason is None:
                continue
            if id(reason) not in judged:
                judged[id(reason)] = not against_wish(reason, wish)
            if judged[id(reason)]:
                zone = self._sheets[row].book.agenda.zone
                ages = (reason.youngest, reason.oldest) if asks_age(reason, wish) else (None, None)
                key = zone, reason.notice, wish.length(reason), reason.horizon, *ages
                found.setdefault(key, []).append(row)
        return found


def _find(
    words: Words, rows: NDArray[np.int64], starts: NDArray[np.int64], *, lo: int, hi: int, mask: Words | None
) -> None:
    """Puts the first cell from `lo` to before `hi` whose bit is set into `starts`, for each of the rows."""
    for first in range(lo // _WORD, min(-(-hi // _WORD), words.shape[1]), _BLOCK):
        if not len(rows):
            return
        block = words[rows, first : first + _BLOCK]
        if mask is not None:
            block &= mask[first : first + _BLOCK]
        if first == lo // _WORD:
            block[:, 0] &= np.uint64((1 << _WORD) - (1 << lo % _WORD))
        has = block != 0
        some = has.any(axis=1)
        place = has[some].argmax(axis=1)
        word = block[some][np.arange(len(place)), place]
        lowest = np.bitwise_count((word & (~word + np.uint64(1))) - np.uint64(1)).astype(np.int64)
        cells = (first + place) * _WORD + lowest
        starts[rows[some]] = np.where(cells < hi, cells, -1)
        rows = rows[~some]
