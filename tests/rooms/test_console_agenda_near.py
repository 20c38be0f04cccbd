# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is offered by itself where a time is refused: the nearest free ones for the reason in hand."""

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from permanence.agenda.operations import blocks, reasons, setting
from permanence.agenda.queries import agendas
from permanence.agenda.rules.kinds import OpeningKind, Way
from permanence.callers.models import Patient
from permanence.clients.access import choose_clients
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import openings
from tests.rooms.test_console_agenda import SLOTS, WHY, act, at_wall, booked, cast, monday, page
from tests.rooms.test_visit_places import two_sites

__all__ = ["cast", "monday"]

pytestmark = pytest.mark.django_db
NEAR = "/console/agenda/nearest"
MORNING = tuple((day, "09:00", "12:00") for day in range(5))


def near(browser, cast, day, hour, minute=0, **more):
    asked = {"agenda": cast.dupont, "reason": cast.consultation, "patient": cast.jeanne, **more}
    told = page(browser, NEAR, day=day.isoformat(), minute=str(hour * 60 + minute), **asked)
    return json.loads(told)["nearest"]


def said(found):
    return [each["words"] for each in found]


def only_mornings(cast):
    for agenda in (cast.dupont, cast.lemaire):
        setting.set_openings(agenda=agenda, openings=openings(agenda, MORNING), by=cast.claire, at=SystemClock().now())


def full(cast, agenda, day, first=(9, 0), until=(12, 0)):
    starts, ends = at_wall(day, *first), at_wall(day, *until)
    told = {"words": "Bloc", "by": cast.marc, "at": SystemClock().now()}
    blocks.block(key=cast.key(), agenda=agenda, starts_at=starts, ends_at=ends, **told)


def test_before_after_and_with_the_other_practitioner_at_that_hour(cast, browser_of, monday):
    booked(cast, monday, 10)
    found = near(browser_of(cast.claire), cast, monday, 10)
    assert said(found) == ["09:40", "10:20", "10:00, Dr Lemaire"]
    assert [each["agenda"] for each in found] == [cast.dupont, cast.dupont, cast.lemaire]
    assert (found[0]["day"], found[0]["minute"], found[0]["minutes"]) == (monday.isoformat(), 580, 20)
    assert datetime.fromisoformat(found[0]["starts"]) == at_wall(monday, 9, 40)


def test_all_that_is_offered_is_booked(cast, browser_of, monday):
    booked(cast, monday, 10)
    browser = browser_of(cast.claire)
    for each in near(browser, cast, monday, 10):
        told = {"agenda": each["agenda"], "reason": cast.consultation, "patient": cast.jeanne}
        answer = act(browser, "book", key=cast.key(), starts_at=each["starts"], **told)
        assert answer.status_code == 201, answer.content


def test_only_with_the_one_who_is_wanted(cast, browser_of, monday):
    booked(cast, monday, 10)
    assert said(near(browser_of(cast.claire), cast, monday, 10, only="1")) == ["09:40", "10:20"]


def test_where_the_day_is_full_the_next_days_are_named(cast, browser_of, monday):
    only_mornings(cast)
    for agenda in (cast.dupont, cast.lemaire):
        full(cast, agenda, monday)
    found = near(browser_of(cast.claire), cast, monday, 10)
    tomorrow = (monday + timedelta(days=1)).isoformat()
    assert (found[0]["day"], found[0]["hour"], found[0]["agenda"]) == (tomorrow, "09:00", cast.dupont)
    assert found[0]["words"].endswith("09:00")
    assert len(found) == 3


def test_what_is_over_is_not_offered(cast, browser_of):
    past = timezone.localdate() - timedelta(days=3)
    found = near(browser_of(cast.claire), cast, past, 10)
    assert found
    assert all(each["day"] >= timezone.localdate().isoformat() for each in found)


def test_a_visit_that_is_moved_is_not_in_its_own_way_and_not_offered_the_place_it_has(cast, browser_of, monday):
    only_mornings(cast)
    visit = booked(cast, monday, 9, 20)
    full(cast, cast.dupont, monday, (9, 40))
    full(cast, cast.lemaire, monday)
    asked = {"appointment": visit.appointment, "reason": "", "patient": ""}
    assert said(near(browser_of(cast.claire), cast, monday, 10, **asked)) == ["09:15"]
    full(cast, cast.dupont, monday, (9, 0), (9, 20))
    found = near(browser_of(cast.claire), cast, monday, 10, **asked)
    tomorrow = (monday + timedelta(days=1)).isoformat()
    assert [each["day"] for each in found] == [tomorrow] * 3


def test_a_visit_that_is_moved_is_offered_its_own_day_where_the_one_that_was_asked_for_has_none(
    cast, browser_of, monday
):
    only_mornings(cast)
    tomorrow = monday + timedelta(days=1)
    visit = booked(cast, tomorrow, 9, 20)
    for agenda in (cast.dupont, cast.lemaire):
        full(cast, agenda, monday)
    full(cast, cast.lemaire, tomorrow)
    full(cast, cast.dupont, tomorrow, (9, 40))
    asked = {"appointment": visit.appointment, "reason": "", "patient": ""}
    found = near(browser_of(cast.claire), cast, monday, 10, **asked)
    assert [(each["day"], each["hour"]) for each in found][:2] == [
        (tomorrow.isoformat(), "09:00"),
        (tomorrow.isoformat(), "09:05"),
    ]


def test_the_site_that_is_wished_is_kept_and_each_time_names_its_own(cast, browser_of, monday):
    at = two_sites(cast)
    browser = browser_of(cast.claire)
    booked(cast, monday, 10)
    assert said(near(browser, cast, monday, 10)) == ["09:40, Neudorf", "10:20, Neudorf", "10:00, Dr Lemaire"]
    wished = near(browser, cast, monday, 10, site=at["Meinau"], only="1")
    assert said(wished) == ["14:00, Meinau"]
    reason = agendas.reason(by=cast.claire, client=cast.cabinet.id, reason=cast.consultation)
    video = replace(reason, way=Way.TELE)
    reasons.set_reason(client=cast.cabinet.id, reason=video, by=cast.claire, at=SystemClock().now())
    hours = openings(cast.dupont, MORNING, kind=OpeningKind.TELE)
    setting.set_openings(agenda=cast.dupont, openings=hours, by=cast.claire, at=SystemClock().now())
    assert said(near(browser, cast, monday, 10, only="1")) == ["09:40, en vidéo", "10:20, en vidéo"]


def test_where_nothing_is_free_nothing_is_offered(cast, browser_of, monday):
    for agenda in (cast.dupont, cast.lemaire):
        setting.set_openings(agenda=agenda, openings=(), by=cast.claire, at=SystemClock().now())
    assert near(browser_of(cast.claire), cast, monday, 10) == []


@pytest.mark.parametrize("word", ["", "x", "9" * 30, "<b>", "\x00"])
@pytest.mark.parametrize("name", ["agenda", "day", "minute", "reason", "patient", "appointment"])
def test_words_the_page_does_not_send_are_refused(cast, browser_of, monday, name, word):
    asked = {"agenda": cast.dupont, "reason": cast.consultation, "day": monday.isoformat(), "minute": "540", name: word}
    assert browser_of(cast.claire).get(NEAR, asked).status_code in {200, 404, 422}


def test_nobody_reaches_another_client_s(cast, browser_of, monday):
    visit = booked(cast, monday, 9)
    limited = browser_of(cast.claire)
    where = {"day": monday.isoformat(), "minute": "600", "reason": cast.consultation}
    hers = {"agenda": cast.weber_agenda, **where, "appointment": visit.appointment}
    assert limited.get(NEAR, hers).status_code == 404  # of another client than the agenda
    choose_clients(person=cast.claire.person, clients=(cast.weber.id,), by=cast.marc, at=SystemClock().now())
    for browser in (browser_of(cast.other_secretary), limited):
        assert browser.get(NEAR, {"agenda": cast.dupont, **where}).status_code == 404
    assert limited.get(NEAR, hers).status_code == 404


def test_a_visit_that_was_booked_as_a_first_one_stays_as_long(cast, browser_of, monday):
    visit = booked(cast, monday, 9, patient=cast.paul)
    length = visit.ends_at - visit.starts_at
    Patient.objects.filter(pk=int(cast.paul)).update(known=True)
    full(cast, cast.dupont, monday, (10, 0), (12, 0))
    found = near(browser_of(cast.claire), cast, monday, 10, appointment=visit.appointment, only="1")
    assert length == timedelta(minutes=30)
    assert {each["minutes"] for each in found} == {30}


def test_queries_do_not_grow_with_the_agendas(cast, browser_of, monday, django_assert_max_num_queries):
    booked(cast, monday, 10)
    for number in range(6):
        made = setting.open_agenda(
            client=cast.cabinet.id, recipient=cast.cabinet.doctor, name=f"Dr {number}", by=cast.marc, at=timezone.now()
        ).id
        setting.set_openings(agenda=made, openings=openings(made), by=cast.marc, at=timezone.now())
    browser = browser_of(cast.claire)
    with django_assert_max_num_queries(40):
        near(browser, cast, monday, 10)


def test_what_is_against_putting_a_visit_there_is_asked_for_that_visit(cast, browser_of, monday):
    """Its own time does not count, nor what the request beside it says; that of another client is not there."""
    browser, mine = browser_of(cast.claire), booked(cast, monday, 10)
    there = {"agenda": cast.dupont, "day": monday.isoformat(), "minute": str(10 * 60 + 10)}
    asked = {**there, "appointment": mine.appointment, "reason": cast.tracing, "patient": cast.paul}
    assert json.loads(page(browser, WHY, **asked))["free"] is True
    booked(cast, monday, 10, 20, patient=cast.paul)
    told = json.loads(page(browser, WHY, **asked))
    assert (told["free"], len(told["causes"]), told["next"], told["may_overbook"]) == (False, 1, None, False)
    assert browser.get(WHY, asked | {"agenda": cast.weber_agenda}).status_code == 404


def slots_for(browser, cast, **asked):
    """The lengths, in minutes, of what is proposed at the clients' practice."""
    told = page(browser, SLOTS, client=cast.cabinet.id, **asked)
    return {int(each) for each in re.findall(r'data-minutes="(\d+)"', told)}


def test_what_is_proposed_for_a_visit_that_is_moved_is_as_long_as_the_visit(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    visit = booked(cast, monday, 9, patient=cast.paul)  # somebody new, half an hour
    Patient.objects.filter(pk=int(cast.paul)).update(known=True)
    panel = {"reason": cast.tracing, "patient": cast.jeanne}
    assert slots_for(browser, cast, **panel) == {20}
    assert slots_for(browser, cast, **panel, appointment=visit.appointment) == {30}
    assert slots_for(browser, cast, reason="", appointment=visit.appointment) == {30}


def test_the_times_of_a_visit_are_not_those_of_what_the_panel_asks(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    visit = booked(cast, monday, 9)
    other = {"client": cast.weber.id, "appointment": visit.appointment}
    assert browser.get(SLOTS, other).status_code == 404  # of another client
    assert browser.get(SLOTS, {"client": cast.cabinet.id, "appointment": "none"}).status_code == 404


def test_a_visit_that_is_moved_is_proposed_the_times_of_its_own_day_and_not_the_one_it_has(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    [kept] = [each for each in agendas.reasons(by=cast.claire, client=cast.cabinet.id) if each.id == cast.consultation]
    one_a_day = replace(kept, max_per_day=1)
    reasons.set_reason(client=cast.cabinet.id, reason=one_a_day, by=cast.claire, at=SystemClock().now())
    setting.set_openings(
        agenda=cast.dupont, openings=openings(cast.dupont, MORNING), by=cast.claire, at=SystemClock().now()
    )
    visit = booked(cast, monday, 9)
    full(cast, cast.dupont, monday, (9, 40), (11, 40))
    asked = {"client": cast.cabinet.id, "with": cast.dupont, "only": "1", "from": monday.isoformat()}

    def of_that_day(**more):
        told = page(browser, SLOTS, **asked, **more)
        return re.findall(rf'data-day="{monday.isoformat()}" data-minute="(\d+)"', told)

    assert of_that_day(reason=cast.consultation, patient=cast.jeanne) == []  # somebody else's: one a day
    assert of_that_day(appointment=visit.appointment) == [str(9 * 60 + 20), str(11 * 60 + 40)]
    full(cast, cast.dupont, monday, (9, 30), (9, 40))
    assert of_that_day(appointment=visit.appointment) == [str(9 * 60 + 5), str(11 * 60 + 40)]  # into its own time
