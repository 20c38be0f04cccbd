# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rules' `Index` kept by a process: what is free of a client's agendas is worked out when it is first asked for.

It is true at every question: one query tells which agendas have changed since (`Agenda.version`, whoever wrote), one
who is away; what has changed is read again, and nothing else. Holds that lapse and hours that are released are known
beforehand. A new day is a new index. The answers are those of `free`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Lock

from permanence.agenda.models import Agenda
from permanence.agenda.queries.books import agenda_of, around, books, used_of, with_beside
from permanence.agenda.rules.index import Index
from permanence.agenda.rules.kinds import Taken, TakenKind
from permanence.agenda.rules.openings import absences_of as away_from
from permanence.agenda.rules.search import Found, propose
from permanence.agenda.rules.wishes import Book, Moving, Preferences, Wish
from permanence.clients.away import absences_of
from permanence.reception.hours import moment_of
from permanence.reception.table import AbsenceEntry

DAYS = 100
"""Local days that an index covers, from the one before today's: some question is asked in every zone."""
MOST_WEIGHT = 400_000
"""What is kept at most besides the client asked for last, in visits (some 400 bytes each): about 160 MB."""
AGENDA_WEIGHT = 600
"""What an agenda takes besides its visits, in visits."""
_DAY = timedelta(days=1)


class Shelf:
    """One client's agendas, those that were asked for, from the day `first` on. `lock` is for who looks or renews."""

    def __init__(self, client: int, first: date) -> None:
        self.client, self.first, self.lock = client, first, Lock()
        self.weight = 0
        self._index = Index(first=first, days=DAYS)
        self._books: dict[str, Book] = {}
        self._read: dict[int, int] = {}
        self._versions: dict[int, int] = {}
        self._used: Sequence[Taken] = ()
        self._away: Sequence[AbsenceEntry] = ()

    @property
    def until(self) -> date:
        """The day after the last one known."""
        return self.first + DAYS * _DAY

    def renew(self, rows: Sequence[Agenda]) -> list[Book]:
        """The books of these agendas of the client as they are now. Two queries, and eight more when something changed.

        A room or a piece of equipment that is used by one agenda is taken from all of them; an agenda that combined
        visits take too is read with those in which they are booked.
        """
        theirs = list(Agenda.objects.filter(client=self.client).values_list("pk", "version", "is_shared"))
        versions = {key: version for key, version, _ in theirs}
        beside = _rows([key for key, _, is_shared in theirs if is_shared and key not in {row.pk for row in rows}])
        zone = rows[0].client.time_zone
        starts, ends = (moment_of(day, 0, zone, fold=0) for day in (self.first, self.until))
        begin, end = around(starts, ends)
        away = absences_of(house=rows[0].house.slug, clients=[self.client], at=begin).get(self.client, ())
        stale = [row for row in (*rows, *beside) if self._is_stale(row, versions)]
        fresh = books(stale, starts=starts, ends=ends)
        used = self._used if versions == self._versions else used_of([self.client], begin, end)[self.client]
        shared = (used, away) != (self._used, self._away)
        all_of = shared or any(row.is_shared for row in stale)
        changed = {**self._books, **fresh} if all_of else fresh
        self._books |= {agenda: _with(book, used, away) for agenda, book in changed.items()}
        for agenda in changed:
            self._books[agenda] = now = with_beside(self._books[agenda], self._books)
            self._index.put(now)
        if stale:
            self._read |= {row.pk: versions[row.pk] for row in stale}
            self.weight = sum(AGENDA_WEIGHT + len(each.taken) for each in self._books.values())
        self._versions, self._used, self._away = versions, used, away
        return [self._books[str(row.pk)] for row in rows]

    def earliest(self, wish: Wish, agendas: Iterable[str], *, at: datetime) -> dict[str, datetime]:
        """The first free start of each of these agendas that has one."""
        return self._index.next_free(wish, at=at, agendas=list(agendas))

    def _is_stale(self, row: Agenda, versions: Mapping[int, int]) -> bool:
        book = self._books.get(str(row.pk))
        return book is None or self._read[row.pk] != versions[row.pk] or book.agenda != agenda_of(row)


class Warm:
    """The shelves of a process, safe for threads. `most`: the weight that is kept besides the client asked for last."""

    def __init__(self, *, most: int = MOST_WEIGHT) -> None:
        self._most = most
        self._lock = Lock()
        self._shelves: dict[int, Shelf] = {}

    def propose(
        self, rows: Sequence[Agenda], wish: Wish, *, first: date, days: int, at: datetime, most: int,
        moving: Moving | None = None,
    ) -> Found | None:  # fmt: skip
        """What `search.propose` says of these agendas (client and house loaded); None where it has to be asked.

        That is for several clients at once, for none, and for days that are not kept.
        """
        if len({row.client_id for row in rows}) != 1:
            return None
        shelf = self._shelf(rows[0].client_id, at.date() - _DAY)
        if first < shelf.first or shelf.until < first + days * _DAY:
            return None
        with shelf.lock:
            known = shelf.renew(rows)

            def earliest(preferences: Preferences) -> dict[str, datetime]:
                within = replace(wish, preferences=_within(preferences, first, first + days * _DAY))
                return shelf.earliest(within, [each.agenda.id for each in known], at=at)

            found = propose(known, wish, first=first, days=days, at=at, most=most, earliest=earliest, moving=moving)
        self._trim(shelf)
        return found

    @property
    def kept(self) -> tuple[int, ...]:
        """The clients that are kept, the one asked for last at the end."""
        return tuple(self._shelves)

    def _shelf(self, client: int, first: date) -> Shelf:
        with self._lock:
            shelf = self._shelves.pop(client, None)
            if shelf is None or shelf.first != first:
                shelf = Shelf(client, first)
            self._shelves[client] = shelf
            return shelf

    def _trim(self, asked: Shelf) -> None:
        """Those that were not asked for the longest go, and those of another day."""
        with self._lock:
            weight = 0
            for shelf in reversed(list(self._shelves.values())):
                weight += 0 if shelf is asked else shelf.weight
                if weight > self._most or shelf.first != asked.first:
                    del self._shelves[shelf.client]


def _rows(keys: Sequence[int]) -> Sequence[Agenda]:
    """The agendas with client and house. One query, or none."""
    return list(Agenda.objects.filter(pk__in=keys).select_related("client", "house")) if keys else []


def _with(book: Book, used: Sequence[Taken], away: Sequence[AbsenceEntry]) -> Book:
    """The book with what is taken of rooms and equipment, and with who is away."""
    own = (each for each in book.taken if each.takes(book.agenda.id) and each.kind is not TakenKind.ABSENCE)
    return replace(book, taken=(*own, *used, *away_from(book.agenda, away)))


def _within(preferences: Preferences, first: date, until: date) -> Preferences:
    """The preferences, and nothing outside of these days."""
    return replace(
        preferences,
        from_date=max(filter(None, (first, preferences.from_date))),
        until_date=min(filter(None, (until, preferences.until_date))),
    )


WARM = Warm()
"""What this process keeps."""
