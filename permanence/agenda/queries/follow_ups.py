# SPDX-License-Identifier: AGPL-3.0-or-later
"""How late a day runs, whom it concerns; and the list of those booked who cannot be received."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from permanence.agenda.models import Delay, FollowUp
from permanence.agenda.queries.agendas import clients_seen, of_seen, seen
from permanence.agenda.queries.first import first_kept
from permanence.agenda.queries.returns import VISIT, standing, still_asked
from permanence.agenda.queries.views import AppointmentView, appointment_view
from permanence.agenda.rules.follow_ups import Wanted
from permanence.callers import queries as callers
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who

LIST_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayView:
    """How many minutes late, and who said so when."""

    minutes: int
    said_at: datetime
    said_by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LateAgenda:
    """An agenda that runs late today."""

    agenda_name: str
    client_name: str
    minutes: int
    said_by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpView:
    """An entry of the list. `numbers` of the patient, E.164; `closed`: his agenda is closed; `alone`: the doctor
    wants this visit moved and would receive him; else somebody is away.
    """

    id: str
    visit: AppointmentView
    client_name: str
    agenda_name: str
    time_zone: str
    wanted: Wanted
    words: str
    asked_at: datetime
    asked_by_name: str
    numbers: tuple[str, ...] = ()
    closed: bool = False
    alone: bool = False

    @property
    def stands(self) -> bool:
        """Whether the patient has to hear that he can come after all."""
        return self.wanted is Wanted.STANDS


def delay(*, by: Who, agenda: str, day: date) -> DelayView | None:
    """How late the agenda runs that day; None when nothing was said, or on time again. Raises AgendaUnknown."""
    row = Delay.objects.filter(agenda=seen([agenda], by=by)[0], day=day, minutes__gt=0).first()
    if row is None:
        return None
    return DelayView(minutes=row.minutes, said_at=row.said_at, said_by_name=row.said_by_name)


def minutes_late(*, agendas: Iterable[str], at: datetime) -> dict[str, int]:
    """How many minutes these agendas (ids) run late on the day it is where each is; those on time are left out."""
    near = at.date() - timedelta(days=1), at.date() + timedelta(days=1)
    rows = Delay.objects.filter(agenda__in=[row_key(each) for each in agendas], day__range=near, minutes__gt=0)
    return {
        str(row.agenda_id): row.minutes
        for row in rows.select_related("client")
        if row.day == at.astimezone(ZoneInfo(row.client.time_zone)).date()
    }


def late_today(*, by: Who, at: datetime) -> tuple[LateAgenda, ...]:
    """The agendas `by` sees that run late on the day it is where each is, the most minutes first. Two queries."""
    near = at.date() - timedelta(days=1), at.date() + timedelta(days=1)
    rows = Delay.objects.for_house(by.house_key).filter(day__range=near, minutes__gt=0)
    found = [
        row
        for row in rows.select_related("agenda", "client").order_by("-minutes", "pk")
        if row.day == at.astimezone(ZoneInfo(row.client.time_zone)).date()
    ]
    may = set(clients_seen(by, {each.client_id for each in found}))
    return tuple(
        LateAgenda(
            agenda_name=each.agenda.name,
            client_name=each.client.name,
            minutes=each.minutes,
            said_by_name=each.said_by_name,
        )
        for each in found
        if each.client_id in may
    )


def client_of_follow_up(*, house_key: int, follow_up: str) -> str | None:
    """Whose entry it is, done or not; None when the house has none with that id. One query."""
    rows = FollowUp.objects.for_house(house_key).filter(pk=row_key(follow_up))
    client = rows.values_list("client", flat=True).first()
    return None if client is None else str(client)


def open_follow_ups(*, by: Who, client: str | None = None, at: datetime | None = None) -> tuple[FollowUpView, ...]:
    """What is still to be done for the clients `by` sees, the earliest first, `LIST_LIMIT` at most. With `at` those
    whose visit has begun by then come last, and nobody is to be told any more that such a visit stands.

    An appointment that was moved or cancelled by whatever way is no longer on the list, nor is one whose doctor is
    there after all. Eight queries, and a few more where a list as long as that is cut.
    """
    rows = of_seen(standing(FollowUp.objects.for_house(by.house_key).filter(done_at=None)), by=by)
    rows = rows if client is None else rows.filter(client=row_key(client))
    loaded = rows.select_related("client", "agenda", *VISIT).order_by("starts_at", "pk")
    to_come = Q() if at is None else Q(starts_at__gt=at)
    found = first_kept(loaded.filter(to_come), lambda some: still_asked(some, house=by.house), most=LIST_LIMIT)
    if at is not None:
        begun = loaded.filter(starts_at__lte=at).exclude(wanted=Wanted.STANDS.value)
        room = LIST_LIMIT - len(found)
        found += first_kept(begun, lambda some: still_asked(some, house=by.house), most=room)
    persons = callers.standing_of(pairs=[_pair(each) for each in found])
    return tuple(
        FollowUpView(
            id=str(each.pk),
            visit=appointment_view(each.appointment),
            client_name=each.client.name,
            agenda_name=each.agenda.name,
            time_zone=each.client.time_zone,
            wanted=Wanted(each.wanted),
            words=each.words,
            asked_at=each.asked_at,
            asked_by_name=each.asked_by_name,
            closed=each.absence == "" and not each.alone,
            alone=each.alone,
            numbers=person.numbers if (person := persons.get(_pair(each))) is not None else (),
        )
        for each in found
    )


def _pair(row: FollowUp) -> tuple[str, str]:
    return str(row.client_id), str(row.appointment.patient_id)
