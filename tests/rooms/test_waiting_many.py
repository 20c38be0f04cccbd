# SPDX-License-Identifier: AGPL-3.0-or-later
"""More wait than are looked at together: whoever a free time fits is found, in turn, however many stand before him."""

from datetime import date, timedelta

import pytest

from permanence.agenda.models import FreedTime
from permanence.agenda.operations import setting, whose_turn
from permanence.agenda.operations.waiting_offers import AtNight, at_night
from permanence.agenda.queries import waiting
from permanence.agenda.rules.kinds import ExceptionKind, HalfDay
from permanence.agenda.rules.waiting import FreedState
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, offered, person, pursue, waits

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
AFTERNOON = frozenset({HalfDay.AFTERNOON})


@pytest.fixture
def cast(deliver_all, monkeypatch):
    monkeypatch.setattr(whose_turn, "AT_ONCE", 2)
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


def crowd(cast, **more):
    """Five who have waited longer than anybody else of the test, the one who waits longest first."""
    for number in range(5):
        waits(cast, person(cast, f"Before{chr(65 + number)}"), at=NOON - 9 * HOUR + number * HOUR, **more)


def test_an_urgent_one_who_came_last_is_asked_first(cast, deliver_all):
    visit = booked(cast, MONDAY)
    crowd(cast)
    waits(cast, person(cast, "Urgent"), is_urgent=True)
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("Urgent", "open")]


def test_who_has_waited_longest_is_asked_first_whenever_he_was_written_down(cast, deliver_all):
    visit = booked(cast, MONDAY)
    crowd(cast)
    waits(cast, person(cast, "Longest"), at=NOON - 10 * HOUR)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert offered() == [("Longest", "open")]


@pytest.mark.parametrize("their", ["agenda", "days", "half-days"])
def test_those_whom_the_time_does_not_fit_stand_in_nobodys_way(cast, deliver_all, their):
    visit = booked(cast, MONDAY)
    crowd(
        cast,
        **{
            "agenda": {"agendas": (cast.lemaire,)},
            "days": {"from_date": date(2026, 12, 1)},
            "half-days": {"half_days": AFTERNOON},
        }[their],
    )
    waits(cast, person(cast, "Fits"))
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    assert offered() == [("Fits", "open")]


def test_as_many_as_there_is_room_for_are_asked_however_many_wait(cast, deliver_all):
    for name in ("OneA", "TwoA", "ThreeA", "FourA"):
        waits(cast, person(cast, name), weekdays=frozenset({6}))
    deliver_all(NOON)
    sunday = date(2026, 12, 6)
    rooms = openings(cast.dupont, [(6, "09:00", "10:00")])
    setting.set_exception(
        agenda=cast.dupont, day=sunday, kind=ExceptionKind.ONE_OFF, openings=rooms, by=cast.claire, at=LATER
    )
    assert pursue(deliver_all, LATER) + pursue(deliver_all, LATER) == 3
    assert pursue(deliver_all, LATER) == 0
    assert [name for name, _ in offered()] == ["OneA", "TwoA", "ThreeA"]


def test_a_time_that_is_too_near_names_those_it_fits_however_many_it_does_not(cast, deliver_all):
    visit = booked(cast, MONDAY + 2 * HOUR)
    crowd(cast, half_days=AFTERNOON)
    waits(cast, person(cast, "Fits"))
    near = MONDAY + timedelta(minutes=30)
    cancelled(cast, visit, at=near)
    pursue(deliver_all, near)
    (time,) = waiting.freed_times(by=cast.claire, at=near)
    assert (time.state, [each.person.birth_name for each in time.suggested]) == (FreedState.TOO_NEAR, ["Fits"])


def test_when_everybody_was_asked_a_secretary_is_told_that_it_is_free(cast, deliver_all):
    visit = booked(cast, MONDAY)
    crowd(cast)
    cancelled(cast, visit)
    at = LATER
    for number in range(5):
        assert pursue(deliver_all, at) == 1
        assert last_offer().place.patient.birth_name == f"Before{chr(65 + number)}"
        at = last_offer().expires_at
    assert pursue(deliver_all, at) == 0
    assert FreedTime.objects.get(starts_at=MONDAY).state == FreedState.NOBODY


def test_at_night_she_is_told_when_the_one_it_fits_will_be_asked(cast):
    crowd(cast, half_days=AFTERNOON)
    night, span = MONDAY - 4 * HOUR, {"starts_at": after(24 * 60), "ends_at": after(24 * 60 + 20)}
    said = {"agenda": cast.dupont, "by": cast.claire, "at": night, **span}
    assert at_night(**said) is None
    waits(cast, person(cast, "Fits"))
    assert at_night(**said) == AtNight(offered_from=MONDAY)
