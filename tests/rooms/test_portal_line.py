# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client's own line in the portal: looked at, then saved; nothing of another client; two people at one text."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client as Browser

from permanence.clients import operations as clients
from permanence.clients import queries, reading
from permanence.clients.models import Greeting, HoursException, Instruction, Reason, WeeklyOpening
from permanence.clients.rules import Scope
from permanence.clients.rules.spoken import GreetingWhen
from permanence.foundation.models import AuditEntry, OutboxEvent, Person
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock
from permanence.portal import instructions as instructions_page
from permanence.staff import operations as staff
from tests.rooms.messaging_cast import make_cast, person

pytestmark = pytest.mark.django_db
NAMES = ("Aoife", "<Bea>")
WEEK = {f"day_{number}": "8-12, 14h-18h30" for number in range(5)} | {"day_5": "", "day_6": ""}


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def now():
    return SystemClock().now()


def signed_in(who):
    browser = Browser(headers={"Accept-Language": "en"})
    browser.force_login(Person.objects.get(pk=int(who.person)))
    return browser


def text_of(response):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


def hidden(response, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', response.content.decode())
    assert found is not None, f"no hidden field {name}"
    return found[1]


def page(cast, part):
    return f"/portal/line/{cast.weber.id}{part}"


def instructions(cast):
    return queries.client_file(house=cast.house, client=cast.weber.id, at=SystemClock().now()).instructions


def kept_week(cast):
    return list(WeeklyOpening.objects.for_client(cast.weber.id).values_list("weekday", "opens", "until"))


def test_the_week_is_looked_at_and_nothing_is_saved_before_it_is_said(cast):
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, "/hours"))
    looked = browser.post(page(cast, "/hours"), {**WEEK, "basis": hidden(form, "basis"), "step": "check"})
    assert looked.status_code == 200
    assert "08:00–12:00, 14:00–18:30" in text_of(looked)
    assert kept_week(cast) == []

    saved = browser.post(page(cast, "/hours"), {**WEEK, "basis": hidden(looked, "basis"), "step": "save"})
    assert saved.status_code == 303
    assert kept_week(cast)[:2] == [(0, "08:00", "12:00"), (0, "14:00", "18:30")]
    assert {row.by_name for row in AuditEntry.objects.filter(action="client.hours_set")} == {cast.dr_weber.name}
    assert OutboxEvent.objects.filter(name="ClientChanged", body__client=cast.weber.id).exists()
    assert "It holds from the next call on." in text_of(browser.get(saved["Location"]))


def test_hours_that_cannot_be_read_come_back_as_they_were_typed(cast):
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, "/hours"))
    typed = {**WEEK, "day_2": "8-12, 11-14<b>", "basis": hidden(form, "basis"), "step": "save"}
    refused = browser.post(page(cast, "/hours"), typed)
    assert refused.status_code == 422
    assert 'value="8-12, 11-14&lt;b&gt;"' in refused.content.decode()
    assert kept_week(cast) == []


def test_of_hours_that_overlap_both_are_said(cast):
    browser = signed_in(cast.dr_weber)
    typed = {
        **WEEK,
        "day_2": "8-12, 10-14",
        "basis": hidden(browser.get(page(cast, "/hours")), "basis"),
        "step": "save",
    }
    assert "These hours overlap: 8:00-12:00 and 10:00-14:00." in text_of(browser.post(page(cast, "/hours"), typed))
    assert kept_week(cast) == []


def test_a_second_person_is_told_that_the_hours_changed_and_loses_nothing(cast, now):
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, "/hours"))
    other = [clients.Opening(weekday=0, opens="09:00", until="10:00")]
    clients.set_hours(client=cast.weber.id, week=other, by=cast.marc, at=now)
    refused = browser.post(page(cast, "/hours"), {**WEEK, "basis": hidden(form, "basis"), "step": "save"})
    assert refused.status_code == 409
    assert "09:00-10:00" in text_of(refused)
    assert 'value="8-12, 14h-18h30"' in refused.content.decode()
    assert kept_week(cast) == [(0, "09:00", "10:00")]

    again = browser.post(page(cast, "/hours"), {**WEEK, "basis": hidden(refused, "basis"), "step": "save"})
    assert again.status_code == 303
    assert len(kept_week(cast)) == 10


def test_a_day_is_written_again_in_place_of_what_was_there_and_taken_back(cast, now):
    browser = signed_in(cast.dr_weber)
    by_marc = {"client": cast.weber.id, "by": cast.marc, "at": now}
    clients.set_greeting(language="fr", text="Bonjour.", **by_marc)
    clients.set_hours(week=[clients.Opening(weekday=0, opens="08:00", until="12:00")], **by_marc)
    ahead = (now + timedelta(days=9)).date()
    for hours in ("9-12, 14-15", "10-11"):
        marks = hidden(browser.get(page(cast, "/hours")), "marks")
        typed = {"date": ahead.isoformat(), "hours": hours, "label": "Formation", "marks": marks}
        assert browser.post(page(cast, "/day"), typed).status_code == 303
    rows = HoursException.objects.for_client(cast.weber.id)
    assert list(rows.values_list("date", "opens", "until", "label")) == [(ahead, "10:00", "11:00", "Formation")]
    assert "Formation" in text_of(browser.get(page(cast, "")))

    marks = hidden(browser.get(page(cast, "/hours")), "marks")
    browser.post(page(cast, "/day"), {"date": ahead.isoformat(), "remove": "1", "marks": marks})
    assert not rows.exists()


def test_a_day_without_hours_is_closed(cast, now):
    ahead = (now + timedelta(days=3)).date()
    signed_in(cast.dr_weber).post(page(cast, "/day"), {"date": ahead.isoformat(), "hours": ""})
    hours = queries.client_file(house=cast.house, client=cast.weber.id, at=now).hours
    assert [(each.date, each.intervals) for each in hours.exceptions] == [(ahead.isoformat(), ())]


@pytest.mark.parametrize(
    ("day", "hours"),
    [("", "8-12"), ("tomorrow", "8-12"), ("2020-01-01", "8-12"), ("9999-12-31", "8-12"), ("ahead", "25-26")],
)
def test_a_day_that_cannot_be_is_refused_with_its_reason(cast, now, day, hours):
    when = (now + timedelta(days=3)).date().isoformat() if day == "ahead" else day
    answer = signed_in(cast.dr_weber).post(page(cast, "/day"), {"date": when, "hours": hours})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not HoursException.objects.exists()


def test_a_phrase_is_heard_with_a_secretarys_name_before_it_is_saved(cast, now):
    clients.set_greeting(client=cast.weber.id, language="fr", text="Cabinet Weber.", by=cast.marc, at=now)
    staff.make_secretary(person=cast.claire.person, languages=("fr",), by=cast.marc, at=now)
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, "/greeting/fr"))
    typed = {"text": "Cabinet du docteur Weber, {name} à l'appareil.", "basis": hidden(form, "basis")}
    looked = browser.post(page(cast, "/greeting/fr"), {**typed, "step": "check"})
    name = cast.claire.name.split(" ", 1)[0]
    assert f"« Cabinet du docteur Weber, {name} à l'appareil. »" in text_of(looked).replace("\xa0", " ")
    assert Greeting.objects.get(language="fr", client=cast.weber.id).text == "Cabinet Weber."

    assert browser.post(page(cast, "/greeting/fr"), {**typed, "step": "save"}).status_code == 303
    assert Greeting.objects.get(language="fr", client=cast.weber.id).text == typed["text"]


def test_a_phrase_that_somebody_changed_meanwhile_is_not_overwritten_unseen(cast, now):
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, "/greeting/fr"))
    clients.set_greeting(client=cast.weber.id, language="fr", text="Le texte de Marc.", by=cast.marc, at=now)
    mine = {"text": "Mon texte.", "basis": hidden(form, "basis"), "step": "save"}
    refused = browser.post(page(cast, "/greeting/fr"), mine)
    assert refused.status_code == 409
    assert "Le texte de Marc." in text_of(refused)
    assert ">Mon texte.</textarea>" in refused.content.decode()
    assert Greeting.objects.get(language="fr", client=cast.weber.id).text == "Le texte de Marc."


def test_no_phrase_in_a_language_that_is_not_his(cast):
    assert signed_in(cast.dr_weber).get(page(cast, "/greeting/it")).status_code == 404


def test_an_instruction_is_seen_as_on_the_card_then_saved_changed_and_ended(cast):
    browser = signed_in(cast.dr_weber)
    typed = {"text": "Partie en visite.\nUrgences au 15.", "starts": "", "ends": "2036-01-01T12:00", "version": "0"}
    looked = browser.post(page(cast, "/instructions/new"), {**typed, "step": "check"})
    assert "What the secretary will see this one Partie en visite." in text_of(looked)
    assert not Instruction.objects.exists()

    assert browser.post(page(cast, "/instructions/new"), {**typed, "step": "save"}).status_code == 303
    (entry,) = instructions(cast)
    assert (entry.text, entry.author) == (typed["text"], cast.dr_weber.name)
    assert entry.ends is not None
    assert entry.ends.isoformat() == "2036-01-01T11:00:00+00:00", "noon on the clock of Paris"

    address = page(cast, f"/instructions/{entry.id}")
    changed = {"text": "Rentrée.", "starts": "", "ends": "", "version": "1", "step": "save"}
    assert browser.post(address, changed).status_code == 303
    assert [each.text for each in instructions(cast)] == ["Rentrée."]
    assert Instruction.objects.count() == 2, "what was written stays written"
    version = hidden(browser.get(address), "version")
    assert browser.post(address + "/end", {"version": version}).status_code == 303
    assert instructions(cast) == ()
    assert browser.post(address + "/end", {"version": version}).status_code == 404


def test_who_wrote_an_instruction_sees_which_secretaries_have_read_it(cast, now):
    others = [
        person(f"s{each}@centre.example", name, [Role.SECRETARY], by=cast.marc) for each, name in enumerate(NAMES)
    ]
    for one in (cast.claire, *others):
        staff.make_secretary(person=one.person, languages=("fr",), by=cast.marc, at=now)
    keys = [
        clients.write_instruction(
            client=client, text="Porte B < C", author=cast.marc.person, by=cast.marc, at=now, acknowledge=True
        )
        for client in (cast.weber.id, cast.cabinet.id)
    ]
    browser = signed_in(cast.dr_weber)
    shut = text_of(browser.get(page(cast, "")))
    assert "Who has read it" in shut
    assert "Read by" not in shut
    assert "Read by nobody yet" in text_of(browser.get(page(cast, "?readers=1")))
    for key in keys:
        reading.acknowledge_instruction(instruction=key, version=1, by=cast.claire, at=now)
    reading.acknowledge_instruction(instruction=keys[1], version=1, by=others[0], at=now)
    (order,) = browser.get(page(cast, "?readers=1")).context["orders"]
    assert [name for name, _moment in order.reading.read] == ["Claire"]
    assert sorted(order.reading.missing) == ["<Bea>", "Aoife"]
    told = browser.get(page(cast, "?readers=1"))
    assert "Read by 1 secretary of 3" in text_of(told)
    assert re.search(r"Read by Claire today \d\d?:\d\d Not read by", text_of(told))
    assert "<Bea>" not in told.content.decode(), "a name stays words"
    theirs = signed_in(cast.dr_dupont).get(f"/portal/line/{cast.cabinet.id}?readers=1")
    assert "Read by 2 secretaries of 3" in text_of(theirs)
    revised = {"text": "Porte C", "acknowledge": "1", "version": "1", "step": "save"}
    assert browser.post(page(cast, f"/instructions/{keys[0]}"), revised).status_code == 303
    assert "Read by nobody yet" in text_of(browser.get(page(cast, "?readers=1"))), "a new version is read anew"


def test_the_second_of_two_people_at_one_instruction_sees_both_texts(cast, now):
    key = clients.write_instruction(
        client=cast.weber.id, text="Premier texte.", author=cast.marc.person, by=cast.marc, at=now
    )
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, f"/instructions/{key}"))
    clients.revise_instruction(
        client=cast.weber.id, instruction=key, text="Le texte de Marc.", author=cast.marc.person, by=cast.marc, at=now
    )
    mine = {"text": "Mon texte.", "starts": "", "ends": "", "version": hidden(form, "version"), "step": "save"}
    refused = browser.post(page(cast, f"/instructions/{key}"), mine)
    assert refused.status_code == 409
    assert "Le texte de Marc." in text_of(refused)
    assert ">Mon texte.</textarea>" in refused.content.decode()
    (entry,) = instructions(cast)
    assert entry.text == "Le texte de Marc."

    again = browser.post(page(cast, f"/instructions/{key}"), {**mine, "version": hidden(refused, "version")})
    assert again.status_code == 303


@pytest.mark.parametrize(
    "typed",
    [
        {"text": ""},
        {"text": " \r\n "},
        {"text": "x" * 2001},
        {"text": "a", "recipient": "999999"},
        {"text": "a", "recipient": "<b>"},
        {"text": "a", "starts": "hier"},
        {"text": "a", "starts": "2036-02-01T10:00", "ends": "2036-02-01T09:00"},
        {"text": "a", "ends": "2036-02-01T09:00+02:00"},
    ],
)
def test_an_instruction_that_cannot_be_is_refused(cast, typed):
    form = {"starts": "", "ends": "", "version": "0", "step": "save", **typed}
    answer = signed_in(cast.dr_weber).post(page(cast, "/instructions/new"), form)
    assert answer.status_code == 422
    assert not Instruction.objects.exists()


def test_an_instruction_about_one_practitioner_keeps_what_the_portal_does_not_ask(cast, now):
    key = clients.write_instruction(
        client=cast.weber.id, text="Avant.", author=cast.marc.person, by=cast.marc, at=now, priority=7,
        scope=Scope(reason="renewal"),
    )  # fmt: skip
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, f"/instructions/{key}"))
    typed = {"text": "**Après**", "starts": "", "ends": "", "version": hidden(form, "version"), "step": "save"}
    typed |= {"recipient": cast.weber.doctor, "acknowledge": "1"}
    assert browser.post(page(cast, f"/instructions/{key}"), typed).status_code == 303
    (entry,) = instructions(cast)
    assert (entry.text, entry.recipient, entry.reason, entry.priority, entry.acknowledge) == (
        "**Après**", cast.weber.doctor, "renewal", 7, True,
    )  # fmt: skip
    assert "<strong>Après</strong>" in browser.get(page(cast, "")).content.decode()


def test_an_instruction_whose_reason_the_form_no_longer_has_is_changed_all_the_same(cast, now):
    clients.add_reason(client=cast.weber.id, code="vaccine", label="Vaccin", by=cast.marc, at=now)
    key = clients.write_instruction(
        client=cast.weber.id, text="Avant.", author=cast.marc.person, by=cast.marc, at=now,
        scope=Scope(reason="vaccine"),
    )  # fmt: skip
    Reason.objects.filter(client=cast.weber.id, code="vaccine").delete()
    typed = {"text": "Après.", "starts": "", "ends": "", "version": "1", "step": "save"}
    assert signed_in(cast.dr_weber).post(page(cast, f"/instructions/{key}"), typed).status_code == 303
    (entry,) = instructions(cast)
    assert (entry.text, entry.reason) == ("Après.", "vaccine")


@pytest.mark.parametrize("at_the_last_moment", [False, True])
def test_who_writes_on_an_instruction_that_was_ended_meanwhile_is_told_and_keeps_her_words(
    cast, now, monkeypatch, at_the_last_moment
):
    key = clients.write_instruction(client=cast.weber.id, text="Avant.", author=cast.marc.person, by=cast.marc, at=now)
    ended = {"client": cast.weber.id, "instruction": key, "author": cast.marc.person, "by": cast.marc, "at": now}
    save = instructions_page.save_proved

    def late(**fields):
        clients.retire_instruction(**ended)
        return save(**fields)

    if at_the_last_moment:
        monkeypatch.setattr(instructions_page, "save_proved", late)
    else:
        clients.retire_instruction(**ended)
    browser = signed_in(cast.dr_weber)
    mine = {"text": "Mon texte.", "starts": "", "ends": "", "version": "1", "step": "save"}
    told = browser.post(page(cast, f"/instructions/{key}"), mine)
    assert told.status_code == 422
    assert "The instruction was retired while you wrote." in text_of(told)
    assert ">Mon texte.</textarea>" in told.content.decode()
    assert f'action="{page(cast, "/instructions/new")}#shown"' in told.content.decode()
    assert instructions(cast) == ()
    monkeypatch.undo()
    again = browser.post(page(cast, "/instructions/new"), {**mine, "version": hidden(told, "version")})
    assert again.status_code == 303
    assert [each.text for each in instructions(cast)] == ["Mon texte."]


def test_a_phrase_that_another_rule_contradicts_is_told_beside_it_and_the_words_stay(cast, now):
    Greeting.objects.filter(client=cast.weber.id).delete()
    every_day = GreetingWhen(day_type="chosen", weekdays=(0, 1, 2, 3, 4, 5, 6))
    clients.set_greeting(
        client=cast.weber.id, language="fr", text="Bon <b>samedi</b>.", when=every_day, by=cast.marc, at=now
    )
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, "/greeting/fr"))
    mine = {"text": "Mon texte.", "basis": hidden(form, "basis"), "step": "save"}
    refused = browser.post(page(cast, "/greeting/fr"), mine)
    assert refused.status_code == 422
    assert "Another phrase holds at the same moments: “Bon <b>samedi</b>.”" in unescape(text_of(refused))
    assert "Bon <b>samedi" not in refused.content.decode()
    assert ">Mon texte.</textarea>" in refused.content.decode()


def test_who_asks_for_another_clients_line_stands_in_the_trail(cast):
    assert signed_in(cast.dr_weber).get(f"/portal/line/{cast.cabinet.id}").status_code == 404
    (entry,) = AuditEntry.objects.filter(action="security.not_hers")
    assert (entry.by_name, entry.client_key) == (cast.dr_weber.name, int(cast.cabinet.id))


def test_html_in_an_instruction_is_refused_with_the_reason_and_what_was_typed_stays(cast):
    typed = {"text": "Un <b>mot</b> & CRP < 5", "starts": "", "ends": "", "version": "0"}
    for step in ("check", "save"):
        answer = signed_in(cast.dr_weber).post(page(cast, "/instructions/new"), {**typed, "step": step})
        assert answer.status_code == 422
        assert "“<b>” is HTML" in text_of(answer)
        assert "Un &lt;b&gt;mot&lt;/b&gt; &amp; CRP &lt; 5</textarea>" in answer.content.decode()
    assert not Instruction.objects.filter(text__contains="<b>").exists()


def test_a_sign_that_is_no_tag_is_kept(cast):
    typed = {"text": "CRP < 5 <nom du patient>", "starts": "", "ends": "", "version": "0", "step": "save"}
    assert signed_in(cast.dr_weber).post(page(cast, "/instructions/new"), typed).status_code in {302, 303}
    assert Instruction.objects.filter(text=typed["text"]).exists()


def test_html_in_an_instruction_of_before_is_shown_as_text(cast, now):
    browser = signed_in(cast.dr_weber)
    key = clients.write_instruction(client=cast.weber.id, text="Porte B", author=cast.marc.person, by=cast.marc, at=now)
    Instruction.objects.filter(pk=key).update(text="<script>alert(1)</script>")
    shown = browser.get(page(cast, "")).content.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_another_clients_line_is_not_there(cast, now):
    theirs = clients.write_instruction(
        client=cast.cabinet.id, text="Pour le cabinet.", author=cast.marc.person, by=cast.marc, at=now
    )
    browser = signed_in(cast.dr_weber)
    for part in ("", "/hours", "/greeting/fr", "/absences/new", "/instructions/new", f"/instructions/{theirs}"):
        assert browser.get(f"/portal/line/{cast.cabinet.id}{part}").status_code == 404, part
        assert browser.get(f"/portal/line/{cast.other_client.id}{part}").status_code == 404, part
    for part in ("/hours", "/day", "/greeting/fr", "/instructions/new", f"/instructions/{theirs}/end"):
        assert browser.post(f"/portal/line/{cast.cabinet.id}{part}", {"step": "save"}).status_code == 404, part
    assert browser.get(page(cast, f"/instructions/{theirs}")).status_code == 404
    assert browser.post(page(cast, f"/instructions/{theirs}/end")).status_code == 404
    assert Instruction.objects.get().retired is False


def test_the_list_leads_to_the_line_of_the_only_client(cast):
    answer = signed_in(cast.dr_weber).get("/portal/line")
    assert (answer.status_code, answer["Location"]) == (302, page(cast, ""))


def test_days_to_come_say_why_they_differ(cast, now):
    clients.set_hours(
        client=cast.weber.id, week=[clients.Opening(weekday=day, opens="00:00", until="24:00") for day in range(7)],
        by=cast.marc, at=now,
    )  # fmt: skip
    clients.add_exception(client=cast.weber.id, day=now.date() + timedelta(days=1), label="Pont", by=cast.marc, at=now)
    shown = text_of(signed_in(cast.dr_weber).get(page(cast, "")))
    assert "closed Pont" in shown
    assert "day and night" in shown


ABSENCE = {
    "recipient": "",
    "starts": "",
    "ends": "2036-01-01T16:00",
    "urgent_to": "",
    "treatment": "answer",
    "words": "Le docteur est en visite.",
}


def absences(cast):
    return queries.client_file(house=cast.house, client=cast.weber.id, at=SystemClock().now()).absences


def test_an_absence_is_seen_then_announced_and_ended(cast):
    browser = signed_in(cast.dr_weber)
    form = browser.get(page(cast, "/absences/new")).content.decode()
    assert f'value="{cast.weber.doctor}" selected' in form, "he who asks is first taken to be the one away"
    typed = {**ABSENCE, "recipient": cast.weber.doctor, "urgent_to": cast.weber.practice}
    looked = browser.post(page(cast, "/absences/new"), {**typed, "step": "check"})
    assert "« Le docteur est en visite. »" in text_of(looked).replace("\xa0", " ")
    assert absences(cast) == ()

    assert browser.post(page(cast, "/absences/new"), {**typed, "step": "save"}).status_code == 303
    (entry,) = absences(cast)
    assert (entry.recipient, entry.urgent_to, entry.by) == (cast.weber.doctor, cast.weber.practice, cast.dr_weber.name)
    assert entry.ends.isoformat() == "2036-01-01T15:00:00+00:00", "four in the afternoon on the clock of Paris"
    assert "away now" in text_of(browser.get(page(cast, "")))

    assert browser.post(page(cast, f"/absences/{entry.id}/end")).status_code == 303
    assert absences(cast) == ()
    assert browser.post(page(cast, f"/absences/{entry.id}/end")).status_code == 404


@pytest.mark.parametrize(
    ("treatment", "told", "untold"),
    [
        ("answer", "What the secretary will see", "Nobody answers meanwhile"),
        ("announce", "Nobody answers meanwhile: callers hear the closing words.", "What the secretary will see"),
    ],
)
def test_the_preview_of_an_absence_says_who_will_see_it(cast, treatment, told, untold):
    form = {**ABSENCE, "treatment": treatment, "step": "check"}
    looked = text_of(signed_in(cast.dr_weber).post(page(cast, "/absences/new"), form))
    assert told in looked
    assert untold not in looked


def test_moments_are_typed_as_people_write_them_and_written_back_as_the_page_does(cast):
    browser = signed_in(cast.dr_weber)
    form = {**ABSENCE, "starts": "1.1.2036 8h", "ends": "1 janvier 2036 à 16 h", "step": "save"}
    assert 'type="datetime-local"' not in browser.get(page(cast, "/absences/new")).content.decode()
    assert browser.post(page(cast, "/absences/new"), form).status_code == 303
    (entry,) = absences(cast)
    assert [each.isoformat() for each in (entry.starts, entry.ends)] == [
        "2036-01-01T07:00:00+00:00", "2036-01-01T15:00:00+00:00"
    ]  # fmt: skip
    wrong = browser.post(page(cast, "/absences/new"), {**form, "ends": "soon"})
    assert wrong.status_code == 422
    assert "such as 24/12," in text_of(wrong)
    assert 'value="soon"' in wrong.content.decode()


@pytest.mark.parametrize(
    ("starts", "ends", "kept", "told"),
    [
        (
            "1/1/2036",
            "4/1/2036",
            ("2035-12-31T23:00", "2036-01-04T23:00"),
            "From Tuesday 1 January to Friday 4 January",
        ),
        ("1/1/2036", "1.1.2036", ("2035-12-31T23:00", "2036-01-01T23:00"), "Tuesday 1 January, all day"),
        # The clocks go forward on 30 March: that day has 23 hours.
        ("30 mars 2036", "30/3/2036", ("2036-03-29T23:00", "2036-03-30T22:00"), "Sunday 30 March, all day"),
        (
            "1/1/2036 14h",
            "2/1/2036",
            ("2036-01-01T13:00", "2036-01-02T23:00"),
            "14:00 to Wednesday 2 January, inclusive",
        ),
    ],
)
def test_an_absence_of_whole_days_is_announced_by_its_days(cast, starts, ends, kept, told):
    browser = signed_in(cast.dr_weber)
    form = {**ABSENCE, "starts": starts, "ends": ends}
    assert told in text_of(browser.post(page(cast, "/absences/new"), {**form, "step": "check"}))
    assert browser.post(page(cast, "/absences/new"), {**form, "step": "save"}).status_code == 303
    (entry,) = absences(cast)
    assert (f"{entry.starts:%Y-%m-%dT%H:%M}", f"{entry.ends:%Y-%m-%dT%H:%M}") == kept
    assert told in text_of(browser.get(page(cast, "")))


def test_the_end_of_an_absence_is_left_to_him(cast):
    form = signed_in(cast.dr_weber).get(page(cast, "/absences/new")).content.decode()
    assert 'id="ends" name="ends" value=""' in form, "an hour that is filled in contradicts a beginning of next month"
    assert "A day alone is a whole day" in form


def test_a_beginning_that_is_none_is_said_and_not_the_end(cast):
    form = {**ABSENCE, "starts": "lundi 14h", "step": "save"}
    wrong = text_of(signed_in(cast.dr_weber).post(page(cast, "/absences/new"), form))
    assert "The beginning is no day" in wrong
    assert "Write the day of the end" not in wrong
    assert absences(cast) == ()


def test_an_absence_that_closes_the_line_says_so_on_its_page(cast, now):
    clients.set_hours(client=cast.weber.id, week=[], always=True, by=cast.marc, at=now)
    browser = signed_in(cast.dr_weber)
    browser.post(page(cast, "/absences/new"), {**ABSENCE, "treatment": "announce", "step": "save"})
    assert "Your absence closes the line." in text_of(browser.get(page(cast, "")))


@pytest.mark.parametrize(
    "typed",
    [
        {"ends": ""},
        {"ends": "lundi"},
        {"ends": "2020-01-01T10:00"},
        {"starts": "2036-01-02T10:00"},
        {"starts": "bald"},
        {"words": ""},
        {"words": "x" * 301},
        {"treatment": "nothing"},
        {"treatment": "voice_message"},
        {"recipient": "doctor", "treatment": "announce"},
        {"recipient": "doctor", "urgent_to": "doctor"},
        {"recipient": "999999"},
        {"recipient": "other"},
        {"urgent_to": "<b>"},
    ],
)
def test_an_absence_that_cannot_be_is_refused_and_what_was_typed_comes_back(cast, typed):
    named = {"doctor": cast.weber.doctor, "other": cast.cabinet.doctor}
    form = {**ABSENCE, **{name: named.get(value, value) for name, value in typed.items()}, "step": "save"}
    answer = signed_in(cast.dr_weber).post(page(cast, "/absences/new"), form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    if "words" not in typed:
        assert ABSENCE["words"] in text_of(answer)
    assert absences(cast) == ()


def test_what_an_absence_needs_says_so_beside_its_name(cast):
    shown = signed_in(cast.dr_weber).get(page(cast, "/absences/new")).content.decode()
    needed = re.findall(r'id="([a-z_]+)"[^>]* required', shown)
    marked = [
        name for name in needed if "(required)" in shown.partition(f'<label for="{name}">')[2].partition("</label>")[0]
    ]
    assert marked == needed == ["ends", "words"]


def test_two_absences_at_one_time_are_not_both_announced(cast):
    browser = signed_in(cast.dr_weber)
    assert browser.post(page(cast, "/absences/new"), {**ABSENCE, "step": "save"}).status_code == 303
    again = browser.post(page(cast, "/absences/new"), {**ABSENCE, "words": "Le docteur est au loin.", "step": "save"})
    assert again.status_code == 422
    assert "There is an absence at that time already." in text_of(again)
    assert len(absences(cast)) == 1


def test_a_phrase_for_certain_days_is_left_alone_and_said_to_be_there(cast, now):
    clients.set_greeting(client=cast.weber.id, language="fr", text="Bonjour.", by=cast.marc, at=now)
    clients.set_greeting(
        client=cast.weber.id, language="fr", text="Bon samedi.", when=GreetingWhen(day_type="saturday"),
        by=cast.marc, at=now,
    )  # fmt: skip
    browser = signed_in(cast.dr_weber)
    assert "At certain days or hours another phrase takes its place" in text_of(browser.get(page(cast, "")))
    form = browser.get(page(cast, "/greeting/fr"))
    typed = {"text": "Bonjour à vous.", "basis": hidden(form, "basis"), "step": "save"}
    assert browser.post(page(cast, "/greeting/fr"), typed).status_code == 303
    assert set(Greeting.objects.values_list("text", flat=True)) == {"Bonjour à vous.", "Bon samedi."}
