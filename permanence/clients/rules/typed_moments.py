# SPDX-License-Identifier: AGPL-3.0-or-later
"""Day and hour as people type them: "2026-12-24 14:00", "24/12 14h", "24. Dezember, 14 Uhr", "demain 9h30"; days alone.

In every country the house serves the day comes before the month. Days have no zone here: the form knows which one.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta

BACK = timedelta(days=31)
"""So far back a day without its year may lie before it is meant for the coming year."""
FIRST_YEAR, LAST_YEAR = 1970, 9000
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier january januar janv jan jaenner janner",
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
_NEAR = {"today": 0, "heute": 0, "aujourdhui": 0, "tomorrow": 1, "morgen": 1, "demain": 1}
_THEN = r"(?:t| )(?:a|at|um)? ?"
_HOUR = r"(?P<whole>\d{4})|(?P<hour>\d{1,2})(?: ?[:.h] ?(?P<minute>\d{2}))?(?::\d{2})?(?: ?(?:uhr|heures?|h))?"
_ISO = rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}){_THEN}(?:{_HOUR})"
_YEAR_LAST = r" (?:19[7-9]|20\d)\d$"  # "24 December 2026" has no hour, and is not that day at 20:26
_DAY = (
    r"(?P<day>\d{1,2})(?:er|st|nd|rd|th)?\.?[ ./-]+(?P<month>\d{1,2})\.?"
    rf"(?:[ ./-]+(?P<year>\d{{4}}|\d{{2}})|(?!{_YEAR_LAST})){_THEN}(?:{_HOUR})"
)
_WAYS = tuple(re.compile(each) for each in (_ISO, _DAY))
_NEARBY = re.compile(rf"(?P<word>[a-z]+){_THEN}(?:{_HOUR})")
_HOUR_ALONE = re.compile(_HOUR)
_DAY_AND_MONTH = r"(?P<day>\d{1,2})(?:er|st|nd|rd|th)?\.?[ ./-]+(?P<month>\d{1,2})"
_DAYS = tuple(
    re.compile(each)
    for each in (
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
        # Two figures after a blank are no year: whoever writes "24/12 26" may mean an hour.
        rf"{_DAY_AND_MONTH}(?: ?[./-](?P<year>\d{{4}}|\d{{2}}))?\.?",
        rf"{_DAY_AND_MONTH}[ ./-]+(?P<year>(?:19[7-9]|20\d)\d)",
    )
)
_LONGEST = 60


def read_typed(text: str, *, now: datetime) -> datetime | None:
    """The moment that is meant, without a zone; None where day or hour is missing or there is none such.

    `now`: the same wall's present moment, for "tomorrow" and for a day without its year, which is the one ahead.
    """
    plain = _plain(text[: _LONGEST + 1])
    if len(text) > _LONGEST:
        return None
    near = _NEARBY.fullmatch(plain)
    if near is not None and near["word"] in _NEAR:
        return _at_hour(now + timedelta(days=_NEAR[near["word"]]), near)
    for way in _WAYS:
        found = way.fullmatch(plain)
        if found is not None:
            day = _day(found, now)
            return None if day is None else _at_hour(day, found)
    return None


def read_typed_day(text: str, *, now: datetime) -> date | None:
    """The day of "24/12", "24. Dezember", "demain": a day alone, without an hour. None for what is none.

    `now`: as `read_typed` has it.
    """
    plain = _plain(text[: _LONGEST + 1])
    if len(text) > _LONGEST:
        return None
    if plain in _NEAR:
        return (now + timedelta(days=_NEAR[plain])).date()
    for way in _DAYS:
        found = way.fullmatch(plain)
        if found is not None:
            day = _day(found, now)
            return None if day is None else day.date()
    return None


def read_beginning(text: str, *, now: datetime) -> datetime | None:
    """When something begins that is typed: a day alone from its first hour on. Otherwise as `read_typed`."""
    day = read_typed_day(text, now=now)
    return read_typed(text, now=now) if day is None else _midnight(day)


def read_ending(text: str, *, now: datetime) -> datetime | None:
    """When something ends that is typed: a day alone is over at the midnight after it. Otherwise as `read_typed`."""
    day = read_typed_day(text, now=now)
    return read_typed(text, now=now) if day is None else _midnight(day + timedelta(days=1))


def read_hour(text: str) -> int | None:
    """Minutes after midnight of an hour alone, "17h30", "9 Uhr", "14:05"; "24:00" is the end of the day. None for none.

    Which minutes they are on a night on which clocks change is the caller's matter.
    """
    found = _HOUR_ALONE.fullmatch(_plain(text[: _LONGEST + 1]))
    if found is None:
        return None
    hour, minute = _hour_of(found)
    return hour * 60 + minute if (hour < 24 and minute < 60) or (hour, minute) == (24, 0) else None


def _day(found: re.Match[str], now: datetime) -> datetime | None:
    typed, month, day = found["year"], int(found["month"]), int(found["day"])
    near = (now.year - 1, now.year, now.year + 1)
    for year in (int(typed) + (2000 if len(typed) == 2 else 0),) if typed else near:
        try:
            moment = datetime(year, month, day)  # noqa: DTZ001 - the form adds the client's zone
        except ValueError:
            continue
        if FIRST_YEAR <= year <= LAST_YEAR and (typed or moment >= now - BACK):
            return moment
    return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _at_hour(day: datetime, found: re.Match[str]) -> datetime | None:
    hour, minute = _hour_of(found)
    return datetime(day.year, day.month, day.day, hour, minute) if hour < 24 and minute < 60 else None  # noqa: DTZ001


def _hour_of(found: re.Match[str]) -> tuple[int, int]:
    whole = found["whole"]
    return (int(whole[:2]), int(whole[2:])) if whole else (int(found["hour"]), int(found["minute"] or 0))


def _plain(text: str) -> str:
    """Small letters without accents, months as figures, one blank for many and for a comma."""
    small = unicodedata.normalize("NFKD", text.casefold().replace("’", "").replace("'", "").replace(",", " "))
    bare = "".join(each for each in small if not unicodedata.combining(each) and (each.isascii() or each.isspace()))
    named = re.sub(r"[a-z]+\.?", lambda found: _month(found[0]), bare)
    return re.sub(r"\s+", " ", named).strip()


def _month(word: str) -> str:
    number = _MONTHS.get(word.rstrip("."))
    return word if number is None else f" {number} "
