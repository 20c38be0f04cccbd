# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor who was to be away is there after all: nobody cancels his patients, and who was told is told again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from permanence.agenda.models import FollowUp
from permanence.agenda.operations.closing import Leaving
from permanence.agenda.operations.day import ask_follow_up, settle
from permanence.agenda.operations.moves_asked import ask_to_move, take_back_move
from permanence.agenda.operations.setting import change_agenda
from permanence.agenda.queries import follow_ups
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.returns import doctors_back
from permanence.agenda.refusals import FollowUpUnknown
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.clients import absences
from tests.rooms.test_portal_agenda import Practice

pytestmark = pytest.mark.django_db


@pytest.fixture
def practice(cast):
    return Practice(cast)


@pytest.fixture
def claire(cast, browser_of):
    return browser_of(cast.claire)


def booked_in(practice, start, hours=(1, 2, 3)):
    return [practice.book(start + timedelta(hours=each)) for each in hours]


def asks(practice, absence, wanted=Wanted.CANCEL):
    asked = {"client": practice.cast.weber, "absence": absence, "by": practice.cast.dr_weber, "at": practice.now}
    return ask_follow_up(wanted=wanted, **asked)


def withdraws(practice, absence, *, at=None):
    by = practice.cast.marc
    absences.withdraw_absence(client=practice.cast.weber, absence=absence, by=by, at=at or practice.now)


def listed(practice):
    return [(each.visit.appointment, each.wanted) for each in open_follow_ups(by=practice.cast.claire)]


def back(practice, *, at=None):
    found = doctors_back(by=practice.cast.claire, at=at or practice.now)
    return [visit.appointment for each in found for visit in each.visits]


@pytest.fixture
def start(practice):
    return (practice.now + timedelta(days=5)).replace(minute=0)


def test_who_is_back_takes_his_patients_off_the_list_at_once(practice, start, claire, deliver_all):
    visits = booked_in(practice, start)
    absence = practice.away(start)
    assert asks(practice, absence) == 3
    [entry, *_] = open_follow_ups(by=practice.cast.claire)
    withdraws(practice, absence)
    assert listed(practice) == []  # before anybody has heard of it
    with pytest.raises(FollowUpUnknown):
        settle(follow_up=entry.id, outcome=Outcome.CANCELLED, by=practice.cast.claire, at=practice.now, key="k" * 20)
    deliver_all(practice.now)
    deliver_all(practice.now)
    assert set(FollowUp.objects.values_list("outcome", flat=True)) == {"back"}
    assert back(practice) == visits
    page = claire.get("/console/follow-ups").content.decode()
    told = page[page.index('id="t-back"') :].partition("</section>")[0]
    assert told.count("CANARIE Jeanne") == 3
    assert "cancel and tell the patient" not in page.lower()
    claire.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    answer = claire.post(reverse("console:follow-up", args=[entry.id]), {"outcome": "cancelled"})
    assert (answer.status_code, answer["Location"]) == (302, "/console/follow-ups")
    told = claire.get("/console/follow-ups").content.decode()
    assert "Somebody else has done it meanwhile." in told
    assert claire.post(reverse("console:follow-up", args=["999999"]), {"outcome": "called"}).status_code == 404
    assert back(practice, at=practice.now + timedelta(hours=25)) == []


def test_who_was_called_is_told_that_the_visit_stands(practice, start, claire, deliver_all):
    first, second, third = booked_in(practice, start)
    absence = practice.away(start)
    asks(practice, absence)
    one, two, _ = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=one.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    settle(follow_up=two.id, outcome=Outcome.CANCELLED, by=practice.cast.claire, at=practice.now, key="k" * 20)
    withdraws(practice, absence)
    deliver_all(practice.now)
    assert listed(practice) == [(first, Wanted.STANDS)]
    assert back(practice) == [third]
    page = claire.get("/console/follow-ups").content.decode()
    assert page.count('value="called"') == 1
    assert page.count('value="cancelled"') == 0
    [told] = open_follow_ups(by=practice.cast.claire)
    address = reverse("console:follow-up", args=[told.id])
    assert claire.post(address, {"outcome": "cancelled"}).status_code == 422
    assert claire.post(address, {"outcome": "called"}).status_code == 302
    assert listed(practice) == []
    assert second not in back(practice)


def test_who_has_begun_is_told_no_more_that_his_visit_stands(practice, start, deliver_all, monkeypatch):
    first, second = booked_in(practice, start, (1, 2))
    absence = practice.away(start)
    asks(practice, absence)
    one, _ = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=one.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    withdraws(practice, absence)
    deliver_all(practice.now)
    third = practice.book(start + timedelta(hours=5))
    asks(practice, practice.away(start + timedelta(hours=2), hours=2))
    asks(practice, practice.away(start + timedelta(hours=5), hours=2))

    def there(at):
        return [each.visit.appointment for each in open_follow_ups(by=practice.cast.claire, at=at)]

    assert there(practice.now) == [first, second, third]
    late = start + timedelta(hours=3)
    assert there(late) == [third, second]
    monkeypatch.setattr(follow_ups, "LIST_LIMIT", 1)
    assert there(late) == [third]


@pytest.mark.parametrize("heard_between", [True, False])
def test_a_moved_absence_ends_with_the_right_entries(practice, start, deliver_all, heard_between):
    first, second, third = booked_in(practice, start, (1, 30, 60))
    absence = practice.away(start, hours=48)
    assert asks(practice, absence) == 2
    [entry, _] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    withdraws(practice, absence)
    if heard_between:
        deliver_all(practice.now)
    anew = practice.away(start + timedelta(hours=24), hours=48)
    if heard_between:
        deliver_all(practice.now)
    assert asks(practice, anew, Wanted.MOVE) == 2
    deliver_all(practice.now)
    assert listed(practice) == [(first, Wanted.STANDS), (second, Wanted.MOVE), (third, Wanted.MOVE)]
    assert back(practice) == []


def test_who_is_still_away_by_another_absence_is_not_said_to_be_back(practice, start, deliver_all):
    first, second = booked_in(practice, start, (1, 30))
    absence = practice.away(start, hours=48)
    asks(practice, absence)
    withdraws(practice, absence)
    practice.away(start + timedelta(hours=24))
    deliver_all(practice.now)
    assert back(practice) == [first]
    assert listed(practice) == []
    assert FollowUp.objects.get(appointment__key=second).outcome == "taken_back"


def test_an_absence_given_after_it_was_heard_hides_who_is_back(practice, start, deliver_all):
    first, _second = booked_in(practice, start, (1, 2))
    absence = practice.away(start)
    asks(practice, absence)
    [entry, _] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    withdraws(practice, absence)
    deliver_all(practice.now)
    assert listed(practice) == [(first, Wanted.STANDS)]
    practice.away(start)
    assert listed(practice) == back(practice) == []


def test_an_agenda_in_use_again_takes_its_patients_off_the_list(practice, start):
    booked_in(practice, start)
    said = {"agenda": practice.agenda, "name": "Dr Weber", "step": 15, "closed_on_holidays": False}
    said |= {"overbookings_per_day": 0, "by": practice.cast.marc, "at": practice.now}
    change_agenda(active=False, leaving=Leaving(wanted=Wanted.CANCEL), **said)
    assert len(listed(practice)) == 3
    change_agenda(active=True, **said)
    assert listed(practice) == []
    assert len(back(practice)) == 3


def test_strangers_see_nobody_who_is_back(practice, start, deliver_all):
    booked_in(practice, start)
    absence = practice.away(start)
    asks(practice, absence)
    withdraws(practice, absence)
    deliver_all(practice.now)
    for stranger in (practice.cast.dr_dupont, practice.cast.nadia):
        assert doctors_back(by=stranger, at=practice.now) == ()


def test_the_portal_offers_no_wish_that_is_the_houses_own(practice, start, cast, browser_of):
    booked_in(practice, start)
    absence = practice.away(start)
    address = practice.url("portal_booked", absence)
    doctor = browser_of(cast.dr_weber)
    assert 'value="stands"' not in doctor.get(address).content.decode()
    assert doctor.post(address, {"wanted": "stands"}).status_code == 422


def test_closed_and_in_use_again_twice_who_was_called_is_told_each_time(practice, start):
    [visit] = booked_in(practice, start, (1,))
    by = practice.cast.claire
    said = {"agenda": practice.agenda, "name": "Dr Weber", "step": 15, "closed_on_holidays": False}
    said |= {"overbookings_per_day": 0, "by": practice.cast.marc}
    for number in range(2):
        at = practice.now + timedelta(hours=number)
        change_agenda(active=False, leaving=Leaving(wanted=Wanted.CALL), at=at, **said)
        [entry] = open_follow_ups(by=by)
        settle(follow_up=entry.id, outcome=Outcome.CALLED, by=by, at=at + timedelta(minutes=5))
        change_agenda(active=True, at=at + timedelta(minutes=10), **said)
        assert listed(practice) == [(visit, Wanted.STANDS)]
        [told] = open_follow_ups(by=by)
        settle(follow_up=told.id, outcome=Outcome.CALLED, by=by, at=at + timedelta(minutes=15))
        change_agenda(active=True, at=at + timedelta(minutes=20), **said)
        assert listed(practice) == []


def test_who_was_to_be_told_and_was_in_the_way_anew_is_told_in_the_end(practice, start, deliver_all):
    [visit] = booked_in(practice, start, (1,))
    first = practice.away(start)
    asks(practice, first)
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    withdraws(practice, first)
    deliver_all(practice.now)
    second = practice.away(start)
    asks(practice, second)
    assert listed(practice) == [(visit, Wanted.CANCEL)]
    withdraws(practice, second)
    deliver_all(practice.now)
    assert listed(practice) == [(visit, Wanted.STANDS)]


def move_is_taken_back(practice, visit):
    take_back_move(appointment=visit, by=practice.cast.claire, at=practice.now)


def visit_is_kept(practice, visit):
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.KEPT, by=practice.cast.claire, at=practice.now)


@pytest.mark.parametrize("ends", [move_is_taken_back, visit_is_kept])
@pytest.mark.parametrize("asked", ["before it was withdrawn", "after it"])
def test_who_was_called_is_told_that_he_can_come_once_the_doctor_does_not_want_him_moved_either(
    practice, start, deliver_all, asked, ends
):
    [visit] = booked_in(practice, start, (1,))
    absence = practice.away(start)
    asks(practice, absence)
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    if asked == "after it":
        withdraws(practice, absence)
        deliver_all(practice.now)
        assert listed(practice) == [(visit, Wanted.STANDS)]
    ask_to_move(appointment=visit, by=practice.cast.claire, at=practice.now)
    if asked != "after it":
        withdraws(practice, absence)
        deliver_all(practice.now)
    assert listed(practice) == [(visit, Wanted.MOVE)]
    ends(practice, visit)
    assert listed(practice) == [(visit, Wanted.STANDS)]
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    ask_to_move(appointment=visit, by=practice.cast.claire, at=practice.now)
    ends(practice, visit)
    assert listed(practice) == []


def test_who_was_called_for_an_absence_that_stands_is_not_told_that_he_can_come(practice, start):
    [visit] = booked_in(practice, start, (1,))
    asks(practice, practice.away(start))
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    ask_to_move(appointment=visit, by=practice.cast.claire, at=practice.now)
    move_is_taken_back(practice, visit)
    assert listed(practice) == []
