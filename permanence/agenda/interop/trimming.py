# SPDX-License-Identifier: AGPL-3.0-or-later
"""A calendar of many years as text, without the events that are over by far, or far off: they are not even read.

What a person keeps for twenty years is mostly past, and to read an event costs more than to see from when until when it
is. Only what says so beyond doubt is left out: once, by its days. No table, clock or network.
"""

import re
from datetime import date, datetime, timedelta

_BEGINS = re.compile(r"^(?=BEGIN:VEVENT)", re.IGNORECASE | re.MULTILINE)
_ENDS = re.compile(r"^END:VEVENT[ \t]*(?:\r?\n|\Z)", re.IGNORECASE | re.MULTILINE)
FOLD = re.compile(r"(?:(?<!\n)\r\n|(?<![\r\n])\n)(?:\r?\n)*[ \t]")
"""A line that goes on in the next. It is looked for where line ends begin alone: thousands of empty lines in a text of
somebody else would be gone through from each of them again.
"""
_SAYS = re.compile(
    r"^(BEGIN|END|DTSTART|DTEND|DURATION|RRULE|RDATE|EXRULE|RECURRENCE-ID)\b(.*)$", re.IGNORECASE | re.MULTILINE
)
_DAY = re.compile(r":(\d{4})(\d\d)(\d\d)(?:T\d{6}Z?)?\s*\Z")
_BESIDE = timedelta(days=2)
"""Which day it is differs by no more from one clock of the world to another."""
_SHORT = 20_000
"""Characters of an event that is looked at; who writes more of it has it read."""


def trimmed(text: str, *, after: datetime, until: datetime) -> str:
    """The text without what comes once and not within [after, until), aware moments; else as it is."""
    first, last = after.date() - _BESIDE, until.date() + _BESIDE
    return "".join(_kept(each, first, last) for each in _BEGINS.split(text))


def _kept(part: str, first: date, last: date) -> str:
    ends = _ENDS.search(part)
    if ends is None or ends.end() > _SHORT or not _is_apart(part[: ends.start()], first, last):
        return part
    return part[ends.end() :]


def _is_apart(event: str, first: date, last: date) -> bool:
    said: dict[str, str] = {}
    in_alarm = False  # it says a duration, or days, of its own
    for name, value in _SAYS.findall(FOLD.sub("", event)):
        if value.strip().upper() == ":VALARM":
            in_alarm = name.upper() == "BEGIN"
        elif not in_alarm:
            if name.upper() in said:
                return False
            said[name.upper()] = value
    if not {"BEGIN", "DTSTART"} <= said.keys() <= {"BEGIN", "DTSTART", "DTEND"}:
        return False
    starts, ends = _day(said["DTSTART"]), _day(said.get("DTEND", said["DTSTART"]))
    return starts is not None and ends is not None and (starts <= ends < first or last < starts <= ends)


def _day(value: str) -> date | None:
    found = _DAY.search(value)
    try:
        return None if found is None else date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
