# SPDX-License-Identifier: AGPL-3.0-or-later
"""A mark on the wrong line: it is taken back the same day, and the visit can be moved and cancelled as before."""

import json
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import translation

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, visits
from permanence.agenda.refusals import AppointmentUnknown, NotNow
from permanence.agenda.rules.states import AppointmentState, CancelCause
from permanence.callers.models import NoShow, Patient
from permanence.console.agenda_item import Items
from permanence.foundation.models import AuditEntry, OutboxEvent
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.test_portal_agenda import ZONE, Practice

pytestmark = pytest.mark.django_db
EARLY = MONDAY - timedelta(minutes=30)


@pytest.fixture
def made():
    return make_agenda_cast()


@pytest.fixture
def visit(made):
    booking = made.booking(patient=made.paul)
    said = {"key": made.key(), "agenda": made.dupont, "starts_at": after(60), "booking": booking}
    return appointments.book(**said, by=made.claire, at=EARLY).appointment


def said(made, act, visit, at=EARLY):
    return act(key=made.key(), appointment=visit, by=made.claire, at=at).state


def test_arrived_on_the_wrong_line_before_the_hour_is_taken_back(made, visit):
    said(made, visits.mark_arrived, visit)
    with pytest.raises(NotNow):
        appointments.cancel(key=made.key(), appointment=visit, cause=CancelCause.PATIENT, by=made.claire, at=EARLY)
    assert said(made, visits.take_back, visit) is AppointmentState.BOOKED
    assert not Patient.objects.get(pk=int(made.paul)).known
    move = {"key": made.key(), "appointment": visit, "agenda": made.dupont, "starts_at": after(120)}
    assert appointments.move(**move, by=made.claire, at=EARLY).starts_at == after(120)
    trail = AuditEntry.objects.filter(subject__startswith="agenda.appointment:").order_by("pk")
    assert [each.action for each in trail][-3:] == [
        "appointment.arrived",
        "appointment.taken_back",
        "appointment.moved",
    ]
    event = OutboxEvent.objects.filter(name="AppointmentMarkTakenBack").get()
    assert event.body["state"] == "booked"


def test_who_had_confirmed_is_confirmed_again_and_then_not(made, visit):
    said(made, visits.confirm, visit)
    said(made, visits.mark_done, visit)
    assert said(made, visits.take_back, visit) is AppointmentState.CONFIRMED
    assert said(made, visits.take_back, visit) is AppointmentState.BOOKED
    with pytest.raises(NotNow):
        said(made, visits.take_back, visit)


def test_moved_it_is_to_be_confirmed_anew_whatever_is_taken_back(made, visit):
    said(made, visits.confirm, visit)
    move = {"key": made.key(), "appointment": visit, "agenda": made.dupont, "starts_at": after(120)}
    appointments.move(**move, by=made.claire, at=EARLY)
    said(made, visits.mark_arrived, visit)
    assert said(made, visits.take_back, visit) is AppointmentState.BOOKED


def test_a_no_show_that_was_a_slip_counts_no_more(made, visit):
    late = after(90)
    said(made, visits.mark_no_show, visit, late)
    assert NoShow.objects.count() == 1
    assert said(made, visits.take_back, visit, late) is AppointmentState.BOOKED
    assert not NoShow.objects.exists()


def test_the_day_after_it_stands(made, visit):
    said(made, visits.mark_done, visit)
    tomorrow = EARLY + timedelta(days=1)
    with pytest.raises(NotNow):
        said(made, visits.take_back, visit, tomorrow)
    said(made, visits.mark_no_show, visit, tomorrow)  # said today of yesterday's
    assert said(made, visits.take_back, visit, tomorrow) is AppointmentState.BOOKED


def test_once_by_its_id_and_by_nobody_else(made, visit):
    said(made, visits.mark_arrived, visit)
    act = {"key": made.key(), "appointment": visit, "at": EARLY}
    for _ in range(2):
        assert visits.take_back(by=made.claire, **act).state is AppointmentState.BOOKED
    with pytest.raises(AppointmentUnknown):
        visits.take_back(by=made.dr_weber, **{**act, "key": made.key()})


def test_what_was_confirmed_before_this_was_kept_is_confirmed(made, visit):
    said(made, visits.confirm, visit)
    Appointment.objects.update(confirmed_at=None)
    import_module("permanence.agenda.migrations.0019_confirmed_at").keep_confirmed(apps, None)
    said(made, visits.mark_done, visit)
    assert said(made, visits.take_back, visit) is AppointmentState.CONFIRMED


@pytest.fixture
def practice(cast):
    return Practice(cast)


def test_the_doctor_takes_back_what_he_said_on_his_telephone(practice, cast, browser_of):
    doctor = browser_of(cast.dr_weber)
    past = practice.now - timedelta(hours=3)
    visit = practice.book(past, asked=past - timedelta(days=2))
    day = {"day": past.astimezone(ZONE).date().isoformat()}
    page = practice.url("portal_day_of", practice.agenda)
    back = practice.url("portal_visit", practice.agenda, visit, "back")
    assert back not in doctor.get(page, day).content.decode()
    for act in ("arrived", "done", "no-show"):
        assert doctor.post(practice.url("portal_visit", practice.agenda, visit, act)).status_code == 303
        assert back in doctor.get(page, day).content.decode()
        assert doctor.post(back).status_code == 303
        assert Appointment.objects.get(key=visit).state == "booked"
    assert doctor.post(back).status_code == 303  # pressed twice: it is as he wants it
    Appointment.objects.filter(key=visit).update(state="confirmed")
    assert doctor.post(back).status_code == 303
    assert Appointment.objects.get(key=visit).state == "confirmed"  # that the patient confirmed is no word of the day
    Appointment.objects.filter(key=visit).update(state="done", state_at=practice.now - timedelta(days=2))
    assert doctor.post(back).status_code == 422
    assert back not in doctor.get(page, day).content.decode()


def test_the_secretary_marks_done_and_takes_back(practice, cast, browser_of):
    claire = browser_of(cast.claire)
    visit = practice.book(practice.now + timedelta(hours=1))
    for state, now in (("done", "done"), ("booked", "booked"), ("confirmed", "confirmed"), ("booked", "booked")):
        asked = {"key": practice.key(), "appointment": visit, "state": state}
        sent = claire.post(reverse("console:agenda-mark"), json.dumps(asked), content_type="application/json")
        assert (sent.status_code, sent.json()["state"]) == (200, now)


def test_one_word_for_one_state_in_both_rooms(practice, cast, browser_of):
    doctor, past = browser_of(cast.dr_weber), practice.now - timedelta(hours=3)
    visit = practice.book(past, asked=past - timedelta(days=2))
    day = {"day": past.astimezone(ZONE).date().isoformat()}
    with translation.override(cast.dr_weber.language):
        words = Items.of({}, sites={}, person="", at=practice.now).states
    for state in AppointmentState:
        if state in {AppointmentState.BOOKED, AppointmentState.CANCELLED}:
            continue
        Appointment.objects.filter(key=visit).update(state=state.value)
        page = doctor.get(practice.url("portal_day_of", practice.agenda), day).content.decode()
        assert f">{words[state]}</span>" in page
