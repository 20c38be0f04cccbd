# SPDX-License-Identifier: AGPL-3.0-or-later
"""The calendars of other products that make agendas busy: how they stand, and which bookings they meet."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from permanence.agenda.models import Appointment, OtherBusy, OtherCalendar, OtherEntry
from permanence.agenda.queries.agendas import of_seen, seen
from permanence.agenda.queries.asked import taking, visits_near
from permanence.agenda.queries.views import AppointmentView, appointment_view, loaded
from permanence.agenda.rules.calendars import BackendKind
from permanence.agenda.rules.states import STANDING
from permanence.clients.rules import ClientState
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who

LIST_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """A calendar and how it stands, without what opens it. `busy`: times to come; `conflicts`: bookings of ours that
    somebody changed there. `fault` is why the last look brought nothing, "" when it did.
    """

    id: str
    agenda: str
    kind: BackendKind
    label: str
    host: str
    writes: bool
    names: bool
    homes: bool
    made_by_name: str
    made_at: datetime
    looked_at: datetime | None
    read_at: datetime | None
    next_at: datetime
    fault: str
    unread: int
    busy: int
    conflicts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """A booking at a time at which a calendar of another product says that its owner is busy; `label` is "" where his
    own device says so, by a rule that came upon what was booked.
    """

    visit: AppointmentView
    label: str
    starts_at: datetime
    ends_at: datetime
    client_name: str
    agenda_name: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A booking that stands otherwise, or no more, in the calendar of that label into which it was written."""

    visit: AppointmentView
    label: str


def calendars(*, by: Who, agenda: str, at: datetime) -> tuple[CalendarView, ...]:
    """The calendars of an agenda, the oldest first. Raises AgendaUnknown."""
    rows = OtherCalendar.objects.filter(agenda=seen([agenda], by=by)[0], removed_at=None)
    found = list(rows.order_by("made_at", "pk"))
    busy = _counted(OtherBusy.objects.filter(calendar__in=found, ends_at__gt=at))
    conflicts = _counted(OtherEntry.objects.filter(calendar__in=found, conflict=True, appointment__ends_at__gt=at))
    return tuple(_view(row, busy=busy.get(row.pk, 0), conflicts=conflicts.get(row.pk, 0)) for row in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A calendar that could not be read for a day or more: what its owner wrote there since makes nobody busy."""

    view: CalendarView
    agenda_name: str
    client_name: str
    time_zone: str


def unread_for_long(*, by: Who, at: datetime, agenda: str = "") -> tuple[Unread, ...]:
    """The calendars of agendas in use that nobody could read for a day, of one agenda or ("") of all the clients `by`
    sees, the longest unread first, `LIST_LIMIT` at most. Two queries.
    """
    since = at - timedelta(days=1)
    rows = OtherCalendar.objects.for_house(by.house_key).filter(removed_at=None, agenda__active=True)
    rows = rows.exclude(agenda__client__state=ClientState.ENDED)  # nobody looks at those any more
    rows = rows.exclude(fault="").filter(Q(read_at__lt=since) | Q(read_at=None, made_at__lt=since))
    rows = rows.filter(agenda=row_key(agenda)) if agenda else rows
    found = of_seen(rows, by=by).select_related("agenda__client").order_by("read_at", "made_at", "pk")
    return tuple(
        Unread(
            view=_view(each, busy=0, conflicts=0),
            agenda_name=each.agenda.name,
            client_name=each.agenda.client.name,
            time_zone=each.agenda.client.time_zone,
        )
        for each in found[:LIST_LIMIT]
    )


def collisions(
    *, by: Who, at: datetime, client: str | None = None, agendas: Sequence[str] = ()
) -> tuple[Collision, ...]:
    """The bookings to come that meet busy time of another calendar, the earliest first, `LIST_LIMIT` at most.

    Of the clients `by` sees, of one of them, or of some agendas. What was moved or cancelled is no longer among them.
    """
    there = OtherBusy.objects.filter(
        Q(agenda=OuterRef("agenda")) | Q(agenda=OuterRef("also")),
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"),
    )
    rows = Appointment.objects.for_house(by.house_key).filter(visits_near(at), Exists(there))
    rows = rows.filter(state__in=[each.value for each in STANDING])
    rows = rows if client is None else rows.filter(client=row_key(client))
    rows = rows.filter(taking(row_key(each) for each in agendas)) if agendas else rows
    visits = list(loaded(of_seen(rows, by=by)).select_related("client").order_by("starts_at", "pk")[:LIST_LIMIT])
    busy = _busy_around(visits)
    found = ((each, _met(each, [one for key in _both(each) for one in busy[key]])) for each in visits)
    return tuple(_collision(visit, span) for visit, span in found if span is not None)


def conflicts(*, by: Who, agenda: str, at: datetime) -> tuple[Conflict, ...]:
    """The bookings to come that somebody changed or removed where they were written. Raises AgendaUnknown."""
    rows = OtherEntry.objects.filter(agenda=seen([agenda], by=by)[0], conflict=True, calendar__removed_at=None)
    rows = rows.filter(appointment__ends_at__gt=at)
    wanted = {each.appointment_id: each.calendar.label for each in rows.select_related("calendar")}
    visits = loaded(Appointment.objects.filter(pk__in=wanted)).order_by("starts_at", "pk")
    return tuple(Conflict(visit=appointment_view(each), label=wanted[each.pk]) for each in visits[:LIST_LIMIT])


def _busy_around(visits: Sequence[Appointment]) -> dict[int, list[OtherBusy]]:
    """By agenda what makes it busy from the first to the last of these. One query."""
    found: dict[int, list[OtherBusy]] = defaultdict(list)
    if visits:
        ends = max(each.ends_at for each in visits)
        keys = {key for each in visits for key in _both(each)}
        rows = OtherBusy.objects.filter(agenda__in=keys, starts_at__lt=ends)
        rows = rows.filter(ends_at__gt=min(each.starts_at for each in visits)).select_related("calendar")
        for row in rows.order_by("starts_at", "pk"):
            found[row.agenda_id].append(row)
    return found


def _both(visit: Appointment) -> tuple[int, ...]:
    """Its agenda, and the other one of a combined visit."""
    return (visit.agenda_id,) if visit.also_id is None else (visit.agenda_id, visit.also_id)


def _met(visit: Appointment, busy: Iterable[OtherBusy]) -> OtherBusy | None:
    return next((each for each in busy if each.starts_at < visit.ends_at and visit.starts_at < each.ends_at), None)


def _collision(visit: Appointment, span: OtherBusy) -> Collision:
    return Collision(
        visit=appointment_view(visit),
        label="" if span.calendar is None else span.calendar.label,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        client_name=visit.client.name,
        agenda_name=visit.agenda.name,
        time_zone=visit.client.time_zone,
    )


def _counted[Row: (OtherBusy, OtherEntry)](rows: ClientQuerySet[Row]) -> dict[int, int]:
    return dict(rows.order_by().values_list("calendar").annotate(n=Count("pk")))


def _view(row: OtherCalendar, *, busy: int, conflicts: int) -> CalendarView:
    return CalendarView(
        id=str(row.pk),
        agenda=str(row.agenda_id),
        kind=BackendKind(row.kind),
        label=row.label,
        host=row.host,
        writes=row.writes,
        names=row.names,
        homes=row.homes,
        made_by_name=row.made_by_name,
        made_at=row.made_at,
        looked_at=row.looked_at,
        read_at=row.read_at,
        next_at=row.next_at,
        fault=row.fault,
        unread=row.unread,
        busy=busy,
        conflicts=conflicts,
    )
