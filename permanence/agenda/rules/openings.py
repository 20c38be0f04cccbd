# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is open on which days: the week and its exceptions, public holidays, absences, the release of same-day openings.

A public holiday (where they count) takes the week's openings away, but for those that hold on holidays; an exception
takes them away or adds its own, on a holiday too. An absence closes what it covers, to the minute.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

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
