# SPDX-License-Identifier: AGPL-3.0-or-later
"""Busy time as somebody asks for it on a local day: from an hour until another one, or all of the day."""

from datetime import date, datetime

from permanence.reception.hours import moment_of

MIDNIGHT = 24 * 60
"""The minute at which a day is over."""


def busy_span(*, day: date, starts: int, until: int, zone: str) -> tuple[datetime, datetime]:
    """From one minute of a local day until another, `MIDNIGHT` at most, as moments; all of the day: 0 to `MIDNIGHT`.

    An hour that comes twice is meant the first time where it begins, and the second time where it ends: what is between
    is busy. Whether the span is one at all is for who makes it busy to judge.
    """
    return moment_of(day, starts, zone, fold=0), moment_of(day, min(until, MIDNIGHT), zone, fold=1)
