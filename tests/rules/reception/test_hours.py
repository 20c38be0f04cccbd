# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening hours against a naive oracle that walks minute by minute over the client's wall clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from permanence.countries.holidays import holiday_on
from permanence.reception.hours import Opening, Openings, hours_of_day, is_open_at, minutes_of, opening_at
from permanence.reception.table import DateHours, Interval, OpeningHours, WeekdayHours
from tests.rules.reception.house import client

PARIS = "Europe/Paris"


def week(*intervals: tuple[str, str], days: range = range(7)) -> tuple[WeekdayHours, ...]:
    spans = tuple(Interval(opens=opens, until=until) for opens, until in intervals)
    return tuple(WeekdayHours(weekday=day, intervals=spans) for day in days)


def at(text: str, zone: str = PARIS, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def opening(
    hours: OpeningHours, moment: datetime, *, zone: str = PARIS, country: str = "FR", region: str = ""
) -> Opening:
    return opening_at(hours, zone=zone, country=country, region=region, at=moment)


OFFICE = OpeningHours(week=week(("08:00", "12:00"), ("14:00", "18:30"), days=range(5)))


@pytest.mark.parametrize(
    ("moment", "is_open", "changes"),
    [
        ("2026-11-24 07:59", False, "2026-11-24 08:00"),
        ("2026-11-24 08:00", True, "2026-11-24 12:00"),
        ("2026-11-24 12:00", False, "2026-11-24 14:00"),
        ("2026-11-24 18:29", True, "2026-11-24 18:30"),
        ("2026-11-27 18:30", False, "2026-11-30 08:00"),
        ("2026-11-10 19:00", False, "2026-11-12 08:00"),
    ],
)
def test_an_office_week(moment: str, is_open: bool, changes: str):
    found = opening(OFFICE, at(moment))
    assert (found.is_open, found.changes_at) == (is_open, at(changes))


def test_exceptions_come_before_holidays_before_the_week():
    exceptional = OpeningHours(
        week=OFFICE.week,
        exceptions=(
            DateHours(date="2026-11-11", intervals=(Interval(opens="10:00", until="11:00"),), label="Permanence"),
            DateHours(date="2026-11-24", intervals=(), label="Congés"),
        ),
    )
    assert opening(exceptional, at("2026-11-11 10:30")).is_open
    assert opening(OFFICE, at("2026-11-11 10:30")).because == "holiday"
    closed = opening(exceptional, at("2026-11-24 10:30"))
    assert (closed.is_open, closed.because, closed.label) == (False, "exception", "Congés")


def test_holidays_count_only_where_they_are_asked_for_and_where_they_are_law():
    indifferent = OpeningHours(week=OFFICE.week, closed_on_holidays=False)
    assert opening(indifferent, at("2026-11-11 10:30")).is_open
    good_friday = at("2026-04-03 10:30")
    assert opening(OFFICE, good_friday).is_open
    assert not opening(OFFICE, good_friday, region="Alsace-Moselle").is_open
    assert not opening(
        OFFICE, at("2026-06-23 10:30", "Europe/Luxembourg"), zone="Europe/Luxembourg", country="LU"
    ).is_open


def test_always_is_always_even_on_holidays():
    found = opening(OpeningHours(always=True), at("2026-12-25 03:00"))
    assert (found.is_open, found.changes_at, found.because) == (True, None, "always")


def test_never_open_never_changes():
    found = opening(OpeningHours(), at("2026-11-24 10:00"))
    assert (found.is_open, found.changes_at) == (False, None)


def test_midnight_to_24_00_is_one_opening_without_a_seam():
    round_the_clock = OpeningHours(week=week(("00:00", "24:00")), closed_on_holidays=False)
    assert opening(round_the_clock, at("2026-11-24 23:59")) == Opening(is_open=True, changes_at=None, because="week")
    until_christmas = OpeningHours(week=week(("00:00", "24:00")))
    assert opening(until_christmas, at("2026-11-24 10:00")).changes_at == at("2026-12-25 00:00")
    assert opening(until_christmas, at("2026-12-25 10:00")).changes_at == at("2026-12-26 00:00")


def test_the_next_opening_after_long_holidays_is_found():
    away = tuple(
        DateHours(date=(date(2026, 12, 1) + timedelta(days=offset)).isoformat(), intervals=()) for offset in range(40)
    )
    assert opening(OpeningHours(week=OFFICE.week, exceptions=away), at("2026-11-30 19:00")).changes_at == at(
        "2027-01-11 08:00"
    )


def test_a_night_belongs_to_the_day_it_began_on():
    night = OpeningHours(week=(WeekdayHours(weekday=1, intervals=(Interval(opens="22:00", until="06:00"),)),))
    found = opening(night, at("2026-11-25 05:59"))
    assert (found.is_open, found.changes_at) == (True, at("2026-11-25 06:00"))
    assert not opening(night, at("2026-11-24 05:59")).is_open


def test_in_spring_an_hour_that_does_not_exist_is_the_jump():
    hours = OpeningHours(week=week(("02:30", "09:00")), closed_on_holidays=False)
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert opening(hours, jump - timedelta(seconds=1)).changes_at == jump
    assert opening(hours, jump).is_open
    closes = OpeningHours(week=week(("01:00", "02:30")), closed_on_holidays=False)
    assert opening(closes, at("2026-03-29 01:30")).changes_at == jump


def test_in_autumn_an_hour_that_exists_twice_is_open_twice():
    hours = OpeningHours(week=week(("02:15", "02:45")), closed_on_holidays=False)
    found = opening(hours, at("2026-10-25 02:15"))
    assert found.changes_at == at("2026-10-25 02:45", fold=1)
    assert is_open_at(hours, zone=PARIS, country="FR", at=at("2026-10-25 02:20", fold=1))


@pytest.mark.parametrize("text", ["", "8:00", "24:01", "12:60", "ab:cd", "25:00", "12:3", "１２:00"])
def test_a_time_of_day_is_written_in_full(text: str):
    with pytest.raises(ValueError, match="time of day"):
        minutes_of(text)


grid = [f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in range(0, 24 * 60, 90)]


@st.composite
def some_hours(draw):
    days = []
    for weekday in range(7):
        edges = sorted(draw(st.lists(st.sampled_from([*grid, "24:00"]), min_size=0, max_size=4, unique=True)))
        pairs = zip(edges[::2], edges[1::2], strict=False)
        days.append(WeekdayHours(weekday=weekday, intervals=tuple(Interval(opens=a, until=b) for a, b in pairs)))
    exceptions = tuple(
        DateHours(date=day.isoformat(), intervals=(Interval(opens="10:30", until="24:00"),))
        for day in draw(st.lists(st.dates(date(2026, 10, 20), date(2026, 11, 20)), max_size=2, unique=True))
    )
    return OpeningHours(week=tuple(days), exceptions=exceptions, closed_on_holidays=draw(st.booleans()))


def naive(hours: OpeningHours, moment: datetime, zone: str) -> bool:
    """The wall clock says it, on days whose clocks do not change while the line opens or closes."""
    local = moment.astimezone(ZoneInfo(zone))
    wall = f"{local:%H:%M}"
    intervals = hours_of_day(hours, local.date(), country="FR").intervals
    return any(interval.opens <= wall < interval.until for interval in intervals)


@settings(max_examples=60, deadline=None)
@given(some_hours(), st.integers(0, 40 * 24 * 12), st.sampled_from([PARIS, "Europe/Dublin", "America/New_York"]))
def test_open_and_next_change_agree_with_the_wall_clock(hours, steps, zone):
    start = datetime(2026, 10, 20, tzinfo=UTC) + timedelta(minutes=5 * steps)
    found = opening_at(hours, zone=zone, country="FR", at=start)
    assert found.is_open == is_open_at(hours, zone=zone, country="FR", at=start)
    assert found.is_open == naive(hours, start, zone)
    horizon = start + timedelta(days=3)
    moment = start
    while moment < horizon and naive(hours, moment, zone) == found.is_open:
        moment += timedelta(minutes=15) if moment > start else timedelta(minutes=15 - start.minute % 15)
    if moment < horizon:
        assert found.changes_at is not None
        # Edges lie on multiples of 30 minutes, so the walk meets the very moment.
        assert found.changes_at == moment
    else:
        assert found.changes_at is None or found.changes_at >= horizon


def test_the_holiday_of_a_day_is_the_librarys():
    assert hours_of_day(OFFICE, date(2026, 7, 14), country="FR").label == holiday_on(date(2026, 7, 14), country="FR")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["Europe/Paris", "America/Havana", "America/Santiago", "Pacific/Apia", "UTC"]),
    st.lists(st.integers(0, 9 * 24 * 60), min_size=1, max_size=12),
    st.booleans(),
)
def test_what_is_kept_is_what_would_be_worked_out(zone: str, minutes: list[int], holidays: bool):
    saturday, monday = range(5, 6), range(1)
    entry = client(
        "10",
        time_zone=zone,
        hours=OpeningHours(
            week=(*week(("08:00", "12:00"), ("22:00", "03:00"), days=saturday), *week(("00:00", "24:00"), days=monday)),
            exceptions=tuple(
                DateHours(date=date, intervals=(), label=label)
                for date, label in [("2026-03-29", "away"), ("2026-04-01", "ill"), ("2026-04-02", "still ill")]
            ),
            closed_on_holidays=holidays,
        ),
    )
    kept = Openings()
    for minute in minutes:
        moment = datetime(2026, 3, 27, 12, 0, tzinfo=UTC) + timedelta(minutes=minute)
        assert kept.of(entry, at=moment) == opening(entry.hours, moment, zone=zone)


def test_what_is_kept_belongs_to_one_version_of_one_client():
    kept, moment = Openings(), at("2026-11-24 09:00")
    one, another = client("10", hours=OFFICE), client("11", hours=OpeningHours())
    assert [kept.of(each, at=moment).is_open for each in (one, another, one)] == [True, False, True]
    assert not kept.of(replace(one, version=2, hours=OpeningHours()), at=moment).is_open
