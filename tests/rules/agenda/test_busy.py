# SPDX-License-Identifier: AGPL-3.0-or-later
"""Busy time as it is asked for on a local day: whole days and hours, on nights on which clocks change too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.rules.busy import MIDNIGHT, busy_from, busy_span
from permanence.clients.rules.typed_moments import read_hour

ZONES = st.sampled_from(["Europe/Paris", "Europe/Luxembourg", "Europe/Dublin"])
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
MINUTES = st.integers(0, MIDNIGHT - 1)


def walked(day, zone):
    """Every minute of the world around a day, with the wall's day and minute there."""
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14)
    for minute in range(52 * 60):
        at = begins + timedelta(minutes=minute)
        local = at.astimezone(ZoneInfo(zone))
        yield at, local.date(), local.hour * 60 + local.minute


@given(DAYS, ZONES)
def test_all_of_a_day_is_every_minute_of_it_and_no_other(day, zone):
    starts, ends = busy_span(day=day, starts=0, until=MIDNIGHT, zone=zone)
    assert {at for at, local, _minute in walked(day, zone) if local == day} == {
        at for at, _local, _minute in walked(day, zone) if starts <= at < ends
    }


@given(DAYS, ZONES, MINUTES, MINUTES)
def test_hours_take_every_minute_between_them(day, zone, one, other):
    first, last = sorted((one, other))
    starts, ends = busy_span(day=day, starts=first, until=last, zone=zone)
    for at, local, minute in walked(day, zone):
        if local == day and first <= minute < last:
            assert starts <= at < ends


def test_from_either_of_two_hours_until_the_clock_shows_the_end_next():
    def half_past_two(fold):
        return datetime(2026, 10, 25, 2, 30, fold=fold, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)

    def lasts(begins, until):
        starts, ends = busy_from(begins, until=until, zone="Europe/Paris")
        assert starts == begins
        return (ends - starts) // timedelta(minutes=1)

    assert [lasts(half_past_two(0), until) for until in (165, 150, 120, 180, MIDNIGHT)] == [15, 60, 30, 90, 1350]
    assert [lasts(half_past_two(1), until) for until in (165, 180, MIDNIGHT)] == [15, 30, 1290]
    before = half_past_two(0) - timedelta(hours=1)
    assert [lasts(before, until) for until in (120, 150)] == [90, 120]  # all that the clock calls so is busy


@given(DAYS, ZONES, MINUTES, MINUTES)
def test_from_any_moment_it_ends_at_the_minute_that_was_typed(day, zone, one, other):
    first, last = sorted((one, other))
    begins, _ends = busy_span(day=day, starts=first, until=last, zone=zone)
    starts, ends = busy_from(begins, until=last, zone=zone)
    assert starts <= ends
    local = ends.astimezone(ZoneInfo(zone))
    assert local.hour * 60 + local.minute >= last


@given(
    MINUTES, st.sampled_from(["{h:02d}:{m:02d}", "{h}h{m:02d}", "{h} h {m:02d}", "{h}.{m:02d} Uhr", "{h:02d}{m:02d}"])
)
def test_an_hour_is_read_as_people_type_it(minute, way):
    assert read_hour(way.format(h=minute // 60, m=minute % 60)) == minute


def test_the_end_of_the_day_and_full_hours_are_hours_and_nothing_else_is():
    assert [read_hour(each) for each in ("24:00", "24", "17h", "9 Uhr", " 8 heures ")] == [1440, 1440, 1020, 540, 480]
    for typed in (
        "",
        "24:01",
        "25:00",
        "12:60",
        "17h30 18h",
        "-3",
        "midi",
        "9" * 500,
        "12:3",
        "1e3",
        "\x00",
    ):
        assert read_hour(typed) is None, typed
