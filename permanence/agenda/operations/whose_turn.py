# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who of a client's waiting list may be meant by a free time, in turn, however many wait: some at once, then the next.

The tables say as much as they can (days, agenda, a reason that is offered still); what they cannot, the rules say.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from permanence.agenda.models import Agenda, Appointment, WaitingPlace
from permanence.agenda.queries.waiting import preferences_of
from permanence.agenda.rules.kinds import Asker
from permanence.agenda.rules.states import CAME, OF_THE_DAY, STANDING, AppointmentState, CancelCause
from permanence.agenda.rules.waiting import PlaceState, Span, Waiting, in_turn
from permanence.agenda.rules.wishes import Wish
from permanence.callers import queries as callers
from permanence.clients.directory_queries import site_names
from permanence.foundation.tenancy import ClientQuerySet

AT_ONCE = 200
"""Places that are read and looked at together."""
NEAR = timedelta(days=1)
"""A slot that meets a freed time, and a visit that meets that slot, are no farther from it."""
_READ = "key", "client_id", "patient_id", "state", "starts_at", "ends_at"
IN_TURN = "-is_urgent", "silent", "asked_at", "pk"
"""`rules.waiting.in_turn`, as the table says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    """Places that are looked at together: the rows by key, and those of them whose patients live, in turn."""

    rows: Mapping[str, WaitingPlace]
    known: tuple[Waiting, ...]


def places(client: int, *, at: datetime) -> ClientQuerySet[WaitingPlace]:
    """Those who wait at a client, their days not over."""
    rows = WaitingPlace.objects.filter(client=client, state=PlaceState.WAITING.value)
    return rows.filter(until_date__gte=at.date())


def meant(row: Agenda, span: Span, *, at: datetime) -> ClientQuerySet[WaitingPlace]:
    """Those whom a time of the agenda (its client loaded) may suit, as far as the tables know; the first one first."""
    zone = ZoneInfo(row.client.time_zone)
    first, last = (each.astimezone(zone).date() for each in (max(span.starts, at), span.ends))
    rows = places(row.client_id, at=at).filter(from_date__lte=last, until_date__gt=first, reason__retired_at=None)
    named = rows.alias(agendas_text=Cast("agendas", TextField())).filter(agendas_text__contains=f'"{row.pk}"')
    return rows.filter(Q(agendas=[]) | Q(pk__in=named.values("pk"))).order_by(*IN_TURN)


def some_at_once(rows: ClientQuerySet[WaitingPlace], span: Span, *, locks: bool = False) -> Iterator[Some]:
    """The places, in turn, `AT_ONCE` together, as they may be offered something of the span; `locks`: each lot is
    locked as it is read, who was booked meanwhile is not in it.
    """
    every = list(rows.values_list("pk", flat=True))
    for begin in range(0, len(every), AT_ONCE):
        keys = every[begin : begin + AT_ONCE]
        lot = WaitingPlace.objects.filter(pk__in=keys, state=PlaceState.WAITING.value)
        lot = lot.select_for_update(of=("self",), no_key=True).order_by("pk") if locks else lot
        found = {str(each.pk): each for each in lot}
        yield Some(rows=found, known=tuple(in_turn(_known(found, span))))


def _known(rows: Mapping[str, WaitingPlace], span: Span) -> list[Waiting]:
    """Those of the places whose patients live and were not yet seen at the visit they give up, as the rules know
    them.
    """
    pairs = [(str(each.client_id), str(each.patient_id)) for each in rows.values()]
    persons = callers.standing_of(pairs=pairs)
    known, visits = _sites(rows), _visits(rows, span)
    found = []
    for key, each in rows.items():
        person = persons.get((str(each.client_id), str(each.patient_id)))
        own = visits[each.client_id, each.patient_id]
        named = next(
            (one for one in own if one.key == each.instead_of and one.state != AppointmentState.CANCELLED), None
        )
        if person is None or person.is_deceased or (named is not None and named.state in OF_THE_DAY):
            continue
        wish = Wish(
            reason=str(each.reason_id),
            is_new=not each.known,
            born=person.born,
            asked_by=Asker.SECRETARY,
            sites=tuple(site for site in each.sites if site in known),
            preferences=preferences_of(each),
        )
        found.append(
            Waiting(
                place=key,
                asked_at=each.asked_at,
                wish=wish,
                is_urgent=each.is_urgent,
                silent=each.silent,
                before=None if named is None else named.starts_at,
                left_out=tuple(Span(starts=one.starts_at, ends=one.ends_at) for one in own if one is not named),
            )
        )
    return found


def _visits(rows: Mapping[str, WaitingPlace], span: Span) -> Mapping[tuple[int, int], list[Appointment]]:
    """The visits that they give up for an earlier one, and what they have, or cancelled themselves, near that time, by
    client and patient. One query.
    """
    near = Q(starts_at__lt=span.ends + NEAR, ends_at__gt=span.starts - NEAR)
    has = Q(state__in=[each.value for each in STANDING | CAME])
    cancelled = Q(state=AppointmentState.CANCELLED.value, cancel_cause=CancelCause.PATIENT.value)
    named = Q(key__in={each.instead_of for each in rows.values()} - {""}) & ~Q(state=AppointmentState.CANCELLED.value)
    theirs = Appointment.objects.filter(
        client__in={each.client_id for each in rows.values()}, patient__in={each.patient_id for each in rows.values()}
    )
    found: dict[tuple[int, int], list[Appointment]] = defaultdict(list)
    for each in theirs.filter(named | (near & (has | cancelled))).only(*_READ).order_by("pk"):
        found[each.client_id, each.patient_id].append(each)
    return found


def _sites(rows: Mapping[str, WaitingPlace]) -> set[str]:
    """The sites that somebody waits for and that are there still: one that is gone keeps nobody waiting."""
    wished = {(each.house_id, each.client_id) for each in rows.values() if each.sites}
    return {site for house, client in wished for site in site_names(house=house, client=client)}
