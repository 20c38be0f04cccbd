# SPDX-License-Identifier: AGPL-3.0-or-later
"""The days of agendas as the grid shows them: openings, exceptions, who is away, and all that stands."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from permanence.agenda.models import Agenda, Appointment, Block, SlotHold
from permanence.agenda.queries.agendas import seen
from permanence.agenda.queries.asked import blocks_near, taking, visits_near
from permanence.agenda.queries.books import books, check_day, elsewhere
from permanence.agenda.queries.views import (
    AgendaDays,
    DaysOf,
    agenda_view,
    appointment_views,
    block_view,
    elsewhere_view,
    hold_view,
)
from permanence.agenda.rules.kinds import TakenKind
from permanence.agenda.rules.openings import open_spans
from permanence.agenda.rules.states import AppointmentState
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who
from permanence.reception.hours import moment_of

type Bounds = tuple[datetime, datetime]


class Standing(Protocol):
    """What stands in an agenda."""

    @property
    def agenda(self) -> str:
        """Its own agenda."""

    @property
    def starts_at(self) -> datetime:
        """When it begins."""

    @property
    def ends_at(self) -> datetime:
        """When it is over."""


def day(*, by: Who, agendas: Sequence[str], day: date, at: datetime) -> tuple[AgendaDays, ...]:
    """One local day of several agendas, in the order asked for. Raises AgendaUnknown. Eleven queries at most."""
    return days_of(seen(agendas, by=by), day, 1, at, visits=appointment_views)


def week(*, by: Who, agenda: str, first: date, at: datetime) -> AgendaDays:
    """Seven local days of one agenda. Raises AgendaUnknown. Eleven queries at most."""
    return days_of(seen([agenda], by=by), first, 7, at, visits=appointment_views)[0]


def days_of[Visit: Standing](
    rows: Sequence[Agenda],
    first: date,
    count: int,
    at: datetime,
    *,
    visits: Callable[[ClientQuerySet[Appointment]], Iterable[Visit]],
) -> tuple[DaysOf[Visit], ...]:
    """So many days of agendas, whose rows have client, house and recipient. `visits`: how appointments are seen."""
    if not rows:
        return ()
    check_day(first)
    until = first + timedelta(days=count)
    bounds = {row.pk: _bounds(row, first, until) for row in rows}
    starts, ends = min(each[0] for each in bounds.values()), max(each[1] for each in bounds.values())
    known = books(rows, starts=starts, ends=ends, only_open=True)
    near = visits_near(starts, ends)
    standing = Appointment.objects.filter(near, taking(bounds)).exclude(state=AppointmentState.CANCELLED.value)
    appointments = _by_agenda(visits(standing.order_by("starts_at", "pk")))
    held = SlotHold.objects.filter(near, taking(bounds), ended_at=None, expires_at__gt=at).order_by("starts_at", "pk")
    holds = _by_agenda(hold_view(row) for row in held)
    busy = Block.objects.filter(blocks_near(starts, ends), agenda__in=list(bounds), removed_at=None)
    blocks = _by_agenda(block_view(row) for row in busy.order_by("starts_at", "pk"))
    clients = {str(row.pk): str(row.client_id) for row in rows}
    others = _by_agenda(elsewhere_view(each, client=clients[each.agenda]) for each in elsewhere(rows, starts, ends))
    found = []
    for row in rows:
        agenda, book, (begin, end) = str(row.pk), known[str(row.pk)], bounds[row.pk]
        found.append(
            DaysOf(
                agenda=agenda_view(row),
                first=first,
                until=until,
                openings=tuple(open_spans(book, first=first, until=until)),
                exceptions=tuple(each for each in book.exceptions if first <= each.date < until),
                absences=tuple(
                    each
                    for each in book.taken
                    if each.kind is TakenKind.ABSENCE and each.starts < end and begin < each.ends
                ),
                appointments=_within(appointments[agenda], begin, end),
                holds=_within(holds[agenda], begin, end),
                blocks=_within([*blocks[agenda], *others[agenda]], begin, end),
            )
        )
    return tuple(found)


def _by_agenda[Each: Standing](views: Iterable[Each]) -> defaultdict[str, list[Each]]:
    found: defaultdict[str, list[Each]] = defaultdict(list)
    for each in views:
        found[each.agenda].append(each)
        if also := getattr(each, "also", ""):
            found[also].append(each)
    return found


def _within[Each: Standing](views: list[Each], begin: datetime, end: datetime) -> tuple[Each, ...]:
    return tuple(each for each in views if each.starts_at < end and begin < each.ends_at)


def _bounds(row: Agenda, first: date, until: date) -> Bounds:
    zone = row.client.time_zone
    return moment_of(first, 0, zone, fold=0), moment_of(until, 0, zone, fold=0)
