# SPDX-License-Identifier: AGPL-3.0-or-later
"""Busy time as somebody asks for it on a local day: from an hour until another one, or all of the day."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from permanence.reception.hours import moment_of

MIDNIGHT = 24 * 60
"""The minute at which a day is over."""


def busy_span(*, day: date, starts: int, until: int, zone: str) -> tuple[datetime, datetime]:
    """From one minute of a local day until another, `MIDNIGHT` at most, as moments; all of the day: 0 to `MIDNIGHT`.

    An hour that comes twice is meant the first time where it begins, and the second time where it ends: what is between
    is busy. Whether the span is one at all is for who makes it busy to judge.
    """
    return moment_of(day, starts, zone, fold=0), moment_of(day, min(until, MIDNIGHT), zone, fold=1)


def busy_from(begins: datetime, *, until: int, zone: str) -> tuple[datetime, datetime]:
    """From a moment until a minute of its local day, `MIDNIGHT` at most, as moments (UTC).

    Where it begins in an hour that comes twice, the end is when the clock shows that minute next: half an hour of the
    first time stays half an hour. Else an end in such an hour is the second time, as for `busy_span`.
    """
    local = begins.astimezone(ZoneInfo(zone))
    once, again = (moment_of(local.date(), min(until, MIDNIGHT), zone, fold=fold) for fold in (0, 1))
    is_of_two = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    starts = begins.astimezone(UTC)
    return starts, once if is_of_two and once > starts else again
