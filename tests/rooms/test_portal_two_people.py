# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two people at one thing in the portal: the second is told, sees what differs, and loses nothing; ending too.

And what an instruction is about, chosen by the client: a line, a reason, a caller.
"""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from permanence.clients import days, queries
from permanence.clients import operations as clients
from permanence.clients.models import HoursException, Instruction, Line
from permanence.clients.rules import Scope
from permanence.kernel.system import SystemClock
from permanence.portal import greetings as greetings_page
from permanence.portal import hours as hours_page
from permanence.portal.hours import read_marks
from tests.rooms.messaging_cast import NOON, make_cast
from tests.rooms.test_portal_line import WEEK, hidden, instructions, kept_week, page, signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def now():
    return SystemClock().now()


def write(cast, now, text="Premier texte.", **more):
    given = {"client": cast.weber.id, "author": cast.marc.person, "by": cast.marc, "at": now}
    return clients.write_instruction(**given, text=text, **more)


def revise(cast, now, key, **more):
    given = {"client": cast.weber.id, "author": cast.marc.person, "by": cast.marc, "at": now}
    clients.revise_instruction(**given, instruction=key, **more)


# -- the ending -------------------------------------------------------------------------------------------------------


def test_nobody_ends_a_version_that_he_has_not_seen(cast, now):
    key, browser = write(cast, now), signed_in(cast.dr_weber)
    address = page(cast, f"/instructions/{key}")
    seen = hidden(browser.get(address), "version")
    revise(cast, now, key, text="Deuxième texte.")
    refused = browser.post(f"{address}/end", {"version": seen})
    assert refused.status_code == 409
    assert "Marc has changed it meanwhile. This stands there now: Deuxième texte." in text_of(refused)
    assert [each.text for each in instructions(cast)] == ["Deuxième texte."]
    for nothing in ({}, {"version": ""}, {"version": "x"}):
        assert browser.post(f"{address}/end", nothing).status_code == 409
    assert browser.post(f"{address}/end", {"version": hidden(refused, "version")}).status_code == 303
    assert instructions(cast) == ()


# -- what differs -----------------------------------------------------------------------------------------------------


def test_the_second_sees_all_that_differs_and_the_words_are_marked(cast, now):
    key, browser = write(cast, now, text="Rappeler dans la journée."), signed_in(cast.dr_weber)
    address = page(cast, f"/instructions/{key}")
    seen = hidden(browser.get(address), "version")
    ends = now + timedelta(days=30)
    scope = Scope(recipient=cast.weber.doctor, reason="renewal")
    revise(cast, now, key, text="Rappeler avant midi.", priority=2, acknowledge=True, ends_at=ends, scope=scope)
    typed = {"text": "Rappeler dans l’heure.", "starts": "", "ends": "", "version": seen, "asked": "urgent"}
    typed |= {"recipient": "", "reason": "", "caller": ""}
    told = browser.post(address, {**typed, "step": "save"})
    assert told.status_code == 409
    html, shown = told.content.decode(), text_of(told)
    assert "Rappeler <mark>avant</mark> <mark>midi.</mark>" in html
    assert "Rappeler <mark>dans</mark> <mark>l’heure.</mark>" in html
    assert "urgent: it stands above the others Stands now yes Yours no" in shown
    assert "About whom Stands now Dr Weber Yours everybody" in shown
    assert "Reason Stands now Renouvellement Yours every reason" in shown
    assert "every secretary says that she has read it Stands now yes Yours no" in shown
    assert "Until Stands now" in shown
    assert "From Stands now" not in shown, "what is the same is not told"
    assert "Caller Stands now" not in shown


# -- what it is about -------------------------------------------------------------------------------------------------


def test_the_client_chooses_the_line_the_reason_and_the_caller(cast, now):
    house = cast.marc.house_key
    for number in ("+35220303001", "+35220303002"):
        Line.objects.create(house_id=house, client_id=int(cast.weber.id), number=number)
    browser, new = signed_in(cast.dr_weber), page(cast, "/instructions/new")
    typed = {"text": "Passer.", "version": "0", "line": "+35220303002", "reason": "renewal", "caller": "621 000 158"}
    looked = browser.post(new, {**typed, "step": "check"})
    assert looked.status_code == 200
    shown = text_of(looked).split("What the secretary will see")[1]
    assert "Renouvellement +35220303002 +352621000158" in shown
    assert browser.post(new, {**typed, "step": "save"}).status_code == 303
    (held,) = instructions(cast)
    assert (held.line, held.reason, held.caller) == ("+35220303002", "renewal", "+352621000158")
    form = browser.get(page(cast, f"/instructions/{held.id}")).content.decode()
    assert 'value="621 000 158"' in form
    without = {**typed, "caller": "", "line": "", "version": str(held.version), "step": "save"}
    assert browser.post(page(cast, f"/instructions/{held.id}"), without).status_code == 303
    (held,) = instructions(cast)
    assert (held.line, held.reason, held.caller) == ("", "renewal", "")


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        ({"line": "+33199000001"}, "Choose among the lines of the list."),
        ({"reason": "theirs"}, "Choose among the reasons of the list."),
        ({"caller": "12x"}, "Write the caller’s number with its area"),
        ({"caller": "<b>"}, "Write the caller’s number with its area"),
    ],
)
def test_what_is_not_his_or_no_number_is_refused_and_stays_typed(cast, scope, why):
    Line.objects.create(house_id=cast.marc.house_key, client_id=int(cast.cabinet.id), number="+33199000001")
    clients.add_reason(client=cast.cabinet.id, code="theirs", label="Autre", by=cast.marc, at=NOON)
    browser = signed_in(cast.dr_weber)
    for step in ("check", "save"):
        typed = {"text": "Passer.", "version": "0", **scope, "step": step}
        refused = browser.post(page(cast, "/instructions/new"), typed)
        assert refused.status_code == 422
        assert why in text_of(refused)
    assert not Instruction.objects.exists()


def test_a_form_without_these_fields_keeps_what_it_is_about(cast, now):
    key = write(cast, now, scope=Scope(reason="renewal", caller="+352621000158"))
    (held,) = instructions(cast)
    plain = {"text": "Autre.", "version": str(held.version), "step": "save"}
    assert signed_in(cast.dr_weber).post(page(cast, f"/instructions/{key}"), plain).status_code == 303
    (held,) = instructions(cast)
    assert (held.text, held.reason, held.caller) == ("Autre.", "renewal", "+352621000158")


# -- days and hours ---------------------------------------------------------------------------------------------------


def rows(cast):
    return list(HoursException.objects.for_client(cast.weber.id).values_list("opens", "label"))


def test_the_second_at_one_day_sees_what_stands_there_and_loses_nothing(cast, now):
    day = (now + timedelta(days=9)).date()
    browser, address = signed_in(cast.dr_weber), page(cast, "/day")
    marks = hidden(browser.get(page(cast, "/hours")), "marks")
    by_marc = {"client": cast.weber.id, "by": cast.marc, "at": now}
    days.set_day(**by_marc, day=day, openings=[("09:00", "10:00")], label="de Marc")
    mine = {"date": day.isoformat(), "hours": "14-16", "label": "de Weber", "marks": marks}
    told = browser.post(address, mine)
    assert told.status_code == 409
    assert "Somebody has changed this day meanwhile." in text_of(told)
    assert "09:00–10:00 de Marc" in text_of(told)
    assert 'value="de Weber"' in told.content.decode()
    assert rows(cast) == [("09:00", "de Marc")]
    assert browser.post(address, {**mine, "marks": hidden(told, "marks")}).status_code == 303
    assert rows(cast) == [("14:00", "de Weber")]


def test_another_day_changed_meanwhile_is_in_nobodys_way(cast, now):
    clients.set_greeting(client=cast.weber.id, language="fr", text="Bonjour.", by=cast.marc, at=now)
    browser = signed_in(cast.dr_weber)
    marks = hidden(browser.get(page(cast, "/hours")), "marks")
    by_marc = {"client": cast.weber.id, "by": cast.marc, "at": now}
    days.set_day(**by_marc, day=(now + timedelta(days=9)).date(), openings=None, label="")
    days.set_day(**by_marc, day=(now + timedelta(days=8)).date(), openings=[], label="Pont")
    day = (now + timedelta(days=9)).date().isoformat()
    answer = browser.post(page(cast, "/day"), {"date": day, "hours": "8-9", "label": "", "marks": marks})
    assert answer.status_code == 303


def test_a_day_taken_away_meanwhile_is_told_to_who_takes_it_away_too(cast, now):
    day = (now + timedelta(days=9)).date()
    by_marc = {"client": cast.weber.id, "by": cast.marc, "at": now}
    days.set_day(**by_marc, day=day, openings=[], label="Pont")
    browser = signed_in(cast.dr_weber)
    marks = hidden(browser.get(page(cast, "/hours")), "marks")
    days.set_day(**by_marc, day=day, openings=[("08:00", "09:00")], label="Matin")
    typed = {"date": day.isoformat(), "remove": "1", "marks": marks}
    assert browser.post(page(cast, "/day"), typed).status_code == 409
    assert rows(cast) == [("08:00", "Matin")]


@given(text=st.text(max_size=80))
@settings(deadline=None)
def test_marks_that_came_back_in_any_shape_are_read(text):
    assert all(mark for mark in read_marks(text).values())


def late(monkeypatch, module, act):
    """Somebody else is done between this person's look and his save: the lock is taken after it."""
    save = module.save_proved

    def save_after(**given):
        act()
        return save(**given)

    monkeypatch.setattr(module, "save_proved", save_after)


def test_hours_saved_by_somebody_else_in_the_same_moment_are_not_written_over(cast, now, monkeypatch):
    browser = signed_in(cast.dr_weber)
    basis = hidden(browser.get(page(cast, "/hours")), "basis")
    other = [clients.Opening(weekday=0, opens="09:00", until="10:00")]
    late(
        monkeypatch,
        hours_page,
        lambda: clients.set_hours(client=cast.weber.id, week=other, by=cast.marc, at=now),
    )
    told = browser.post(page(cast, "/hours"), {**WEEK, "basis": basis, "step": "save"})
    assert told.status_code == 409
    assert "09:00-10:00" in text_of(told)
    assert kept_week(cast) == [(0, "09:00", "10:00")]


def test_a_phrase_saved_by_somebody_else_in_the_same_moment_is_not_written_over(cast, now, monkeypatch):
    clients.set_greeting(client=cast.weber.id, language="fr", text="Avant.", by=cast.marc, at=now)
    browser = signed_in(cast.dr_weber)
    basis = hidden(browser.get(page(cast, "/greeting/fr")), "basis")
    late(
        monkeypatch,
        greetings_page,
        lambda: clients.set_greeting(client=cast.weber.id, language="fr", text="De Marc.", by=cast.marc, at=now),
    )
    told = browser.post(page(cast, "/greeting/fr"), {"text": "De Weber.", "basis": basis, "step": "save"})
    assert told.status_code == 409
    assert "De Marc." in text_of(told)
    file = queries.client_file(house=cast.house, client=cast.weber.id, at=SystemClock().now())
    assert [each.text for each in file.greetings] == ["De Marc."]
