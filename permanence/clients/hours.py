# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening hours as the telephone has them, from the rows."""

from collections.abc import Iterable

from permanence.clients.models import Client, HoursException, WeeklyOpening
from permanence.reception.table import DateHours, Interval, OpeningHours, WeekdayHours


def hours_of(row: Client) -> OpeningHours:
    """The opening hours of one client. Two queries."""
    openings = WeeklyOpening.objects.for_client(row).order_by("weekday", "opens")
    return opening_hours(row, openings, HoursException.objects.for_client(row).order_by("date", "opens"))


def opening_hours(row: Client, openings: Iterable[WeeklyOpening], entries: Iterable[HoursException]) -> OpeningHours:
    """The opening hours of a client from his rows, each in order. No query."""
    week: dict[int, list[Interval]] = {}
    for opening in openings:
        week.setdefault(opening.weekday, []).append(Interval(opens=opening.opens, until=opening.until))
    days: dict[str, list[Interval]] = {}
    labels: dict[str, str] = {}
    closed: dict[str, str] = {}
    for entry in entries:
        day = entry.date.isoformat()
        labels[day] = entry.label or labels.get(day, "")
        if entry.opens:
            days.setdefault(day, []).append(Interval(opens=entry.opens, until=entry.until))
        else:
            closed[day] = entry.label
    written = [DateHours(date=day, intervals=tuple(times), label=labels[day]) for day, times in days.items()]
    # A day both open and closed: the telephone takes the times, which stand first; the proof finds the contradiction.
    written += [DateHours(date=day, intervals=(), label=label) for day, label in closed.items()]
    return OpeningHours(
        always=row.open_always,
        week=tuple(WeekdayHours(weekday=day, intervals=tuple(times)) for day, times in week.items()),
        exceptions=tuple(sorted(written, key=lambda each: each.date)),
        closed_on_holidays=row.closed_on_holidays,
    )
