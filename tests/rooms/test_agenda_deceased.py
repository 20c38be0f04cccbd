# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nothing is booked for a patient who died, by whatever door; what was booked before is cancelled as any other."""

import pytest

from permanence.agenda.models import Agenda, Appointment, SlotHold, WaitingPlace
from permanence.agenda.operations import appointments, offer_answers
from permanence.agenda.refusals import PatientDeceased
from permanence.agenda.rules.states import CancelCause
from permanence.callers import operations as callers
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.fhir_client import System, fixed, stamp, token_for
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_console_agenda import act, at_wall, monday
from tests.rooms.test_fhir_scheduling import held, parameters, reference, whom
from tests.rooms.test_offers import opened
from tests.rooms.test_portal_book import address
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, person, pursue, waits

__all__ = ["monday"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)
    return made


def died(cast, who="", *, is_deceased=True):
    callers.note_death(
        client=cast.cabinet.id, patient=who or cast.jeanne, is_deceased=is_deceased, by=cast.claire, at=NOON
    )


@pytest.mark.parametrize("what", ["book", "overbook", "series"])
def test_the_console_says_so_in_words(cast, browser_of, monday, what):
    browser = browser_of(cast.claire)
    where = {"agenda": cast.dupont, "day": monday.isoformat(), "minute": "600"}
    if what == "series":
        where = {"client": cast.cabinet.id, "first": monday.isoformat(), "days": "0,7", "tolerance": "0"}
    asked = {"reason": cast.consultation, "patient": cast.jeanne, "words": "Urgent", "said": {}, **where}
    died(cast)
    refused = act(browser, what, key=cast.key(), **asked)
    assert (refused.status_code, refused.json()["code"]) == (422, "patient_deceased")
    assert refused.json()["why"] == "Ce patient est décédé\u00a0: rien n’est réservé pour lui."
    assert not Appointment.objects.exists()
    died(cast, is_deceased=False)
    assert act(browser, what, key=cast.key(), **asked).status_code == 201


def test_his_doctor_is_told_so_too(cast, monday):
    browser = SignedInBrowser(cast.dr_dupont)
    died(cast)
    starts = at_wall(monday, 9).isoformat()
    said = {"reason": cast.consultation, "patient": cast.jeanne, "day": monday.isoformat(), "starts": starts}
    refused = browser.post(address(cast), {**said, "step": "book", "key": cast.key()})
    assert refused.status_code == 422
    assert "Ce patient est décédé\u00a0: rien n’est réservé pour lui." in refused.content.decode()
    assert not Appointment.objects.exists()


def test_the_interface_says_so(cast, monkeypatch):
    fixed(monkeypatch)
    system = System(token_for(cast.cabinet.id, by=cast.marc).token)
    where, kept = reference(cast, system), held(cast, system, 60)
    died(cast)
    for key in (where, f"Appointment/{kept['id']}"):
        wanted = parameters(appointment_reference=key, patient_resource=whom(cast.jeanne))
        refused = system.post("Appointment/$book", wanted)
        assert (refused.status, refused.codes) == (422, ["patient_deceased"])
        assert refused.said == ["Nothing can be booked for this patient: please call us."]
    found = system.get(
        f"Appointment/$find?start={stamp(MONDAY)}&end={stamp(after(60))}&patient-reference=Patient/{cast.jeanne}"
    )
    assert (found.status, found.codes) == (422, ["patient_deceased"])
    assert (Appointment.objects.count(), SlotHold.objects.count()) == (0, 1)


def test_nobody_who_died_is_put_on_the_waiting_list_or_takes_what_it_offers(cast, deliver_all):
    deliver_all(NOON)
    visit = booked(cast, MONDAY)
    bellard = person(cast, "Bellard")
    waits(cast, bellard)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    died(cast, bellard)
    died(cast)
    with pytest.raises(PatientDeceased):
        waits(cast, cast.jeanne)
    with pytest.raises(PatientDeceased):
        offer_answers.take(offer=last_offer().key, by=cast.claire, at=LATER)
    assert WaitingPlace.objects.count() == 1
    assert not Appointment.objects.filter(state="booked").exists()


def test_by_link_too(cast, deliver_all, monkeypatch):
    fixed_at = type("Still", (), {"now": staticmethod(lambda: LATER)})
    monkeypatch.setattr("permanence.booking.parts.CLOCK", fixed_at)
    deliver_all(NOON)
    visit = booked(cast, MONDAY)
    bellard = person(cast, "Bellard")
    waits(cast, bellard)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    died(cast, bellard)
    assert opened(act="take").status_code == 409
    assert not Appointment.objects.filter(state="booked").exists()


def test_what_was_booked_before_is_cancelled_as_any_other(cast):
    visit = booked(cast, MONDAY)
    died(cast)
    appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
    )
    assert Appointment.objects.get().state == "cancelled"
