# SPDX-License-Identifier: AGPL-3.0-or-later
"""A rule that began long ago, begun anew shortly before the days that are wanted: its times there are the same.

Who counts a rule out begins at its first time: of what comes each day since 1970 that is twenty thousand times until
today. Here the first time is put forward by whole rounds of the rule, so that each weekday, week, month and year comes
as it did. No table, clock or network.
"""

from calendar import isleap
from datetime import date, datetime, timedelta
from math import lcm
from typing import Any

from icalendar import Component

_DAY = timedelta(days=1)
_DAYS = {"DAILY": 1, "WEEKLY": 7}
_MONTHS = {"MONTHLY": 1, "YEARLY": 12}
_LEAP_YEARS = 48
"""Months after which the 29 February comes again, from 1904 to 2096."""
_BESIDE = 2 * _DAY
"""No clock of the world is further from another, nor put back by more."""


def brought_near[Part: Component](parts: list[Part], after: datetime) -> list[Part]:
    """The parts of one event (its rule, and its changed times), which from `after` on come as they did; aware moment.

    A rule that is over after a number of times stays as it is: they are counted from the first. So does one of whose
    changed times some have rules of their own, or change all that follow.
    """
    if any("RECURRENCE-ID" in each and _reaches_further(each) for each in parts):
        return parts
    return [_begun_later(each, after) if "RRULE" in each and "RECURRENCE-ID" not in each else each for each in parts]


def _reaches_further(changed: Any) -> bool:
    return bool({"RRULE", "RDATE"} & set(changed)) or "RANGE" in changed["RECURRENCE-ID"].params


def _begun_later(part: Any, after: datetime) -> Any:
    rule = {str(key).upper(): value for key, value in dict(part["RRULE"]).items()}
    if "COUNT" in rule:
        return part
    starts, lasts = part.start, part.end - part.start
    every = int(rule.get("INTERVAL", [1])[0])
    begins = _put_forward(starts, str(rule["FREQ"][0]).upper(), every, last=after.date() - lasts - _BESIDE)
    if begins == starts:
        return part
    found = part.copy()
    found.pop("DURATION", None)
    found.DTSTART = begins
    found.DTEND = begins + lasts
    return found


def _put_forward(starts: date, often: str, every: int, *, last: date) -> date:
    """The latest day, whole rounds of the rule after the first, that is none after `last`; the first where none is."""
    first = starts.date() if isinstance(starts, datetime) else starts
    if first >= last:
        return starts
    if often in _DAYS:
        round_of = every * _DAYS[often] * _DAY
        return starts + (last - first) // round_of * round_of
    round_of_years = lcm(every * _MONTHS[often], _LEAP_YEARS if _is_leap_day(first) else 12) // 12
    years = (last.year - first.year - 1) // round_of_years * round_of_years
    return starts.replace(year=first.year + max(years, 0))


def _is_leap_day(day: date) -> bool:
    return (day.month, day.day) == (2, 29) and isleap(day.year)
