# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appointments: one, those of a patient, of a call, and those that an absence leaves to be looked after."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from permanence.agenda.models import Appointment
from permanence.agenda.queries.agendas import clients_seen, known_key
from permanence.agenda.queries.asked import visits_near
from permanence.agenda.queries.views import AppointmentView, appointment_of_key, appointment_views
from permanence.agenda.refusals import AppointmentUnknown
from permanence.agenda.rules.answers import Answer
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.states import STANDING
from permanence.callers import queries as callers
from permanence.clients import away
from permanence.foundation import secrecy
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who

ANSWERS = "appointment.answers"
"""For what the answers are sealed."""
ABSENT_LIMIT = 500
"""So many appointments a list of those that fall into an absence holds."""


def appointment(*, by: Who, appointment: str) -> AppointmentView:
    """One appointment, cancelled or not. Raises AppointmentUnknown, for one of a client whom `by` does not see too."""
    found = appointment_of_key(house_key=by.house_key, key=known_key(appointment))
    if found is None or not clients_seen(by, [int(found.client)]):
        raise AppointmentUnknown(appointment[:40])
    return found


def answers(*, by: Who, appointment: str) -> tuple[Answer, ...]:
    """What was asked before it was booked, and what was said. Raises AppointmentUnknown, foundation's SealBroken."""
    found = answers_of(by=by, appointments=[appointment])
    if known_key(appointment) not in found:
        raise AppointmentUnknown(appointment[:40])
    return found[appointment]


def answers_of(*, by: Who, appointments: Iterable[str]) -> dict[str, tuple[Answer, ...]]:
    """The same of several appointments, by id; those of clients whom `by` does not see are not in it.

    Raises foundation's SealBroken. Three queries, however many.
    """
    return {key: _said(sealed, house=by.house) for key, sealed in _sealed(appointments, by=by).items()}


def readable_answers_of(*, by: Who, appointments: Iterable[str]) -> dict[str, tuple[Answer, ...]]:
    """The same where one that cannot be read takes away none of the others: it is not in it."""
    found = {}
    for key, sealed in _sealed(appointments, by=by).items():
        try:
            found[key] = _said(sealed, house=by.house)
        except secrecy.SealBroken:
            continue
    return found


def _sealed(appointments: Iterable[str], *, by: Who) -> dict[str, str]:
    keys = [known_key(each) for each in appointments]
    rows = Appointment.objects.for_house(by.house_key).filter(key__in=keys).only("key", "client_id", "sealed_answers")
    may = set(clients_seen(by, {each.client_id for each in rows}))
    return {each.key: each.sealed_answers for each in rows if each.client_id in may}


def home_addresses(*, visits: Iterable[AppointmentView], said: Mapping[str, Sequence[Answer]]) -> dict[str, str]:
    """Where visits at home are, by appointment: as it was said before the booking, else as it stands in the patient's
    file today; "" where nobody knows. `said`: of `readable_answers_of`. Two queries, none where every address was said.
    """
    there = [each for each in visits if each.way is Way.HOME]
    found = {
        each.appointment: next((one.words for one in said.get(each.appointment, ()) if one.address), "")
        for each in there
    }
    files = callers.standing_of(pairs={(each.client, each.patient) for each in there if not found[each.appointment]})
    living = {pair: each.address for pair, each in files.items()}
    return {each.appointment: found[each.appointment] or living.get((each.client, each.patient), "") for each in there}


def _said(sealed: str, *, house: str) -> tuple[Answer, ...]:
    told = json.loads(secrecy.unseal(sealed, house=house, purpose=ANSWERS)) if sealed else ()
    return tuple(Answer(**each) for each in told)


def client_of(*, by: Who, appointment: str) -> str | None:
    """Whose appointment it is, in the house of `by`; None for none there. For the wall alone: it says nothing else."""
    rows = Appointment.objects.for_house(by.house_key).filter(key=known_key(appointment))
    row = rows.only("client_id").first()
    return None if row is None else str(row.client_id)


def of_patient(*, by: Who, client: str, patient: str) -> tuple[AppointmentView, ...]:
    """All appointments of a patient of a client, the latest first; () where `by` does not see the client."""
    rows = Appointment.objects.for_house(by.house_key).filter(client__in=clients_seen(by, [row_key(client)]))
    return appointment_views(rows.filter(patient=row_key(patient)).order_by("-starts_at", "-pk"))


def before_him(*, by: Who, client: str, patient: str, at: datetime, most: int) -> tuple[AppointmentView, ...]:
    """The first `most` standing appointments of a patient of a client that are not over at `at`, the earliest first.

    () where `by` does not see the client.
    """
    rows = Appointment.objects.for_house(by.house_key).filter(
        visits_near(at),
        client__in=clients_seen(by, [row_key(client)]),
        patient=row_key(patient),
        state__in=[each.value for each in STANDING],
    )
    return appointment_views(rows.order_by("starts_at", "pk")[:most])


def of_call(*, by: Who, call: str) -> tuple[AppointmentView, ...]:
    """The appointments that were booked during a call, of clients whom `by` sees."""
    rows = Appointment.objects.for_house(by.house_key).filter(call=call[:64]) if call else Appointment.objects.none()
    found = appointment_views(rows.order_by("booked_at", "pk"))
    may = clients_seen(by, {int(each.client) for each in found})
    return tuple(each for each in found if int(each.client) in may)


def coming(*, by: Who, client: str, at: datetime) -> tuple[AppointmentView, ...]:
    """The standing appointments of a client that begin after `at`, the earliest first; () of one `by` does not see."""
    rows = Appointment.objects.for_house(by.house_key).filter(
        client__in=clients_seen(by, [row_key(client)]), state__in=[each.value for each in STANDING], starts_at__gt=at
    )
    return appointment_views(rows.order_by("starts_at", "pk"))


def in_absence(*, by: Who, client: str, absence: str, at: datetime) -> tuple[AppointmentView, ...]:
    """The appointments to be looked after because who is away cannot keep them: standing, not begun at `at`, the
    earliest first, `ABSENT_LIMIT` at most.

    () for an absence that there is not, or that `by` does not see.
    """
    rows = rows_in_absence(by=by, client=client, absence=absence, at=at)
    return appointment_views(rows.order_by("starts_at", "pk")[:ABSENT_LIMIT])


def how_many_in_absence(*, by: Who, client: str, absence: str, at: datetime) -> int:
    """How many these are, beyond `ABSENT_LIMIT` too: an act on the absence meets each of them."""
    return rows_in_absence(by=by, client=client, absence=absence, at=at).count()


def rows_in_absence(*, by: Who, client: str, absence: str, at: datetime) -> ClientQuerySet[Appointment]:
    """The same as rows, however many: for an act that has to meet each of them. Two queries, and that of the rows."""
    may = clients_seen(by, [row_key(client)])
    entry = away.absence(house=by.house, client=row_key(client), absence=absence) if may else None
    if entry is None:
        return Appointment.objects.none()
    rows = Appointment.objects.for_house(by.house_key).filter(
        client=row_key(client),
        state__in=[each.value for each in STANDING],
        starts_at__lt=entry.ends,
        starts_at__gt=at,
        ends_at__gt=entry.starts,
    )
    if entry.recipient:
        who = int(entry.recipient)
        rows = rows.filter(Q(agenda__recipient=who) | Q(also__recipient=who))
    return rows
