# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clock of a place as a VTIMEZONE (RFC 5545, 3.6.5): how its clocks change, by rule or by date.

Made here and not by the library, whose onsets in spring (7.3) stand on the new clock instead of the old one, an hour
late. Summer is what is ahead of the rest of the year: Irish law has it the other way round, and readers do not.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

FIRST_YEAR = 2020
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_SUNDAY = 6


@lru_cache(maxsize=64)
def vtimezone(zone: str, last_year: int) -> str:
    """The component as text, good from FIRST_YEAR to the end of `last_year`."""
    clock, place = Timezone(), ZoneInfo(zone)
    clock.add("tzid", zone)
    begin = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    changes = _changes(place, begin, datetime(last_year + 1, 1, 1, tzinfo=UTC))
    usual = min(_offset(place, each) for each in (begin, *changes))
    grouped: dict[tuple[timedelta, timedelta, str], list[datetime]] = {}
    now = _offset(place, begin)
    grouped[(now, now, begin.astimezone(place).tzname() or zone)] = [begin + now]
    for each in changes:
        before, after = _offset(place, each - _MINUTE), _offset(place, each)
        name = each.astimezone(place).tzname() or zone
        grouped.setdefault((before, after, name), []).append(each + before)
    for (before, after, name), onsets in grouped.items():
        part = TimezoneStandard() if after == usual else TimezoneDaylight()
        walls = [each.replace(tzinfo=None) for each in onsets]
        part.add("dtstart", walls[0])
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        part.add("tzname", name)
        if _last_sundays(walls):
            part.add("rrule", {"FREQ": "YEARLY", "BYMONTH": walls[0].month, "BYDAY": "-1SU"})
        else:
            for wall in walls[1:]:  # a line each: there are readers that see the first of a line alone
                part.add("rdate", [wall])
        clock.add_component(part)
    return bytes(clock.to_ical()).decode()


def comes_twice(at: datetime, zone: ZoneInfo) -> bool:
    """Whether the wall shows this hour twice that night: it can be told in UTC alone."""
    wall = at.astimezone(zone)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def _last_sundays(walls: list[datetime]) -> bool:
    """Whether it is the last Sunday of the same month each year, as in all of Europe: a rule is read by everybody."""
    same = {(each.month, each.time()) for each in walls}
    following = [each.year for each in walls] == list(range(walls[0].year, walls[0].year + len(walls)))
    last = all(each.weekday() == _SUNDAY and (each + 7 * _DAY).month != each.month for each in walls)
    return len(walls) > 1 and len(same) == 1 and following and last


def _offset(place: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(place).utcoffset() or timedelta()


def _changes(place: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """The moments at which the clock changes, to the minute. No place changes twice in a day and back."""
    found, day = [], begin
    while day < end:
        if _offset(place, day) != _offset(place, day + _DAY):
            low, high = day, day + _DAY
            while high - low > _MINUTE:
                middle = low + (high - low) // 2
                middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
                if _offset(place, middle) == _offset(place, day):
                    low = middle
                else:
                    high = middle
            found.append(high)
        day += _DAY
    return found
