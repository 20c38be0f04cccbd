# SPDX-License-Identifier: AGPL-3.0-or-later
"""Until when the consultation runs in which a doctor says that he is late."""

from datetime import UTC, datetime

import pytest

from permanence.agenda.rules.running import runs_until
from permanence.agenda.rules.waiting import Span, outside


def clock(hour, minute=0):
    return datetime(2026, 11, 30, hour, minute, tzinfo=UTC)


MORNING, AFTERNOON, EVENING = (clock(8), clock(12)), (clock(14), clock(17)), (clock(18, 30), clock(20))
HOURS = [AFTERNOON, MORNING, EVENING]


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        (clock(6), clock(12)),
        (clock(8), clock(12)),
        (clock(11, 59), clock(12)),
        (clock(12), clock(17)),
        (clock(13), clock(17)),
        (clock(17, 30), clock(20)),
        (clock(20), None),
    ],
)
def test_the_opening_that_holds_the_moment_or_else_the_next(at, ends):
    visits = [(clock(hour), clock(hour, 20)) for hour in (9, 15, 19)]
    assert runs_until(hours=HOURS, visits=visits, at=at) == ends


def test_a_break_of_less_than_an_hour_ends_nothing():
    hours = [(clock(8), clock(10)), (clock(10, 59), clock(12)), (clock(13), clock(18))]
    visits = [(clock(9), clock(9, 20)), (clock(15), clock(15, 20))]
    assert runs_until(hours=hours, visits=visits, at=clock(9)) == clock(12)


def test_visits_squeezed_in_after_hours_belong_to_it():
    visits = [(clock(12), clock(12, 20)), (clock(12, 40), clock(13))]
    assert runs_until(hours=[MORNING, EVENING], visits=visits, at=clock(9)) == clock(13)


def test_without_hours_the_visits_alone_say_it():
    visits = [(clock(9), clock(9, 20)), (clock(9, 40), clock(10)), (clock(12), clock(13))]
    assert runs_until(hours=[], visits=visits, at=clock(9, 10)) == clock(10)
    assert runs_until(hours=[], visits=[], at=clock(9)) is None


def test_hours_to_come_in_which_nobody_is_booked_are_passed_over():
    assert runs_until(hours=HOURS, visits=[(clock(19), clock(19, 20))], at=clock(7)) == clock(20)
    assert runs_until(hours=HOURS, visits=[(clock(19), clock(19, 20))], at=clock(9)) == clock(12)


def test_an_hour_in_which_nobody_is_booked_parts_hours_without_a_lunch_break():
    visits = [(clock(9), clock(9, 20)), (clock(10), clock(12)), (clock(11), clock(11, 20)), (clock(13), clock(13, 20))]
    for at, ends in (
        (clock(8), clock(12)),
        (clock(11, 40), clock(12)),
        (clock(12, 30), clock(20)),
        (clock(15), clock(20)),
    ):
        assert runs_until(hours=[(clock(8), clock(20))], visits=visits, at=at) == ends


@pytest.mark.parametrize(
    ("away", "left"),
    [
        ([], [MORNING]),
        ([(clock(7), clock(8)), (clock(12), clock(13))], [MORNING]),
        ([(clock(10), clock(18))], [(clock(8), clock(10))]),
        ([(clock(7), clock(9))], [(clock(9), clock(12))]),
        ([(clock(9), clock(10)), (clock(9, 30), clock(11))], [(clock(8), clock(9)), (clock(11), clock(12))]),
        ([(clock(8), clock(12))], []),
        ([(clock(0), clock(23))], []),
    ],
)
def test_what_is_left_of_the_morning_while_nobody_is_away(away, left):
    morning, *gone = (Span(starts=starts, ends=ends) for starts, ends in (MORNING, *away))
    assert [(each.starts, each.ends) for each in outside(morning, gone)] == left
