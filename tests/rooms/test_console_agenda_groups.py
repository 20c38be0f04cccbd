# SPDX-License-Identifier: AGPL-3.0-or-later
"""A group session in the grid: how many places are taken of how many, and in which room a visit is."""

import re
from datetime import timedelta

import pytest

from permanence.agenda.models import Agenda
from permanence.agenda.operations import setting
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import NOON, make_agenda_cast, openings, patient
from tests.rooms.test_console_agenda import GRID, LANE, PARIS, booked, page

pytestmark = pytest.mark.django_db
GROUP = re.compile(r'<span class="lane__group (f\d+ s\d+)"><span>([^<]*)</span></span>')


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)  # the days are counted from the real present: any may be one
    return made


@pytest.fixture
def monday():
    """The Monday of the week after next: what a page asks for is judged at the real moment."""
    today = SystemClock().now().astimezone(PARIS).date()
    return today + timedelta(days=14 - today.weekday())


@pytest.fixture
def gym(cast):
    """Mondays from 9 to 12 Dr Lemaire has three at once in the gym; Dr Dupont has his own room in the afternoon."""
    room = setting.add_resource(client=cast.cabinet.id, name="Salle de gym", kind="salle", by=cast.claire, at=NOON).id
    group = openings(
        cast.lemaire, [(0, "09:00", "12:00")], reasons=(cast.class_of_three,), capacity=3, resources=(room,)
    )
    setting.set_openings(agenda=cast.lemaire, openings=group, by=cast.claire, at=NOON)
    return room


def in_group(cast, day, hour, who):
    return booked(cast, day, hour, agenda=cast.lemaire, reason=cast.class_of_three, patient=who)


def test_the_hour_of_a_group_says_how_many_places_are_taken_and_its_room(cast, gym, browser_of, monday):
    browser = browser_of(cast.claire)
    empty = page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert (GROUP.findall(empty), "3 places" in empty) == ([], True)
    in_group(cast, monday, 9, cast.jeanne)
    in_group(cast, monday, 9, cast.paul)
    in_group(cast, monday, 11, cast.jeanne)
    text = page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert GROUP.findall(text) == [("f108 s12", "2/3 · Salle de gym"), ("f132 s12", "1/3 · Salle de gym")]
    alone = page(browser, LANE, agenda=cast.lemaire, day=monday.isoformat(), first="570")
    assert GROUP.findall(alone) == [("f114 s6", "2/3 · Salle de gym"), ("f132 s12", "1/3 · Salle de gym")]


def test_no_more_than_were_there_at_once_are_counted(cast, browser_of, monday):
    whole = openings(cast.lemaire, [(0, "09:00", "12:00")], capacity=3)
    setting.set_openings(agenda=cast.lemaire, openings=whole, by=cast.claire, at=NOON)
    for minute, who in ((0, cast.jeanne), (15, cast.paul), (30, patient(cast.cabinet.id, "Weiss"))):
        booked(cast, monday, 9, minute, agenda=cast.lemaire, patient=who)
    text = page(browser_of(cast.claire), GRID, client=cast.cabinet.id, day=monday.isoformat())
    ((_steps, words),) = GROUP.findall(text)
    assert words == "2/3"


def test_a_visit_says_the_room_it_takes_in_the_grid_and_in_the_list(cast, gym, browser_of, monday):
    in_group(cast, monday, 9, cast.jeanne)
    booked(cast, monday, 15, reason=cast.tracing)
    booked(cast, monday, 16, patient=cast.paul)
    browser = browser_of(cast.claire)
    said = r'aria-label="([^"]*)"><span class="appt__name"'
    told = re.findall(said, page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat()))
    assert [each.partition("réservé")[2] for each in told] == [", ECG", "", ", Salle de gym"]
    assert "École du dos, Salle de gym" in page(
        browser, GRID, client=cast.cabinet.id, day=monday.isoformat(), view="list"
    )
    week = page(browser, GRID, view="week", agenda=cast.lemaire, day=monday.isoformat())
    assert GROUP.findall(week) == [("f108 s12", "1/3 · Salle de gym")]


def test_the_rooms_of_another_client_are_not_told(cast, gym, browser_of, monday):
    visit = in_group(cast, monday, 9, cast.jeanne)
    text = page(browser_of(cast.claire), GRID, client=cast.weber.id, day=monday.isoformat())
    assert visit.appointment not in text
    assert "Salle de gym" not in text
