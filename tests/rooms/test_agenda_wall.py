# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hours beside what stands in a day of the grid."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from permanence.console.agenda_item import DAY, Wall

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
