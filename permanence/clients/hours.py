# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening hours as the telephone has them, from the rows."""

from collections.abc import Iterable
from sys import intern
from typing import Any

from permanence.clients.models import Client
from permanence.reception.table import DateHours, Interval, OpeningHours, WeekdayHours


def opening_hours(row: Client, openings: Iterable[Iterable[Any]], exceptions: Iterable[Iterable[Any]]) -> OpeningHours:
    """The opening hours of a client from his rows, each in order: (weekday, opens, until), and (day as "YYYY-MM-DD",
    opens, until, label). No query.
    """
    week: dict[int, list[Interval]] = {}
    for weekday, opens, until in openings:
        week.setdefault(weekday, []).append(Interval(opens=intern(opens), until=intern(until)))
    days: dict[str, list[Interval]] = {}
    labels: dict[str, str] = {}
    closed: dict[str, str] = {}
    for day, opens, until, label in exceptions:
        labels[day] = label or labels.get(day, "")
        if opens:
            days.setdefault(day, []).append(Interval(opens=intern(opens), until=intern(until)))
        else:
            closed[day] = label
    written = [DateHours(date=day, intervals=tuple(times), label=labels[day]) for day, times in days.items()]
    # A day both open and closed: the telephone takes the times, which stand first; the proof finds the contradiction.
    written += [DateHours(date=day, intervals=(), label=label) for day, label in closed.items()]
    return OpeningHours(
        always=row.open_always,
        week=tuple(WeekdayHours(weekday=day, intervals=tuple(times)) for day, times in week.items()),
        exceptions=tuple(sorted(written, key=lambda each: each.date)),
        closed_on_holidays=row.closed_on_holidays,
    )
