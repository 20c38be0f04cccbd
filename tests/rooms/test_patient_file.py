# SPDX-License-Identifier: AGPL-3.0-or-later
"""A patient's file on screen: what it shows, what is done on it, and that it never leaves its client."""

import json
import re
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda.operations import appointments, visits
from permanence.callers import operations as callers
from permanence.callers import queries
from permanence.callers.models import Patient, PatientConsent
from permanence.callers.request_operations import open_requests
from permanence.callers.rules.form import PatientForm
from permanence.callers.rules.identity import IdentityStatus, LinkKind
from permanence.callers.rules.likeness import Like
from permanence.callers.rules.no_show import Rule
from permanence.callers.rules.requests import RequestKind, due_on
from permanence.clients.access import choose_clients
from permanence.foundation.models import AuditEntry
from permanence.foundation.rules import Role
from permanence.messaging import operations as messaging
from permanence.messaging.rules import MessageForm
from permanence.privacy import file_words
from permanence.privacy.file_acts import ACTS
from permanence.privacy.holdings import holdings
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast
from tests.rooms.conftest import NOW
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db
JEANNE = PatientForm(
    birth_name="Lefèvre", used_name="Dupont", first_name="Jeanne", birth_date="14.03.1961", numbers=("+33612345678",)
)


@pytest.fixture
def jeanne(cast):
    return add(cast, JEANNE)


def add(cast, form, key="1", client=None):
    return callers.add_patient(client=client or cast.dupont, patient=key * 20, form=form, by=cast.claire, at=NOW)


def address(person):
    return f"/console/patients/{person.id}"


def read(browser, person, language="fr"):
    answer = browser.get(address(person), HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 200
    return answer.content.decode()


def do(browser, person, act, **fields):
    return browser.post(address(person), {"act": act, **fields}, HTTP_ACCEPT_LANGUAGE="fr")


def file_of(cast, person):
    return queries.file_of(house=cast.house, client=cast.dupont, patient=person.id)


def seen(cast, person, client=None):
    """The state of a file that was before her eyes, as the page posts it."""
    file = queries.file_of(house=cast.house, client=client or cast.dupont, patient=person.id)
    return file.changed_at.isoformat()


def typed(cast, person, **changes):
    """The form as the page has it, with what somebody changed in it."""
    kept, file = person, file_of(cast, person)
    fields = {
        "birth_name": kept.birth_name, "used_name": kept.used_name, "first_name": kept.first_name,
        "birth_date": kept.birth_date, "sex": kept.sex, "numbers": "\n".join(kept.numbers), "mail": kept.mail,
        "language": kept.language, "address": kept.address, "notes": file.notes, "seen": file.changed_at.isoformat(),
    }  # fmt: skip
    return {**fields, **changes}


def test_the_file_says_who_he_is_how_it_is_known_and_how_he_is_reached(cast, browser_of, jeanne):
    page = read(browser_of(cast.claire), jeanne)
    for words in ("DUPONT Jeanne", "Lefèvre", "14 mars 1961", "06 12 34 56 78", "Cabinet Dupont"):
        assert words in page
    assert "identité provisoire" in page
    assert "dite au téléphone" in page
    assert "jamais demandé" in page


def test_every_word_of_an_enumeration_has_its_words():
    assert set(file_words.STATUS) == set(IdentityStatus)
    assert set(file_words.TIES) == set(LinkKind)
    assert set(file_words.LIKENESS) == set(Like)


def test_a_birth_date_is_corrected_and_a_validated_identity_is_provisional_again(cast, browser_of, jeanne):
    browser = browser_of(cast.claire)
    assert do(browser, jeanne, "change", **typed(cast, jeanne, sex="f")).status_code == 302
    assert do(browser, jeanne, "validate", document="passport", seen=seen(cast, jeanne)).status_code == 302
    page = read(browser, jeanne)
    assert "identité validée" in page
    assert "passeport" in page
    assert f"vue par {cast.claire.name}" in page
    changed = typed(cast, jeanne, sex="f", birth_date="15/03/1961")
    assert do(browser, jeanne, "change", **changed).status_code == 302
    kept = file_of(cast, jeanne).view
    assert (kept.birth_date, kept.status) == ("1961-03-15", IdentityStatus.PROVISIONAL)
    assert kept.numbers == ("+33612345678",)


def test_an_identity_is_not_validated_by_traits_that_somebody_changed_after_she_compared_them(cast, browser_of, jeanne):
    browser = browser_of(cast.claire)
    assert do(browser, jeanne, "change", **typed(cast, jeanne, sex="f")).status_code == 302
    before = seen(cast, jeanne)
    assert f'name="seen" value="{before}"' in read(browser, jeanne).split('value="validate"')[1].split("</form>")[0]
    changed = typed(cast, jeanne, sex="f", birth_date="15/03/1961")
    assert do(browser_of(cast.claire), jeanne, "change", **changed).status_code == 302
    refused = do(browser, jeanne, "validate", document="passport", seen=before)
    assert refused.status_code == 422
    assert "Comparez-le de nouveau avec le document." in refused.content.decode()
    assert do(browser, jeanne, "validate", document="passport").status_code == 422
    assert file_of(cast, jeanne).view.status is IdentityStatus.PROVISIONAL
    assert do(browser, jeanne, "validate", document="passport", seen=seen(cast, jeanne)).status_code == 302


@pytest.mark.parametrize("which", ["one", "other"])
def test_two_files_are_not_merged_when_somebody_changed_one_of_them_after_she_compared_them(
    cast, browser_of, jeanne, which
):
    browser = browser_of(cast.claire)
    double = add(cast, PatientForm(birth_name="Lefebvre", first_name="Jeanne", birth_date="140361"), "2")
    states = {"seen": seen(cast, jeanne), "seen_other": seen(cast, double)}
    changed = jeanne if which == "one" else double
    assert do(browser, changed, "change", **typed(cast, changed, birth_date="14/03/1971")).status_code == 302
    for kept in (jeanne, double):
        refused = do(browser, jeanne, "merge", other=double.id, kept=kept.id, **states)
        assert (refused.status_code, "comparez-les de nouveau" in refused.content.decode()) == (422, True)
    assert not Patient.objects.filter(merged_into__isnull=False).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ("birth_date", "01.01.2090", "Personne n’est encore né ce jour-là."),
        ("birth_date", "31.02.1961", "Ce jour n’existe pas"),
        ("birth_date", "hier", "Ce n’est pas une date de naissance"),
        ("numbers", "appelez ma mère", "Ce n’est pas un numéro de téléphone"),
        ("numbers", "\n".join(f"06123456{n:02d}" for n in range(7)), "six numéros au plus"),
        ("birth_name", "N" * 200, "C’est trop long : nom de naissance"),
        ("first_name", "\u202ennaej", "Cela ne peut pas figurer ici : prénom"),
        ("mail", "jeanne at home", "Cela ne peut pas figurer ici : courriel"),
        ("sex", "x", "Cela ne peut pas figurer ici : sexe"),
        ("notes", "n" * 5000, "C’est trop long : notes"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_stays_typed(cast, browser_of, jeanne, wrong):
    field, value, words = wrong
    before = Patient.objects.values().get(pk=int(jeanne.id))
    answer = do(browser_of(cast.claire), jeanne, "change", **typed(cast, jeanne, **{field: value}))
    page = answer.content.decode().replace("\u00a0", " ")
    assert answer.status_code == 422
    assert words in page
    assert "Rien n’a été modifié." in page
    assert Patient.objects.values().get(pk=int(jeanne.id)) == before
    if field == "birth_date":
        assert f'value="{value}"' in page


def test_without_any_name_nothing_is_changed(cast, browser_of, jeanne):
    answer = do(browser_of(cast.claire), jeanne, "change", **typed(cast, jeanne, birth_name="", used_name=""))
    assert answer.status_code == 422
    assert "Écrivez le nom de naissance" in answer.content.decode()


def test_what_somebody_else_changed_meanwhile_is_not_written_over(cast, browser_of, jeanne):
    browser, before = browser_of(cast.claire), typed(cast, jeanne)
    callers.note_consent(
        client=cast.dupont, patient=jeanne.id, way="sms", given=True, by=cast.aoife, at=NOW + timedelta(minutes=1)
    )
    answer = do(browser, jeanne, "change", **{**before, "address": "12, rue Haute"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Quelqu’un d’autre a modifié ce dossier" in page
    assert "12, rue Haute" in page
    assert file_of(cast, jeanne).view.address == ""
    assert do(browser, jeanne, "change", **typed(cast, jeanne, address="12, rue Haute")).status_code == 302
    assert file_of(cast, jeanne).view.address == "12, rue Haute"


def test_consent_says_when_and_to_whom_each_time_and_the_last_word_counts(cast, browser_of, jeanne):
    browser = browser_of(cast.claire)
    for given in ("yes", "no"):
        assert do(browser, jeanne, "consent", way="sms", given=given).status_code == 302
    assert not file_of(cast, jeanne).view.may_sms
    page = read(browser, jeanne)
    assert page.count(f"noté par {cast.claire.name}") == 2
    assert PatientConsent.objects.count() == 2
    for wrong in ({"way": "pigeon", "given": "yes"}, {"way": "sms", "given": "perhaps"}, {}):
        assert do(browser, jeanne, "consent", **wrong).status_code == 422
    assert PatientConsent.objects.count() == 2


def test_who_may_be_told_stands_on_the_file_of_both(cast, browser_of, jeanne):
    browser, child = browser_of(cast.claire), add(cast, PatientForm(used_name="Dupont", first_name="Zoé"), "2")
    assert f'<option value="{child.id}">DUPONT Zoé</option>' in read(browser, jeanne)
    assert do(browser, jeanne, "link", kind="child", other=child.id).status_code == 302
    guardian = {"kind": "guardian", "name": "Maître Bon", "number": "01 42 34 56 78", "may_speak": "on"}
    assert do(browser, jeanne, "link", **guardian).status_code == 302
    page = read(browser, jeanne)
    assert f'href="{address(child)}"' in page
    assert "Maître Bon" in page
    assert "peut être informé" in page
    assert "ne rien dire" in page
    assert f'href="{address(jeanne)}"' in read(browser, child)
    for wrong in ({"kind": "guardian"}, {"kind": "owner", "name": "X"}, {"kind": "child", "other": jeanne.id}):
        assert do(browser, jeanne, "link", **wrong).status_code == 422
    tie = next(each for each in file_of(cast, jeanne).links if each.other == child.id)
    assert do(browser, jeanne, "unlink", link=tie.id).status_code == 302
    assert file_of(cast, child).links == ()
    assert do(browser, jeanne, "unlink", link=tie.id).status_code == 422


def test_two_files_are_compared_merged_with_a_trace_and_parted_again(cast, browser_of, jeanne):
    browser = browser_of(cast.claire)
    double = add(cast, PatientForm(birth_name="Lefebvre", first_name="Jeanne", birth_date="140361", mail="j@x.fr"), "2")
    page = read(browser, jeanne)
    assert "même date de naissance" in page
    beside = f"{address(jeanne)}/beside/{double.id}"
    assert f'href="{beside}"' in page
    compared = browser.get(beside, HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert "courriel" in compared
    assert "Lefebvre" in compared
    states = {"seen": seen(cast, jeanne), "seen_other": seen(cast, double)}
    assert all(f'value="{each}"' in compared for each in states.values())
    answer = do(browser, jeanne, "merge", other=double.id, kept=jeanne.id, **states)
    assert (answer.status_code, answer["Location"]) == (302, address(jeanne))
    merged = read(browser, jeanne)
    assert "j@x.fr" in merged
    assert "repris" in merged
    assert browser.get(address(double)).headers["Location"] == address(jeanne)
    [merge] = file_of(cast, jeanne).merges
    assert do(browser, jeanne, "part", merge=merge.id).status_code == 302
    assert "j@x.fr" not in read(browser, jeanne).split("t-twins")[0]
    assert browser.get(address(double)).status_code == 200
    trail = set(AuditEntry.objects.filter(subject=f"callers.patient:{jeanne.id}").values_list("action", flat=True))
    assert {"patient.merged", "patient.parted"} <= trail
    assert do(browser, jeanne, "part", merge=merge.id).status_code == 422


def test_two_that_were_validated_and_differ_are_not_merged(cast, browser_of, jeanne):
    browser = browser_of(cast.claire)
    twin = add(cast, PatientForm(birth_name="Lefèvre", first_name="Jeanne", birth_date="140371", sex="f"), "2")
    assert do(browser, jeanne, "change", **typed(cast, jeanne, sex="f")).status_code == 302
    for each in (jeanne, twin):
        callers.validate_identity(client=cast.dupont, patient=each.id, document="identity_card", by=cast.claire, at=NOW)
    page = browser.get(f"{address(jeanne)}/beside/{twin.id}", HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert "ce sont deux personnes" in page
    assert 'value="merge"' not in page
    states = {"seen": seen(cast, jeanne), "seen_other": seen(cast, twin)}
    assert do(browser, jeanne, "merge", other=twin.id, kept=jeanne.id, **states).status_code == 422
    assert do(browser, jeanne, "merge", other=twin.id, kept="1").status_code == 422


def test_the_client_s_rule_warns_in_words_and_can_be_forgiven(cast, browser_of, jeanne):
    browser = browser_of(cast.claire)
    rule = Rule(warn_from=1, block_online_from=1, deposit_from=1, deposit_note="20 € à l’arrivée")
    callers.set_no_show_rule(client=cast.dupont, rule=rule, by=cast.marc, at=NOW)
    callers.count_no_show(client=cast.dupont, patient=jeanne.id, act="visit-1", by=cast.claire, at=NOW)
    page = read(browser, jeanne)
    assert "pas venu à 1 rendez-vous. Reconnu en ligne, il est prié d’appeler." in page
    assert "20 € à l’arrivée" in page
    listed = browser.get(
        "/console/fragments/patients", {"client": cast.dupont, "words": "140361"}, HTTP_ACCEPT_LANGUAGE="fr"
    )
    assert re.search(r'data-warning="[^"]*20 € à l’arrivée"', listed.content.decode())
    assert do(browser, jeanne, "forgive", visit="somebody-else-s").status_code == 422
    assert do(browser, jeanne, "forgive", visit="visit-1").status_code == 302
    assert file_of(cast, jeanne).view.no_shows == 0


def test_appointments_past_and_to_come_and_messages_stand_on_the_file(browser_of):
    cast = make_agenda_cast()
    book(cast, MONDAY, "v1")
    book(cast, MONDAY + timedelta(hours=1), "v2")
    visits.mark_no_show(key="n" * 20, appointment="v1" * 10, by=cast.claire, at=MONDAY + timedelta(minutes=30))
    take_message(cast, cast.jeanne)
    held = holdings(client=cast.cabinet.id, patient=cast.jeanne, by=cast.claire, at=MONDAY + timedelta(minutes=30))
    assert [each.appointment for each in held.visits] == ["v2" * 10, "v1" * 10]
    assert held.counted == {"v1" * 10}
    assert [each.patient.id for each in held.messages] == [cast.jeanne]
    page = browser_of(cast.claire).get(f"/console/patients/{cast.jeanne}", HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert page.count("Consultation") >= 2
    assert "Pour Dr" in page
    opened = browser_of(cast.claire).get(f"/console/appointments/{'v2' * 10}/patient")
    assert opened["Location"] == f"/console/patients/{cast.jeanne}"


def test_a_file_costs_the_same_however_full_it_is(browser_of):
    cast = make_agenda_cast()
    browser = browser_of(cast.claire)
    counts = []
    for number in (1, 4):
        for place in range(number):
            book(cast, MONDAY + timedelta(minutes=30 * (place + number)), f"{number}{place}")
            take_message(cast, cast.jeanne, key=f"{number}{place}")
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(f"/console/patients/{cast.jeanne}").status_code == 200
        counts.append(len(asked))
    assert counts[1] == counts[0] <= 41


def book(cast, starts, key):
    appointments.book(
        key=key * (20 // len(key)), agenda=cast.dupont, starts_at=starts, booking=cast.booking(), by=cast.claire,
        at=NOON,
    )  # fmt: skip


def take_message(cast, patient, key="m1"):
    form = MessageForm(
        message=key * 10, recipient=cast.cabinet.doctor, caller_name="Sa fille", caller_number="", text="Rappeler",
        urgency="today", patient=patient,
    )  # fmt: skip
    messaging.take_message(house=cast.house, client_id=cast.cabinet.id, call="", by=cast.claire, at=NOON, form=form)


def test_a_new_patient_is_found_or_added_in_one_line(cast, browser_of):
    browser = browser_of(cast.claire)
    asked = {"client": cast.dupont, "words": "140361 Dupont Jeanne"}
    page = browser.get("/console/patients/find", asked, HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    for _retry in range(2):
        answer = browser.post("/console/patients/add", {**asked, "key": key})
        assert answer.status_code == 302
    row = Patient.objects.get()
    assert answer["Location"] == f"/console/patients/{row.pk}"
    assert (row.used_name, row.first_name, row.birth_date) == ("Dupont", "Jeanne", "1961-03-14")
    again = browser.get("/console/patients/find", asked).content.decode()
    assert f'href="/console/patients/{row.pk}"' in again
    refused = browser.post("/console/patients/add", {"client": cast.dupont, "words": "N" * 119, "key": "k" * 20})
    assert refused.status_code == 422
    assert Patient.objects.count() == 1


def test_nobody_is_added_without_the_birth_date_that_was_typed(cast, browser_of):
    browser, asked = browser_of(cast.claire), {"client": cast.dupont, "words": "310290 Nouveau Marc"}
    page = browser.get("/console/patients/find", asked, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    added = browser.post("/console/patients/add", {**asked, "key": "k" * 20}, HTTP_ACCEPT_LANGUAGE="en")
    assert "data-new" not in page
    assert "There is no such day, or nobody born then is alive." in page
    assert added.status_code == 422
    assert "There is no such day, or nobody born then is alive." in added.content.decode()
    assert not Patient.objects.exists()


def test_a_patient_of_another_client_or_house_is_not_there_and_the_trail_says_who_asked(cast, browser_of, jeanne):
    choose_clients(person=cast.claire.person, clients=(cast.weber,), by=cast.marc, at=NOW)
    other = add(cast, JEANNE, "2", client=cast.weber)
    for browser in (browser_of(cast.claire), browser_of(cast.nadia)):
        assert browser.get(address(jeanne)).status_code == 404
        assert do(browser, jeanne, "death", deceased="yes").status_code == 404
        assert browser.post(f"{address(jeanne)}/export").status_code == 404
        assert browser.get("/console/patients/find", {"client": cast.dupont, "words": "dup"}).status_code == 404
    mine = browser_of(cast.claire)
    assert mine.get(f"{address(other)}/beside/{jeanne.id}").status_code == 404
    states = {"seen": seen(cast, other, cast.weber), "seen_other": seen(cast, jeanne)}
    assert do(mine, other, "merge", other=jeanne.id, kept=other.id, **states).status_code == 422
    assert do(mine, other, "link", kind="child", other=jeanne.id).status_code == 422
    refused = AuditEntry.objects.filter(action="security.not_hers", subject=f"callers.patient:{jeanne.id}")
    assert refused.filter(by_id=cast.claire.person_key).count() == 3
    assert not Patient.objects.filter(is_deceased=True).exists()


@pytest.mark.parametrize("wrong", ["", "x", "9" * 40, "0", "-1", "%", "1/2"])
def test_an_address_of_nobody_is_not_there(cast, browser_of, wrong):
    for path in (f"/console/patients/{wrong or '999999'}", f"/console/appointments/{wrong or 'none'}/patient"):
        assert browser_of(cast.claire).get(path).status_code == 404


def test_an_act_that_no_page_sends_changes_nothing(cast, browser_of, jeanne):
    browser, before = browser_of(cast.claire), Patient.objects.values().get()
    for act in ("", "erase", "change ", *ACTS):
        answer = do(browser, jeanne, act, seen="<script>alert(1)</script>")
        if act == "death":
            assert answer.status_code == 302  # no word of a death: he lives
        else:
            assert answer.status_code == 422, act
            assert "<script>alert" not in answer.content.decode()
    changed = {"changed_at"}
    after = Patient.objects.values().get()
    assert {name: after[name] for name in after if name not in changed} == {
        name: before[name] for name in before if name not in changed
    }


def test_his_data_are_given_out_as_a_file_and_that_is_noted(browser_of):
    cast = make_agenda_cast()
    book(cast, MONDAY, "v1")
    take_message(cast, cast.jeanne)
    browser = browser_of(cast.claire)
    answer = browser.post(f"/console/patients/{cast.jeanne}/export")
    assert answer["Content-Disposition"] == f'attachment; filename="patient-{cast.jeanne}.json"'
    told = json.loads(answer.content)
    assert told["person"]["birth_name"] == "Hoffmann"
    assert [each["reason"] for each in told["appointments"]] == ["Consultation"]
    assert datetime.fromisoformat(told["appointments"][0]["starts_at"]) == MONDAY
    assert [each["text"] for each in told["messages"]] == ["Rappeler"]
    assert told["sms"] == []
    assert AuditEntry.objects.filter(action="patient.exported", subject=f"callers.patient:{cast.jeanne}").count() == 1
    assert browser.get(f"/console/patients/{cast.jeanne}/export").status_code == 405
    again = json.loads(browser.post(f"/console/patients/{cast.jeanne}/export").content)
    assert "patient.exported" in [each["action"] for each in again["who_did_what"]]


def test_the_back_office_shows_the_file_to_a_supervisor_and_changes_it_for_an_owner(cast, browser_of, jeanne):
    marc = browser_of(cast.marc)
    base = f"/backstage/accounts/{cast.dupont}/patients"
    assert Role.OWNER in cast.marc.roles
    found = marc.get(base, {"words": "140361"}, HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert f'href="{base}/{jeanne.id}"' in found
    page = marc.get(f"{base}/{jeanne.id}", HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert "DUPONT Jeanne" in page
    assert marc.post(f"{base}/{jeanne.id}", {"act": "death", "deceased": "yes"})["Location"] == f"{base}/{jeanne.id}"
    assert file_of(cast, jeanne).view.is_deceased
    assert marc.get(f"/backstage/accounts/{cast.weber}/patients/{jeanne.id}").status_code == 404
    assert json.loads(marc.post(f"{base}/{jeanne.id}/export").content)["person"]["birth_date"] == "1961-03-14"


@pytest.mark.parametrize("door", ["backstage", "portal"])
def test_owner_and_doctor_set_the_rule_on_appointments_not_kept(cast, browser_of, door):
    who, path = {
        "backstage": (cast.marc, f"/backstage/accounts/{cast.dupont}/patients/rule"),
        "portal": (cast.dr_dupont, f"/portal/line/{cast.dupont}/no-shows"),
    }[door]
    browser = browser_of(who)
    given = {"warn_from": "1", "block_online_from": "3", "deposit_from": "2", "deposit_note": "20 € à l’arrivée"}
    assert browser.post(path, given).status_code in {302, 303}
    kept = queries.no_show_rule(house=cast.house, client=cast.dupont)
    assert kept == Rule(warn_from=1, block_online_from=3, deposit_from=2, deposit_note="20 € à l’arrivée")
    for wrong in ({"warn_from": "0"}, {"warn_from": "x"}, {"deposit_from": "1"}, {"warn_from": "1e9"}):
        assert browser.post(path, wrong, HTTP_ACCEPT_LANGUAGE="fr").status_code == 422, wrong
    assert queries.no_show_rule(house=cast.house, client=cast.dupont) == kept
    assert browser.post(path, {}).status_code in {302, 303}
    assert queries.no_show_rule(house=cast.house, client=cast.dupont) == Rule()
    assert queries.no_show_rule(house=cast.house, client=cast.weber) == Rule()


def test_what_he_asks_by_law_is_noted_once_waits_a_month_and_is_answered_by_the_practice(cast, browser_of, jeanne):
    browser, owner = browser_of(cast.claire), browser_of(cast.marc)
    for _twice in range(2):
        assert do(browser, jeanne, "request", kind="erasure").status_code == 302
    assert do(browser, jeanne, "request", kind="money").status_code == 422
    [waiting] = open_requests(house=cast.house, client=cast.dupont)
    assert waiting.kind is RequestKind.ERASURE
    assert "le faire effacer" in read(browser, jeanne).lower()
    listed = owner.get(f"/backstage/accounts/{cast.dupont}/patients", HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert "le faire effacer" in listed
    assert open_requests(house=cast.house, client=cast.weber) == ()
    stranger = add(cast, JEANNE, "2", client=cast.weber)
    for person, fields in (
        (jeanne, {"request": waiting.id, "answer": "  "}),
        (jeanne, {"request": waiting.id, "answer": "a" * 700}),
        (jeanne, {"request": "x", "answer": "Non"}),
        (stranger, {"request": waiting.id, "answer": "Non"}),
    ):
        assert do(browser, person, "answer", **fields).status_code == 422
    assert open_requests(house=cast.house, client=cast.dupont) == (waiting,)
    said = {"request": waiting.id, "answer": "Le dossier médical est conservé 20 ans."}
    assert do(browser, jeanne, "answer", **said).status_code == 302
    assert do(browser, jeanne, "answer", **said).status_code == 422
    assert "Le dossier médical est conservé 20 ans." in read(browser, jeanne)
    assert open_requests(house=cast.house, client=cast.dupont) == ()
    told = json.loads(browser.post(f"{address(jeanne)}/export").content)
    assert [each["kind"] for each in told["requests"]] == ["erasure"]
    assert queries.patient(house=cast.house, client=cast.dupont, patient=jeanne.id).birth_name == "Lefèvre"


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-24", "2026-12-24"),
        ("2026-01-31", "2026-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2026-12-31", "2027-01-31"),
    ],
)
def test_a_month_to_answer_ends_on_the_same_day_or_the_last_of_the_month(asked, due):
    assert due_on(date.fromisoformat(asked)) == date.fromisoformat(due)
