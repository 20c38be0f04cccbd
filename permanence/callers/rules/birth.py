# SPDX-License-Identifier: AGPL-3.0-or-later
"""Birth dates: as they are typed, as far as they are known, and the age at a day.

In every country the house serves the day comes first. Without separators "140361" is the fourteenth of March 1961;
a Luxembourgish health number begins the other way round, "19610314", and is read where nothing else makes sense.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date

from permanence.callers.rules.letters import fold
from permanence.kernel.refusals import Refusal

OLDEST = 125
"""Years: nobody who is alive was born longer ago."""
YEAR_FIRST = frozenset({"LU"})
"""Countries whose people spell a birth date from their health number, which begins with the year."""
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier january januar janv jan jaenner",
            "fevrier february februar fevr fev feb",
            "mars march marz maerz mar",
            "avril april avr apr",
            "mai may",
            "juin june juni jun",
            "juillet july juli juil jul",
            "aout august aug",
            "septembre september sept sep",
            "octobre october oktober oct okt",
            "novembre november nov",
            "decembre december dezember dec dez",
        ),
        start=1,
    )
    for name in names.split()
}
_PARTS = re.compile(r"\D+")
_COMPACT = re.compile(r"[0-9]{6}|[0-9]{8}")
_LONGEST = 40


class BirthDateUnfit(Refusal):
    """What was typed is nobody's birth date; which of the three that follow, its code says."""


class BirthDateUnreadable(BirthDateUnfit):
    """What was typed is no date."""

    code = "birth_date_unreadable"


class BirthDateImpossible(BirthDateUnfit):
    """There is no such day, or nobody born then is alive."""

    code = "birth_date_impossible"


class BirthDateInFuture(BirthDateUnfit):
    """Nobody is born yet on that day."""

    code = "birth_date_in_future"


@dataclass(frozen=True, slots=True, order=True)
class BirthDate:
    """A day, or as much of it as is known: `month` and `day` are 0 where they are not."""

    year: int
    month: int = 0
    day: int = 0

    def __post_init__(self) -> None:
        date(self.year, self.month or 1, self.day or 1)
        if self.day and not self.month:
            raise ValueError("a day of no month")

    @classmethod
    def from_iso(cls, text: str) -> "BirthDate":
        """From "1961-03-14", "1961-03" or "1961". Raises ValueError."""
        return cls(*(int(part) for part in text.split("-")))

    @property
    def iso(self) -> str:
        """As it is kept."""
        return "-".join(
            part for part in (f"{self.year:04d}", f"{self.month:02d}", f"{self.day:02d}") if int(part) or len(part) > 2
        )

    @property
    def is_whole(self) -> bool:
        """Whether the day is known."""
        return bool(self.day)

    @property
    def first(self) -> date:
        """The first day it can be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The last day it can be."""
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day it can be."""
        return self.first, self.last

    def agrees_with(self, other: "BirthDate") -> bool:
        """Whether both can be the same day."""
        pairs = ((self.month, other.month), (self.day, other.day))
        return self.year == other.year and all(not one or not two or one == two for one, two in pairs)


@dataclass(frozen=True, slots=True)
class Age:
    """Whole years, and whole months in all. Not `certain`: at least that, the day being unknown."""

    years: int
    months: int
    certain: bool


def age_at(birth: BirthDate, on: date) -> Age:
    """The age on a day; nothing below zero. Who is born on 29 February grows older on 1 March in other years."""
    months = _months(birth.last, on)
    return Age(years=months // 12, months=months, certain=months // 12 == _months(birth.first, on) // 12)


def _months(born: date, on: date) -> int:
    return max(0, (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day))


def read_birth(text: str, *, country: str, on: date) -> BirthDate:
    """The date as a person types it: "140361", "14.03.1961", "14/03/61", "14 mars 1961", "03/1961", "1961".

    A year of two digits is the last one that has been. `on` is today where the client is.
    Raises BirthDateUnreadable, BirthDateImpossible, BirthDateInFuture.
    """
    ways = _ways(text, country)
    if not ways:
        raise BirthDateUnreadable(text[:_LONGEST])
    fault: Refusal | None = None
    for way in ways:
        for year in _years(way[0], on):
            try:
                return _checked((year, *way[1:]), on)
            except Refusal as refusal:
                # Of two centuries the later one comes first: that it is still to come says nothing of the date typed.
                fault = refusal if fault is None or isinstance(fault, BirthDateInFuture) else fault
    raise fault or BirthDateUnreadable(text[:_LONGEST])


def possible_births(text: str, *, country: str, on: date) -> tuple[BirthDate, ...]:
    """Every date that may be meant, for a search: of two digits both centuries. Never raises."""
    found: list[BirthDate] = []
    for way in _ways(text, country):
        for year in _years(way[0], on):
            try:
                found.append(_checked((year, *way[1:]), on))
            except Refusal:
                continue
    return tuple(dict.fromkeys(found))


def _checked(parts: tuple[int, ...], on: date) -> BirthDate:
    try:
        birth = BirthDate(*parts)
    except ValueError as error:
        raise BirthDateImpossible("-".join(map(str, parts))) from error
    if birth.first > on:
        raise BirthDateInFuture(birth.iso)
    if birth.last.year < on.year - OLDEST:
        raise BirthDateImpossible(birth.iso)
    return birth


def _years(typed: str, on: date) -> tuple[int, ...]:
    if len(typed) > 2:
        return (int(typed),)
    century = on.year - on.year % 100
    return (century + int(typed), century - 100 + int(typed))


def _ways(text: str, country: str) -> tuple[tuple[str, int, int] | tuple[str, int] | tuple[str], ...]:
    """(year as typed, month, day) as it may be meant, the likeliest first; () where it is no date."""
    text = text.strip()
    if len(text) > _LONGEST or not text.isprintable():
        return ()
    text = _month_in_figures(text)
    if _COMPACT.fullmatch(text):
        first = (text[4:], int(text[2:4]), int(text[:2]))
        backward = (text[:4], int(text[4:6]), int(text[6:])) if len(text) == 8 and country in YEAR_FIRST else None
        return (first,) if backward is None or not backward[0].startswith(("19", "20")) else _sensible(first, backward)
    if not re.fullmatch(r"[0-9]{1,4}(?:[ ./\-]+[0-9]{1,4}){0,2}", text):
        return ()
    parts = _PARTS.split(text)
    if len(parts) == 3 and len(parts[0]) == 4 and max(map(len, parts[1:])) <= 2:
        return ((parts[0], int(parts[1]), int(parts[2])),)
    if len(parts) == 3 and max(map(len, parts[:2])) <= 2 and len(parts[2]) in {2, 4}:
        return ((parts[2], int(parts[1]), int(parts[0])),)
    if len(parts) == 2 and len(parts[0]) == 4 and len(parts[1]) <= 2:
        return ((parts[0], int(parts[1])),)
    if len(parts) == 2 and len(parts[0]) <= 2 and len(parts[1]) == 4:
        return ((parts[1], int(parts[0])),)
    return ((parts[0],),) if len(parts) == 1 and len(parts[0]) == 4 else ()


def _sensible(*ways: tuple[str, int, int]) -> tuple[tuple[str, int, int], ...]:
    """Those that are a day at all, or the first."""
    found = tuple(each for each in ways if 1 <= each[1] <= 12 and 1 <= each[2] <= 31 and each[0] >= "1800")
    return found or ways[:1]


def _month_in_figures(text: str) -> str:
    """ "14 mars 1961" as "14.3.1961"."""

    def figures(found: re.Match[str]) -> str:
        month = _MONTHS.get(fold(found[0]))
        return found[0] if month is None else f" {month} "

    replaced = re.sub(r"[^\W\d_]+", figures, text)
    return re.sub(r"(?<=\d)(?:er|st|nd|rd|th)?[ .,]+", ".", replaced).strip(" .") if replaced != text else text
