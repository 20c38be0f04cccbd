# SPDX-License-Identifier: AGPL-3.0-or-later
"""iCalendar text that others wrote, as components. No table, clock or network.

The library keeps the clocks of places that files define for the whole process, and follows any rule by which these say
that their clocks change. Here each calendar has its own, and what a place is called everywhere nobody defines anew.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from io import StringIO
from itertools import islice
from threading import Lock
from typing import Any

from dateutil.rrule import rrulestr
from dateutil.tz import tzical
from icalendar import Calendar
from icalendar.timezone import tzp
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON
from icalendar.timezone.zoneinfo import ZONEINFO

from permanence.agenda.refusals import EventRefused

BROKEN = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError, OSError)
"""What the library raises for a text that is none; OSError for a zone whose name is a folder, or longer than one."""
MOST_PARTS = 200
"""Onsets or rules of one place: some products write each change of its clock by itself."""
MOST_CHANGES = 1000
"""Changes of one clock within the centuries that are looked at: each is passed whenever an hour is read."""
YEARS = 10_000
"""Years that all rules of a calendar's places may run through: a second of processor."""
_FIRST, _LAST = 1996, 2061
"""Years, the first one with a 29 February, within which clocks are made to change; then they stay as they are."""
_WORDS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYDAY", "BYMONTHDAY", "BYSETPOS", "WKST"}
_HOURS = {"BYHOUR", "BYMINUTE", "BYSECOND"}
_OTHERWISE = re.compile(r"\r(?!\n)|\n\r?\n[ \t]")
_DAY = timedelta(days=1)
_LOCK = Lock()
"""What the library knows of clocks is one for the process."""


class Zones(ZONEINFO):
    """The clocks of one calendar: those of the world, and those that it defines itself."""

    def __init__(self) -> None:
        self._made: dict[bytes, tzinfo] = {}
        self._years = 0

    def timezone(self, name: str) -> tzinfo | None:
        """The clock of that name; None when there is none."""
        try:
            return super().timezone(name)
        except OSError:
            return None

    def knows_timezone_id(self, tzid: str) -> bool:
        """Whether a name says by itself which clock is meant, so that no file defines it."""
        return super().knows_timezone_id(tzid) or tzid in WINDOWS_TO_OLSON

    # The library calls it so, and declares it otherwise in its own base class.
    def create_timezone(self, tz: Any) -> tzinfo:  # type: ignore[override]
        """The clock that a VTIMEZONE defines. Raises EventRefused, or one of BROKEN."""
        key = tz.to_ical()
        if key not in self._made:
            check_zone(tz)
            made: tzinfo = tzical(StringIO(self._bounded(tz))).get()
            self._made[key] = made
        return self._made[key]

    def _bounded(self, zone: Any) -> str:
        """The definition by moments alone, as far as they are of interest, in our own words: what a value hides behind
        a line end of another kind is no line.
        """
        lines, changes = ["BEGIN:VTIMEZONE", "TZID:own"], 0
        for part in _parts(zone):
            onsets = self._onsets(part)
            changes += len(onsets)
            if changes > MOST_CHANGES:
                raise EventRefused("rule")
            first, *others = map(_written, onsets)
            lines += [f"BEGIN:{part.name}", f"DTSTART:{first}", *(f"RDATE:{each}" for each in others)]
            lines += [f"{name}:{part[name].to_ical()}" for name in ("TZOFFSETFROM", "TZOFFSETTO")]
            lines.append(f"END:{part.name}")
        return "\r\n".join((*lines, "END:VTIMEZONE", ""))

    def _onsets(self, part: Any) -> list[datetime]:
        begins = _wall(part["DTSTART"].dt)
        found = {begins, *map(_wall, _dates(part))}
        if "RRULE" in part:
            found |= set(self._by_rule(dict(part["RRULE"]), begins, part["TZOFFSETFROM"].td))
        ordered = sorted(each for each in found if each.year < _LAST) or [begins]
        before = sum(each.year < _FIRST for each in ordered)
        return ordered[max(before - 1, 0) :]

    def _by_rule(self, rule: dict[str, Any], begins: datetime, offset: timedelta) -> Iterator[datetime]:
        said = {key.upper(): value if isinstance(value, list) else [value] for key, value in rule.items()}
        until, count = said.pop("UNTIL", None), said.pop("COUNT", None)
        ends = datetime(_LAST, 1, 1)  # noqa: DTZ001 - on the wall of the place
        if until:
            ends = min(ends, _ends(until[0], offset))
        if count is None and begins.year < _FIRST <= ends.year:
            begins = begins.replace(year=_FIRST)  # from 1601 on, as Exchange has it, it comes each year all the same
        self._years += max(ends.year - begins.year, 0) + 1
        if self._years > YEARS:
            raise EventRefused("rule")
        words = ";".join(f"{key}={','.join(map(str, value))}" for key, value in said.items())
        found = rrulestr(f"{words};UNTIL={_written(ends)}", dtstart=begins, ignoretz=True)
        return islice(found, int(count[0]) if count else None)


def parsed(text: str, *, zones: Zones | None = None) -> Calendar:
    """The calendar in a text. `zones`: the clocks of several texts that are one calendar.

    Raises EventRefused: malformed, or rule where a place's clock changes by a rule that is not followed.
    """
    with _LOCK:
        tzp.use(zones or Zones())
        try:
            calendar = Calendar.from_ical(text)
            places = calendar.walk("VTIMEZONE")
        except BROKEN as error:
            raise EventRefused("malformed") from error
    if not isinstance(calendar, Calendar):
        raise EventRefused("malformed")
    for each in places:
        check_zone(each)
    return calendar


def reads_otherwise(text: str, calendar: Calendar) -> bool:
    """Whether other readers find lines and properties in a text that this one does not: Radicale reads a device's event
    again, ends a line at each carriage return, folds behind an empty one, and takes `x.RRULE` for a rule.
    """
    return bool(_OTHERWISE.search(text)) or any("." in name for part in calendar.walk() for name in part)


def check_zone(zone: Any) -> None:
    """Whether the clock of a place changes once a year by each of its rules. Raises EventRefused."""
    parts = _parts(zone)
    if len(parts) > MOST_PARTS:
        raise EventRefused("rule")
    for part in parts:
        rule = part.get("RRULE")
        if {"EXRULE", "EXDATE"} & set(part) or isinstance(rule, list):
            raise EventRefused("rule")
        if rule is not None and not _yearly(dict(rule)):
            raise EventRefused("rule")


def _yearly(rule: dict[str, Any]) -> bool:
    said = {str(key).upper(): value if isinstance(value, list) else [value] for key, value in rule.items()}
    if [str(each).upper() for each in said.get("FREQ", [])] != ["YEARLY"] or not set(said) <= _WORDS | _HOURS:
        return False
    if any(len(value) > (7 if name == "BYMONTHDAY" else 1) for name, value in said.items()):
        return False
    days = {"BYDAY", "BYMONTHDAY", "BYSETPOS"} & set(said)
    return str(said.get("INTERVAL", [1])[0]) == "1" and (not days or "BYMONTH" in said)


def _parts(zone: Any) -> list[Any]:
    return [each for each in zone.subcomponents if each.name in {"STANDARD", "DAYLIGHT"}]


def _dates(part: Any) -> list[date]:
    said = part.get("RDATE", [])
    return [each.dt for line in (said if isinstance(said, list) else [said]) for each in line.dts]


def _wall(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime.combine(value, time())


def _ends(until: date, offset: timedelta) -> datetime:
    """The last moment of a rule on the wall before the change, on which its onsets are."""
    if not isinstance(until, datetime):
        return _wall(until) + _DAY
    return _wall(until) + (offset if until.tzinfo else timedelta())


def _written(at: datetime) -> str:
    return f"{at.year:04}{at:%m%dT%H%M%S}"
