# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of a time that got free is free still: the rest of an hour, or a place beside the others of a group."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import batched
from zoneinfo import ZoneInfo

from django.db.models import Q

from permanence.agenda.models import FreedTime, Occupancy, VisitReason
from permanence.agenda.models.appointments import ALL_PLACES
from permanence.agenda.queries.books import books, elsewhere
from permanence.agenda.rules.openings import OpenSpan, open_at
from permanence.agenda.rules.seconds import crowded, moment
from permanence.agenda.rules.waiting import Span, outside
from permanence.agenda.rules.wishes import Book

_DAY = timedelta(days=1)
_MOST_SPANS = 100
"""Of so many spans is asked at once what is there."""


def parts_left(rows: Sequence[FreedTime]) -> dict[int, tuple[Span, ...]]:
    """By key the parts of these times of one house (agenda with client and house loaded) in which somebody could be
    booked, the earliest first; one in which not even the shortest visit of its client fits any more is not there, nor
    one at which nothing is open, the doctor is away or his other calendar is busy. What is held is no matter.

    Three queries, one for each `_MOST_SPANS` of these times that are not near to one another, and those of `books`.
    """
    if not rows:
        return {}
    there, least, found = _there(rows), _shortest(rows), {}
    agendas = {each.agenda_id: each.agenda for each in rows}
    begin, end = min(each.starts_at for each in rows), max(each.ends_at for each in rows)
    known = books(list(agendas.values()), starts=begin, ends=end, only_open=True)
    busy = defaultdict(list)
    for each in elsewhere(list(agendas.values()), begin, end):
        busy[each.agenda].append(Span(starts=each.starts, ends=each.ends))
    for row in rows:
        span = Span(starts=row.starts_at, ends=row.ends_at)
        mine = [each for each in there[row.agenda_id] if each.starts_at < span.ends and span.starts < each.ends_at]
        opens = _open(row, known[str(row.agenda_id)])
        closed = outside(span, (Span(starts=each.starts, ends=each.ends) for each in opens))
        places = max((each.opening.capacity for each in opens), default=1)
        length = min(least.get(row.client_id, span.ends - span.starts), span.ends - span.starts)
        left = outside(span, [*closed, *busy[str(row.agenda_id)], *_taken(mine, places)])
        parts = tuple(each for each in left if each.ends - each.starts >= length)
        if parts:
            found[row.pk] = parts
    return found


def _open(row: FreedTime, book: Book) -> list[OpenSpan]:
    """What is open at that time, also what is released on that day alone; absences are cut out of it."""
    zone = ZoneInfo(row.agenda.client.time_zone)
    first, last = (each.astimezone(zone).date() for each in (row.starts_at, row.ends_at))
    spans = open_at(book, first=first, until=last + _DAY, at=row.ends_at)
    return [each for each in spans if each.starts < row.ends_at and row.starts_at < each.ends]


def _there(rows: Sequence[FreedTime]) -> dict[int, list[Occupancy]]:
    found: dict[int, list[Occupancy]] = defaultdict(list)
    for some in batched(_near(rows), _MOST_SPANS):
        asked = Q()
        for agenda, starts, ends in some:
            asked |= Q(agenda=agenda, starts_at__lt=ends, ends_at__gt=starts)
        met = Occupancy.objects.filter(asked, blocking=True, hold=None)
        for each in met.only("agenda_id", "starts_at", "ends_at", "place_until"):
            if each.agenda_id is not None:
                found[each.agenda_id].append(each)
    return found


def _near(rows: Iterable[FreedTime]) -> list[tuple[int, datetime, datetime]]:
    """By agenda the spans (its key, begin, end) in which these times lie, those less than a day apart as one."""
    found: list[tuple[int, datetime, datetime]] = []
    for row in sorted(rows, key=lambda each: (each.agenda_id, each.starts_at)):
        if found and found[-1][0] == row.agenda_id and row.starts_at - found[-1][2] < _DAY:
            agenda, starts, ends = found[-1]
            found[-1] = agenda, starts, max(ends, row.ends_at)
        else:
            found.append((row.agenda_id, row.starts_at, row.ends_at))
    return found


def _shortest(rows: Iterable[FreedTime]) -> dict[int, timedelta]:
    """How long the shortest visit of each client lasts, for what is offered."""
    offered = VisitReason.objects.filter(client__in={each.client_id for each in rows}, retired_at=None)
    found: dict[int, timedelta] = {}
    for client, known, new in offered.values_list("client", "minutes", "minutes_new"):
        minutes = timedelta(minutes=min(known, new or known))
        found[client] = min(minutes, found.get(client, minutes))
    return found


def _taken(there: Iterable[Occupancy], places: int) -> list[Span]:
    """Where nobody can come beside who is there: alone, or in a group of which every place is taken."""
    alone = [Span(starts=each.starts_at, ends=each.ends_at) for each in there if each.place_until == ALL_PLACES]
    group = [
        (int(each.starts_at.timestamp()), int(each.ends_at.timestamp()))
        for each in there
        if each.place_until != ALL_PLACES
    ]
    full = crowded(group, places) if group else ()
    return [*alone, *(Span(starts=moment(begin), ends=moment(end)) for begin, end in full)]
