# SPDX-License-Identifier: AGPL-3.0-or-later
"""Consent to SMS and mail, asked while the visit is booked: only once, only what can be used, kept as on the file."""

import pytest

from permanence.callers.models import Patient, PatientConsent
from permanence.countries.numbers import spell_international
from permanence.foundation.models import AuditEntry
from permanence.kernel.phone import PhoneNumber
from tests.rooms.agenda_cast import make_agenda_cast
from tests.rooms.test_late import provider, reachable

__all__ = ["provider"]

pytestmark = pytest.mark.django_db
CONSENT = "/console/agenda/consent"
MOBILE = "+33639980001"


@pytest.fixture
def cast(db):
    return make_agenda_cast()


@pytest.fixture
def anna(cast):
    """A mobile number and an address, never asked."""
    key = reachable(cast, "Anna", MOBILE, False)
    Patient.objects.filter(pk=int(key)).update(mail="anna@patients.example")
    return key


def unasked(cast, browser, patient):
    answer = browser.get(CONSENT, {"client": cast.cabinet.id, "patient": patient})
    assert answer.status_code == 200, answer.content
    return [(each["way"], each["to"]) for each in answer.json()["ways"]]


def says(cast, browser, patient, way, answer):
    said = {"client": cast.cabinet.id, "patient": patient, "way": way, "answer": answer}
    return browser.post(f"{CONSENT}-said", said, content_type="application/json")


def test_what_was_never_asked_is_asked_once_and_kept_with_who_and_when(cast, anna, provider, browser_of):
    browser = browser_of(cast.claire)
    assert unasked(cast, browser, anna) == [
        ("sms", spell_international(PhoneNumber(MOBILE))),
        ("mail", "anna@patients.example"),
    ]
    assert PatientConsent.objects.count() == 0
    assert says(cast, browser, anna, "sms", "yes").status_code == 200
    assert says(cast, browser, anna, "mail", "no").status_code == 200
    assert unasked(cast, browser, anna) == []
    kept = PatientConsent.objects.order_by("pk")
    assert [(each.way, each.given, each.by_name) for each in kept] == [
        ("sms", True, "Claire"),
        ("mail", False, "Claire"),
    ]
    row = Patient.objects.get(pk=int(anna))
    assert (row.sms_agreed_at is not None, row.mail_agreed_at) == (True, None)
    assert AuditEntry.objects.filter(action="patient.consent_noted").count() == 2


def test_the_number_is_asked_as_it_is_spoken(cast, anna, provider, browser_of):
    (_, number), _ = unasked(cast, browser_of(cast.claire), anna)
    assert number.replace("\u202f", " ").replace("\u00a0", " ") == "+33 6 39 98 00 01"


def test_a_slip_is_corrected(cast, anna, provider, browser_of):
    browser = browser_of(cast.claire)
    says(cast, browser, anna, "sms", "yes")
    says(cast, browser, anna, "sms", "no")
    assert Patient.objects.get(pk=int(anna)).sms_agreed_at is None
    assert PatientConsent.objects.count() == 2


def test_what_cannot_reach_him_is_not_asked(cast, anna, settings, tmp_path, browser_of):
    browser = browser_of(cast.claire)
    settings.PERMANENCE = settings.PERMANENCE.changed(data=tmp_path)  # no provider of SMS
    assert unasked(cast, browser, anna) == [("mail", "anna@patients.example")]
    Patient.objects.filter(pk=int(anna)).update(mail="")
    assert unasked(cast, browser, anna) == []
    assert unasked(cast, browser, cast.jeanne) == []


def test_of_who_died_nothing_is_asked(cast, anna, provider, browser_of):
    Patient.objects.filter(pk=int(anna)).update(is_deceased=True)
    assert unasked(cast, browser_of(cast.claire), anna) == []


def test_of_who_was_merged_it_is_kept_on_the_file_that_stands(cast, anna, provider, browser_of):
    Patient.objects.filter(pk=int(cast.jeanne)).update(merged_into=int(anna))
    browser = browser_of(cast.claire)
    assert unasked(cast, browser, cast.jeanne)[0] == ("sms", spell_international(PhoneNumber(MOBILE)))
    assert says(cast, browser, cast.jeanne, "sms", "yes").status_code == 200
    assert PatientConsent.objects.get().patient_id == int(anna)


@pytest.mark.parametrize(
    ("way", "answer"), [("fax", "yes"), ("sms", ""), ("sms", "maybe"), ("", "no"), ("sms" * 99, "yes")]
)
def test_what_the_page_does_not_send_is_refused(cast, anna, provider, browser_of, *, way, answer):
    assert says(cast, browser_of(cast.claire), anna, way, answer).status_code == 422
    assert PatientConsent.objects.count() == 0


def test_another_clients_patient_is_not_there(cast, anna, provider, browser_of):
    stranger = browser_of(cast.other_secretary)
    assert stranger.get(CONSENT, {"client": cast.cabinet.id, "patient": anna}).status_code == 404
    assert says(cast, stranger, anna, "sms", "yes").status_code == 404
    assert says(cast, browser_of(cast.claire), cast.greta, "sms", "yes").status_code == 422  # of another client
    assert PatientConsent.objects.count() == 0
