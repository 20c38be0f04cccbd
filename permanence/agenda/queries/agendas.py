# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which agendas there are for whom, and how they are set. Behind the wall of their clients nothing is there."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q

from permanence.agenda.models import Agenda, Appointment, OpeningException, OpeningPattern, Resource, VisitReason
from permanence.agenda.queries import asked
from permanence.agenda.queries.books import exception_of, opening_of, reason_of
from permanence.agenda.queries.views import AgendaView, ResourceView, agenda_view, resource_view
from permanence.agenda.refusals import AgendaUnknown, VisitReasonUnknown
from permanence.agenda.rules import kinds
from permanence.agenda.rules.states import STANDING
from permanence.clients import queries as clients
from permanence.clients.visible import visible_among
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet, HouseModel
from permanence.foundation.who import Who

KEY = re.compile(r"[0-9A-Za-z_-]{16,40}\Z")
"""What an id made by a page looks like."""


SUNDAY = 6
"""As openings count weekdays: 0 is Monday."""
MOST_DAYS = 400
"""Days that differ in one list."""


def known_key(text: str) -> str:
    """An id made by a page as it came over a wire; "", which no row has, when it cannot be one."""
    return text if KEY.match(text) else ""


def agendas(*, by: Who, client: str | None = None, active_only: bool = True) -> tuple[AgendaView, ...]:
    """The agendas `by` may see, of one client or all of his, by client and name. Two queries."""
    rows = in_order(by=by, client=client)
    return tuple(agenda_view(row) for row in (rows.filter(active=True) if active_only else rows))


def in_order(*, by: Who, client: str | None = None) -> ClientQuerySet[Agenda]:
    """The rows of `agendas`, closed ones too, for what is asked of them beside. One query, and one for the wall."""
    rows = _seen(by).order_by("client__name", "name", "pk")
    return rows if client is None else rows.filter(client=row_key(client))


def of_client(*, by: Who, client: str) -> tuple[AgendaView, ...]:
    """The active agendas of a client of whom it is known already that `by` sees him. One query."""
    return tuple(agenda_view(row) for row in in_use(by=by, client=client))


def in_use(*, by: Who, client: str) -> ClientQuerySet[Agenda]:
    """The rows of `of_client`, by name, for what is asked of them beside."""
    rows = Agenda.objects.for_house(by.house_key).filter(client=row_key(client), active=True)
    return rows.select_related("client", "house", "recipient").order_by("name", "pk")


def closed_but_booked(
    *, by: Who, starts: datetime, ends: datetime, client: str | None = None
) -> ClientQuerySet[Agenda]:
    """The rows of the agendas that are closed in which visits still stand between two moments: until somebody has
    looked after them they are shown. One query, and one for the wall.
    """
    states = [each.value for each in STANDING]
    visits = Appointment.objects.for_house(by.house_key).filter(asked.visits_near(starts, ends))
    booked = visits.filter(agenda=OuterRef("pk"), state__in=states)
    return in_order(by=by, client=client).filter(Exists(booked), active=False)


def agenda(*, by: Who, agenda: str) -> AgendaView:
    """One agenda. Raises AgendaUnknown, for one of a client that `by` does not see too."""
    return agenda_view(seen([agenda], by=by)[0])


def client_of(*, by: Who, agenda: str) -> str | None:
    """Whose agenda it is, in the house of `by`; None for none there. For the wall alone: it says nothing else."""
    row = Agenda.objects.for_house(by.house_key).filter(pk=row_key(agenda)).only("client_id").first()
    return None if row is None else str(row.client_id)


def reasons(*, by: Who, client: str, retired: bool = False) -> tuple[kinds.VisitReason, ...]:
    """For what patients come to this client, in order; () for a client whom `by` does not see."""
    may = clients_seen(by, [row_key(client)])
    if not retired:
        return tuple(reason_of(row) for row in asked.reasons_of_house(by.house_key, tuple(may)))
    rows = VisitReason.objects.for_house(by.house_key).filter(client__in=may)
    return tuple(reason_of(row) for row in rows.order_by("position", "pk"))


def reasons_of(*, by: Who, clients: Iterable[str]) -> dict[str, tuple[kinds.VisitReason, ...]]:
    """For what patients come to each of these clients, retired reasons too, in order. Two queries, however many."""
    wanted = clients_seen(by, [row_key(each) for each in clients])
    rows = VisitReason.objects.for_house(by.house_key).filter(client__in=wanted).order_by("client", "position", "pk")
    found: dict[str, list[kinds.VisitReason]] = {}
    for row in rows:
        found.setdefault(str(row.client_id), []).append(reason_of(row))
    return {client: tuple(each) for client, each in found.items()}


def reason(*, by: Who, client: str, reason: str) -> kinds.VisitReason:
    """One reason that is offered. Raises VisitReasonUnknown."""
    found = next((each for each in reasons(by=by, client=client) if each.id == reason), None)
    if found is None:
        raise VisitReasonUnknown(reason[:40])
    return found


def resources(*, by: Who, client: str) -> tuple[ResourceView, ...]:
    """The rooms and equipment of a client whom `by` sees, by name."""
    rows = Resource.objects.for_house(by.house_key).filter(client__in=clients_seen(by, [row_key(client)]), active=True)
    return tuple(resource_view(row) for row in rows.order_by("name", "pk"))


def booked_with(*, by: Who, agenda: str) -> tuple[str, ...]:
    """The agendas of its client in which visits are booked that take this one too; () for an agenda like most."""
    row = seen([agenda], by=by)[0]
    if not VisitReason.objects.filter(also=row, retired_at=None).exists():
        return ()
    others = Agenda.objects.filter(client=row.client_id, active=True).exclude(pk=row.pk).order_by("pk")
    return tuple(str(key) for key in others.values_list("pk", flat=True))


def week_openings(*, by: Who, agenda: str) -> tuple[kinds.Opening, ...]:
    """The openings of every week, as they are set. Raises AgendaUnknown."""
    row = seen([agenda], by=by)[0]
    rows = OpeningPattern.objects.filter(agenda=row, exception=None).order_by("weekday", "opens", "pk")
    return tuple(opening_of(each) for each in rows)


def days_that_differ(*, by: Who, agenda: str, first: date, last: date = date.max) -> tuple[kinds.OpeningException, ...]:
    """The exceptions from `first` to `last`, both included, the earliest first, `MOST_DAYS` at most. Raises
    AgendaUnknown. Three queries.
    """
    row = seen([agenda], by=by)[0]
    those = OpeningException.objects.filter(agenda=row, date__gte=first, date__lte=last)
    found = list(those.order_by("date", "pk")[:MOST_DAYS])
    own: dict[int | None, list[kinds.Opening]] = defaultdict(list)
    for each in OpeningPattern.objects.filter(exception__in=[day.pk for day in found]).order_by("opens", "pk"):
        own[each.exception_id].append(opening_of(each))
    return tuple(exception_of(day, own[day.pk]) for day in found)


def opens_on_sundays(*, by: Who, client: str, today: date) -> bool:
    """Whether an agenda in use of a client of whom it is known already that `by` sees him may be open on a Sunday from
    `today` on, in the week or on a day of its own. One query.
    """
    rows = OpeningPattern.objects.filter(agenda__in=in_use(by=by, client=client).order_by().values("pk"))
    weekly = Q(exception=None, weekday=SUNDAY) & (Q(valid_until=None) | Q(valid_until__gte=today))
    return rows.filter(weekly | Q(exception__date__gte=today, exception__date__iso_week_day=SUNDAY + 1)).exists()


def kept_day(*, by: Who, agenda: str, day: date) -> tuple[kinds.OpeningException, ...]:
    """What is otherwise on one day; () where it is as the week says. Raises AgendaUnknown."""
    return days_that_differ(by=by, agenda=agenda, first=day, last=day)


def seen(agendas: Sequence[str], *, by: Who) -> list[Agenda]:
    """The rows of these agendas, in their order, with client and house. Raises AgendaUnknown."""
    keys = [row_key(each) for each in agendas]
    rows = {row.pk: row for row in _seen_of(tuple(keys), by=by)}
    missing = next((each for each, key in zip(agendas, keys, strict=True) if key not in rows), None)
    if missing is not None:
        raise AgendaUnknown(missing[:40])
    return [rows[key] for key in keys]


def _seen(by: Who) -> ClientQuerySet[Agenda]:
    rows, only = Agenda.objects.for_house(by.house_key).select_related("client", "house", "recipient"), _only(by)
    return rows if only is None else rows.filter(client__in=only)


def _seen_of(keys: tuple[int, ...], *, by: Who) -> list[Agenda]:
    """Those of `_seen` among these."""
    only = _only(by)
    if only is None:
        return asked.agendas_of_house(by.house_key, keys)
    return asked.agendas_of_clients(by.house_key, keys, only)


def _only(by: Who) -> tuple[int, ...] | None:
    """The clients beyond whom `by` sees no agenda; None for none."""
    if by.person and not by.of_house:
        return tuple(int(each) for each in clients.clients_visible_to(by))
    return None if by.clients is None else tuple(int(each) for each in by.clients)


def of_seen[Row: HouseModel](rows: ClientQuerySet[Row], *, by: Who) -> ClientQuerySet[Row]:
    """Those of these rows of his house whose client's agendas are there for `by`: before a list is cut. One query of a
    portal user, none else.
    """
    only = _only(by)
    return rows if only is None else rows.filter(client__in=only)


def clients_seen(by: Who, wanted: Iterable[int]) -> list[int]:
    """Those of these clients (keys) whose agendas are there for `by`: the system sees all of its house, a system of a
    client that comes in through the interface sees that client.
    """
    if not by.person:
        return [each for each in wanted if by.may_see(str(each))]
    return visible_among(by, wanted)
