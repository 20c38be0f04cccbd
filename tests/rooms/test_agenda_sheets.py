# SPDX-License-Identifier: AGPL-3.0-or-later
"""The printed day: as many practitioners a sheet as are read, each with its own head and hours, nobody missing."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.models import Agenda
from permanence.agenda.operations import blocks, holds
from permanence.console.agenda_sheets import MOST_ON_A_SHEET, shared_out
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import make_agenda_cast, opened
from tests.rooms.test_console_agenda import at_wall, booked, monday, page

pytestmark = pytest.mark.django_db
PAPER = "/console/fragments/agenda/paper"
__all__ = ["monday"]


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)
    return made


@pytest.fixture
def twenty(cast, monday):
    """Twenty practitioners of the practice: 17 have a visit, one a meeting, one a time that is held, one nothing."""
    found = [
        opened(cast.cabinet.id, cast.cabinet.doctor, f"Praticien {number:02d}", by=cast.claire) for number in range(20)
    ]
    Agenda.objects.update(closed_on_holidays=False)
    visits = [booked(cast, monday, 9, 20 * (number % 3), agenda=found[number]).appointment for number in range(17)]
    now, key = SystemClock().now(), cast.key()
    blocks.block(
        key=key,
        agenda=found[17],
        starts_at=at_wall(monday, 19),
        ends_at=at_wall(monday, 20),
        words="Réunion",
        by=cast.marc,
        at=now,
    )
    holds.hold_slot(
        key=cast.key(), agenda=found[18], reason=cast.consultation, starts_at=at_wall(monday, 10), by=cast.marc, at=now
    )
    return visits


def sheets(text):
    """The sheets of a print: of each its text."""
    return text.split('<div class="sheet">')[1:]


def names(sheet):
    return re.findall(r'<span class="grid__name"><strong>(.*?)</strong>', sheet)


def test_all_practitioners_of_a_day_are_printed_seven_a_sheet_and_who_has_nothing_takes_no_room(
    cast, browser_of, monday, twenty
):
    text = page(browser_of(cast.claire), PAPER, day=monday.isoformat())
    printed = sheets(text)
    assert [len(names(each)) for each in printed] == [6, 6, 6]
    assert [each.count('class="lane"') for each in printed] == [6, 6, 6]
    assert [name for each in printed for name in names(each)] == [f"Praticien {number:02d}" for number in range(18)]
    assert sorted(re.findall(r'data-kind="appointment"[^>]* data-key="(.*?)"', text)) == sorted(twenty)
    assert "Réunion" in printed[-1]
    for number, each in enumerate(printed, 1):
        assert f"{number}/3" in each
        assert '<span class="f108">09:00</span>' in each
    rest = text.split('class="sheet__rest"')[1]
    for name in ("Praticien 18", "Praticien 19", "Dr Dupont", "Dr Lemaire", "Dr Weber"):
        assert name in rest, name
    assert "Praticien 17" not in rest


def test_each_sheet_has_the_hours_of_those_who_are_on_it(cast, browser_of, monday, twenty):
    first, _second, last = sheets(page(browser_of(cast.claire), PAPER, day=monday.isoformat()))
    assert "20:00" not in first.split('class="lane"')[0]
    assert '<span class="f228">19:00</span>' in last


def test_of_one_practice_every_practitioner_is_printed(cast, browser_of, monday, twenty):
    text = page(browser_of(cast.claire), PAPER, client=cast.cabinet.id, day=monday.isoformat())
    assert [len(names(each)) for each in sheets(text)] == [5, 6, 5, 6]
    assert "sheet__rest" not in text


def test_a_week_is_one_sheet_and_a_list_stays_a_list(cast, browser_of, monday, twenty):
    browser = browser_of(cast.claire)
    week = sheets(page(browser, PAPER, view="week", agenda=cast.dupont, day=monday.isoformat()))
    assert [len(names(each)) for each in week] == [7]
    assert "1/1" not in week[0]
    assert sheets(page(browser, PAPER, view="list", day=monday.isoformat())) == []


def test_a_day_on_which_nobody_has_anything_says_so(cast, browser_of, monday):
    text = page(browser_of(cast.claire), PAPER, day=(monday + timedelta(days=1)).isoformat())
    (only,) = sheets(text)
    assert names(only) == []
    assert "Rien n’est réservé ce jour" in only


def test_on_paper_too_nothing_of_another_house_stands(cast, browser_of, monday, twenty):
    assert "Praticien" not in page(browser_of(cast.other_secretary), PAPER, day=monday.isoformat())


@given(st.integers(0, 300))
def test_nobody_is_lost_between_two_sheets_and_none_is_left_almost_empty(many):
    shared = shared_out(list(range(many)))
    assert [one for sheet in shared for one in sheet] == list(range(many))
    assert all(len(sheet) <= MOST_ON_A_SHEET for sheet in shared)
    assert not shared or max(map(len, shared)) - min(map(len, shared)) <= 1
