# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who waits for an earlier time has a visit already: what is moved, over or cancelled of it, and what it leaves him."""

from datetime import timedelta

import pytest

from permanence.agenda.operations import appointments, moving_back
from permanence.agenda.rules.states import Door
from permanence.agenda.rules.waiting import PlaceState
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, person, place, waits

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)  # how the agendas were set is heard before anybody waits
    return made


def moved(cast, visit, *, to, at=LATER, door=Door.CONSOLE, agenda=""):
    """The id of the act."""
    key, there = cast.key(), {"agenda": agenda or cast.dupont, "starts_at": after(to), "at": at, "door": door}
    appointments.move(key=key, appointment=visit.appointment, by=cast.claire, **there)
    return key


@pytest.mark.parametrize("door", [Door.CONSOLE, Door.PUBLIC])
@pytest.mark.parametrize("is_named", [True, False])
def test_whose_visit_is_put_off_still_waits_for_an_earlier_one(cast, deliver_all, door, is_named):
    who = person(cast, "First")
    mine = booked(cast, MONDAY, who=who)
    kept = waits(cast, who, instead_of=mine.appointment if is_named else "", at=NOON + MINUTE)
    moved(cast, mine, to=40, door=door)
    deliver_all(LATER)
    assert (place(kept).state, place(kept).appointment) == (PlaceState.WAITING, "")


def test_with_a_colleague_at_the_same_hour_he_waits_as_before(cast, deliver_all):
    who = person(cast, "First")
    mine = booked(cast, MONDAY, who=who)
    kept = waits(cast, who, instead_of=mine.appointment)
    moved(cast, mine, to=0, agenda=cast.lemaire)
    deliver_all(LATER)
    assert place(kept).state == PlaceState.WAITING


def test_put_off_and_put_back_by_a_slip_he_waits_and_put_forward_he_does_not(cast, deliver_all):
    who = person(cast, "First")
    mine = booked(cast, after(40), who=who)
    kept = waits(cast, who, instead_of=mine.appointment)
    slip = moved(cast, mine, to=80)
    deliver_all(LATER)
    moving_back.move_back(key=cast.key(), move=slip, by=cast.claire, at=LATER + MINUTE / 6)
    deliver_all(LATER + MINUTE / 6)
    assert place(kept).state == PlaceState.WAITING
    slip = moved(cast, mine, to=0, at=LATER + MINUTE)
    deliver_all(LATER + MINUTE)
    assert (place(kept).state, place(kept).appointment) == (PlaceState.BOOKED, mine.appointment)
    moving_back.move_back(key=cast.key(), move=slip, by=cast.claire, at=LATER + 1.2 * MINUTE)
    deliver_all(LATER + 1.2 * MINUTE)
    assert place(kept).state == PlaceState.WAITING
