# SPDX-License-Identifier: AGPL-3.0-or-later
"""The field of the message form: whom it finds, whom it adds, and that it never reaches another client's."""

import re

import pytest

from permanence.callers import operations as callers
from permanence.callers.models import Patient, PatientNumber
from permanence.callers.rules.form import PatientForm
from permanence.callers.search import Why
from permanence.clients.access import choose_clients
from permanence.console.patients import WHY
from permanence.foundation.models import AuditEntry
from permanence.messaging import queries as messages
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db
LIST = "/console/fragments/patients"
ADD = "/console/patients"


@pytest.fixture
def jeanne(cast):
    form = PatientForm(
        birth_name="Lefèvre", used_name="Dupont", first_name="Jeanne", birth_date="140361", numbers=("+33612345678",)
    )
    return callers.add_patient(client=cast.dupont, patient="1" * 20, form=form, by=cast.claire, at=NOW)


def listed(browser, client, words="", number=""):
    answer = browser.get(LIST, {"client": client, "words": words, "number": number}, HTTP_ACCEPT_LANGUAGE="fr")
    assert answer.status_code == 200
    return answer.content.decode()


def add(browser, client, words, key="k" * 20, number=""):
    body = {"client": client, "patient": key, "words": words, "number": number}
    return browser.post(ADD, body, content_type="application/json", HTTP_ACCEPT_LANGUAGE="fr")


def test_a_row_says_name_birth_date_and_age_to_read_back_and_why(cast, browser_of, jeanne):
    page = listed(browser_of(cast.claire), cast.dupont, "140361 dup")
    assert f'data-patient="{jeanne.id}"' in page
    assert "DUPONT Jeanne" in page
    assert "nom de naissance Lefèvre" in page
    assert re.search(r"14 mars 1961, \d\d ans", page)
    assert "date de naissance, nom" in page
    assert set(WHY) == set(Why)


def test_the_number_of_the_caller_finds_before_a_word_is_typed(cast, browser_of, jeanne):
    page = listed(browser_of(cast.claire), cast.dupont, number="+33612345678")
    assert jeanne.id in re.findall(r'data-patient="(\d+)"', page)
    assert "data-new" not in page


def test_who_may_be_calling_comes_with_his_number_and_who_died_is_marked(cast, browser_of, jeanne):
    """The card offers those whom this list gives for the number alone, but for who died."""
    claire = browser_of(cast.claire)
    page = listed(claire, cast.dupont, number="+33612345678")
    assert 'data-number="+33612345678"' in page
    assert "data-deceased" not in page
    assert "data-patient" not in listed(claire, cast.weber, number="+33612345678")  # nobody for another client
    callers.note_death(client=cast.dupont, patient=jeanne.id, is_deceased=True, by=cast.claire, at=NOW)
    assert "data-deceased" in listed(claire, cast.dupont, number="+33612345678")


def test_the_same_words_add_a_new_person_once(cast, browser_of):
    browser = browser_of(cast.claire)
    assert "Nouveau\u00a0: Martin Luc" in listed(browser, cast.dupont, "01/02/1980 martin luc")
    for _retry in range(2):
        answer = add(browser, cast.dupont, "01/02/1980 martin luc", number="06 12 34 56 79")
        assert answer.status_code == 201
    told = answer.json()
    assert told["name"] == "MARTIN Luc"
    assert told["about"].startswith("1er février 1980")
    row = Patient.objects.get()
    assert (str(row.pk), row.used_name, row.first_name, row.birth_date) == (
        told["patient"],
        "Martin",
        "Luc",
        "1980-02-01",
    )
    assert PatientNumber.objects.get().number == "+33612345679"


@pytest.mark.parametrize(
    ("words", "number", "code"),
    [
        ("", "", "name_missing"),
        ("140361", "", "name_missing"),
        ("Martin Luc", "a phone in letters", "number_unreadable"),
        ("M" * 119, "", "field_too_long"),
        ("03.02.2090 kobalt mina", "", "birth_date_in_future"),
        ("31.02.1990 kobalt mina", "", "birth_date_impossible"),
    ],
)
def test_what_cannot_be_added_is_refused_by_name(cast, browser_of, words, number, code):
    answer = add(browser_of(cast.claire), cast.dupont, words, number=number)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("3.2.2090 kobalt mina", "Personne n’est encore né ce jour-là."),
        ("123456789012345678 kobalt", "Ce n’est pas une date de naissance"),
        ("kobalt", "Personne. Demandez la date de naissance."),
        ("03.02.1990 kobalt", "Personne. Vérifiez la date de naissance."),
    ],
)
def test_who_is_not_found_is_not_new_without_the_birth_date_that_was_given(cast, browser_of, words, said):
    page = listed(browser_of(cast.claire), cast.dupont, words)
    assert said in page
    assert ("data-new" in page) == (said.startswith("Personne."))


@pytest.mark.parametrize("where", ["dupont", "weber"])
@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("310290 kobalt mina", "birth_date_impossible"),
        ("03022090 kobalt mina", "birth_date_in_future"),
        ("31.02.90 kobalt mina", "birth_date_impossible"),
        ("31 février 1990 kobalt mina", "birth_date_impossible"),
        ("3 mars 2090 kobalt", "birth_date_in_future"),
    ],
)
def test_a_date_that_cannot_be_is_none_that_could_be_dialled_either(cast, browser_of, where, words, fault):
    # In Luxembourg six figures are a number too.
    client = getattr(cast, where)
    assert "data-new" not in listed(browser_of(cast.claire), client, words)
    assert add(browser_of(cast.claire), client, words).json()["code"] == fault


def test_what_is_a_number_is_no_fault_of_a_birth_date(cast, browser_of):
    page = listed(browser_of(cast.claire), cast.dupont, "06 12 34 56 79 kobalt")
    assert "data-new" in page


@pytest.mark.parametrize(
    "words", ["%", "' OR 1=1 --", "\u202ednopuD", "<img src=x>", "a" * 5000, "01.01.2090 x", "\x00"]
)
def test_hostile_words_find_nobody_and_stay_words(cast, browser_of, jeanne, words):
    page = listed(browser_of(cast.claire), cast.dupont, words)
    assert jeanne.id not in re.findall(r'data-patient="(\d+)"', page)
    assert "<img src=x" not in page
    assert "\u202e" not in page


def test_a_body_that_the_page_does_not_send_is_refused(cast, browser_of):
    browser = browser_of(cast.claire)
    for body in ("[]", "{", '{"client": 1}'):
        assert browser.post(ADD, body, content_type="application/json").status_code in {404, 422}
    assert add(browser, cast.dupont, "Martin", key="../../x").json()["code"] == "patient_id_malformed"


def test_another_client_s_and_another_house_s_are_not_there(cast, browser_of, jeanne):
    browser = browser_of(cast.claire)
    assert jeanne.id not in re.findall(r'data-patient="(\d+)"', listed(browser, cast.weber, "140361 dup"))
    for stranger in (browser_of(cast.nadia),):
        for path in (LIST, f"{LIST}?client={cast.dupont}&words=140361"):
            assert stranger.get(path).status_code == 404
        assert add(stranger, cast.dupont, "Martin Luc").status_code in {404, 422}
    choose_clients(person=cast.claire.person, clients=(cast.weber,), by=cast.marc, at=NOW)
    assert browser.get(f"{LIST}?client={cast.dupont}&words=140361").status_code == 404
    assert add(browser, cast.dupont, "Martin Luc").status_code == 404
    assert AuditEntry.objects.filter(action="security.not_hers").exists()
    assert Patient.objects.count() == 1


def test_the_message_that_the_form_sends_names_the_person_and_the_doctor_reads_it(cast, browser_of, jeanne):
    recipient = next(key for name, key in cast.recipients.items() if "Dupont" in name)
    body = {
        "message": "m" * 20, "call": "", "client": cast.dupont, "recipient": recipient, "caller_name": "Sa fille",
        "caller_number": "", "reason": "", "urgency": "today", "text": "Rappeler", "read_back": False,
        "patient": jeanne.id,
    }  # fmt: skip
    assert browser_of(cast.claire).post("/console/messages", body, content_type="application/json").status_code == 201
    kept = messages.message(cast.house, "m" * 20, NOW)
    assert kept.patient.id == jeanne.id
    for path in ("/portal", f"/portal/messages/{'m' * 20}"):
        page = browser_of(cast.dr_dupont).get(path, HTTP_ACCEPT_LANGUAGE="fr").content.decode()
        assert "DUPONT Jeanne, 14 mars 1961" in page
    opened = browser_of(cast.claire).get(f"/console/messages/{'m' * 20}", HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert "DUPONT Jeanne" in opened
    answer = browser_of(cast.claire).post(
        "/console/messages", {**body, "message": "n" * 20, "patient": "9999"}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "no_such_patient")
