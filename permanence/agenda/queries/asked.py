# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every act on an agenda asks the database for, compiled once: a booking asks twenty times, a refusal eight."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from permanence.agenda.models import (
    Agenda,
    AgendaAct,
    Appointment,
    Occupancy,
    OpeningException,
    OpeningPattern,
    OtherBusy,
    Resource,
    SlotHold,
    VisitReason,
)
from permanence.agenda.rules.kinds import LONGEST_BLOCK, LONGEST_VISIT
from permanence.foundation.prepared import Prepared
from permanence.foundation.tenancy import ClientQuerySet

_SPAN = ("client_id", "agenda_id", "resource_id", "starts_at", "ends_at", "before", "after", "shared_by_id")
_APPOINTMENT = tuple(f"appointment__{each}" for each in ("key", "agenda_id", "reason_id", "known", "overbook_cause"))
_HOLD = tuple(
    f"hold__{each}" for each in ("key", "agenda_id", "reason_id", "known", "held_by_name", "held_for", "expires_at")
)
_BLOCK = ("block__key", "block__agenda_id", "block__words")
"""The columns of an occupancy, and of what takes it: exactly one of the three."""

_CLOCKS = timedelta(days=1)
"""More than clocks are ever put back: what is as long as may be by the wall can be longer by that."""

type Row = tuple[Any, ...]


def taken_columns(rows: ClientQuerySet[Occupancy]) -> QuerySet[Occupancy, Row]:
    """The rows as `books.taken_in` reads them, the earliest first."""
    return rows.order_by("starts_at", "pk").values_list(*_SPAN, *_APPOINTMENT, *_HOLD, *_BLOCK)


def _near(begin: datetime, end: datetime) -> ClientQuerySet[Occupancy]:
    return Occupancy.objects.filter(ends_at__gt=begin, starts_at__lt=end)


@Prepared
def taken_of_agendas(agendas: tuple[int, ...], begin: datetime, end: datetime) -> QuerySet[Occupancy, Row]:
    """`taken_columns` of what takes these agendas from `begin` to `end`."""
    return taken_columns(_near(begin, end).filter(agenda__in=agendas))


@Prepared
def taken_of_clients(clients: tuple[int, ...], begin: datetime, end: datetime) -> QuerySet[Occupancy, Row]:
    """The same of what takes the rooms and equipment of these clients."""
    return taken_columns(_near(begin, end).filter(client__in=clients, resource__isnull=False))


@Prepared
def busy_elsewhere(agendas: tuple[int, ...], begin: datetime, end: datetime) -> QuerySet[OtherBusy, Row]:
    """Key, agenda, begin, end and label of what calendars of other products take of these agendas; no label: of what a
    device wrote.
    """
    rows = OtherBusy.objects.filter(agenda__in=agendas, ends_at__gt=begin, starts_at__lt=end)
    return rows.order_by("starts_at", "pk").values_list("pk", "agenda_id", "starts_at", "ends_at", "calendar__label")


def _of_house(house: int, keys: tuple[int, ...]) -> ClientQuerySet[Agenda]:
    rows = Agenda.objects.for_house(house).select_related("client", "house", "recipient")
    return rows.filter(pk__in=keys)


@Prepared
def agendas_of_house(house: int, keys: tuple[int, ...]) -> QuerySet[Agenda, Agenda]:
    """These agendas, with client, house and recipient, as far as they are of the house."""
    return _of_house(house, keys)


@Prepared
def agendas_of_clients(house: int, keys: tuple[int, ...], clients: tuple[int, ...]) -> QuerySet[Agenda, Agenda]:
    """The same, as far as they are of these clients of the house."""
    return _of_house(house, keys).filter(client__in=clients)


@Prepared
def agendas_in_use(keys: tuple[int, ...]) -> QuerySet[Agenda, Agenda]:
    """Those of these agendas that are active, with client and house."""
    return Agenda.objects.filter(pk__in=keys, active=True).select_related("client", "house")


@Prepared
def days_that_differ(agendas: tuple[int, ...], since: date) -> QuerySet[OpeningException, OpeningException]:
    """The exceptions of these agendas from a day on, the earliest first."""
    return OpeningException.objects.filter(agenda__in=agendas, date__gte=since).order_by("date", "pk")


@Prepared
def openings_of(agendas: tuple[int, ...], exceptions: tuple[int, ...]) -> QuerySet[OpeningPattern, OpeningPattern]:
    """The openings of every week of these agendas, and of these exceptions, in order."""
    rows = OpeningPattern.objects.filter(agenda__in=agendas)
    rows = rows.filter(Q(exception=None) | Q(exception__in=exceptions))
    return rows.order_by("weekday", "opens", "pk")


@Prepared
def reasons_offered(clients: tuple[int, ...]) -> QuerySet[VisitReason, VisitReason]:
    """For what patients come to these clients, in order."""
    return VisitReason.objects.filter(client__in=clients, retired_at=None).order_by("position", "pk")


@Prepared
def reasons_of_house(house: int, clients: tuple[int, ...]) -> QuerySet[VisitReason, VisitReason]:
    """The same, as far as these are clients of the house."""
    rows = VisitReason.objects.for_house(house).filter(client__in=clients, retired_at=None)
    return rows.order_by("position", "pk")


@Prepared
def resources_in_use(clients: tuple[int, ...]) -> QuerySet[Resource, Resource]:
    """The rooms and equipment of these clients, by name."""
    return Resource.objects.filter(client__in=clients, active=True).order_by("name", "pk")


@Prepared
def agendas_locked(keys: tuple[int, ...]) -> QuerySet[Agenda, Agenda]:
    """These agendas with client and house, and those that combined visits of their clients take too, locked, by key."""
    rows = Agenda.objects.select_related("client", "house").select_for_update(of=("self",), no_key=True)
    beside = Q(is_shared=True, client__in=Agenda.objects.filter(pk__in=keys).values("client"))
    return rows.filter(Q(pk__in=keys) | beside).order_by("pk")


@Prepared
def act_done(house: int, key: str) -> QuerySet[AgendaAct, tuple[str, dict[str, Any]]]:
    """Digest and result of the act with this id."""
    return AgendaAct.objects.for_house(house).filter(key=key).values_list("digest", "result")


@Prepared
def visit_with_agenda(house: int, key: str) -> QuerySet[Appointment, Appointment]:
    """The appointment with its agenda, and with client and house of that."""
    rows = Appointment.objects.for_house(house).select_related("agenda", "agenda__client", "agenda__house")
    return rows.filter(key=key)


@Prepared
def visit_in(key: str, agendas: tuple[int, ...]) -> QuerySet[Appointment, Appointment]:
    """The appointment, as long as it is in one of these agendas."""
    return Appointment.objects.filter(key=key, agenda__in=agendas)


@Prepared
def holds_over(agenda: int, client: int, at: datetime) -> QuerySet[SlotHold, SlotHold]:
    """The holds that stand though their time is over at `at`: of the agenda, and of the client's those that take an
    agenda of combined visits, a room or equipment.
    """
    shared = Occupancy.objects.filter(client=client, hold__isnull=False)
    shared = shared.filter(Q(resource__isnull=False) | Q(agenda__is_shared=True))
    over = SlotHold.objects.filter(ended_at=None, expires_at__lte=at)
    return over.filter(Q(agenda=agenda) | Q(client=client, pk__in=shared.values("hold")))


def taking(keys: Iterable[int]) -> Q:
    """Appointments and holds that take one of these agendas, as their own or as the other one of a combined visit."""
    wanted = tuple(keys)
    return Q(agenda__in=wanted) | Q(also__in=wanted)


def visits_near(begin: datetime, end: datetime | None = None) -> Q:
    """Appointments and holds that take time of [begin, end); without an end, all that are not over at `begin`."""
    return _meeting(begin, end, longest=LONGEST_VISIT)


def blocks_near(begin: datetime, end: datetime) -> Q:
    """Busy times that take time of [begin, end)."""
    return _meeting(begin, end, longest=LONGEST_BLOCK)


def _meeting(begin: datetime, end: datetime | None, *, longest: int) -> Q:
    """The indices are by the beginning: without a bound from below everything that ever stood there would be read."""
    found = Q(ends_at__gt=begin, starts_at__gt=begin - timedelta(minutes=longest) - _CLOCKS)
    return found if end is None else found & Q(starts_at__lt=end)


@Prepared
def resources_of_holds(holds: tuple[int, ...]) -> QuerySet[Occupancy, tuple[int, int]]:
    """Hold and resource of all rooms and equipment that these holds take."""
    rows = Occupancy.objects.filter(hold__in=holds, resource__isnull=False)
    return rows.order_by("pk").values_list("hold_id", "resource_id")


@Prepared
def holds_of(agendas: tuple[int, ...], held_for: str, starts: datetime, ends: datetime) -> QuerySet[SlotHold, SlotHold]:
    """The holds that somebody has in these agendas from `starts` to `ends`."""
    theirs = SlotHold.objects.filter(taking(agendas), held_for=held_for, ended_at=None)
    return theirs.filter(starts_at__lt=ends, ends_at__gt=starts)
