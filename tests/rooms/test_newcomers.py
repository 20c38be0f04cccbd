# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who books without a secretary as somebody new, and is perhaps known by his number alone: she compares the files."""

from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse

from permanence.agenda.models import Appointment, Newcomer
from permanence.agenda.operations import appointments, through_interface
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.operations.newcomers import settle_newcomer
from permanence.agenda.queries.newcomers import newcomer_of, open_newcomers
from permanence.agenda.refusals import FollowUpUnknown
from permanence.agenda.rules.states import CancelCause, Door
from permanence.callers import merge_operations
from permanence.callers import operations as callers
from permanence.callers.models import Patient
from permanence.callers.rules.form import PatientForm
from permanence.callers.rules.no_show import Rule
from permanence.console import agenda_pages, follow_ups, newcomers
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import Hands, Visitor, clock, switch_on
from tests.rooms.test_portal_line import text_of

pytestmark = pytest.mark.django_db
__all__ = ("clock",)
BY_TELEPHONE = PatientForm(used_name="Reuter", first_name="Odile", numbers=("06 12 34 56 78",))
"""As a secretary adds somebody who calls: no mail, to which the code could be sent."""


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    switch_on(made)
    return made


@pytest.fixture
def odile(cast, clock):
    return Visitor(cast, clock)


def known(cast, form=BY_TELEPHONE, missed=0):
    """Somebody the practice knows, who did not come so many times."""
    made = callers.add_patient(client=cast.cabinet.id, patient="k" * 20, form=form, by=cast.claire, at=NOON).id
    for number in range(missed):
        callers.count_no_show(client=cast.cabinet.id, patient=made, act=f"visit-{number}", by=cast.claire, at=NOON)
    return made


def books(visitor, **changes):
    visitor.take()
    visitor.tell(**{"last_name": "Reuter", "first_name": "Odile"} | changes)
    return visitor.code()


def listed(cast, *, by=None, at=NOON):
    return open_newcomers(by=by or cast.claire, at=at)


def claire_s(cast, monkeypatch, at=NOON):
    """Her browser, in English, on the clock of the story."""
    for module in (agenda_pages, follow_ups, newcomers):
        monkeypatch.setattr(module, "_CLOCK", Hands(at))
    browser = SignedInBrowser(cast.claire)
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return browser


def test_who_is_known_by_his_number_alone_and_did_not_come_stands_on_the_secretaries_list(odile, cast, monkeypatch):
    twin = known(cast, missed=3)
    callers.set_no_show_rule(client=cast.cabinet.id, rule=Rule(block_online_from=1), by=cast.claire, at=NOON)
    assert books(odile).status_code == 303  # nothing here tells him that he is known
    [entry] = listed(cast)
    visit = Appointment.objects.get()
    assert (entry.visit.appointment, entry.person.id) == (visit.key, str(visit.patient_id))
    assert [each.patient.id for each in entry.twins][:1] == [twin]
    browser = claire_s(cast, monkeypatch)
    page = browser.get("/console/follow-ups")
    assert "Perhaps the same person as REUTER Odile" in text_of(page)
    assert "Did not come to 3 appointments." in text_of(page)
    beside = reverse("console:patient-compare", args=[visit.patient_id, twin])
    assert beside in page.content.decode()
    assert browser.get(beside).status_code == 200
    day = visit.starts_at.date().isoformat()
    grid = browser.get("/console/fragments/agenda", {"client": cast.cabinet.id, "day": day}).content.decode()
    assert "perhaps known already" in grid
    told = browser.get("/console/agenda/visit", {"appointment": visit.key})
    assert "Did not come to 3 appointments." in told.json()["answers"][0]["words"]


def test_who_looks_like_nobody_is_on_no_list(odile, cast):
    known(cast)
    assert books(odile, last_name="Zeller", first_name="Ottilie", number="06 99 99 99 99").status_code == 303
    assert listed(cast) == ()
    assert not Newcomer.objects.exists()


def test_who_proved_to_be_the_one_who_is_known_is_on_no_list(odile, cast):
    form = PatientForm(used_name="Reuter", first_name="Odile", birth_date="14.03.1961", mail="jeanne@example.org")
    twin = known(cast, form)
    assert books(odile).status_code == 303
    assert Appointment.objects.get().patient_id == int(twin)
    assert listed(cast) == ()


def through_a_system(cast, minutes=0, **changes):
    form = PatientForm(**{"birth_name": "Reuter", "first_name": "Odile", "numbers": ("0612345678",)} | changes)
    booking = Booking(patient="", reason=cast.consultation, door=Door.API, new_here=True)
    given = {"agenda": cast.dupont, "starts_at": after(minutes), "by": cast.claire, "at": NOON}
    return lambda key: through_interface.book(key=key, booking=booking, newcomer=form, **given)


def test_a_newcomer_of_another_system_is_compared_once_however_often_it_is_sent(cast):
    twin = known(cast, missed=1)
    send, key = through_a_system(cast), cast.key()
    assert send(key) == send(key)
    [entry] = listed(cast)
    assert entry.twins[0].patient.id == twin
    send = through_a_system(cast, 60, birth_name="Zeller", first_name="Ottilie", numbers=("0699999999",))
    send(cast.key())
    assert len(listed(cast)) == 1


def test_merged_cancelled_or_over_he_needs_nobody_any_more(cast, deliver_all):
    twin = known(cast)
    for minutes in (0, 60, 120):
        numbers = (f"06123456{minutes:02d}"[:10], "0612345678")
        through_a_system(cast, minutes, numbers=numbers)(cast.key())
    entries = listed(cast)
    assert len(entries) == 3
    first, second, third = (each.visit for each in entries)
    merge_operations.merge(client=cast.cabinet.id, kept=twin, merged=first.patient, by=cast.claire, at=NOON)
    assert [each.visit.appointment for each in listed(cast)] == [second.appointment, third.appointment]
    deliver_all(NOON)
    assert Appointment.objects.get(key=first.appointment).patient_id == int(twin)
    assert newcomer_of(by=cast.claire, appointment=first.appointment, at=NOON) is None
    act = {"key": cast.key(), "cause": CancelCause.PATIENT, "by": cast.claire, "at": NOON}
    appointments.cancel(appointment=second.appointment, **act)
    assert [each.visit.appointment for each in listed(cast)] == [third.appointment]
    assert listed(cast, at=third.ends_at) == ()


def test_she_says_that_they_are_two_and_strangers_see_nobody(cast, monkeypatch):
    known(cast)
    through_a_system(cast)(cast.key())
    [entry] = listed(cast)
    for stranger in (cast.other_secretary, cast.dr_weber):
        assert listed(cast, by=stranger) == ()
        with pytest.raises(FollowUpUnknown):
            settle_newcomer(newcomer=entry.id, by=stranger, at=NOON)
    browser = claire_s(cast, monkeypatch)
    address = reverse("console:newcomer", args=[entry.id])
    said = browser.post(address, follow=True)
    assert "REUTER Odile is somebody new." in text_of(said)
    assert "perhaps known already" not in text_of(said)
    assert listed(cast) == ()
    assert "Somebody else has done it meanwhile." in text_of(browser.post(address, follow=True))


def test_who_booked_before_this_was_noted_is_compared_too(cast):
    twin = known(cast)
    through_a_system(cast)(cast.key())
    through_a_system(cast, 60, birth_name="Zeller", first_name="Ottilie", numbers=("0699999999",))(cast.key())
    Newcomer.objects.all().delete()
    import_module("permanence.agenda.migrations.0027_newcomers").compare_those_booked(apps, None)
    [entry] = listed(cast)
    assert entry.twins[0].patient.id == twin
    assert Patient.objects.get(pk=int(entry.person.id)).birth_name == "Reuter"
