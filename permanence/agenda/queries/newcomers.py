# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who was booked as somebody new without a secretary, and may be a person whom the client has already."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from permanence.agenda.models import Newcomer
from permanence.agenda.queries.agendas import of_seen
from permanence.agenda.queries.returns import VISIT
from permanence.agenda.queries.views import AppointmentView, appointment_view
from permanence.agenda.rules.states import STANDING
from permanence.callers import queries as callers
from permanence.callers.queries import PatientView, traits_of
from permanence.callers.search import Duplicate, duplicates
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who

LIST_LIMIT = 100
"""So many the list holds: each is compared anew with all whom his client has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewcomerView:
    """An entry of the list: the appointment, who was added with it, and whom he looks like, the likeliest first."""

    id: str
    visit: AppointmentView
    client_name: str
    time_zone: str
    person: PatientView
    twins: tuple[Duplicate, ...]


def open_newcomers(*, by: Who, at: datetime) -> tuple[NewcomerView, ...]:
    """Those to be compared, of the clients `by` sees, the earliest appointment first, `LIST_LIMIT` at most.

    Who was merged, whose appointment is cancelled or over, or who looks like nobody any more is not among them.
    """
    return _views(_open(by=by, at=at), by=by)


def newcomer_of(*, by: Who, appointment: str, at: datetime) -> NewcomerView | None:
    """The same of one appointment; None where there is nothing to compare."""
    return next(iter(_views(_open(by=by, at=at).filter(appointment__key=appointment), by=by)), None)


def newcomers_in(*, by: Who, clients: Iterable[str], at: datetime) -> frozenset[str]:
    """Which appointments (ids) of these clients have an open entry, for a grid: nobody is compared. One query.

    That `by` sees the clients is known already.
    """
    rows = _open(by=by, at=at).filter(client__in=[row_key(each) for each in clients])
    return frozenset(rows.values_list("appointment__key", flat=True))


def client_of_newcomer(*, house_key: int, newcomer: str) -> str | None:
    """Whose entry it is, done or not; None when the house has none with that id. One query."""
    rows = Newcomer.objects.for_house(house_key).filter(pk=row_key(newcomer))
    client = rows.values_list("client", flat=True).first()
    return None if client is None else str(client)


def alike(person: PatientView, *, house: str) -> tuple[Duplicate, ...]:
    """Whom of his client this person may be, the likeliest first; nobody who was merged into somebody else."""
    found = duplicates(house=house, client=person.client, traits=traits_of(person), but=person.id)
    return tuple(each for each in found if not each.patient.merged_into)


def _open(*, by: Who, at: datetime) -> ClientQuerySet[Newcomer]:
    return Newcomer.objects.for_house(by.house_key).filter(
        done_at=None,
        patient=F("appointment__patient"),
        patient__merged_into=None,
        appointment__state__in=[each.value for each in STANDING],
        appointment__ends_at__gt=at,
    )


def _views(rows: ClientQuerySet[Newcomer], *, by: Who) -> tuple[NewcomerView, ...]:
    loaded = of_seen(rows, by=by).select_related("client", *VISIT).order_by("appointment__starts_at", "pk")
    seen = list(loaded[:LIST_LIMIT])
    persons = callers.standing_of(pairs=[(str(each.client_id), str(each.patient_id)) for each in seen])
    found = []
    for each in seen:
        person = persons.get((str(each.client_id), str(each.patient_id)))
        twins = () if person is None else alike(person, house=by.house)
        if person is not None and twins:
            found.append(
                NewcomerView(
                    id=str(each.pk),
                    visit=appointment_view(each.appointment),
                    client_name=each.client.name,
                    time_zone=each.client.time_zone,
                    person=person,
                    twins=twins,
                )
            )
    return tuple(found)
