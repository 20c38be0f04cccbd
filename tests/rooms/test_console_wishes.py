# SPDX-License-Identifier: AGPL-3.0-or-later
"""Wishes of the search at the console: from a day, from an hour, not on Saturday, at one of several sites."""

import json
import re
from datetime import date, timedelta

import pytest

from permanence.agenda.models import Agenda, Appointment
from permanence.agenda.operations import setting
from permanence.agenda.rules import kinds
from permanence.agenda.rules.kinds import Opening
from permanence.clients.models import Site
from permanence.foundation.models import House
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import NOON, make_agenda_cast, opened
from tests.rooms.test_console_agenda import SLOTS, START, act, monday, page

__all__ = ["monday"]

pytestmark = pytest.mark.django_db
NEAR = "/console/agenda/nearest"
PLAN = "/console/fragments/agenda/series"
OFFER = re.compile(r'data-agenda="(\d+)" data-starts="[^"]+" data-day="([^"]+)" data-minute="(\d+)"')


@pytest.fixture
def cast(db):
    """Both agendas open all day and every day; the second one at Meinau, the first one at Neudorf."""
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)
    client = int(made.cabinet.id)
    house = House.objects.get(slug=made.claire.house)
    places = [
        Site.objects.create(house=house, client_id=client, name=name, position=place).pk
        for place, name in enumerate(("Neudorf", "Meinau"), 10)
    ]
    for agenda, place in zip((made.dupont, made.lemaire), places, strict=True):
        week = [
            Opening(id="", agenda=agenda, weekday=weekday, opens="08:00", until="19:00", site=str(place))
            for weekday in range(7)
        ]
        setting.set_openings(agenda=agenda, openings=week, by=made.claire, at=NOON)
    return made


def site(name):
    return str(Site.objects.get(name=name).pk)


def offers(cast, browser, **asked):
    shown = page(browser, SLOTS, client=cast.cabinet.id, reason=cast.consultation, patient=cast.jeanne, **asked)
    return [(agenda, date.fromisoformat(day), int(minute)) for agenda, day, minute in OFFER.findall(shown)]


def test_in_three_months(cast, browser_of):
    wanted = SystemClock().now().date() + timedelta(days=60)
    found = offers(cast, browser_of(cast.claire), **{"from": wanted.isoformat()})
    assert found
    assert {day for _agenda, day, _minute in found} >= {wanted}
    assert min(day for _agenda, day, _minute in found) == wanted


def test_a_day_that_is_over_is_today(cast, browser_of):
    browser = browser_of(cast.claire)
    assert offers(cast, browser, **{"from": "2020-01-01"}) == offers(cast, browser)


def test_after_five_and_not_on_saturday(cast, browser_of):
    found = offers(cast, browser_of(cast.claire), hour="17:00", out="0,1,2,5")
    assert found
    assert {minute >= 17 * 60 for _agenda, _day, minute in found} == {True}
    assert {day.weekday() for _agenda, day, _minute in found} <= {3, 4, 6}


def test_at_one_of_the_sites(cast, browser_of):
    browser = browser_of(cast.claire)
    told = json.loads(page(browser, START, client=cast.cabinet.id))
    assert [each["name"] for each in told["sites"]][-2:] == ["Neudorf", "Meinau"]
    assert {agenda for agenda, _day, _minute in offers(cast, browser, site=site("Meinau"))} == {cast.lemaire}
    assert {agenda for agenda, _day, _minute in offers(cast, browser, site=site("Neudorf"))} == {cast.dupont}
    assert offers(cast, browser, site="4711") == []


def test_a_series_keeps_to_the_site_and_the_hour_that_were_planned(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    asked = {
        "client": cast.cabinet.id, "reason": cast.consultation, "patient": cast.jeanne, "first": monday.isoformat(),
        "days": "0,7", "tolerance": "1", "site": site("Meinau"), "hour": "17:00",
    }  # fmt: skip
    assert page(browser, PLAN, **asked).count("17:") >= 2
    assert act(browser, "series", key=cast.key(), said={}, **asked).status_code == 201
    visits = Appointment.objects.all()
    assert {str(each.agenda_id) for each in visits} == {cast.lemaire}
    assert [each.starts_at.hour >= 15 for each in visits] == [True, True]


@pytest.fixture
def ferry(cast):
    """A third practitioner of the cabinet, open as long as the two others, and every hour of hers is free."""
    week = [(weekday, "08:00", "19:00") for weekday in range(7)]
    agenda = opened(cast.cabinet.id, cast.cabinet.doctor, "Dr Ferry", by=cast.claire, week=week)
    Agenda.objects.update(closed_on_holidays=False)
    return agenda


def close(cast, agenda, day):
    shut = kinds.ExceptionKind.CLOSED
    setting.set_exception(agenda=agenda, day=day, kind=shut, by=cast.claire, at=SystemClock().now())


def second(cast):
    return {"with": cast.lemaire, "else": cast.dupont}


def test_dr_lemaire_or_else_dr_dupont_and_nobody_else(cast, browser_of, ferry, monday):
    browser, asked = browser_of(cast.claire), {"from": monday.isoformat()} | second(cast)
    close(cast, cast.lemaire, monday)
    found = offers(cast, browser, **asked)
    days = list(dict.fromkeys(day for _agenda, day, _minute in found))
    by_day = {day: list(dict.fromkeys(agenda for agenda, each, _minute in found if each == day)) for day in days}
    assert (days[0], by_day[days[0]]) == (monday, [cast.dupont])
    assert by_day[days[1]] == [cast.lemaire, cast.dupont]
    assert ferry not in {agenda for agenda, _day, _minute in found}
    everybody = offers(cast, browser, **(asked | {"else": ""}))
    assert ferry in {agenda for agenda, _day, _minute in everybody}
    alone = offers(cast, browser, **(asked | {"else": "", "only": "1"}))
    assert {agenda for agenda, _day, _minute in alone} == {cast.lemaire}


def test_where_neither_of_the_two_has_such_an_hour_their_other_hours_are_offered_and_no_third_one(
    cast, browser_of, ferry, monday
):
    found = offers(cast, browser_of(cast.claire), hour="18:50", **second(cast))
    assert {agenda for agenda, _day, _minute in found} == {cast.lemaire}
    for agenda in (cast.lemaire, cast.dupont):
        setting.set_openings(agenda=agenda, openings=[], by=cast.claire, at=NOON)
    assert offers(cast, browser_of(cast.claire), hour="18:50", **second(cast)) == []


def test_a_series_and_the_nearest_times_know_the_second_choice_and_nobody_else(cast, browser_of, ferry, monday):
    browser = browser_of(cast.claire)
    asked = {
        "client": cast.cabinet.id, "reason": cast.consultation, "patient": cast.jeanne, "first": monday.isoformat(),
        "days": "0,7", "tolerance": "0", **second(cast),
    }  # fmt: skip
    close(cast, cast.lemaire, monday)
    assert act(browser, "series", key=cast.key(), said={}, **asked).status_code == 201
    first, last = Appointment.objects.order_by("starts_at")
    assert [str(first.agenda_id), str(last.agenda_id)] == [cast.dupont, cast.lemaire]
    near = {"agenda": cast.lemaire, "day": monday.isoformat(), "minute": "600", "reason": cast.consultation}
    told = json.loads(page(browser, NEAR, **near, **second(cast)))["nearest"]
    assert {each["agenda"] for each in told} == {cast.dupont}
    close(cast, cast.dupont, monday)
    told = json.loads(page(browser, NEAR, **near, **second(cast)))["nearest"]
    assert {each["agenda"] for each in told} <= {cast.dupont, cast.lemaire}


def test_of_the_two_she_is_wanted_with_the_waiting_list_knows(cast, browser_of, ferry):
    asked = {"client": cast.cabinet.id, "reason": cast.consultation, "patient": cast.jeanne, **second(cast)}
    shown = page(browser_of(cast.claire), "/console/fragments/waiting", **asked)
    assert set(re.findall(r'name="agendas" value="(\d+)" checked', shown)) == {cast.lemaire, cast.dupont}


@pytest.mark.parametrize("other", ["4711", "x"])
def test_a_second_choice_that_is_nobody_of_this_client_is_refused(cast, browser_of, other):
    asked = {"client": cast.cabinet.id, "reason": cast.consultation, "with": cast.lemaire, "else": other}
    assert browser_of(cast.claire).get(SLOTS, asked).status_code == 422


@pytest.mark.parametrize(
    "asked", [{"hour": "25:00"}, {"hour": "5 pm"}, {"from": "soon"}, {"out": "7"}, {"site": "x" * 99}]
)
def test_a_wish_that_is_none_is_refused(cast, browser_of, asked):
    answer = browser_of(cast.claire).get(SLOTS, {"client": cast.cabinet.id, "reason": cast.consultation, **asked})
    assert answer.status_code == 422
