# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of a time that got free is free still: the rest of an hour, or a place beside the others of a group."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.models import FreedTime, Occupancy, VisitReason
from permanence.agenda.models.appointments import ALL_PLACES
from permanence.agenda.queries.books import books
from permanence.agenda.rules.openings import open_spans
from permanence.agenda.rules.seconds import crowded
from permanence.agenda.rules.waiting import Span, outside

_DAY = timedelta(days=1)


def parts_left(rows: Sequence[FreedTime]) -> dict[int, tuple[Span, ...]]:
    """By key the parts of these times (agenda with client loaded) in which somebody could be booked, the earliest
    first; one in which not even the shortest visit of its client fits any more is not there. What is held is no matter.

    Two queries, and for a time at which a group meets those of its agenda's book.
    """
    if not rows:
        return {}
    there, least, found = _there(rows), _shortest(rows), {}
    for row in rows:
        span = Span(starts=row.starts_at, ends=row.ends_at)
        mine = [each for each in there[row.agenda_id] if each.starts_at < span.ends and span.starts < each.ends_at]
        length = min(least.get(row.client_id, span.ends - span.starts), span.ends - span.starts)
        parts = tuple(each for each in outside(span, _taken(row, mine)) if each.ends - each.starts >= length)
        if parts:
            found[row.pk] = parts
    return found


def _there(rows: Sequence[FreedTime]) -> dict[int, list[Occupancy]]:
    met = Occupancy.objects.filter(
        agenda__in={each.agenda_id for each in rows},
        blocking=True,
        hold=None,
        starts_at__lt=max(each.ends_at for each in rows),
        ends_at__gt=min(each.starts_at for each in rows),
    )
    found: dict[int, list[Occupancy]] = defaultdict(list)
    for each in met.only("agenda_id", "starts_at", "ends_at", "place_until"):
        if each.agenda_id is not None:
            found[each.agenda_id].append(each)
    return found


def _shortest(rows: Iterable[FreedTime]) -> dict[int, timedelta]:
    """How long the shortest visit of each client lasts, for what is offered."""
    offered = VisitReason.objects.filter(client__in={each.client_id for each in rows}, retired_at=None)
    found: dict[int, timedelta] = {}
    for client, known, new in offered.values_list("client", "minutes", "minutes_new"):
        minutes = timedelta(minutes=min(known, new or known))
        found[client] = min(minutes, found.get(client, minutes))
    return found


def _taken(row: FreedTime, there: Iterable[Occupancy]) -> list[Span]:
    """Where nobody can come beside who is there: alone, or in a group of which every place is taken."""
    alone = [Span(starts=each.starts_at, ends=each.ends_at) for each in there if each.place_until == ALL_PLACES]
    group = [
        (int(each.starts_at.timestamp()), int(each.ends_at.timestamp()))
        for each in there
        if each.place_until != ALL_PLACES
    ]
    if not group:
        return alone
    full = crowded(group, _places(row))
    return [*alone, *(Span(starts=_moment(begin), ends=_moment(end)) for begin, end in full)]


def _places(row: FreedTime) -> int:
    """How many can be there at once."""
    zone, agenda = ZoneInfo(row.agenda.client.time_zone), row.agenda
    first, last = (each.astimezone(zone).date() for each in (row.starts_at, row.ends_at))
    book = books([agenda], starts=row.starts_at, ends=row.ends_at, only_open=True)[str(agenda.pk)]
    spans = open_spans(book, first=first, until=last + _DAY)
    met = [each for each in spans if each.starts < row.ends_at and row.starts_at < each.ends]
    return max((each.opening.capacity for each in met), default=1)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
