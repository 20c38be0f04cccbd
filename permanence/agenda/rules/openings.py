# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is open on which days: the week and its exceptions, public holidays, absences, the release of same-day openings.

A public holiday (where they count) takes the week's openings away, but for those that hold on holidays; an exception
takes them away or adds its own, on a holiday too. An absence closes what it covers, to the minute.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import lcm

from permanence.agenda.rules.kinds import Agenda, ExceptionKind, Opening, Taken, TakenKind, clock
from permanence.agenda.rules.wishes import Book
from permanence.countries.holidays import holiday_on
from permanence.reception.hours import moment_of
from permanence.reception.table import AbsenceEntry

_DAY = timedelta(days=1)
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSpan:
    """An opening on one local `day`. `released`: from when on it may be used, None for always."""

    starts: datetime
    ends: datetime
    day: date
    opening: Opening
    released: datetime | None = None

    def is_released(self, at: datetime) -> bool:
        """Whether it may be used at `at`."""
        return self.released is None or self.released <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOpenings:
    """What holds on one local day, and `because` of what: week, holiday or exception (`label`: its name)."""

    openings: tuple[Opening, ...]
    because: str
    label: str = ""


def openings_of_day(book: Book, day: date) -> DayOpenings:
    """The openings of a local day, absences and releases not looked at."""
    agenda = book.agenda
    holiday = holiday_on(day, country=agenda.country, region=agenda.region) if agenda.closed_on_holidays else None
    week = tuple(each for each in book.openings if _in_week(each, day) and (holiday is None or each.on_holidays))
    exceptions = [each for each in book.exceptions if each.date == day]
    if not exceptions:
        return DayOpenings(openings=week, because="holiday" if holiday else "week", label=holiday or "")
    if any(each.kind is not ExceptionKind.ONE_OFF for each in exceptions):
        week = ()
    own = tuple(opening for each in exceptions for opening in each.openings)
    label = next((each.label for each in exceptions if each.label), "")
    return DayOpenings(openings=(*week, *own), because="exception", label=label)


def open_spans(book: Book, *, first: date, until: date) -> list[OpenSpan]:
    """The openings of the local days from `first` to before `until`, the earliest first; absences not looked at.

    What the night of a change of clocks makes of it stands in `kinds`. Raises ZoneInfoNotFoundError.
    """
    zone, found, day = book.agenda.zone, [], first
    while day < until:
        for opening in openings_of_day(book, day).openings:
            starts, ends = _wall(day, opening.opens, zone, 0), _wall(day, opening.until, zone, 1)
            if starts < ends:
                released = None
                if opening.released_at:
                    released = _wall(day - timedelta(days=opening.released_days), opening.released_at, zone, 0)
                found.append(OpenSpan(starts=starts, ends=ends, day=day, opening=opening, released=released))
        day += _DAY
    return sorted(found, key=lambda each: (each.starts, each.ends, each.opening.id))


def open_at(book: Book, *, first: date, until: date, at: datetime) -> list[OpenSpan]:
    """What of `open_spans` may be used at `at`: absences cut out of it, what is not yet released left out."""
    spans = [each for each in open_spans(book, first=first, until=until) if each.is_released(at)]
    for away in book.taken:
        if away.kind is TakenKind.ABSENCE and away.takes(book.agenda.id):
            spans = [rest for each in spans for rest in _without(each, away)]
    return spans


def absences_of(agenda: Agenda, entries: Iterable[AbsenceEntry]) -> tuple[Taken, ...]:
    """The absences of the agenda's recipient and of the whole client as spans in which the agenda is taken."""
    return tuple(
        Taken(
            subject=agenda.id,
            starts=each.starts,
            ends=each.ends,
            kind=TakenKind.ABSENCE,
            id=each.id,
            by=each.recipient,
        )
        for each in entries
        if each.recipient in {"", agenda.recipient} and each.starts < each.ends
    )


def of_any_hours(opening: Opening) -> Opening:
    """What an opening is for, whom it takes and where, without its id, hours, weekday, weeks and validity."""
    return replace(
        opening,
        id="",
        opens="00:00",
        until="24:00",
        weekday=0,
        every_weeks=1,
        anchor=None,
        valid_from=None,
        valid_until=None,
        on_holidays=False,
    )


def usual_opening(week: Sequence[Opening], *, day: date) -> Opening | None:
    """What most hours of the week are, as `of_any_hours`: of those that hold around that day, else of all. None: there
    are none.
    """
    holding = [
        each
        for each in week
        if (each.valid_from is None or each.valid_from <= day) and (each.valid_until is None or day < each.valid_until)
    ]
    minutes = Counter[Opening]()
    for each in holding or week:
        minutes[of_any_hours(each)] += (clock(each.until) - clock(each.opens)) // each.every_weeks
    return max(minutes, key=lambda each: minutes[each]) if minutes else None


def overlapping_most(openings: Sequence[Opening], *, opens: str, until: str) -> Opening | None:
    """The one of these that overlaps the hours most, else the nearest; the first of several. None of none."""
    first, last = clock(opens), clock(until)
    return max(openings, key=lambda each: min(last, clock(each.until)) - max(first, clock(each.opens)), default=None)


def opening_replaced(week: Sequence[Opening], *, day: date, opens: str, until: str) -> Opening | None:
    """Whose place in the week these hours of one day take, as `of_any_hours`: `overlapping_most` of what is open on
    that day, `usual_opening` where nothing is. Public holidays are not looked at.
    """
    found = overlapping_most([each for each in week if _in_week(each, day)], opens=opens, until=until)
    return usual_opening(week, day=day) if found is None else of_any_hours(found)


def overlapped(new: Sequence[Opening], standing: Sequence[Opening], *, since: date) -> tuple[Opening, ...]:
    """The openings of a week that stand and over which one of the new ones lies, on some day from `since` on. Both hold
    then. Public holidays are not looked at.
    """
    return tuple(each for each in standing if any(_meet(each, one, since=since) for one in new))


def _meet(one: Opening, other: Opening, *, since: date) -> bool:
    begins, ends = max(clock(one.opens), clock(other.opens)), min(clock(one.until), clock(other.until))
    if one.weekday != other.weekday or ends <= begins:
        return False
    first = max(each for each in (since, one.valid_from, other.valid_from) if each is not None)
    weeks = lcm(one.every_weeks, other.every_weeks)
    if (date.max - first).days < _WEEK * (weeks + 1):  # kept from a form that took any day: no such week comes
        return False
    first += _DAY * ((one.weekday - first.weekday()) % _WEEK)
    days = (first + _DAY * _WEEK * week for week in range(weeks))
    return any(_in_week(one, day) and _in_week(other, day) for day in days)


def _in_week(opening: Opening, day: date) -> bool:
    if day.weekday() != opening.weekday:
        return False
    if opening.valid_from is not None and day < opening.valid_from:
        return False
    if opening.valid_until is not None and day >= opening.valid_until:
        return False
    if opening.anchor is None or opening.every_weeks == 1:
        return True
    return (_monday(day) - _monday(opening.anchor)) // _WEEK % opening.every_weeks == 0


def _monday(day: date) -> int:
    return day.toordinal() - day.weekday()


def _without(span: OpenSpan, away: Taken) -> list[OpenSpan]:
    if away.ends <= span.starts or span.ends <= away.starts:
        return [span]
    rest = []
    if span.starts < away.starts:
        rest.append(replace(span, ends=away.starts))
    if away.ends < span.ends:
        rest.append(replace(span, starts=away.ends))
    return rest


@lru_cache(maxsize=16384)
def _wall(day: date, text: str, zone: str, fold: int) -> datetime:
    return moment_of(day, clock(text), zone, fold=fold)
