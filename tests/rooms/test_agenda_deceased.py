# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nothing is booked for a patient who died, by whatever door, nor moved; what was booked before is cancelled as any
other.
"""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse

from permanence.agenda.models import Agenda, Appointment, SlotHold, WaitingPlace
from permanence.agenda.operations import appointments, offer_answers
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.refusals import PatientDeceased
from permanence.agenda.rules.imports import ImportLine
from permanence.agenda.rules.states import CancelCause
from permanence.callers import operations as callers
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.fhir_client import System, fixed, stamp, token_for
from tests.rooms.messaging_cast import NOON
from tests.rooms.messaging_cast import person as somebody
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


def brought(cast, starts, minutes=15):
    return ImportLine(
        line=2,
        starts=starts,
        ends=starts + timedelta(minutes=minutes),
        name="Hoffmann",
        first_name="Jeanne",
        reason="Consultation",
    )


def test_another_product_brings_in_what_was_and_nothing_that_is_to_come(cast):
    died(cast)
    asked = {"agenda": cast.dupont, "by": cast.marc, "at": NOON, "write": True}
    report = import_lines(lines=[brought(cast, MONDAY)], **asked)
    assert [(each.line, each.code, each.value) for each in report.faults] == [
        (2, "patient_deceased", "Hoffmann Jeanne")
    ]
    assert not Appointment.objects.exists()
    report = import_lines(lines=[brought(cast, MONDAY - timedelta(days=28))], **asked)
    assert (report.appointments, report.new_patients, report.faults) == (1, 0, [])


def test_the_import_says_so_in_words(cast, browser_of, monkeypatch):
    monkeypatch.setattr("permanence.backstage.agenda_import.CLOCK", SimpleNamespace(now=lambda: NOON))
    died(cast)
    address = reverse("accounts:agenda-import", args=[cast.cabinet.id, cast.dupont])
    text = f"date;time;length;patient;reason\n{MONDAY:%Y-%m-%d};12:00;15;HOFFMANN Jeanne;Consultation\n"
    owner = somebody("owner@centre.example", "Olga", [Role.OWNER], by=cast.marc)
    answer = browser_of(owner).post(address, {"text": text, "do": "save"})
    assert [each.words for each in answer.context["faults"]] == [
        "Ce patient est décédé\u00a0: rien n’est réservé pour lui."
    ]
    assert not Appointment.objects.exists()


def test_his_visit_is_not_moved_by_whatever_door(cast, browser_of, monkeypatch):
    fixed(monkeypatch)
    visit = booked(cast, MONDAY)
    died(cast)
    with pytest.raises(PatientDeceased):
        appointments.move(
            key=cast.key(),
            appointment=visit.appointment,
            agenda=cast.dupont,
            starts_at=after(60),
            by=cast.claire,
            at=NOON,
        )
    system = System(token_for(cast.cabinet.id, by=cast.marc).token)
    moved = {
        "resourceType": "Appointment",
        "id": f"a.{visit.appointment}",
        "status": "booked",
        "start": stamp(after(60)),
    }
    path = f"Appointment/a.{visit.appointment}"
    refused = system.put(path, moved, **{"If-Match": f'W/"{system.get(path)["meta"]["versionId"]}"'})
    assert (refused.status, refused.codes) == (422, ["patient_deceased"])
    assert Appointment.objects.get().starts_at == MONDAY


def test_the_console_says_why_it_is_not_moved(cast, browser_of, monday):
    visit = booked(cast, at_wall(monday, 9), at=SystemClock().now())
    died(cast)
    where = {"agenda": cast.dupont, "day": monday.isoformat(), "minute": "600", "appointment": visit.appointment}
    refused = act(browser_of(cast.claire), "move", key=cast.key(), **where)
    assert (refused.status_code, refused.json()["code"]) == (422, "patient_deceased")
    assert Appointment.objects.get().starts_at == at_wall(monday, 9)
