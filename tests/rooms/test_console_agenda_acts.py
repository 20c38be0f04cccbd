# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked before a visit is booked, visits where there is no room, several visits as one act, chosen colours."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from permanence.agenda.models import Agenda, Appointment, Series, SlotHold
from permanence.agenda.operations import reasons, setting
from permanence.agenda.queries import agendas, appointments
from permanence.agenda.refusals import AppointmentUnknown
from permanence.agenda.rules.kinds import ExceptionKind, Question, VisitReason, VisitReasonImpossible
from permanence.agenda.rules.marks import Mark, marks_of
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import NOON, make_agenda_cast
from tests.rooms.test_console_agenda import GRID, SLOTS, START, WHY, act, booked, monday, page

__all__ = ["monday"]

pytestmark = pytest.mark.django_db
PLAN, VISIT = "/console/fragments/agenda/series", "/console/agenda/visit"
PACEMAKER, FASTING = "q-pacemaker", "q-fasting"


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)  # the days are counted from the real present: any may be one
    return made


@pytest.fixture
def scan(cast):
    """A reason with a question that forbids it, one in words, and a document to bring."""
    new = VisitReason(
        id="",
        client=cast.cabinet.id,
        name="IRM",
        minutes=20,
        questions=(Question(id=FASTING, text="Depuis quand à jeun ?"),),
        contra_indications=(Question(id=PACEMAKER, text="Portez-vous un stimulateur cardiaque ?"),),
        documents=("Ordonnance",),
        youngest=16,
        colour=5,
        code="IRM",
    )
    return reasons.set_reason(client=cast.cabinet.id, reason=new, by=cast.claire, at=NOON).id


def told_of(cast, monday, **more):
    where = {"agenda": cast.dupont, "day": monday.isoformat(), "minute": "600", "patient": cast.jeanne}
    return {"key": cast.key(), **where, **more}


def test_what_there_is_to_ask_comes_with_the_reason(cast, browser_of, scan):
    told = json.loads(page(browser_of(cast.claire), START, client=cast.cabinet.id))
    one = next(each for each in told["reasons"] if each["id"] == scan)
    assert one["forbidding"] == [{"id": PACEMAKER, "text": "Portez-vous un stimulateur cardiaque ?"}]
    assert one["questions"] == [{"id": FASTING, "text": "Depuis quand à jeun ?"}]
    assert (one["documents"], one["ages"], one["code"]) == (["Ordonnance"], "À partir de 16 ans", "IRM")
    assert [each["takes"] for each in told["reasons"] if each["name"] == "ECG"] == [["ecg"]]


def test_a_question_that_may_forbid_the_visit_is_asked_before_it_is_booked(cast, browser_of, monday, scan):
    browser = browser_of(cast.claire)
    for said in ({}, {FASTING: "hier soir"}, {PACEMAKER: "perhaps"}):
        asked = act(browser, "book", **told_of(cast, monday, reason=scan, said=said))
        assert (asked.status_code, asked.json()["code"]) == (422, "questions_unanswered")
        assert asked.json()["why"].startswith("Posez d’abord")
    refused = act(browser, "book", **told_of(cast, monday, reason=scan, said={PACEMAKER: "yes"}))
    assert (refused.status_code, refused.json()["code"]) == (422, "slot_refused")
    assert "stimulateur" in refused.json()["why"]
    assert not Appointment.objects.exists()
    searched = {"client": cast.cabinet.id, "reason": scan, "patient": cast.jeanne}
    assert "<kbd>1</kbd>" in page(browser, SLOTS, **searched)
    hidden = page(browser, SLOTS, **searched, yes=PACEMAKER)
    assert "<kbd>1</kbd>" not in hidden
    assert "stimulateur" in hidden


def test_the_answers_are_kept_sealed_with_the_appointment(cast, browser_of, monday, scan):
    browser = browser_of(cast.claire)
    said = {PACEMAKER: "no", FASTING: " hier soir ", "q-unknown": "x"}
    made = act(browser, "book", **told_of(cast, monday, reason=scan, said=said))
    assert made.status_code == 201, made.content
    row = Appointment.objects.get()
    assert "hier" not in row.sealed_answers
    assert row.sealed_answers
    kept = json.loads(page(browser, VISIT, appointment=row.key))
    assert kept["answers"] == [
        {"question": "Portez-vous un stimulateur cardiaque ?", "words": "Non"},
        {"question": "Depuis quand à jeun ?", "words": "hier soir"},
    ]
    assert kept["documents"] == ["Ordonnance"]
    text = page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert "data-said" in text
    assert 'data-reason="5"' in text
    assert browser_of(cast.other_secretary).get(VISIT, {"appointment": row.key}).status_code == 404
    with pytest.raises(AppointmentUnknown):
        appointments.answers(by=cast.dr_weber, appointment=row.key)
    moved = {"appointment": row.key, "agenda": cast.dupont, "day": monday.isoformat(), "minute": "660"}
    assert act(browser, "move", key=cast.key(), **moved).status_code == 200
    assert json.loads(page(browser, VISIT, appointment=row.key))["answers"] == kept["answers"]


@pytest.mark.parametrize(
    "said", [[], "no", {"q": 1}, {"q" * 41: "no"}, {"q": "n" * 201}, {str(n): "" for n in range(81)}]
)
def test_answers_that_the_page_does_not_send_are_refused(cast, browser_of, monday, scan, said):
    answer = act(browser_of(cast.claire), "book", **told_of(cast, monday, reason=scan, said=said))
    assert answer.status_code == 422
    assert not Appointment.objects.exists()


def test_where_the_doctor_bears_it_a_visit_is_put_where_there_is_no_room(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    booked(cast, monday, 10)
    asked = {"agenda": cast.dupont, "reason": cast.consultation, "day": monday.isoformat(), "minute": "600"}
    assert json.loads(page(browser, WHY, **asked))["may_overbook"] is True
    told = {"reason": cast.consultation, "said": {}}
    without = act(browser, "overbook", **told_of(cast, monday, **told), words=" ")
    assert (without.status_code, without.json()["why"]) == (422, "Dites pourquoi ce rendez-vous est en surréservation")
    made = act(browser, "overbook", **told_of(cast, monday, **told), words="Fièvre, vu avec le docteur")
    assert made.status_code == 201, made.content
    assert Appointment.objects.get(key=made.json()["appointment"]).overbook_cause == "Fièvre, vu avec le docteur"
    text = page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert "Fièvre, vu avec le docteur" in text
    assert text.count(" w2 ") == 2


def test_why_it_cannot_be_overbooked_is_said(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    booked(cast, monday, 10)

    def over_not(reason, minute="600"):
        asked = {"agenda": cast.dupont, "reason": reason, "day": monday.isoformat(), "minute": minute}
        return json.loads(page(browser, WHY, **asked))["over_not"]

    assert over_not(cast.consultation) == ""
    assert over_not(cast.tracing).endswith("\u00a0: ce motif ne permet pas de surréserver.")
    told = told_of(cast, monday, reason=cast.consultation, said={}, words="Fièvre")
    for _ in range(2):
        assert act(browser, "overbook", **told | {"key": cast.key()}).status_code == 201
    assert over_not(cast.consultation) == "Déjà 2 × en surréservation ce jour-là."


def test_where_he_does_not_it_is_refused_in_words(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    booked(cast, monday, 10, agenda=cast.lemaire)
    asked = {"agenda": cast.lemaire, "reason": cast.consultation, "day": monday.isoformat(), "minute": "600"}
    why = json.loads(page(browser, WHY, **asked))
    assert (why["may_overbook"], why["over_not"]) == (False, "Dr Lemaire ne permet pas de surréserver.")
    told = told_of(cast, monday, reason=cast.consultation, words="Fièvre") | {"agenda": cast.lemaire}
    answer = act(browser, "overbook", **told)
    assert (answer.status_code, answer.json()["causes"]) == (422, ["Dr Lemaire ne permet pas de surréserver"])
    assert Appointment.objects.count() == 1


def series_of(cast, monday, **more):
    told = {"client": cast.cabinet.id, "reason": cast.consultation, "patient": cast.jeanne, "tolerance": "0"}
    return {**told, "first": monday.isoformat(), "days": "0,7,14,21,28,35", **more}


def closed(cast, day):
    for agenda in (cast.dupont, cast.lemaire):
        told = {"agenda": agenda, "day": day, "kind": ExceptionKind.CLOSED, "label": "Congrès"}
        setting.set_exception(by=cast.claire, at=SystemClock().now(), **told)


def test_six_sessions_are_one_act_and_what_finds_no_time_is_said(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    asked = series_of(cast, monday)
    assert page(browser, PLAN, **asked).count('class="session"') == 6
    closed(cast, monday + timedelta(days=14))
    planned = page(browser, PLAN, **asked)
    assert planned.count('class="session"') == 5
    assert "Congrès" in planned
    assert not Appointment.objects.exists()
    key = cast.key()
    for _again in range(2):
        made = act(browser, "series", key=key, said={}, **asked)
        assert made.status_code == 201, made.content
    told = made.json()
    assert (told["booked"], told["wanted"], len(told["visits"])) == (5, 6, 5)
    assert [each["starts"] for each in told["visits"]] == re.findall('data-starts="([^"]+)"', planned)
    assert {each["agenda"] for each in told["visits"]} == {cast.dupont}
    assert Series.objects.get().missing[0]["number"] == 3
    after = page(browser, PLAN, **asked, series=told["series"])
    assert after.count('class="session"') == 5
    assert after.count("session--missing") == 1
    places = [after.index(each) for each in ('"num">2<', "Congrès", '"num">4<')]
    assert places == sorted(places)
    assert "Séance 1" in page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert (told["visits"][0]["day"], told["visits"][0]["again"]) == (monday.isoformat(), False)
    for each in told["visits"]:
        assert (
            act(browser, "cancel", key=cast.key(), appointment=each["appointment"], cause="mistake").status_code == 200
        )
    assert set(Appointment.objects.values_list("state", flat=True)) == {"cancelled"}


def test_a_mark_that_is_not_taken_back_says_why(cast, browser_of, monday):
    browser, made = browser_of(cast.claire), booked(cast, monday, 9)
    assert act(browser, "mark", key=cast.key(), appointment=made.appointment, state="confirmed").status_code == 200
    told = {"appointment": made.appointment, "cause": "patient"}
    assert act(browser, "cancel", key=cast.key(), **told).status_code == 200  # meanwhile, at another desk
    refused = act(browser, "mark", key=cast.key(), appointment=made.appointment, state="booked")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_now")
    assert refused.json()["why"].startswith("Ce rendez-vous ne peut plus changer")
    assert Appointment.objects.get().state == "cancelled"


def test_the_days_after_an_operation_and_a_day_on_which_nobody_is_there(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    made = act(browser, "series", key=cast.key(), **series_of(cast, monday, days="1,7,30", tolerance="1"))
    assert made.json()["booked"] == 3
    saturday = (monday + timedelta(days=6)).isoformat()
    none = act(browser, "series", key=cast.key(), **series_of(cast, monday, first=saturday, days="0"))
    assert (none.status_code, none.json()["code"]) == (422, "series_empty")
    assert Appointment.objects.count() == 3


def test_a_series_that_a_yes_forbids_shows_no_hours_and_says_why(cast, browser_of, monday, scan):
    browser, asked = browser_of(cast.claire), series_of(cast, monday, reason=scan)
    planned = page(browser, PLAN, **asked, yes=PACEMAKER)
    assert planned.count("session--missing") == 6
    assert planned.count("stimulateur") == 6
    assert "data-starts" not in planned
    none = act(browser, "series", key=cast.key(), said={PACEMAKER: "yes"}, **asked)
    assert (none.status_code, none.json()["code"]) == (422, "series_empty")
    assert none.json()["why"].startswith("Aucune de ces visites ne trouve de place\u00a0: ")
    assert "stimulateur" in none.json()["why"]
    assert none.json()["causes"] == [none.json()["why"]]
    assert not Appointment.objects.exists()


def test_a_series_whose_days_are_free_at_other_hours_only_asks_for_other_days(cast, browser_of, monday):
    asked = series_of(cast, monday, hour="23:00")
    none = act(browser_of(cast.claire), "series", key=cast.key(), said={}, **asked)
    assert none.json()["why"] == "Aucune de ces visites ne trouve de place\u00a0: choisissez d’autres jours."


@pytest.mark.parametrize(
    "wrong",
    [
        *({"days": days} for days in ("", "a", "1,,2", "9999", ",".join("1" * 61))),
        *({"tolerance": tolerance} for tolerance in ("8", "²")),
        *({name: "999"} for name in ("with", "reason", "patient")),
        {"first": "2026-02-30"},
    ],
    ids=str,
)
def test_a_series_that_the_page_does_not_ask_for_is_refused(cast, browser_of, monday, wrong):
    browser, asked = browser_of(cast.claire), series_of(cast, monday, **wrong)
    assert act(browser, "series", key=cast.key(), **asked).status_code == 422
    assert browser.get(PLAN, asked).status_code in {200, 422}
    assert not Appointment.objects.exists()
    assert browser_of(cast.other_secretary).get(PLAN, series_of(cast, monday)).status_code == 404
    assert act(browser_of(cast.other_secretary), "series", key=cast.key(), **asked).status_code == 404


@pytest.mark.parametrize("call", ["\x00", "call\x00-1", "\ud800", "c" * 65, "c" * 41])
def test_an_act_of_what_can_be_the_id_of_no_call_is_refused_and_changes_nothing(cast, browser_of, monday, call):
    browser, made = browser_of(cast.claire), booked(cast, monday, 9)
    told = told_of(cast, monday, call=call, reason=cast.consultation, appointment=made.appointment, cause="patient")
    for what in ("hold", "book", "overbook", "move", "cancel"):
        answer = act(browser, what, **{**told, "key": cast.key()}, words="presse")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_request"), what
    answer = act(browser, "series", key=cast.key(), call=call, **series_of(cast, monday))
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_request")
    assert [(each.state, each.starts_at) for each in Appointment.objects.all()] == [("booked", made.starts_at)]
    assert not SlotHold.objects.exists()


def test_twelve_visits_a_quarter_apart_are_too_far_ahead_and_that_is_said(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    asked = series_of(cast, monday, days=",".join(str(number * 91) for number in range(12)))
    for answer in (browser.get(PLAN, asked), act(browser, "series", key=cast.key(), said={}, **asked)):
        assert (answer.status_code, answer.json()["code"]) == (422, "wish_too_wide")
        assert answer.json()["why"].startswith("Tant de visites, ou si loin")
    longest = ",".join(str(number * 99) for number in range(60))  # as far as the form goes
    assert browser.get(PLAN, series_of(cast, monday, days=longest)).json()["code"] == "wish_too_wide"


def test_another_client_s_series_is_not_there(cast, browser_of, monday):
    made = act(browser_of(cast.claire), "series", key=cast.key(), **series_of(cast, monday, days="0"))
    asked = series_of(cast, monday, client=cast.weber.id, series=made.json()["series"])
    assert browser_of(cast.claire).get(PLAN, asked).status_code == 422
    assert browser_of(cast.claire).get(PLAN, series_of(cast, monday, series="x" * 20)).status_code == 422


def test_a_colour_and_a_code_are_those_that_were_chosen(cast, scan):
    known = agendas.reasons(by=cast.claire, client=cast.cabinet.id)
    marks = marks_of(known)
    assert marks[scan] == Mark(colour=5, code="IRM")
    named = [VisitReason(id=str(at), client="1", name="Contrôle", minutes=15) for at in range(2)]
    chosen = marks_of([named[0], replace(named[1], code="CON", colour=8)])
    assert [(each.code, each.colour) for each in chosen.values()] == [("CON2", 1), ("CON", 8)]
    for wrong in ({"colour": 9}, {"colour": -1}, {"code": "TOOLONG"}):
        with pytest.raises(VisitReasonImpossible):
            replace(named[0], **wrong)


def test_whatever_stands_in_a_lane_is_text(cast, browser_of, monday):
    booked(cast, monday, 9)
    hostile = "\"><script>alert(1)</script>'&"
    row = Appointment.objects.get()
    row.patient.birth_name, row.patient.first_name = hostile, ""
    row.patient.save()
    row.overbook_cause = hostile
    row.save()
    text = page(browser_of(cast.claire), GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert "<script>" not in text.lower()
    assert text.count("&lt;SCRIPT&gt;") == 2
    assert text.count("&lt;script&gt;") == 1
