# SPDX-License-Identifier: AGPL-3.0-or-later
"""A time that got free by a move of the console: it is offered once the page offers no way back any more."""

from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, holds, moving_back
from permanence.agenda.rules.states import Door
from permanence.agenda.rules.waiting import TAKEN_BACK
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_waiting_devices import at_lemaires
from tests.rooms.waiting_cast import LATER, booked, cancelled, held, last_offer, offered, person, pursue, waits

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def cast():
    return make_agenda_cast()


def moved(cast, visit, *, to=60, at=LATER, door=Door.CONSOLE):
    """The id of the act."""
    key, there = cast.key(), {"agenda": cast.dupont, "starts_at": after(to), "at": at, "door": door}
    appointments.move(key=key, appointment=visit.appointment, by=cast.claire, **there)
    return key


def taken_back(cast, move, *, at):
    return moving_back.move_back(key=cast.key(), move=move, by=cast.claire, at=at)


def test_a_slip_that_is_taken_back_finds_its_time_free_and_nobody_hears_of_it(cast, deliver_all):
    visit = booked(cast, MONDAY)
    deliver_all(NOON)
    waits(cast, person(cast, "First"))
    move = moved(cast, visit)
    assert pursue(deliver_all, LATER) == 0
    back = LATER + 9 * SECOND
    assert pursue(deliver_all, back) == 0
    assert taken_back(cast, move, at=back).starts_at == MONDAY
    assert [pursue(deliver_all, LATER + seconds * SECOND) for seconds in (9, 12, 21, 60)] == [0] * 4
    assert offered() == []


def test_where_the_visit_stays_it_is_offered_as_there_is_no_way_back(cast, deliver_all):
    visit = booked(cast, MONDAY)
    deliver_all(NOON)
    waits(cast, person(cast, "First"))
    moved(cast, visit)
    turns = [pursue(deliver_all, LATER + seconds * SECOND) for seconds in (0, 11, 12)]
    assert (TAKEN_BACK, turns) == (12 * SECOND, [0, 0, 1])
    assert (offered(), last_offer().starts_at) == ([("First", "open")], MONDAY)


@pytest.mark.parametrize("door", [Door.PUBLIC, Door.REMINDER, Door.API])
def test_what_was_moved_by_another_door_is_offered_at_once(cast, deliver_all, door):
    visit = booked(cast, MONDAY)
    deliver_all(NOON)
    waits(cast, person(cast, "First"))
    moved(cast, visit, door=door)
    assert pursue(deliver_all, LATER) == 1


def test_the_device_that_a_slip_gave_up_is_offered_to_nobody_with_a_colleague(cast, deliver_all):
    visit = booked(cast, MONDAY, reason=cast.tracing)
    deliver_all(NOON)
    at_lemaires(cast, "First", reason=cast.tracing)
    move = moved(cast, visit, to=24 * 60)
    assert pursue(deliver_all, LATER) == 0
    taken_back(cast, move, at=LATER + 9 * SECOND)
    assert [pursue(deliver_all, LATER + seconds * SECOND) for seconds in (9, 12, 21)] == [0] * 3


def test_what_is_held_there_and_given_back_meanwhile_brings_no_offer_before(cast, deliver_all):
    visit = booked(cast, MONDAY)
    deliver_all(NOON)
    waits(cast, person(cast, "First"))
    move = moved(cast, visit)
    deliver_all(LATER)
    hold = held(cast, MONDAY, at=LATER + SECOND, reason=cast.consultation)
    holds.release_hold(hold=hold, by=cast.claire, at=LATER + 2 * SECOND)
    assert pursue(deliver_all, LATER + 2 * SECOND) == 0
    assert taken_back(cast, move, at=LATER + 9 * SECOND).starts_at == MONDAY


@pytest.mark.parametrize("frees", [moved, cancelled])
def test_what_got_free_just_before_a_slip_fell_into_it_is_offered_after_all(cast, deliver_all, frees):
    first, other = booked(cast, MONDAY), booked(cast, after(24 * 60))
    deliver_all(NOON)
    waits(cast, person(cast, "First"))
    frees(cast, first)
    move = moved(cast, other, to=0, at=LATER + 5 * SECOND)
    assert pursue(deliver_all, LATER + 12 * SECOND) == 0
    taken_back(cast, move, at=LATER + 14 * SECOND)
    assert pursue(deliver_all, LATER + 14 * SECOND) == 1
    assert (offered(), last_offer().starts_at) == ([("First", "open")], MONDAY)
    assert Appointment.objects.get(key=other.appointment).starts_at == other.starts_at
