# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the agendas hear of other rooms, through the real wiring: the end of a call, patients who were one."""

from datetime import timedelta

import pytest
from django.db import transaction

from permanence.agenda import handlers
from permanence.agenda.models import Agenda, Appointment, Occupancy
from permanence.agenda.operations import appointments, holds
from permanence.agenda.queries import appointments as found
from permanence.agenda.rules.states import CancelCause
from permanence.callers import merge_operations as merging
from permanence.calls.events import CallRecorded
from permanence.calls.models import Call
from permanence.clients import absences
from permanence.foundation import outbox
from permanence.foundation.models import LiveTouch, OutboxEvent
from tests.rooms.agenda_cast import after, make_agenda_cast, patient
from tests.rooms.messaging_cast import NOON


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def book(cast, minutes=0, **booking):
    return appointments.book(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=after(minutes),
        booking=cast.booking(**booking),
        by=cast.claire,
        at=NOON,
    )


def test_the_end_of_a_call_frees_what_was_held_for_it(cast, deliver_all):
    for minutes, call in ((0, "call-1"), (60, "call-2")):
        holds.hold_slot(
            key=cast.key(),
            agenda=cast.dupont,
            reason=cast.consultation,
            starts_at=after(minutes),
            call=call,
            by=cast.claire,
            at=NOON,
        )
    event = CallRecorded(house="centre", at=NOON, call="call-1", client=cast.cabinet.id, abandoned=False)
    for _ in range(2):
        with transaction.atomic():
            outbox.announce(event)
        deliver_all(NOON)
    assert [row.hold.call for row in Occupancy.objects.all()] == ["call-2"]
    assert OutboxEvent.objects.filter(name="HoldReleased").count() == 1


def test_an_absence_is_seen_on_the_agendas_at_once(cast, deliver_all):
    """Who shows them fetches again, and what is kept of them warm is old."""
    deliver_all(NOON)
    before = dict(Agenda.objects.values_list("pk", "version"))
    LiveTouch.objects.all().delete()
    absences.announce_absence(
        client=cast.cabinet.id,
        starts=NOON + timedelta(days=1),
        ends=NOON + timedelta(days=2),
        words="Le docteur est absent.",
        announced_by=cast.marc.person,
        by=cast.marc,
        at=NOON,
    )
    deliver_all(NOON)
    topics = set(LiveTouch.objects.values_list("topic", flat=True))
    for agenda in (cast.dupont, cast.lemaire):
        assert f"client/{cast.cabinet.id}/agenda/{agenda}" in topics
        assert Agenda.objects.get(pk=int(agenda)).version > before[int(agenda)]
    assert Agenda.objects.get(pk=int(cast.weber_agenda)).version == before[int(cast.weber_agenda)]


def test_what_was_done_in_a_call_is_its_outcome_until_she_says_another(cast, deliver_all):
    def call(name, **more):
        return Call.objects.create(house_id=cast.claire.house_key, call=name, client_id=int(cast.cabinet.id), **more)

    call("call-1", arrived_at=NOON)
    call("call-2", arrived_at=NOON, outcome="wrong_number")
    visit = book(cast, call="call-1")
    book(cast, 60, call="call-2")
    deliver_all(NOON)
    outcomes = dict(Call.objects.values_list("call", "outcome"))
    assert outcomes == {"call-1": "appointment_booked", "call-2": "wrong_number"}
    call("call-3", arrived_at=NOON)
    appointments.cancel(
        key=cast.key(),
        appointment=visit.appointment,
        cause=CancelCause.PATIENT,
        by=cast.claire,
        at=NOON,
        call="call-3",
    )
    deliver_all(NOON)
    assert Call.objects.get(call="call-3").outcome == "appointment_cancelled"


def test_appointments_follow_patients_who_were_one_and_go_back_when_they_were_two(cast, deliver_all):
    double = patient(cast.cabinet.id, "Hofmann")
    own, other = book(cast), book(cast, 60, patient=double)
    merge = merging.merge(client=cast.cabinet.id, kept=cast.jeanne, merged=double, by=cast.claire, at=NOON)
    deliver_all(NOON)
    assert set(Appointment.objects.values_list("patient", flat=True)) == {int(cast.jeanne)}
    mine = found.of_patient(by=cast.claire, client=cast.cabinet.id, patient=cast.jeanne)
    assert {each.appointment for each in mine} == {own.appointment, other.appointment}
    later = book(cast, 120, patient=double)  # who was merged is booked for as who stands for him
    assert later.patient == cast.jeanne
    merging.part(client=cast.cabinet.id, merge=merge.id, by=cast.claire, at=NOON + timedelta(hours=1))
    deliver_all(NOON + timedelta(hours=1))
    assert Appointment.objects.get(key=other.appointment).patient_id == int(double)
    assert Appointment.objects.get(key=own.appointment).patient_id == int(cast.jeanne)


@pytest.mark.parametrize(
    "hearer",
    [
        handlers.on_call_recorded,
        handlers.on_appointment,
        handlers.on_patients_merged,
        handlers.on_patients_parted,
    ],
)
def test_a_hearer_says_when_it_hears_what_is_not_for_it(hearer):
    with pytest.raises(TypeError):
        hearer("1", object())
