# SPDX-License-Identifier: AGPL-3.0-or-later
"""The hours in which nobody is written to who did not ask for it that moment, on the clock of the client.

A rule holds from `valid_from` (included) to `valid_until` (excluded; None: still in force). They are the hours that the
trade keeps for messages of service; those for advertising, which is not sent here, are narrower (France: AF2M's rules
for SMS, not from 20:00 to 8:00).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ELSEWHERE = ""
"""The rule for a country that is not in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietRule:
    """Quiet from `begins` to `ends` of the next day, hours on the wall."""

    country: str
    begins: time
    ends: time
    valid_from: date
    valid_until: date | None = None


QUIET_RULES = (
    QuietRule(country="FR", begins=time(20), ends=time(8), valid_from=date(2011, 1, 1)),
    QuietRule(country="LU", begins=time(20), ends=time(8), valid_from=date(2011, 1, 1)),
    QuietRule(country="IE", begins=time(21), ends=time(8), valid_from=date(2011, 1, 1)),
    QuietRule(country=ELSEWHERE, begins=time(20), ends=time(8), valid_from=date(2011, 1, 1)),
)


def quiet_rule(country: str, *, on: date) -> QuietRule:
    """The rule in force in a country on a day."""
    now = [
        each for each in QUIET_RULES if each.valid_from <= on and (each.valid_until is None or on < each.valid_until)
    ]
    named = [each for each in now if each.country == country]
    return (named or [each for each in now if each.country == ELSEWHERE])[0]


def heard_from(at: datetime, *, country: str, time_zone: str) -> datetime:
    """The first moment from `at` on that is not quiet: `at` itself, or the morning's end of the quiet."""
    local = at.astimezone(ZoneInfo(time_zone))
    rule = quiet_rule(country, on=local.date())
    if rule.ends <= local.time() < rule.begins:
        return at
    day = local.date() + timedelta(days=1 if local.time() >= rule.begins else 0)
    return datetime.combine(day, rule.ends, tzinfo=ZoneInfo(time_zone)).astimezone(at.tzinfo)


def quiet_since(at: datetime, *, country: str, time_zone: str) -> datetime:
    """When the quiet in which `at` lies began; `at` itself where it is not quiet."""
    local = at.astimezone(ZoneInfo(time_zone))
    rule = quiet_rule(country, on=local.date())
    if rule.ends <= local.time() < rule.begins:
        return at
    day = local.date() - timedelta(days=1 if local.time() < rule.ends else 0)
    begins = quiet_rule(country, on=day).begins
    return datetime.combine(day, begins, tzinfo=ZoneInfo(time_zone)).astimezone(at.tzinfo)


def quiet_from(at: datetime, *, country: str, time_zone: str) -> datetime:
    """The first moment after `at`, which is not quiet itself, that is."""
    local = at.astimezone(ZoneInfo(time_zone))
    rule = quiet_rule(country, on=local.date())
    return datetime.combine(local.date(), rule.begins, tzinfo=ZoneInfo(time_zone)).astimezone(at.tzinfo)
