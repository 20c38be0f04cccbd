# SPDX-License-Identifier: AGPL-3.0-or-later
"""The waiting list on the console's and the portal's screens: put on it in one act, seen, worked off, behind walls."""

import json
import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from permanence.agenda.models import Agenda, Appointment, FreedTime, SlotOffer, VisitReason, WaitingPlace
from permanence.agenda.operations import setting, waiting_list
from permanence.agenda.queries import agendas
from permanence.agenda.refusals import AgendaBusy
from permanence.agenda.rules.waiting import OfferState, PlaceState
from permanence.agenda.rules.why_not import Held
from permanence.agenda.why_words import sentences
from permanence.callers.models import Patient
from permanence.clients.models import Client
from permanence.clients.rules import ClientState
from permanence.console import agenda_acts, agenda_pages, agenda_series, follow_ups
from permanence.console import waiting as screen
from permanence.foundation.models import AuditEntry
from permanence.portal import waiting_list as doctors
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, person, place, pursue, waits

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


@pytest.fixture
def clock(monkeypatch):
    """The screens' clock, moved by hand."""
    now = SimpleNamespace(at=LATER)
    for module in (screen, agenda_acts, follow_ups, doctors):
        monkeypatch.setattr(module, "_CLOCK", SimpleNamespace(now=lambda: now.at))
    return now


@pytest.fixture
def claire(cast, browser_of):
    return browser_of(cast.claire)


def shown(browser, path, **asked):
    answer = browser.get(path, asked, HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def post(browser, path, body=None):
    return browser.post(path, body or {}, HTTP_ACCEPT_LANGUAGE="en")


def add(browser, cast, **more):
    said = {"key": cast.key(), "client": cast.cabinet.id, "patient": cast.jeanne, "reason": cast.consultation}
    body = {**said, "days": "31", "halves": "", "weekdays": "", "agendas": "", **more}
    return browser.post(
        "/console/waiting/add", json.dumps(body), content_type="application/json", HTTP_ACCEPT_LANGUAGE="en"
    )


def test_the_form_knows_the_wishes_of_the_panel(cast, claire, clock):
    jeanne = person(cast, "Zyrianka", number="+33639980147", mail="")
    later = booked(cast, after(24 * 60), who=jeanne)
    text = shown(
        claire,
        "/console/fragments/waiting",
        client=cast.cabinet.id,
        patient=jeanne,
        reason=cast.consultation,
        halves="morning",
        out="2,4",
        **{"with": cast.dupont, "only": "1"},
    )
    assert 'value="morning" checked' in text
    assert 'value="afternoon" checked' not in text
    assert [day for day in range(6) if f'name="weekdays" value="{day}" checked' in text] == [0, 1, 3, 5]
    assert f'name="agendas" value="{cast.dupont}" checked' in text
    assert f'name="instead_of" value="{later.appointment}" checked' in text
    assert "ZYRIANKA" in text
    assert 'name="sms"' not in text  # he agreed to SMS before


def test_the_day_from_which_he_can_come_is_kept_and_nothing_before_it_is_offered(cast, claire, clock, deliver_all):
    jeanne = person(cast, "Zyrianka", number="+33639980147")
    asked = {"client": cast.cabinet.id, "patient": jeanne, "reason": cast.consultation}
    text = shown(claire, "/console/fragments/waiting", **asked, **{"from": "2026-12-10", "hour": "14:00"})
    assert 'name="from" value="2026-12-10" checked' in text
    assert "from 10 December" in text
    assert "after 14:00" in text
    for day in ("", "2026-11-27", "2026-11-02"):
        assert 'name="from"' not in shown(claire, "/console/fragments/waiting", **asked, **{"from": day})
    assert add(claire, cast, patient=jeanne, **{"from": "2026-12-10"}).status_code == 201
    row = WaitingPlace.objects.get(patient=int(jeanne))
    assert (row.from_date, row.until_date) == (date(2026, 12, 10), date(2027, 1, 10))
    assert "from 10 December, until 9 January" in shown(claire, "/console/waiting")
    early, late = booked(cast, after(60)), booked(cast, after(10 * 24 * 60))
    soon = LATER + timedelta(minutes=5)
    cancelled(cast, early, at=soon)
    pursue(deliver_all, soon)
    assert not SlotOffer.objects.exists()
    cancelled(cast, late, at=soon)
    pursue(deliver_all, soon)
    assert last_offer().starts_at == after(10 * 24 * 60)


def test_who_can_come_only_after_his_appointment_is_not_asked_to_give_it_up(cast, claire, clock):
    jeanne = person(cast, "Zyrianka", number="+33639980147")
    his = booked(cast, after(24 * 60), who=jeanne)  # 1 December
    asked = {"client": cast.cabinet.id, "patient": jeanne, "reason": cast.consultation}

    def told(day):
        text = shown(claire, "/console/fragments/waiting", **asked, **{"from": day})
        return "waits for an earlier time" in text, re.findall(r'name="instead_of" value="([^"]+)" checked>', text)

    assert told("2026-12-10") == (False, [])
    text = shown(claire, "/console/fragments/waiting", **asked, **{"from": "2026-12-10"})
    assert re.findall(r'hidden><input type="checkbox" name="instead_of" value="([^"]+)" checked disabled>', text) == [
        his.appointment
    ]
    for day in ("", "2026-12-01"):
        assert told(day) == (True, [his.appointment])
    later = booked(cast, after(14 * 24 * 60), who=jeanne)
    assert told("2026-12-10") == (True, [later.appointment])


@pytest.mark.parametrize(("given", "kept"), [("", 27), ("2026-11-02", 27)])
def test_a_day_that_is_over_is_none_from_which_he_waits(cast, claire, clock, given, kept):
    assert add(claire, cast, **{"from": given}).status_code == 201
    assert WaitingPlace.objects.get().from_date == date(2026, 11, kept)


@pytest.mark.parametrize(("open_on", "ticked"), [(6, [0, 1, 3, 4, 5, 6]), (5, [0, 1, 3, 4, 5])])
def test_sunday_is_among_the_days_where_an_agenda_is_open_on_one(cast, claire, clock, open_on, ticked):
    week = openings(cast.dupont, ((open_on, "09:00", "12:00"),))
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
    asked = {"client": cast.cabinet.id, "patient": cast.jeanne, "reason": cast.consultation, "out": "2"}
    text = shown(claire, "/console/fragments/waiting", **asked)
    assert [day for day in range(7) if f'name="weekdays" value="{day}" checked' in text] == ticked
    assert ('name="weekdays" value="6"' in text) is (open_on == 6)


def test_put_on_the_list_with_what_he_says_about_sms(cast, claire, clock):
    who = person(cast, "Zyrianka", number="+33639980147")
    Patient.objects.filter(pk=int(who)).update(sms_agreed_at=None)
    waits(cast, person(cast, "Bellard"))
    answer = add(claire, cast, patient=who, halves="morning", weekdays="0,1", urgent="1", sms="1")
    assert answer.status_code == 201
    assert (answer.json()["turn"], "Zyrianka".upper() in answer.json()["said"]) == (1, True)
    row = WaitingPlace.objects.get(patient=int(who))
    assert (row.half_days, row.weekdays, row.is_urgent) == (["morning"], [0, 1], True)
    assert (row.until_date - row.from_date).days == 31
    assert Patient.objects.get(pk=int(who)).sms_agreed_at == LATER


@pytest.mark.parametrize(
    "more",
    [
        {"days": "0"},
        {"days": "-3"},
        {"days": "9999"},
        {"days": "x"},
        {"from": "soon"},
        {"weekdays": "8"},
        {"weekdays": "mon"},
        {"halves": "night"},
        {"agendas": "none"},
        {"key": "short"},
        {"patient": "999999"},
        {"reason": "999999"},
        {"instead_of": "nothing-like-an-appointment"},
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_kept(cast, claire, clock, more):
    answer = add(claire, cast, **more)
    assert answer.status_code == 422
    assert answer.json()["why"]
    assert not WaitingPlace.objects.exists()


def test_twice_for_one_reason_is_refused_in_words(cast, claire, clock):
    assert add(claire, cast).status_code == 201
    answer = add(claire, cast)
    assert (answer.status_code, answer.json()["code"]) == (422, "already_waiting")


def test_taken_back_at_once(cast, claire, clock):
    key = add(claire, cast).json()["place"]
    body = json.dumps({"place": key})
    assert claire.post("/console/waiting/take-back", body, content_type="application/json").status_code == 204
    assert place(key).state == PlaceState.WITHDRAWN


def test_a_page_that_sends_its_act_again_when_he_waits_no_more_is_told_so(cast, claire, clock):
    key = cast.key()
    place = add(claire, cast, key=key).json()["place"]
    post(claire, f"/console/waiting/place/{place}", {"act": "withdraw"})
    again = add(claire, cast, key=key)
    assert (again.status_code, again.json()["turn"]) == (201, 0)
    assert "is on the waiting list no more." in again.json()["said"]


def test_the_list_says_who_was_offered_what_and_when(cast, claire, clock, deliver_all):
    visit = booked(cast, MONDAY)
    first = waits(cast, person(cast, "Zyrianka"), at=NOON - HOUR)
    waits(cast, person(cast, "Bellard"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    text = shown(claire, "/console/waiting")
    assert text.index("ZYRIANKA") < text.index("BELLARD")
    assert "kept until" in text
    assert "by e-mail" in text
    post(claire, f"/console/waiting/place/{first}", {"act": "withdraw"})
    pursue(deliver_all, LATER)
    assert "ZYRIANKA Jeanne is on the waiting list no more" in shown(claire, "/console/waiting")
    text = shown(claire, "/console/waiting")
    assert text.index("BELLARD") < text.index("ZYRIANKA")
    assert "taken back" in text


def cancel(browser, cast, visit):
    body = {"key": cast.key(), "appointment": visit.appointment, "cause": "patient"}
    return browser.post(
        "/console/agenda/cancel", json.dumps(body), content_type="application/json", HTTP_ACCEPT_LANGUAGE="en"
    ).json()["said"]


def test_what_is_cancelled_at_night_is_said_to_be_offered_in_the_morning(cast, claire, clock, deliver_all):
    who, visit = person(cast, "Bellard"), booked(cast, after(24 * 60))
    waits(cast, who)
    clock.at = MONDAY - 4 * HOUR
    assert cancel(claire, cast, visit) == "Its time is offered from 08:00: nobody is written to at night."
    deliver_all(clock.at)
    for _turn in range(2):  # before the worker has looked at it, and after
        text = shown(claire, "/console/waiting")
        assert "offered from 08:00: nobody is written to at night" in text
        assert pursue(deliver_all, clock.at) == 0
    clock.at = MONDAY
    assert pursue(deliver_all, clock.at) == 1
    assert "at night" not in shown(claire, "/console/waiting")


def test_at_night_no_hour_is_promised_for_a_time_that_can_be_booked_no_more_in_the_morning(
    cast, claire, clock, deliver_all
):
    visit = booked(cast, after(24 * 60))
    waits(cast, person(cast, "Bellard"))
    VisitReason.objects.filter(pk=int(cast.consultation)).update(notice=24 * 60)
    clock.at = MONDAY - 4 * HOUR
    assert (
        cancel(claire, cast, visit) == "Its time is too near to be offered: it stands on the list of the secretaries."
    )
    deliver_all(clock.at)
    assert pursue(deliver_all, clock.at) == 0
    assert "too near to be offered" in shown(claire, "/console/follow-ups")
    assert "at night" not in shown(claire, "/console/waiting")


def test_at_night_no_hour_is_promised_where_the_contract_has_ended(cast, claire, clock, deliver_all):
    first, second = booked(cast, after(24 * 60)), booked(cast, after(24 * 60 + 20))
    waits(cast, person(cast, "Bellard"))
    clock.at = MONDAY - 4 * HOUR
    assert "offered from" in cancel(claire, cast, first)
    deliver_all(clock.at)
    Client.objects.filter(pk=int(cast.cabinet.id)).update(state=ClientState.ENDED)
    assert cancel(claire, cast, second) == "Its time is offered to nobody: the contract has ended."
    assert "at night" not in shown(claire, "/console/waiting")
    clock.at = MONDAY
    assert pursue(deliver_all, clock.at) == 0


@pytest.mark.parametrize("case", ["day", "nobody", "elsewhere", "telephone"])
def test_nothing_is_said_of_the_night_where_it_changes_nothing(cast, claire, clock, case):
    visit = booked(cast, after(24 * 60))
    clock.at = LATER if case == "day" else MONDAY - 4 * HOUR
    if case != "nobody":
        waits(cast, person(cast, "Bellard"), **({"agendas": (cast.lemaire,)} if case == "elsewhere" else {}))
    if case == "telephone":
        Agenda.objects.filter(pk=int(cast.dupont)).update(offer_minutes=0)
    assert cancel(claire, cast, visit) == ""


def test_the_file_says_for_what_he_waits(cast, claire, clock):
    who = person(cast, "Bellard")
    assert "On the waiting list" not in shown(claire, f"/console/patients/{who}")
    waits(cast, who)
    assert "On the waiting list: Consultation, from 27 November, until" in shown(claire, f"/console/patients/{who}")


def test_patients_are_looked_for_of_one_client(cast, claire):
    assert "Choose a client" in shown(claire, "/console/patients/find", words="Bellard")
    assert "Choose a client" not in shown(claire, "/console/patients/find")
    assert "Choose a client" not in shown(claire, "/console/patients/find", words="Bellard", client=cast.cabinet.id)


def test_urgent_and_not(cast, claire, clock):
    waits(cast, person(cast, "Zyrianka"), at=NOON - HOUR)
    key = waits(cast, person(cast, "Bellard"))
    assert post(claire, f"/console/waiting/place/{key}", {"act": "urgent"}).status_code == 302
    text = shown(claire, "/console/waiting")
    assert text.index("BELLARD") < text.index("ZYRIANKA")
    post(claire, f"/console/waiting/place/{key}", {"act": "calm"})
    assert not place(key).is_urgent
    assert post(claire, f"/console/waiting/place/{key}", {"act": "explode"}).status_code == 422


def test_whom_to_telephone_stands_on_the_work_list(cast, claire, clock, deliver_all):
    visit = booked(cast, MONDAY)
    key = waits(cast, person(cast, "Bellard", number="+33388000000", mail=""))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    text = shown(claire, "/console/follow-ups")
    assert "BELLARD" in text
    assert "03 88 00 00 00" in text
    assert post(claire, f"/console/waiting/offer/{last_offer().key}", {"act": "take"}).status_code == 302
    assert place(key).state == PlaceState.BOOKED
    assert Appointment.objects.filter(state="booked", starts_at=MONDAY).count() == 1
    assert "BELLARD" not in shown(claire, "/console/follow-ups").replace("is booked", "")


def offered_at_once(cast, deliver_all, *, mail):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Bellard", number="+33388000000", mail=mail))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("mail", "where"), [("", "Late and absent"), ("bellard@example.lu", "Waiting list")])
def test_why_it_cannot_be_booked_anew_says_to_whom_it_is_offered(cast, claire, deliver_all, mail, where):
    offered_at_once(cast, deliver_all, mail=mail)
    asked = {"agenda": cast.dupont, "patient": cast.jeanne, "reason": cast.consultation}
    sent = {**asked, "key": cast.key(), "starts_at": MONDAY.isoformat(), "call": ""}
    kept = {"content_type": "application/json", "HTTP_ACCEPT_LANGUAGE": "en"}
    refused = claire.post("/console/agenda/hold", json.dumps(sent), **kept)
    told = refused.json()["causes"][0]
    assert refused.status_code == 422
    assert told.startswith("Offered to BELLARD Jeanne of the waiting list, ends ")
    assert told.endswith(f": freed in “{where}”")


def test_the_panel_says_the_same_and_a_doctor_no_name(cast, claire, clock, deliver_all, monkeypatch):
    monkeypatch.setattr(agenda_pages, "_CLOCK", SimpleNamespace(now=lambda: clock.at))
    offered_at_once(cast, deliver_all, mail="")
    asked = {
        "agenda": cast.dupont,
        "patient": cast.jeanne,
        "reason": cast.consultation,
        "starts_at": MONDAY.isoformat(),
    }
    why = claire.get("/console/agenda/why", asked, HTTP_ACCEPT_LANGUAGE="en").json()
    assert why["causes"][0].startswith("Offered to BELLARD Jeanne of the waiting list")
    found = agendas.agenda(by=cast.dr_dupont, agenda=cast.dupont)
    causes = [Held(by="", until=LATER + HOUR, hold=SlotOffer.objects.get().hold.key)]
    [told] = sentences(cast.dr_dupont, found, causes, at=LATER)
    assert "BELLARD" not in told


def test_a_series_that_finds_no_time_says_to_whom_it_is_offered(cast, claire, clock, deliver_all, monkeypatch):
    monkeypatch.setattr(agenda_series, "_CLOCK", SimpleNamespace(now=lambda: clock.at))
    alone = openings(cast.dupont, [(0, "08:00", "08:20")])
    setting.set_openings(agenda=cast.dupont, openings=alone, by=cast.claire, at=NOON)
    offered_at_once(cast, deliver_all, mail="")
    asked = {"client": cast.cabinet.id, "patient": cast.jeanne, "reason": cast.consultation, "tolerance": "0"}
    asked |= {"first": MONDAY.date().isoformat(), "days": "0", "with": cast.dupont, "only": "1"}
    offered = "Offered to BELLARD Jeanne of the waiting list"
    assert offered in shown(claire, "/console/fragments/agenda/series", **asked)
    sent, kept = {**asked, "key": cast.key()}, {"content_type": "application/json", "HTTP_ACCEPT_LANGUAGE": "en"}
    refused = claire.post("/console/agenda/series", json.dumps(sent), **kept)
    assert (refused.status_code, refused.json()["code"]) == (422, "series_empty")
    assert offered in refused.json()["why"]


def test_she_answers_too_late_and_is_told(cast, claire, clock, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Bellard", mail=""))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    clock.at = LATER + HOUR
    assert post(claire, f"/console/waiting/offer/{last_offer().key}", {"act": "take"}).status_code == 302
    assert "no longer possible" in shown(claire, "/console/follow-ups")
    assert SlotOffer.objects.get().state == OfferState.OPEN
    assert not Appointment.objects.filter(state="booked").exists()


def test_a_time_that_is_too_near_is_worked_off(cast, claire, clock, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Bellard", number="+33388000000"))
    clock.at = MONDAY - HOUR
    cancelled(cast, visit, at=clock.at)
    pursue(deliver_all, clock.at)
    text = shown(claire, "/console/follow-ups")
    assert "too near" in text
    assert "03 88 00 00 00" in text
    freed = FreedTime.objects.get()
    assert post(claire, f"/console/waiting/freed/{freed.pk}").status_code == 302
    assert "too near" not in shown(claire, "/console/follow-ups")
    assert post(claire, "/console/waiting/freed/999999").status_code == 404


def test_the_doctor_sees_his_list_and_says_for_how_long_he_offers(cast, browser_of, clock):
    waits(cast, person(cast, "Zyrianka"), agendas=(cast.lemaire,))
    waits(cast, person(cast, "Bellard"))
    browser = browser_of(cast.dr_dupont)
    path = f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}/waiting"
    text = shown(browser, path)
    assert "BELLARD" in text
    assert "ZYRIANKA" not in text
    assert browser.post(path, {"minutes": "120"}).status_code == 303
    assert Agenda.objects.get(pk=int(cast.dupont)).offer_minutes == 120
    assert browser.post(path, {"minutes": "7"}).status_code == 422
    assert browser.post(path, {"minutes": "x"}).status_code == 422


def test_another_doctor_finds_nothing_and_it_is_noted(cast, browser_of, clock):
    waits(cast, person(cast, "Zyrianka"))
    browser = browser_of(cast.dr_weber)
    for path in (
        f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}/waiting",
        f"/portal/line/{cast.weber.id}/agenda/{cast.dupont}/waiting",
    ):
        assert browser.get(path).status_code == 404
    assert (
        AuditEntry.objects.filter(action__contains="not_hers").exists()
        or AuditEntry.objects.filter(subject__startswith="portal.line").exists()
    )


@pytest.mark.usefixtures("clock")
def test_a_place_that_is_not_taken_back_says_why_and_may_be_tried_again(cast, claire, monkeypatch):
    def busy(**_said):
        raise AgendaBusy("agendas")

    made = add(claire, cast).json()
    sent = {"path": "/console/waiting/take-back", "data": json.dumps({"place": made["place"]})}
    sent |= {"content_type": "application/json", "HTTP_ACCEPT_LANGUAGE": "en"}
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(waiting_list, "withdraw", busy)
        refused = claire.post(**sent)
    assert (refused.status_code, refused.json()["code"]) == (422, "agenda_busy")
    assert refused.json()["why"] == "Others are booking at this moment: try once more. Nothing was changed."
    assert place(made["place"]).state == PlaceState.WAITING
    assert claire.post(**sent).status_code == 204
    assert place(made["place"]).state == PlaceState.WITHDRAWN
