# SPDX-License-Identifier: AGPL-3.0-or-later
"""A delay concerns the consultation that is on; the whole rest of the day hears of it where that is chosen."""

import re
from types import SimpleNamespace

import pytest
from django.urls import reverse

from permanence.agenda.operations import visits
from permanence.console import agenda_late
from permanence.dispatch import late_acts, sms_tasks
from permanence.dispatch.late_words import coming_today
from permanence.dispatch.models import LateNotice, Sms, Unreached
from permanence.dispatch.unreached_queries import late_reach
from permanence.kernel.system import SystemEntropy
from permanence.portal import agenda as portal_agenda
from permanence.portal import late as portal_late
from tests.rooms.agenda_cast import after
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.test_console_agenda import act, page
from tests.rooms.test_late import TEN, book, cast, provider, reachable

__all__ = ["cast", "provider"]

pytestmark = pytest.mark.django_db
CONCERNED = "/console/fragments/agenda/late"
MORNING, AFTERNOON, LATER = "+33639980001", "+33639980011", "+33639980012"
NOON_THERE = after(240).isoformat()


@pytest.fixture
def two(cast):
    """The cast's morning, and two with SMS in the afternoon: 14:20, 17:40."""
    book(cast, 380, reachable(cast, "Midi", AFTERNOON, True))
    book(cast, 580, reachable(cast, "Soir", LATER, True))
    return cast


@pytest.fixture
def clock(monkeypatch):
    hands = SimpleNamespace(moment=TEN)
    hands.now = lambda: hands.moment
    for door in (agenda_late, portal_late, portal_agenda):
        monkeypatch.setattr(door, "_CLOCK", hands)
    return hands


@pytest.fixture
def doctor(two, clock):
    return SignedInBrowser(two.dr_dupont)


def addresses(two):
    names = [two.cabinet.id, two.dupont]
    return reverse("portal_day_of", args=names), reverse("portal_day_late", args=names)


def numbers():
    return sorted(each.number for each in Sms.objects.all())


def said(two, *, minutes=40, until=None, at=TEN, key=None):
    return late_acts.say_and_tell(
        key=key or two.key(),
        agenda=two.dupont,
        minutes=minutes,
        tell=True,
        until=until,
        by=two.dr_dupont,
        at=at,
        entropy=SystemEntropy(),
    )


def offered(shown):
    """What the form "I am late" sends as it is, and what its choices say."""
    form = shown[shown.index("t-late") :].partition("</form>")[0]
    chosen = re.search(r'name="tell" value="([^"]*)" checked', form)[1]
    fields = {each: re.search(rf'name="{each}" value="([^"]*)"', form)[1] for each in ("key", "until")}
    return {**fields, "tell": chosen}, re.sub(r"<[^>]+>", "", form)


def test_one_tap_writes_to_those_of_the_morning_and_the_page_says_so_before(two, provider, doctor):
    day, address = addresses(two)
    form, words = offered(doctor.get(day).content.decode())
    assert form["tell"] == "now"
    assert "10:20" in words
    assert "12:00" in words
    assert re.search(r"12:00.{0,4}: 3 patient", words)
    assert re.search(r": 5 patient", words)
    assert doctor.post(address, {**form, "minutes": "40"}).status_code == 303
    assert numbers() == [MORNING]


def test_he_can_choose_the_whole_rest_of_the_day(two, provider, doctor):
    day, address = addresses(two)
    form, _words = offered(doctor.get(day).content.decode())
    doctor.post(address, {**form, "tell": "day", "minutes": "40"})
    assert numbers() == [MORNING, AFTERNOON, LATER]


def test_what_the_page_has_shown_is_what_is_done_though_it_was_left_open(two, provider, doctor, clock):
    day, address = addresses(two)
    form, _words = offered(doctor.get(day).content.decode())
    clock.moment = after(300)  # 13:00: what comes next now is the afternoon
    doctor.post(address, {**form, "minutes": "40"})
    assert numbers() == []


@pytest.mark.parametrize("until", ["", "x", "2026-11-30", "9" * 99])
def test_a_form_that_says_no_hour_concerns_the_consultation_that_is_on(two, provider, doctor, until):
    _day, address = addresses(two)
    doctor.post(address, {"key": "k" * 20, "tell": "now", "until": until, "minutes": "40"})
    assert numbers() == [MORNING]


def test_when_nobody_of_the_morning_is_left_nobody_is_written_to_until_he_says_whom(two, provider, doctor, clock):
    clock.moment = after(200)  # 11:20
    day, address = addresses(two)
    form, words = offered(doctor.get(day).content.decode())
    assert form["tell"] == ""
    assert "12:00" in words
    doctor.post(address, {**form, "minutes": "40"})
    assert numbers() == []
    shown = doctor.get(day).content.decode()
    assert 'name="tell" value="day"' in shown[shown.index('id="late"') : shown.index('id="list"')]


def test_once_the_morning_is_told_the_afternoon_can_be_and_nobody_is_told_twice(two, provider, doctor, clock):
    day, address = addresses(two)
    form, _words = offered(doctor.get(day).content.decode())
    doctor.post(address, {**form, "minutes": "40"})
    clock.moment = TEN + late_acts.KEPT_FOR
    sms_tasks.run_sms(at=clock.moment)
    shown = doctor.get(day).content.decode()
    box = shown[shown.index('id="late"') : shown.index("t-late")]
    assert "SOIR" not in box
    assert 'name="tell" value="now"' not in box
    key = re.search(r'name="key" value="([^"]+)"', box)[1]
    doctor.post(address, {"key": key, "tell": "day", "minutes": "40"})
    assert numbers() == [MORNING, AFTERNOON, LATER]
    assert [len(each.told) for each in LateNotice.objects.order_by("pk")] == [1, 2]
    clock.moment += late_acts.KEPT_FOR
    sms_tasks.run_sms(at=clock.moment)
    reach = late_reach(agenda=two.dupont, by=two.dr_dupont, at=clock.moment)
    assert sorted(each.state.value for each in reach.values()) == ["no_way", "no_way", "sent", "sent", "sent"]


def test_who_is_to_be_telephoned_stays_on_the_secretaries_list_when_the_afternoon_is_told_too(two, provider):
    said(two, until=after(240))
    assert Unreached.objects.filter(done_at=None).count() == 2
    said(two, at=TEN + late_acts.KEPT_FOR)
    assert Unreached.objects.filter(done_at=None).count() == 2


def test_other_minutes_are_told_to_whoever_was_told_before(two, provider):
    said(two, minutes=20, until=after(240))
    sms_tasks.run_sms(at=TEN + late_acts.KEPT_FOR)
    said(two, minutes=40, until=after(240), at=TEN + 2 * late_acts.KEPT_FOR)
    assert numbers() == [MORNING, MORNING]


def test_a_long_box_shows_the_first_names_and_opens_for_the_rest(two, provider, doctor, clock):
    _day, address = addresses(two)
    doctor.post(address, {"key": "k" * 20, "tell": "day", "minutes": "40"})
    clock.moment = TEN + late_acts.KEPT_FOR
    shown = doctor.get(addresses(two)[0]).content.decode()
    box = shown[shown.index('id="late"') : shown.index("t-late")]
    first, _opens, rest = box.partition("<details")
    assert "5 patients" in re.sub(r"<[^>]+>", "", first)
    assert [name for name in ("MOBILE", "REFUSE", "FIXE") if name not in first] == []
    assert [name for name in ("MIDI", "SOIR") if name in first or name not in rest] == []


def test_who_has_come_already_is_none_of_them(two, provider, clock):
    visit = next(iter(coming_today(agenda=two.dupont, time_zone="Europe/Paris", by=two.claire, at=TEN).now))[1]
    visits.mark_arrived(key=two.key(), appointment=visit.appointment, by=two.claire, at=TEN)
    coming = coming_today(agenda=two.dupont, time_zone="Europe/Paris", by=two.claire, at=TEN)
    assert (coming.starts, coming.ends, len(coming.now), coming.more) == ("10:40", "12:00", 2, 2)


def test_the_secretary_tells_the_same_ones_and_sees_them_first(two, provider, browser_of, clock):
    claire = browser_of(two.claire)
    seen = page(claire, CONCERNED, agenda=two.dupont)
    assert seen.count("data-heard=") == 1
    assert f'data-until="{NOON_THERE}"' in seen
    assert 'data-more="2"' in seen
    assert "SOIR" not in seen
    whole = page(claire, CONCERNED, agenda=two.dupont, day="1")
    assert whole.count("data-heard=") == 3
    assert "SOIR" in whole
    given = {"agenda": two.dupont, "minutes": "40"}
    assert act(claire, "late", key=two.key(), **given, tell="now", until=NOON_THERE).json()["told"] == 1
    assert numbers() == [MORNING]
    assert act(claire, "late", key=two.key(), **given, tell="day", until=NOON_THERE).json()["told"] == 3
    assert numbers() == [MORNING, AFTERNOON, LATER]
