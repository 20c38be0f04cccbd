# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who waits at the cabinet Dupont: helpers of the tests of the waiting list."""

from datetime import date, timedelta

from permanence.agenda.models import SlotOffer, WaitingPlace
from permanence.agenda.operations import appointments, holds, waiting_list, waiting_offers
from permanence.agenda.operations.waiting_list import Waits
from permanence.agenda.rules.states import CancelCause
from permanence.callers.models import Patient, PatientNumber
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY, patient
from tests.rooms.messaging_cast import NOON

FRIDAY_NOON = NOON
"""When everybody is put on the list."""
LATER = MONDAY - timedelta(days=2, hours=22)
"""Friday, 10:00 in Paris: so far before Monday that an offer lasts as the agenda says."""


def person(cast, name, *, number="", mail="patient@jeanne.example", language="fr", client=""):
    """A patient of the cabinet who agreed to SMS where he has a number, to mail where he has an address."""
    made = patient(client or cast.cabinet.id, name)
    row = Patient.objects.get(pk=int(made))
    agreed = {"sms_agreed_at": NOON if number else None, "mail_agreed_at": NOON if mail else None}
    Patient.objects.filter(pk=row.pk).update(mail=mail, language=language, **agreed)
    if number:
        PatientNumber.objects.create(house_id=row.house_id, client_id=row.client_id, patient=row, number=number)
    return made


def waits(cast, who, *, at=NOON, **more):
    """Put him on the list for a consultation within the next month; gives the id of his place."""
    said = {"reason": cast.consultation, "from_date": date(2026, 11, 27), "until_date": date(2026, 12, 28)} | more
    return waiting_list.put_on_list(
        key=cast.key(), client=cast.cabinet.id, waits=Waits(patient=who, **said), by=cast.claire, at=at
    ).place


def booked(cast, starts_at, *, who="", at=NOON, agenda="", **more):
    """An appointment, as the secretary books it."""
    return appointments.book(
        key=cast.key(),
        agenda=agenda or cast.dupont,
        starts_at=starts_at,
        booking=cast.booking(patient=who or cast.jeanne, **more),
        by=cast.claire,
        at=at,
    )


def cancelled(cast, visit, *, at=LATER):
    """The patient says that he will not come."""
    return appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=at
    )


def held(cast, starts_at, *, at, agenda="", reason="", **more):
    """The id of a slot that the secretary holds, with the device where no other reason is said."""
    return holds.hold_slot(
        key=cast.key(),
        agenda=agenda or cast.dupont,
        reason=reason or cast.tracing,
        starts_at=starts_at,
        by=cast.claire,
        at=at,
        **more,
    ).hold


def pursue(deliver_all, at):
    """The worker's turn: what is announced is heard, what is free is offered, and who is asked is told."""
    deliver_all(at)
    made = waiting_offers.pursue_due(at=at, entropy=SystemEntropy())
    deliver_all(at)
    return made


def offered():
    """The names of those who were offered something, in order, with the state of each offer."""
    rows = SlotOffer.objects.select_related("place__patient").order_by("offered_at", "pk")
    return [(each.place.patient.birth_name, each.state) for each in rows]


def last_offer():
    return SlotOffer.objects.order_by("pk").last()


def place(key):
    return WaitingPlace.objects.get(key=key)
