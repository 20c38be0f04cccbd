# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was asked before a visit was booked is read by the doctor in his day, and on paper, with code and colour."""

import html
import json
import re
from dataclasses import replace

import pytest
from django.urls import reverse

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, reasons, setting
from permanence.agenda.queries import agendas
from permanence.agenda.queries import appointments as queries
from permanence.agenda.rules.answers import ADDRESS
from permanence.agenda.rules.kinds import OpeningKind, Question, VisitReason, Way
from permanence.callers.models import Patient
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import NOON, make_agenda_cast, openings
from tests.rooms.test_console_agenda import at_wall, monday, page

__all__ = ["monday"]

pytestmark = pytest.mark.django_db
PAPER = "/console/fragments/agenda/paper"
PACEMAKER, FASTING = "q-pacemaker", "q-fasting"


@pytest.fixture
def cast(db):
    return make_agenda_cast()


@pytest.fixture
def scanned(cast, monday):
    """A visit whose questions were answered, and one without questions, on one day."""
    new = VisitReason(
        id="",
        client=cast.cabinet.id,
        name="IRM du genou",
        minutes=20,
        questions=(Question(id=FASTING, text="Depuis quand à jeun ?"),),
        contra_indications=(Question(id=PACEMAKER, text="Portez-vous un stimulateur ?"),),
        colour=5,
        code="IRM",
    )
    scan = reasons.set_reason(client=cast.cabinet.id, reason=new, by=cast.claire, at=NOON).id
    said = {PACEMAKER: "no", FASTING: "hier soir <b>20 h</b>"}
    for reason, minute, answers in ((scan, 0, said), (cast.consultation, 40, {})):
        appointments.book(
            key=cast.key(),
            agenda=cast.dupont,
            starts_at=at_wall(monday, 10, minute),
            booking=cast.booking(reason=reason, said=answers),
            by=cast.claire,
            at=SystemClock().now(),
        )
    return Appointment.objects.get(reason=int(scan)).key


def day_of(browser, cast, agenda, monday):
    address = reverse("portal_day_of", args=[cast.cabinet.id, agenda])
    answer = browser.get(f"{address}?day={monday.isoformat()}", HTTP_ACCEPT_LANGUAGE="fr")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_doctor_reads_the_answers_in_his_day(cast, browser_of, monday, scanned):
    text = day_of(browser_of(cast.dr_dupont), cast, cast.dupont, monday)
    said = [html.unescape(re.sub("<.*?>", "", each)) for each in re.findall("<d[td]>(.*?)</d[td]>", text)]
    assert said == [
        "Portez-vous un stimulateur ?",
        "Non",
        "Depuis quand à jeun ?",
        "hier soir <b>20 h</b>",
    ]
    assert "<b>20 h</b>" not in text
    marks = re.findall(r'visits__mark" data-reason="(\d)">(.*?)<', text)
    assert (len(marks), ("5", "IRM") in marks) == (2, True)


def test_his_colleague_reads_who_comes_and_not_what_was_said(cast, browser_of, monday, scanned):
    text = day_of(browser_of(cast.dr_lemaire), cast, cast.dupont, monday)
    assert "HOFFMANN" in text
    assert "stimulateur" not in text
    assert "hier soir" not in text


@pytest.mark.parametrize("view", ["day", "list", "week"])
def test_the_answers_stand_below_the_printed_days_with_code_and_colour(cast, browser_of, monday, scanned, view):
    asked = {"view": view, "client": cast.cabinet.id, "agenda": cast.dupont, "day": monday.isoformat()}
    text = page(browser_of(cast.claire), PAPER, **asked)
    assert text.count("<dt") == 1
    for part in ("10:00", "IRM</strong>", 'data-reason="5"', "HOFFMANN Jeanne", "IRM du genou", "Dr Dupont"):
        assert part in text, part
    assert "hier soir &lt;b&gt;20 h&lt;/b&gt;" in text
    assert "stimulateur ? <strong>Non</strong>" in text


def test_a_day_without_answers_prints_no_sheet_for_them(cast, browser_of, monday, scanned):
    other = {"client": cast.cabinet.id, "day": "2030-01-07"}
    assert "<section" not in page(browser_of(cast.claire), PAPER, **other)


def test_behind_the_wall_there_are_no_answers(cast, browser_of, monday, scanned):
    asked = {"client": cast.cabinet.id, "day": monday.isoformat()}
    assert browser_of(cast.other_secretary).get(PAPER, asked).status_code == 404
    for who in (cast.dr_weber, cast.other_secretary):
        assert queries.answers_of(by=who, appointments=[scanned]) == {}
    assert set(queries.answers_of(by=cast.claire, appointments=[scanned, "nobody", ""])) == {scanned}


@pytest.fixture
def damaged(cast, monday, scanned):
    """Another visit of that day, whose answers cannot be unsealed; it is one at home, and the file has an address."""
    (reason,) = (
        each for each in agendas.reasons(by=cast.claire, client=cast.cabinet.id) if each.name == "IRM du genou"
    )
    home = replace(reason, id="", name="Visite", contra_indications=(), way=Way.HOME)
    home = reasons.set_reason(client=cast.cabinet.id, reason=home, by=cast.claire, at=NOON)
    rounds = openings(cast.dupont, kind=OpeningKind.HOME_VISIT, travel=15)
    setting.set_openings(agenda=cast.dupont, openings=rounds, by=cast.claire, at=NOON)
    key = appointments.book(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=at_wall(monday, 11, 20),
        booking=cast.booking(reason=home.id, said={FASTING: "ce matin", ADDRESS: "3 rue des Lilas"}),
        by=cast.claire,
        at=SystemClock().now(),
    ).appointment
    Appointment.objects.filter(key=key).update(sealed_answers="broken")
    Patient.objects.filter(pk=int(cast.jeanne)).update(address="12 avenue de la Paix")
    return key


def test_answers_that_cannot_be_read_take_away_nothing_else_of_the_doctors_day(cast, browser_of, monday, damaged):
    text = day_of(browser_of(cast.dr_dupont), cast, cast.dupont, monday)
    assert text.count("Réponses illisibles") == 1
    assert text.index("hier soir") < text.index("Visite") < text.index("Réponses illisibles")
    assert len(re.findall('id="v-', text)) == 3
    assert "12 avenue de la Paix" not in text  # he may have said another place
    assert "illisibles" not in day_of(browser_of(cast.dr_lemaire), cast, cast.dupont, monday)


def test_nor_of_the_printed_days(cast, browser_of, monday, damaged):
    asked = {"view": "day", "client": cast.cabinet.id, "agenda": cast.dupont, "day": monday.isoformat()}
    text = page(browser_of(cast.claire), PAPER, **asked)
    assert (text.count("<dt"), text.count("Réponses illisibles"), "hier soir" in text) == (2, 1, True)


def test_and_the_secretary_who_asks_for_them_is_told_so(cast, browser_of, monday, damaged):
    told = json.loads(page(browser_of(cast.claire), "/console/agenda/visit", appointment=damaged))
    assert told["answers"] == [{"question": "Réponses illisibles", "words": ""}]


@pytest.mark.parametrize("asked", [{"view": "month"}, {"day": "2026-02-30"}, {"day": "9999-01-01"}])
def test_days_that_are_none_are_refused(cast, browser_of, asked):
    assert browser_of(cast.claire).get(PAPER, asked).status_code == 422
