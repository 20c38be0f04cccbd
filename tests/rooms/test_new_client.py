# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new client from a template: filled in, changed, saved whole or not at all; red flags wait for the doctor."""

import re
from html import unescape

import orjson
import pytest

from permanence.clients import queries, said
from permanence.clients.models import Client, Greeting, Instruction, Reason, Recipient, RedFlagValidation, WeeklyOpening
from permanence.clients.models import Script as ScriptRow
from permanence.clients.new_client_operations import Contradiction, NewClient, NewRecipient, open_new_client
from permanence.clients.operations import NameTaken, Opening
from permanence.clients.rules import ClientKind, ClientState, RecipientKind, Sector
from permanence.clients.rules.client_templates import CLIENT_TEMPLATES, client_template
from permanence.clients.script_operations import ScriptRefused
from permanence.foundation.models import AuditEntry, OutboxEvent
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage import Form

TABLES = (Client, WeeklyOpening, Greeting, Reason, Recipient, Instruction, ScriptRow, AuditEntry, OutboxEvent)
NEW = "/backstage/accounts/new"


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def rows():
    return [table.objects.count() for table in TABLES]


def shown(answer, status=200):
    assert answer.status_code == status, answer.content.decode()
    return unescape(answer.content.decode())


def filled(browser, code="doctor", name="Dr Klein", country="LU", language="fr"):
    asked = {"template": code, "name": name, "country": country, "language": language}
    return Form(browser.get(NEW, asked).content.decode()).data


def saved(browser, **changes):
    return browser.post(NEW, {**filled(browser), **changes})


def errors(answer):
    html = unescape(answer.content.decode())
    return re.findall(r'class="error"[^>]*>([^<]+)', html)


def led_to(answer):
    """What stands at the top of the page: where each link leads, and what it is called."""
    html = unescape(answer.content.decode())
    return re.findall(r'<li><a class="link" href="#([^"]+)">([^<]+)</a>', html)


def test_what_is_wrong_stands_at_the_top_with_a_link_to_each_field_and_folded_groups_open(marc):
    page = marc.get(NEW, {"template": "doctor", "name": "Dr Klein", "country": "LU", "language": "fr"})
    assert led_to(page) == []
    assert len(re.findall(r"<details[^>]* open", shown(page))) == 0
    wrong = {"day_0": "99", "max_wait_s": "3", "recipient_1_email": "zz@zz", "greeting_de": "x" * 2000}
    answer = saved(marc, **wrong)
    assert led_to(answer) == [
        ("new_day_0", "Lundi"),
        ("new_max_wait_s", "Attente maximale en secondes"),
        ("new_greeting_de", "Phrase d’accueil\u00a0: Allemand"),
        ("new_recipient_1_email", "Destinataire 2\u00a0: courriel"),
    ]
    html = shown(answer, 422)
    assert all(f'id="{anchor}"' in html for anchor, _name in led_to(answer))
    assert len(re.findall(r'<details class="card new__fold" open', html)) == 1


def file_of(cast, name):
    [key] = Client.objects.for_house(cast.marc.house_key).filter(name=name).values_list("pk", flat=True)
    return queries.client_file(house=cast.house, client=str(key), at=NOW)


def test_the_templates_are_offered_with_what_they_bring(cast, marc):
    html = shown(marc.get(NEW))
    for code in CLIENT_TEMPLATES:
        assert f'name="template" value="{code}"' in html
        assert client_template(code, language="fr", name="").about in html
    [brings] = re.findall(r'new__brings">([^<]+)', html)[:1]
    assert re.findall(r"\d+", brings) == ["7", "5", "15", "9"]
    chosen = {"template": "doctor", "name": "", "country": "LU", "language": "fr"}
    assert {name: Form(html).data[name] for name in chosen} == chosen


@pytest.mark.parametrize("code", CLIENT_TEMPLATES)
@pytest.mark.parametrize("where", [("LU", "de", ("de", "fr")), ("FR", "fr", ("fr",)), ("IE", "en", ("en",))])
def test_each_is_opened_as_it_was_filled_in(cast, marc, code, where):
    country, language, spoken = where
    before = rows()
    data = filled(marc, code, name="Dr Klein", country=country, language=language)
    assert rows() == before
    data |= {f"recipient_{number}_name": f"Dr N{number}" for number in range(3) if not data[f"recipient_{number}_name"]}
    answer = marc.post(NEW, data)
    assert answer.status_code == 303, errors(answer)
    made, file = client_template(code, language=language, name="Dr Klein"), file_of(cast, "Dr Klein")
    assert answer["Location"] == f"/backstage/onboarding/{file.view.id}#number"
    assert (file.view.kind, file.view.sector, file.view.state) == (made.kind, made.sector, "prospect")
    assert (file.view.languages, file.view.country) == (spoken, country)
    assert (file.hours.always, file.hours.closed_on_holidays) == (made.always, made.closed_on_holidays)
    assert [(each.code, each.label) for each in file.reasons] == [(each.code, each.label) for each in made.reasons]
    assert {(each.text, each.priority) for each in file.instructions} == {
        (each.text, each.priority) for each in made.instructions
    }
    assert {each.author for each in file.instructions} == {"Marc"}
    assert [each.language for each in file.greetings] == list(spoken)
    assert (file.ring_before_music_s, file.max_wait_s) == (made.ring_before_music_s, made.max_wait_s)
    assert file.script is not None
    assert orjson.loads(file.script.text)["language"] == language
    proof = said.proof_of(house=cast.house, client=file.view.id, at=NOW)
    assert [each.code for each in proof.findings] == ["no_line"]


def test_red_flags_of_a_template_are_never_in_force_before_the_doctor(cast, marc):
    assert saved(marc).status_code == 303
    script = file_of(cast, "Dr Klein").script
    assert "red_flags" not in orjson.loads(script.text)
    assert script.validated_date == ""
    assert not RedFlagValidation.objects.filter(client__name="Dr Klein").exists()
    kept = ScriptRow.objects.get(client__name="Dr Klein")
    assert len(orjson.loads(kept.text)["red_flags"]) == 9


def test_everything_can_be_changed_on_the_page(cast, marc):
    changes = {
        "name": "Dr Marie Klein",
        "place": "Esch",
        "day_0": "9-10",
        "day_5": "8h-12h",
        "greeting_de": "",
        "greeting_fr": "Docteur Klein, bonjour.",
        "reasons": "Rendez-vous\r\n\r\nVaccin\r\nRendez-vous",
        "instruction_0": "",
        "instruction_5": "Vaccins : le mardi.",
        "recipient_0_email": "klein@klein.example",
        "max_wait_s": "90",
        "script": "draft",
    }
    assert saved(marc, **changes).status_code == 303
    file = file_of(cast, "Dr Marie Klein")
    assert (file.view.initials, file.view.place, file.view.languages) == ("MK", "Esch", ("fr",))
    assert [(entry.weekday, len(entry.intervals)) for entry in file.hours.week] == [
        (0, 1), (1, 2), (2, 2), (3, 2), (4, 2), (5, 1),
    ]  # fmt: skip
    assert [each.text for each in file.greetings] == ["Docteur Klein, bonjour."]
    assert [(each.code, each.label) for each in file.reasons] == [("appointment", "Rendez-vous"), ("vaccin", "Vaccin")]
    assert len(file.instructions) == 5
    assert "Vaccins : le mardi." in {each.text for each in file.instructions}
    assert (file.max_wait_s, file.script) == (90, None)
    assert ScriptRow.objects.filter(client__name="Dr Marie Klein").count() == 1
    assert Recipient.objects.get(client__name="Dr Marie Klein").email == "klein@klein.example"


def test_an_empty_one_has_a_usual_week_and_no_script(cast, marc):
    data = filled(marc, "", name="Garage Roth")
    assert "script" not in data
    data |= {"kind": "company", "sector": "other", "greeting_fr": "Garage Roth, bonjour."}
    assert marc.post(NEW, data).status_code == 303
    file = file_of(cast, "Garage Roth")
    assert (file.view.kind, file.instructions, file.reasons, file.script) == ("company", (), (), None)
    assert len(file.hours.week) == 5


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"name": ""}, 1),
        ({"name": "Dr Weber"}, 1),
        ({"kind": "wizard"}, 1),
        ({"day_0": "99"}, 1),
        ({f"day_{number}": "" for number in range(7)}, 1),
        ({"greeting_fr": "", "greeting_de": ""}, 1),
        ({"greeting_fr": "x" * 301}, 1),
        ({"reasons": "x" * 81}, 1),
        ({"reasons": "\n".join(f"r{number}" for number in range(31))}, 1),
        ({"instruction_0": "x" * 2001}, 1),
        ({"recipient_0_name": ""}, 1),
        ({"recipient_1_name": "Dr Klein"}, 1),
        ({"recipient_0_email": "no address"}, 1),
        ({"max_wait_s": "5"}, 1),
        ({"max_wait_s": "abc"}, 1),
        ({"ring_before_music_s": "100", "max_wait_s": "90"}, 1),
        ({"script": "wizard"}, 1),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(cast, marc, changes, count):
    data = filled(marc)
    before = rows()
    answer = marc.post(NEW, {**data, "place": "Esch", **changes})
    html = shown(answer, 422)
    assert len(errors(answer)) == count, errors(answer)
    assert 'value="Esch"' in html
    assert rows() == before


def test_hours_that_contradict_themselves_are_shown_and_not_saved(cast, marc):
    data = filled(marc)
    before = rows()
    html = shown(marc.post(NEW, {**data, "day_0": "22-6", "day_1": "5-9"}), 422)
    assert 'class="findings"' in html
    assert 'value="22:00-06:00"' in html or 'value="22-6"' in html
    assert rows() == before


def test_the_first_page_asks_for_a_name_and_keeps_what_was_chosen(cast, marc):
    answer = marc.get(NEW, {"template": "dentist", "name": " ", "country": "IE", "language": "en"})
    html = shown(answer, 422)
    assert len(errors(answer)) == 1
    assert 'value="dentist" checked' in html
    assert marc.get(NEW, {"template": "baker", "name": "x", "country": "LU", "language": "fr"}).status_code == 422
    assert marc.post(NEW, {**filled(marc), "country": "XX"}).status_code == 422


def test_words_of_others_are_words(cast, marc):
    name = '<img src=x onerror="alert(1)"> {client}'
    html = marc.get(NEW, {"template": "doctor", "name": name, "country": "LU", "language": "fr"}).content.decode()
    assert "<img src=x" not in html
    assert marc.post(NEW, filled(marc, name=name)).status_code == 303
    assert any(name in each.text for each in file_of(cast, name).greetings)


def wanted(**more):
    return NewClient(
        **{
            "name": "Dr Klein",
            "initials": "DK",
            "kind": ClientKind.PRACTITIONER,
            "sector": Sector.HEALTH,
            "country": "LU",
            "time_zone": "Europe/Luxembourg",
            "language": "fr",
            "greetings": {"fr": "Bonjour, {name}."},
            "week": (Opening(weekday=0, opens="08:00", until="12:00"),),
            **more,
        }
    )


def test_the_operation_refuses_by_name_and_keeps_nothing(cast):
    before = rows()
    twice = tuple(NewRecipient(kind=RecipientKind.DESK, name="A") for _each in range(2))
    overlapping = (
        Opening(weekday=0, opens="08:00", until="12:00"),
        Opening(weekday=0, opens="11:00", until="13:00"),
    )
    for refusal, more in (
        (NameTaken, {"name": "Atlas"}),
        (NameTaken, {"recipients": twice}),
        (ScriptRefused, {"script": "doctor"}),
        (Contradiction, {"week": overlapping}),
    ):
        with pytest.raises(refusal):
            open_new_client(wanted=wanted(**more), by=cast.marc, at=NOW)
        assert rows() == before


def test_what_will_be_missing_once_he_is_answered_is_told(cast):
    opened = open_new_client(wanted=wanted(week=(), always=False), by=cast.marc, at=NOW)
    assert {each.code for each in opened.proof.findings} == {"no_line", "never_answered"}
    assert Client.objects.get(pk=opened.client).state == ClientState.PROSPECT


def test_the_other_house_may_have_the_same_name(cast, browser_of):
    nadia = browser_of(cast.nadia)
    assert saved(nadia, name="Atlas").status_code == 303
    assert Client.objects.filter(name="Atlas").count() == 2


def test_html_in_an_instruction_is_refused_beside_it_and_nobody_is_opened(cast, marc):
    before = Client.objects.count()
    answer = saved(marc, instruction_0="<b>Toujours</b> dire CRP < 5")
    html = answer.content.decode()
    assert (answer.status_code, Client.objects.count()) == (422, before)
    assert "«\u00a0&lt;b&gt;\u00a0» est du HTML" in html
    assert "&lt;b&gt;Toujours&lt;/b&gt; dire CRP &lt; 5</textarea>" in html
