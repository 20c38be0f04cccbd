# SPDX-License-Identifier: AGPL-3.0-or-later
"""Doctors who were to be away and are there after all: whose visits stand as they were booked."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from permanence.agenda.models import Appointment, FollowUp
from permanence.agenda.queries.agendas import of_seen
from permanence.agenda.queries.views import AppointmentView, appointment_view
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.agenda.rules.states import STANDING
from permanence.clients import away
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who
from permanence.reception.table import AbsenceEntry

TOLD_FOR = timedelta(days=1)
"""So long it is said that a doctor is back."""
MOST_TOLD = 500
VISIT = tuple(f"appointment__{each}" for each in ("agenda", "also", "reason", "patient", "series"))
"""What an entry is loaded with."""

type Absences = Mapping[int, tuple[AbsenceEntry, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorBack:
    """An agenda whose visits were on the secretaries' list and stand as they were booked, the earliest first."""

    agenda_name: str
    client_name: str
    time_zone: str
    visits: tuple[AppointmentView, ...]


def unmoved(rows: ClientQuerySet[FollowUp]) -> ClientQuerySet[FollowUp]:
    """The entries whose appointment was not moved since, neither in time nor to a colleague."""
    return rows.filter(starts_at=F("appointment__starts_at"), agenda=F("appointment__agenda"))


def standing(rows: ClientQuerySet[FollowUp]) -> ClientQuerySet[FollowUp]:
    """The entries whose appointment was neither moved, in time or to a colleague, nor cancelled since, nor has begun to
    be seen.
    """
    states = [each.value for each in STANDING]
    return unmoved(rows).filter(appointment__state__in=states)


def over_by_now(entries: Iterable[FollowUp], *, house: str) -> set[int]:
    """Which entries (keys) ask for something because of an absence that was withdrawn, heard of or not. One query."""
    asked = [each for each in entries if each.absence and each.wanted != Wanted.STANDS]
    gone = away.withdrawn(house=house, absences={each.absence for each in asked})
    return {each.pk for each in asked if each.absence in gone}


def absences(entries: Iterable[FollowUp], *, house: str, at: datetime) -> Absences:
    """By client (his key) who of these is away, from `at` on. One query; none for no entry."""
    wanted = {each.client_id for each in entries}
    return away.absences_of(house=house, clients=wanted, at=at) if wanted else {}


def is_away(visit: Appointment, found: Absences, *, kept: Collection[tuple[int, str]] = ()) -> bool:
    """Whether one of whom the visit needs is away; its agendas are loaded. `kept`: the visits (keys) that stand all the
    same in an absence (its id).
    """
    who = {"", *(str(each.recipient_id) for each in (visit.agenda, visit.also) if each is not None)}
    return any(
        each.recipient in who
        and each.starts < visit.ends_at
        and each.ends > visit.starts_at
        and (visit.pk, each.id) not in kept
        for each in found.get(visit.client_id, ())
    )


def still_asked(entries: list[FollowUp], *, house: str) -> list[FollowUp]:
    """Without those whose absence was withdrawn, and those to be told that they can come whose doctor is away anew, but
    for who comes all the same. Three queries.
    """
    told = [each for each in entries if each.wanted == Wanted.STANDS]
    gone = absences(told, house=house, at=min(each.starts_at for each in told)) if told else {}
    kept = _kept({each.appointment_id for each in told}) if gone else set()
    over = over_by_now(entries, house=house) | {each.pk for each in told if is_away(each.appointment, gone, kept=kept)}
    return [each for each in entries if each.pk not in over]


def _kept(visits: Collection[int]) -> set[tuple[int, str]]:
    """Of these visits (keys) those that stand all the same, each with the absence (its id) in which it does."""
    rows = unmoved(FollowUp.objects.filter(outcome=Outcome.KEPT.value, appointment__in=visits))
    return set(rows.values_list("appointment", "absence"))


def doctors_back(*, by: Who, at: datetime) -> tuple[DoctorBack, ...]:
    """Whose visits left the list within the last day because he is there after all, and are to come; of the clients
    `by` sees. Three queries.
    """
    rows = FollowUp.objects.for_house(by.house_key).filter(
        outcome=Outcome.BACK.value, done_at__gt=at - TOLD_FOR, starts_at__gt=at
    )
    loaded = of_seen(standing(rows), by=by).select_related("client", "agenda", *VISIT).order_by("starts_at", "pk")
    found = list(loaded[:MOST_TOLD])
    gone = absences(found, house=by.house, at=at)
    again = FollowUp.objects.filter(done_at=None, appointment__in=[each.appointment_id for each in found])
    listed = set(again.values_list("appointment", flat=True))
    there: dict[int, dict[int, FollowUp]] = {}
    for each in found:
        if each.appointment_id not in listed and not is_away(each.appointment, gone):
            there.setdefault(each.agenda_id, {})[each.appointment_id] = each
    return tuple(_back(list(each.values())) for each in there.values())


def _back(entries: list[FollowUp]) -> DoctorBack:
    first = entries[0]
    return DoctorBack(
        agenda_name=first.agenda.name,
        client_name=first.client.name,
        time_zone=first.client.time_zone,
        visits=tuple(appointment_view(each.appointment) for each in entries),
    )
