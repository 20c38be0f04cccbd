# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reason is no longer offered: whoever waits for it waits for the one in its place, and is offered its times."""

from datetime import date, timedelta

import pytest

from permanence.agenda.models import Appointment, FreedTime, SlotHold, VisitReason, WaitingPlace
from permanence.agenda.operations import offer_answers, reasons
from permanence.agenda.refusals import ReplacementNeeded
from permanence.agenda.rules.waiting import PlaceState
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, offered, person, place, pursue, waits

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


@pytest.fixture
def other(cast, deliver_all):
    """As long as a consultation: it may take its place."""
    made = reason(cast.cabinet.id, "Contrôle", 20, by=cast.claire)
    deliver_all(NOON)
    return made


def retire(cast, other="", *, at=NOON + HOUR):
    return reasons.retire_reason(
        client=cast.cabinet.id, reason=cast.consultation, replacement=other, by=cast.dr_dupont, at=at
    )


def test_who_waits_is_a_use_of_the_reason(cast):
    waits(cast, person(cast, "First"))
    with pytest.raises(ReplacementNeeded):
        retire(cast)
    assert VisitReason.objects.get(pk=int(cast.consultation)).retired_at is None


def test_who_waits_no_more_is_no_use_of_it(cast):
    mine = waits(cast, person(cast, "First"))
    WaitingPlace.objects.filter(key=mine).update(state=PlaceState.WITHDRAWN.value)
    assert retire(cast).waiting == 0


def test_he_is_offered_what_gets_free_for_the_reason_in_its_place(cast, deliver_all, other):
    visit = booked(cast, MONDAY, reason=cast.tracing)
    mine = waits(cast, person(cast, "First"))
    assert retire(cast, other).waiting == 1
    deliver_all(NOON + HOUR)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("First", "open")]
    assert str(place(mine).reason_id) == other
    offer_answers.take(offer=last_offer().key, by=cast.claire, at=LATER)
    assert place(mine).state == PlaceState.BOOKED


def test_what_he_was_offered_before_is_still_kept_for_him_and_may_be_taken(cast, deliver_all, other):
    visit = booked(cast, MONDAY)
    mine = waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    retire(cast, other, at=LATER)
    assert last_offer().state == "open"
    offer_answers.take(offer=last_offer().key, by=cast.claire, at=LATER)
    assert (place(mine).state, str(place(mine).reason_id)) == (PlaceState.BOOKED, other)


def test_who_waits_for_both_waits_once_and_what_was_offered_to_the_other_place_is_free(cast, deliver_all, other):
    visit, who = booked(cast, MONDAY), person(cast, "First")
    mine = waits(cast, who, at=NOON - HOUR)
    again = waits(cast, who, reason=other)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert last_offer().place.key == mine
    retire(cast, other, at=LATER)
    assert (place(mine).state, place(again).state) == (PlaceState.WITHDRAWN, PlaceState.WAITING)
    assert place(again).asked_at == NOON - HOUR
    assert not SlotHold.objects.filter(pk=last_offer().hold_id, ended_at=None).exists()


def test_a_slot_is_kept_for_nobody_longer_than_it_can_be_booked(cast, deliver_all):
    starts = after(2 * 24 * 60 + 180)
    visit = booked(cast, starts)
    waits(cast, person(cast, "Bellard"))
    VisitReason.objects.filter(pk=int(cast.consultation)).update(notice=24 * 60)
    before = starts - timedelta(hours=24, minutes=30)
    cancelled(cast, visit, at=before)
    assert pursue(deliver_all, before) == 1
    until = last_offer().expires_at
    assert until == starts - timedelta(hours=24)
    taken = offer_answers.take(offer=last_offer().key, by=cast.claire, at=until - timedelta(minutes=1))
    assert (taken.starts_at, offered()) == (starts, [("Bellard", "taken")])


def test_what_can_be_booked_for_minutes_only_is_offered_to_nobody(cast, deliver_all):
    starts = after(2 * 24 * 60 + 180)
    visit = booked(cast, starts)
    waits(cast, person(cast, "Bellard"))
    VisitReason.objects.filter(pk=int(cast.consultation)).update(notice=24 * 60)
    before = starts - timedelta(hours=24, minutes=10)
    cancelled(cast, visit, at=before)
    assert pursue(deliver_all, before) == 0
    assert FreedTime.objects.get().state == "too_near"


def test_a_place_of_the_other_reason_whose_days_are_over_is_not_the_one_that_stays(cast, other):
    who = person(cast, "First")
    mine = waits(cast, who, at=NOON - HOUR)
    over = waits(cast, who, reason=other, until_date=date(2026, 11, 30), is_urgent=True)
    retire(cast, other, at=MONDAY)
    assert (place(mine).state, place(over).state) == (PlaceState.WAITING, PlaceState.WITHDRAWN)
    assert (str(place(mine).reason_id), place(mine).asked_at, place(mine).is_urgent) == (other, NOON - HOUR, False)


def test_a_place_of_the_reason_whose_days_are_over_leaves_the_other_as_it_is(cast, other):
    who = person(cast, "First")
    over = waits(cast, who, at=NOON - HOUR, until_date=date(2026, 11, 30), is_urgent=True)
    mine = waits(cast, who, reason=other)
    retire(cast, other, at=MONDAY)
    assert (place(over).state, place(mine).state) == (PlaceState.WITHDRAWN, PlaceState.WAITING)
    assert (place(mine).asked_at, place(mine).is_urgent) == (NOON, False)


def test_the_visit_he_gives_up_for_an_earlier_one_is_not_forgotten_with_the_place_that_is_closed(
    cast, deliver_all, other
):
    visit, who = booked(cast, MONDAY), person(cast, "First")
    later = booked(cast, after(24 * 60), who=who, at=NOON - HOUR)
    waits(cast, who, at=NOON - HOUR, instead_of=later.appointment)
    again = waits(cast, who, reason=other)
    WaitingPlace.objects.filter(key=again).update(silent=2)
    retire(cast, other)
    assert (place(again).instead_of, place(again).silent) == (later.appointment, 0)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    offer_answers.take(offer=last_offer().key, by=cast.claire, at=LATER)
    assert Appointment.objects.get(key=later.appointment).state == "cancelled"
