# SPDX-License-Identifier: AGPL-3.0-or-later
"""The back office's pages of the scripts: begin, write, publish, have the red flags validated, find."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client as Browser

from permanence.clients import script_operations as acts
from permanence.clients import script_queries as scripts
from permanence.clients.rules.script import read_text
from permanence.clients.rules.script_templates import TEMPLATES
from permanence.foundation.models import Person
from permanence.kernel.system import SystemClock
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def marc(cast, browser_of) -> Browser:
    return browser_of(cast.marc)


def page(cast) -> str:
    return f"/backstage/scripts/{cast.weber}/"


def begun(cast, marc, code="doctor"):
    answer = marc.post(page(cast), {"act": "begin", "template": code, "language": "fr", "after": "0"})
    assert (answer.status_code, answer["Location"]) == (302, page(cast))
    return scripts.versions(house=cast.house, client=cast.weber)[0].text


def shown(marc, cast, query=""):
    answer = marc.get(page(cast) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def in_force(cast):
    return scripts.script_entry(house=cast.house, client=int(cast.weber))


def test_a_client_without_a_script_is_offered_every_template(cast, marc):
    found = shown(marc, cast)
    assert all(f'value="{code}"' in found for code in TEMPLATES)
    assert "script-text" not in found.replace("script-text-", "")


def test_from_template_to_call_in_two_presses(cast, marc):
    text = begun(cast, marc)
    found = shown(marc, cast)
    assert "Rien n’empêche de publier" in found
    answer = marc.post(page(cast), {"act": "publish", "text": text, "after": "1"})
    assert answer.status_code == 302
    assert in_force(cast).version == 1
    assert "Version 1 – en vigueur" in shown(marc, cast)


def test_what_is_not_sound_is_not_published_says_why_and_is_not_lost(cast, marc):
    text = begun(cast, marc)
    data = json.loads(text)
    data["questions"][1]["then"] = "caller"
    broken = json.dumps(data)
    answer = marc.post(page(cast), {"act": "publish", "text": broken, "after": "1"})
    assert answer.status_code == 422
    found = answer.content.decode()
    assert "« reason » ramène toujours à « caller »" in found.replace("\u00a0", " ")
    assert "&quot;then&quot;: &quot;caller&quot;" in found
    assert [each.version for each in scripts.versions(house=cast.house, client=cast.weber)] == [1]
    assert in_force(cast) is None
    kept = marc.post(page(cast), {"act": "save", "text": broken, "after": "1"})
    assert kept.status_code == 302
    assert "Version 2 – brouillon" in shown(marc, cast)


def test_markup_in_a_script_is_text(cast, marc):
    data = json.loads(begun(cast, marc))
    data["title"] = "<script>alert(1)</script>"
    data["samples"][0]["name"] = "</textarea><img src=x onerror=alert(1)>"
    assert marc.post(page(cast), {"act": "save", "text": json.dumps(data), "after": "1"}).status_code == 302
    assert "<img" not in shown(marc, cast)
    assert "<script>alert" not in shown(marc, cast)


def test_the_second_of_two_writers_is_told_and_keeps_her_text(cast, marc):
    text = begun(cast, marc)
    acts.write_draft(client=cast.weber, text=text, after=1, by=cast.marc, at=NOW)
    answer = marc.post(page(cast), {"act": "save", "text": text.replace("Médecin", "Généraliste"), "after": "1"})
    assert answer.status_code == 422
    assert "autre version" in answer.content.decode()
    assert "Généraliste" in answer.content.decode()
    assert len(scripts.versions(house=cast.house, client=cast.weber)) == 2


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"act": "sell"},
        {"act": "save"},
        {"act": "save", "text": "{", "after": "1"},
        {"act": "save", "text": "{}", "after": "-1"},
        {"act": "begin", "template": "../../x", "after": "1"},
        {"act": "publish", "version": "99"},
        {"act": "publish", "version": "9" * 30},
        {"act": "validate", "version": "1", "doctor": "1", "validated": "yesterday"},
        {"act": "validate", "version": "1", "doctor": "x", "validated": "2026-11-20", "red_flags": "[]"},
    ],
)
def test_a_form_that_asks_nothing_sensible_changes_nothing(cast, marc, form):
    begun(cast, marc)
    answer = marc.post(page(cast), form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert len(scripts.versions(house=cast.house, client=cast.weber)) == 1
    assert scripts.last_validation(house=cast.house, client=cast.weber) is None


def test_red_flags_wait_for_the_doctor_and_his_date(cast, marc):
    text = begun(cast, marc)
    marc.post(page(cast), {"act": "publish", "text": text, "after": "1"})
    assert "Aucun n’est en vigueur" in shown(marc, cast)
    assert read_text(in_force(cast).text)[0].red_flags == ()
    today = SystemClock().now().date()
    form = {
        "act": "validate",
        "version": "1",
        "doctor": cast.recipients["Dr Weber"],
        "red_flags": acts.red_flags_text(read_text(text)[0]),
    }
    late = marc.post(page(cast), {**form, "validated": (today + timedelta(days=2)).isoformat()})
    assert late.status_code == 422
    assert "à venir" in late.content.decode()
    other = marc.post(page(cast), {**form, "validated": today.isoformat(), "red_flags": "[]"})
    assert other.status_code == 422
    assert marc.post(page(cast), {**form, "validated": today.isoformat()}).status_code == 302
    assert len(read_text(in_force(cast).text)[0].red_flags) == 9
    assert "validés par Dr Weber" in shown(marc, cast)


def test_checking_while_writing_gives_the_reasons_and_keeps_nothing(cast, marc):
    data = json.loads(begun(cast, marc))
    data["colour"] = "red"
    answer = marc.post(page(cast) + "check", {"text": json.dumps(data)})
    (fault,) = answer.json()["faults"]
    assert "le champ «\u00a0colour\u00a0» n’existe pas" in fault
    sound = marc.post(page(cast) + "check", {"text": scripts.versions(house=cast.house, client=cast.weber)[0].text})
    assert sound.json() == {"faults": []}
    assert marc.post(page(cast) + "check", {"text": "x" * 90_000}).json()["faults"]
    assert len(scripts.versions(house=cast.house, client=cast.weber)) == 1


def test_the_history_shows_every_version_and_an_older_one_is_published_again(cast, marc):
    text = begun(cast, marc)
    marc.post(page(cast), {"act": "publish", "text": text, "after": "1"})
    marc.post(page(cast), {"act": "publish", "text": text.replace('"Médecin"', '"Autre"'), "after": "1"})
    assert in_force(cast).version == 2
    assert "&quot;Médecin&quot;" in shown(marc, cast, "?version=1")
    assert marc.post(page(cast), {"act": "publish", "version": "1"}).status_code == 302
    assert (in_force(cast).version, read_text(in_force(cast).text)[0].title) == (3, "Médecin")


def test_all_scripts_are_searched_and_say_where(cast, marc):
    begun(cast, marc)
    found = marc.get("/backstage/scripts/", {"q": "medicament"}).content.decode()
    assert "<code>medicine</code>" in found
    assert page(cast) in found
    assert "Ces mots ne figurent" in marc.get("/backstage/scripts/", {"q": "<b>rien</b>"}).content.decode()


def test_where_each_recipient_is_used_stands_on_the_page(cast, marc):
    begun(cast, marc)
    assert "Où chaque destinataire est utilisé" in shown(marc, cast)


def test_a_client_of_another_house_or_none_is_not_there(cast, marc):
    for client in (cast.other_client, "999999", "x"):
        for path in (f"/backstage/scripts/{client}/", f"/backstage/scripts/{client}/check"):
            assert marc.post(path, {"act": "begin", "template": "doctor", "after": "0"}).status_code == 404
    assert marc.get(f"/backstage/scripts/{cast.other_client}/").status_code == 404


def test_the_page_asks_as_often_whatever_the_script_holds(cast, marc, django_assert_max_num_queries):
    begun(cast, marc)
    with django_assert_max_num_queries(16):
        shown(marc, cast)


@pytest.mark.parametrize("language", ["fr", "de", "en"])
def test_the_day_of_the_validation_stands_and_is_read_as_days_are_written_in_her_language(cast, marc, language):
    text = begun(cast, marc)
    Person.objects.filter(pk=int(cast.marc.person)).update(language=language)
    found = shown(marc, cast)
    assert 'type="date"' not in found
    (day,) = re.findall(r'name="validated" value="([^"]+)"', found)
    form = {"act": "validate", "version": "1", "doctor": cast.recipients["Dr Weber"], "validated": day}
    flags = acts.red_flags_text(read_text(text)[0])
    assert marc.post(page(cast), {**form, "red_flags": flags}).status_code == 302
    valid = scripts.last_validation(house=cast.house, client=cast.weber)
    assert valid.validated_date == SystemClock().now().date()


def checked(marc, cast, data):
    return marc.post(page(cast) + "check", {"text": json.dumps(data)}).json()


def test_a_removed_route_is_offered_with_its_sample_calls_before_and_after_and_is_publishable(cast, marc):
    data = json.loads(begun(cast, marc))
    gone = next(each for each in data["routes"] if "Résultats" in each["label"])
    data["routes"].remove(gone)
    found = checked(marc, cast, data)
    assert found["faults"]
    (change,) = found["offer"]["changes"]
    assert "Autre demande" in change
    before = [line for each in found["offer"]["samples"] for line in each["before"]]
    assert f"finit à\u00a0: {gone['label']}" in before
    assert all("finit à\u00a0: Autre demande" in each["after"] for each in found["offer"]["samples"])
    assert checked(marc, cast, json.loads(found["offer"]["text"])) == {"faults": []}
    answer = marc.post(page(cast), {"act": "publish", "text": found["offer"]["text"], "after": "1"})
    assert answer.status_code == 302
    assert in_force(cast).version == 2


def test_one_sample_call_is_corrected_or_taken_out_alone(cast, marc):
    data = json.loads(begun(cast, marc))
    data["samples"][0]["expect"]["route"], data["samples"][1]["expect"]["route"] = (
        data["samples"][1]["expect"]["route"],
        data["samples"][0]["expect"]["route"],
    )
    offer = checked(marc, cast, data)["offer"]
    assert (offer["changes"], [each["place"] for each in offer["samples"]]) == ([], [0, 1])
    data["samples"][0] = json.loads(offer["samples"][0]["text"])
    assert [each["place"] for each in checked(marc, cast, data)["offer"]["samples"]] == [1]
    del data["samples"][1]
    assert checked(marc, cast, data) == {"faults": []}


def test_nothing_is_offered_for_what_is_no_script_nor_in_the_words_of_another_client(cast, marc):
    begun(cast, marc)
    reply = marc.post(page(cast) + "check", {"text": "{"}).json()
    assert reply["offer"] == {"changes": [], "samples": [], "text": ""}
