# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a patient says of his visit, at the telephone and online: where one at home is, and the practice's questions."""

import json
from dataclasses import replace
from datetime import timedelta
from html import escape, unescape

import pytest

from permanence.agenda.models import Agenda, Appointment, PublicForm
from permanence.agenda.operations import appointments, reasons, setting
from permanence.agenda.queries import agendas
from permanence.agenda.queries import appointments as kept
from permanence.agenda.refusals import AddressMissing
from permanence.agenda.rules.answers import ADDRESS, Answer
from permanence.agenda.rules.kinds import OpeningKind, Question, Way
from permanence.booking import parts
from permanence.callers.models import Patient
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import Hands, Visitor, mails, switch_on
from tests.rooms.test_console_agenda import START, act, at_wall, page

pytestmark = pytest.mark.django_db
HOME = "3 rue des Lilas, 67000 Strasbourg, 2e étage"
FASTING, PACEMAKER = "q-fasting", "q-pacemaker"


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)
    return made


@pytest.fixture
def clock(monkeypatch):
    hands = Hands()
    monkeypatch.setattr(parts, "CLOCK", hands)
    return hands


def changed(cast, **more):
    """The consultation is another one."""
    every = agendas.reasons(by=cast.claire, client=cast.cabinet.id)
    reason = replace(next(each for each in every if each.id == cast.consultation), **more)
    reasons.set_reason(client=cast.cabinet.id, reason=reason, by=cast.claire, at=NOON)


def at_home(cast):
    changed(cast, way=Way.HOME)
    rounds = openings(cast.dupont, kind=OpeningKind.HOME_VISIT, travel=15)
    setting.set_openings(agenda=cast.dupont, openings=rounds, by=cast.claire, at=NOON)


def asking(cast):
    """The practice asks something, and whether something forbids the visit."""
    changed(
        cast,
        questions=(Question(id=FASTING, text="Depuis quand à jeun ?"),),
        contra_indications=(Question(id=PACEMAKER, text="Portez-vous un stimulateur ?"),),
    )


def booked(cast, starts=MONDAY, **more):
    return appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=starts, booking=cast.booking(**more), by=cast.claire, at=NOON
    ).appointment


def said_of(cast, appointment):
    return kept.answers(by=cast.claire, appointment=appointment)


def has_address(cast, address):
    Patient.objects.filter(pk=int(cast.jeanne)).update(address=address)


def day_of(browser, cast):
    path = f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}"
    return unescape(page(browser, path, day=MONDAY.date().isoformat()))


# a visit at home, at the telephone


def test_a_visit_at_home_is_not_booked_before_somebody_said_where(cast):
    at_home(cast)
    for nothing in ({}, {ADDRESS: "  "}):
        with pytest.raises(AddressMissing):
            booked(cast, said=nothing)
    assert not Appointment.objects.exists()
    visit = booked(cast, said={ADDRESS: f" {HOME} "})
    assert said_of(cast, visit) == (Answer(question="", words=HOME, address=True),)
    assert HOME not in Appointment.objects.get().sealed_answers


def test_the_address_of_the_file_holds_where_no_other_was_said(cast, browser_of):
    at_home(cast)
    has_address(cast, "12 avenue de la Paix")
    visit = booked(cast, said={})
    assert said_of(cast, visit) == ()
    assert "12 avenue de la Paix" in day_of(browser_of(cast.dr_dupont), cast)
    booked(cast, after(120), said={ADDRESS: HOME})
    day = day_of(browser_of(cast.dr_dupont), cast)
    assert day.count("12 avenue de la Paix") == day.count(HOME) == 1


def test_the_doctor_reads_the_address_and_a_colleague_does_not(cast, browser_of):
    at_home(cast)
    booked(cast, said={ADDRESS: f"{HOME} <b>"})
    day = day_of(browser_of(cast.dr_dupont), cast)
    assert f"<p>{HOME} <b></p>" in day
    assert "<dl" not in day
    assert HOME not in day_of(browser_of(cast.dr_lemaire), cast)


def test_an_address_is_kept_of_no_other_visit(cast, browser_of):
    visit = booked(cast, said={ADDRESS: HOME})
    assert said_of(cast, visit) == ()
    has_address(cast, HOME)
    assert HOME not in day_of(browser_of(cast.dr_dupont), cast)


def test_the_console_asks_where_and_books_only_then(cast, browser_of):
    at_home(cast)
    browser = browser_of(cast.claire)
    told = json.loads(page(browser, START, client=cast.cabinet.id))["reasons"]
    assert {each["id"]: each["at_home"] for each in told}[cast.consultation] is True
    assert sum(each["at_home"] for each in told) == 1
    day = (SystemClock().now() + timedelta(days=14)).date()
    day -= timedelta(days=day.weekday())
    what = {"agenda": cast.dupont, "reason": cast.consultation, "patient": cast.jeanne, "call": ""}
    what |= {"day": day.isoformat(), "minute": "600"}
    answer = act(browser, "book", key=cast.key(), said={}, **what)
    assert (answer.status_code, answer.json()["code"]) == (422, "address_missing")
    assert "adresse" in answer.json()["why"]
    made = act(browser, "book", key=cast.key(), said={ADDRESS: HOME}, **what)
    assert made.status_code == 201
    visit = json.loads(page(browser, "/console/agenda/visit", appointment=made.json()["appointment"]))
    assert visit["answers"] == [{"question": "Adresse de la visite", "words": HOME}]
    paper = page(browser, "/console/fragments/agenda/paper", client=cast.cabinet.id, day=day.isoformat())
    assert escape(HOME) in paper
    assert Appointment.objects.get().starts_at == at_wall(day, 10)


# online


def test_online_the_address_is_asked_and_reaches_the_doctor_alone(cast, clock, browser_of):
    at_home(cast)
    switch_on(cast)
    has_address(cast, "12 avenue de la Paix")
    jeanne = Visitor(cast, clock)
    jeanne.take()
    assert jeanne.tell().status_code == 422
    assert "où l’on doit vous rendre visite\u00a0: rue" in jeanne.text()
    assert "12 avenue de la Paix" not in jeanne.text()
    jeanne.answer = {"Location": jeanne.path}
    assert jeanne.tell(address=HOME).status_code == 303
    jeanne.code()
    visit = Appointment.objects.get().key
    assert said_of(cast, visit) == (Answer(question="", words=HOME, address=True),)
    assert HOME in day_of(browser_of(cast.dr_dupont), cast)
    jeanne.get(jeanne.answer["Location"])
    assert HOME not in jeanne.text()
    assert not [mail for _taken, mail in mails(clock.at) if HOME in str(mail) or "Lilas" in str(mail)]


def test_online_the_practices_questions_are_asked_and_their_answers_reach_it(cast, clock, browser_of):
    asking(cast)
    switch_on(cast)
    jeanne = Visitor(cast, clock)
    jeanne.times()
    assert "Depuis quand à jeun ?" in jeanne.text()
    jeanne.take()
    form = unescape(jeanne.browser.get(jeanne.answer["Location"]).content.decode())
    assert form.count("Depuis quand à jeun ?") == 1
    assert f'name="q-{FASTING}"' in form
    assert jeanne.tell(**{f"q-{FASTING}": "hier soir"}).status_code == 422
    assert 'value="hier soir"' in jeanne.text()
    jeanne.answer = {"Location": jeanne.path}
    words = "hier soir <b>" + "x" * 300
    assert jeanne.tell(**{f"q-{FASTING}": words, f"q-{PACEMAKER}": "no"}).status_code == 303
    assert PublicForm.objects.get().sealed != ""
    jeanne.code()
    said = said_of(cast, Appointment.objects.get().key)
    assert [(each.question, each.words) for each in said] == [
        ("Portez-vous un stimulateur ?", "no"),
        ("Depuis quand à jeun ?", words[:200]),
    ]
    day = page(browser_of(cast.dr_dupont), f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}", day="2026-11-30")
    assert "hier soir &lt;b&gt;xx" in day


def test_online_an_empty_answer_is_none_and_a_yes_still_forbids(cast, clock):
    asking(cast)
    switch_on(cast)
    jeanne = Visitor(cast, clock)
    jeanne.take()
    assert jeanne.tell(**{f"q-{PACEMAKER}": "yes"}).status_code == 409
    jeanne.answer = {"Location": jeanne.path}
    jeanne.tell(**{f"q-{PACEMAKER}": "no"})
    jeanne.code()
    assert [each.forbids for each in said_of(cast, Appointment.objects.get().key)] == [True]


def test_online_what_the_practice_asks_since_is_asked_before_anything_is_booked(cast, clock):
    switch_on(cast)
    jeanne = Visitor(cast, clock)
    jeanne.take()
    jeanne.tell()
    asking(cast)
    assert jeanne.code().status_code == 409
    assert not Appointment.objects.exists()
