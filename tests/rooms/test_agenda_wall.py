# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hours beside what stands in a day of the grid."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from permanence.console.agenda_wall import AGAIN, DAY, ONCE, Wall

ZONE = ZoneInfo("Europe/Luxembourg")
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2040, 1, 1))


@given(DAYS)
def test_what_fills_a_day_ends_at_its_twenty_fourth_hour(day: date) -> None:
    midnight, next_midnight = (
        datetime(one.year, one.month, one.day, tzinfo=ZONE).astimezone(UTC) for one in (day, day + timedelta(days=1))
    )
    wall = Wall(day, ZONE, today=day)
    assert (wall.clock(midnight), wall.until(next_midnight)) == ("00:00", "24:00")
    following = Wall(day + timedelta(days=1), ZONE, today=day)
    assert following.clock(next_midnight) == "00:00"
    assert wall.steps(midnight, next_midnight) == (0, DAY)
    for beside in (following, Wall(day - timedelta(days=1), ZONE, today=day)):
        assert not beside.touches(midnight, next_midnight)
        assert beside.steps(midnight, next_midnight)[1] == 0
    assert following.touches(next_midnight, next_midnight)  # what takes no time is of the day on which it stands


@given(DAYS, st.integers(min_value=1, max_value=1439))
def test_any_other_end_is_the_hour_on_the_clock(day: date, minute: int) -> None:
    ends = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZONE).astimezone(UTC)
    wall = Wall(day, ZONE, today=day)
    assert wall.until(ends) == wall.clock(ends)


@given(DAYS)
def test_an_hour_comes_twice_on_the_day_clocks_go_back_and_on_no_other(day: date) -> None:
    twice = Wall(day, ZONE, today=day).twice
    minutes = [datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)]
    while (minutes[-1] + timedelta(minutes=5)).astimezone(ZONE).date() == day:
        minutes.append(minutes[-1] + timedelta(minutes=5))
    seen = [each.astimezone(ZONE).strftime("%H:%M") for each in minutes]
    again = sorted({each for each in seen if seen.count(each) > 1})
    assert (twice is None) == (not again)
    if twice is not None:
        assert [f"{step // 12:02d}:{step % 12 * 5:02d}" for step in range(twice.first, twice.until)] == again
        assert (twice.once, twice.again) == ("+02:00", "+01:00")


def test_each_of_two_hours_has_its_half_of_the_lane() -> None:
    day = date(2026, 10, 25)
    wall, midnight = Wall(day, ZONE, today=day), datetime(2026, 10, 25, tzinfo=ZONE).astimezone(UTC)

    def half(starts: int, ends: int) -> int:
        return wall.hours(midnight + timedelta(minutes=starts), midnight + timedelta(minutes=ends)).half

    assert [half(90, 150), half(120, 180), half(150, 180)] == [ONCE] * 3
    assert [half(180, 210), half(210, 240), half(210, 300)] == [AGAIN] * 3
    assert [half(60, 120), half(240, 300), half(150, 210), half(90, 300)] == [0] * 4
    assert wall.steps(midnight + timedelta(minutes=90), midnight + timedelta(minutes=180)) == (18, 18)
    second = wall.hours(midnight + timedelta(minutes=210), midnight + timedelta(minutes=230))
    assert (second.first, second.starts, second.until, second.ends_again) == (30, "02:30", "02:50", True)
