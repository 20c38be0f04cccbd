# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a device wrote: read strictly, and when it makes its owner busy. No table, clock or network.

One event, that may repeat. Rules are those that calendars of telephones make; a rule that has no end is looked at to
the horizon. What cannot be read, or would repeat without bound, is EventRefused with one of `WHY`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Component

from permanence.agenda.interop.nearing import brought_near
from permanence.agenda.interop.parsing import BROKEN, parsed, reads_otherwise
from permanence.agenda.refusals import EventRefused
from permanence.agenda.rules.kinds import LONGEST_BLOCK

WHY = (
    "malformed",
    "too_large",
    "no_event",
    "not_an_event",
    "several",
    "no_uid",
    "no_moment",
    "too_long",
    "too_far",
    "rule",
    "too_many",
)
SIZE_LIMIT = 64 * 1024
MOST = 450
"""Times one event may come within the horizon."""
LONGEST = timedelta(minutes=LONGEST_BLOCK)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
ALMOST = timedelta(minutes=1, microseconds=-1)
"""What leads from any second of a minute into the next one, from its beginning not."""
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
PARTS_LIMIT = 100
"""Components and changed occurrences of one event."""
_WORDS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"}
_OF = {
    "DAILY": {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"},
    "WEEKLY": {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY"},
    "MONTHLY": _WORDS - {"BYMONTH"},
    "YEARLY": _WORDS,
}
"""By frequency what a rule may say: so that none runs through the centuries without ever coming true."""
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """One time at which the owner is busy, aware moments."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An event. `words` is "" but for what its owner marked as public: to others a title is nobody's business."""

    uid: str
    words: str
    repeats: bool
    calendar: Calendar


def read(text: str) -> Written:
    """The event in a body. Raises EventRefused."""
    if len(text) > SIZE_LIMIT:
        raise EventRefused("too_large")
    if not re.match(r"\s*BEGIN:VCALENDAR", text, re.IGNORECASE):
        raise EventRefused("malformed")
    calendar = parsed(text)
    if reads_otherwise(text, calendar):
        raise EventRefused("malformed")
    parts = [each for each in calendar.subcomponents if each.name != "VTIMEZONE"]
    if not parts:
        raise EventRefused("no_event")
    if any(each.name != "VEVENT" for each in parts):
        raise EventRefused("not_an_event")
    if len(calendar.subcomponents) > PARTS_LIMIT:
        raise EventRefused("too_many")
    if any(each.errors for each in parts):
        raise EventRefused("malformed")
    uids = {str(each.get("UID", "")) for each in parts}
    if len(uids) > 1 or sum("RECURRENCE-ID" not in each for each in parts) > 1:
        raise EventRefused("several")
    uid = uids.pop()
    if not uid or len(uid) > 255 or not uid.isprintable():
        raise EventRefused("no_uid")
    for each in parts:
        check_part(each)
    first = next((each for each in parts if "RECURRENCE-ID" not in each), parts[0])
    public = word(first, "CLASS") == "PUBLIC"
    words = " ".join(str(first.get("SUMMARY", "")).split()) if public else ""
    repeats = "RRULE" in first or "RDATE" in first
    return Written(uid=uid, words=words[:200], repeats=repeats, calendar=calendar)


def busy(written: Written, *, zone: str, after: datetime, until: datetime, whose: str = "") -> tuple[Busy, ...]:
    """When it makes its owner busy between two moments, by moment, each once. Raises EventRefused.

    A minute of which it takes seconds is taken whole. Hours without a zone, and whole days, are on the clock of `zone`.
    What is marked as free or cancelled, or was declined by its owner (`whose`: his e-mail address), does not.
    """
    place = ZoneInfo(zone)
    try:
        found = recurring_ical_events.of(_near(written.calendar, after)).between(after, until)
    except BROKEN as error:
        raise EventRefused("malformed") from error
    if len(found) > MOST:
        raise EventRefused("too_many")
    spans = set()
    for each in found:
        if is_free(each, whose=whose):
            continue
        starts, ends = _minute(moment(each.start, place)), _minute(moment(each.end, place) + ALMOST)
        if ends - starts > LONGEST:
            raise EventRefused("too_long")
        if after < ends and starts < until and starts < ends:
            spans.add((starts, ends))
    return tuple(
        Busy(starts_at=starts, ends_at=ends) for each in merged(sorted(spans)) for starts, ends in _in_parts(*each)
    )


def _near(calendar: Calendar, after: datetime) -> Calendar:
    found = calendar.copy()
    for each in brought_near([part for part in calendar.subcomponents if part.name == "VEVENT"], after):
        found.add_component(each)
    return found


def _in_parts(starts: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The span as busy times that are none too long: those of a rule may run into one another for months. Cut at the
    same moments whichever day it is looked at, so that they stay what they are.
    """
    is_long = ends - starts > LONGEST
    while starts < ends:
        until = min(ends, EPOCH + ((starts - EPOCH) // LONGEST + 1) * LONGEST) if is_long else ends
        yield starts, until
        starts = until


def merged(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Spans by moment of which those that overlap are one: who is busy twice is busy once."""
    found: list[tuple[datetime, datetime]] = []
    for starts, ends in spans:
        if found and starts < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((starts, ends))
    return found


def moment(value: date | datetime, place: ZoneInfo) -> datetime:
    """The moment in a calendar: a whole day, or an hour without a zone, is on the clock of `place`."""
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), tzinfo=place)
    return value.replace(tzinfo=place) if value.tzinfo is None else value.astimezone(place)


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def is_free(part: Component, *, whose: str) -> bool:
    """Whether one time of an event is marked as free or cancelled, or was declined by him whose address is `whose`."""
    if word(part, "TRANSP") == "TRANSPARENT" or word(part, "STATUS") == "CANCELLED":
        return True
    invited = part.get("ATTENDEE", [])
    return bool(whose) and any(
        str(_params(each).get("PARTSTAT", "")).upper() == "DECLINED" and whose.lower() in _addresses(each)
        for each in (invited if isinstance(invited, list) else [invited])
    )


def _addresses(invited: Any) -> tuple[str, str]:
    """Where somebody is reached who is invited; some calendars say it beside a name of their own for him."""
    return unquote(str(invited)).lower().removeprefix("mailto:"), str(_params(invited).get("EMAIL", "")).lower()


def _params(value: Any) -> Any:
    return getattr(value, "params", {})


def word(part: Component, name: str) -> str:
    """A word of a property, in capitals; "" where it does not stand."""
    return str(part.get(name, "")).upper()


def check_part(part: Any, *, most: int = MOST, earliest: date = EARLIEST) -> None:
    """Whether an event says moments and a rule that can be followed; `most`: how often it may come by a count of its
    own, `earliest`: the first day on which it may begin. Raises EventRefused.
    """
    try:
        starts, ends = part.start, part.end
        moved = part["RECURRENCE-ID"].dt if "RECURRENCE-ID" in part else starts
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise EventRefused("no_moment") from error
    for each in (starts, ends, moved):
        if not earliest <= (each.date() if isinstance(each, datetime) else each) <= LATEST:
            raise EventRefused("too_far")
    if isinstance(starts, datetime) != isinstance(ends, datetime):
        raise EventRefused("no_moment")
    if moment(ends, ZoneInfo("UTC")) < moment(starts, ZoneInfo("UTC")):
        raise EventRefused("no_moment")
    for name in ("RDATE", "EXDATE"):
        if len(str(part.get(name, ""))) > SIZE_LIMIT or len(_list(part.get(name))) > most:
            raise EventRefused("too_many")
    if "EXRULE" in part or isinstance(part.get("RRULE"), list):
        raise EventRefused("rule")
    if "RRULE" in part:
        _check_rule(part["RRULE"], starts, most)


def _check_rule(rule: Any, starts: date, often_at_most: int) -> None:
    said = {str(key).upper(): value if isinstance(value, list) else [value] for key, value in dict(rule).items()}
    often = str(next(iter(said.get("FREQ", [])), "")).upper()
    if not set(said) <= _OF.get(often, set()):
        raise EventRefused("rule")
    try:
        numbers = {key: [int(each) for each in said.get(key, [])] for key in ("INTERVAL", "COUNT", "BYMONTH")}
        days = [int(each) for each in said.get("BYMONTHDAY", [])]
        positions = [int(each) for each in said.get("BYSETPOS", [])]
    except ValueError as error:
        raise EventRefused("rule") from error
    if any(count > often_at_most for count in numbers["COUNT"]):
        raise EventRefused("too_many")
    most = 11 if often == "MONTHLY" else 50
    if not all(1 <= each <= most for each in numbers["INTERVAL"]) or not all(each >= 1 for each in numbers["COUNT"]):
        raise EventRefused("rule")
    # "every weekday": on some days of the week each day, for every seventh day might never be one of them
    if often == "DAILY" and "BYDAY" in said and (numbers["INTERVAL"] not in ([], [1]) or not _plain(said["BYDAY"])):
        raise EventRefused("rule")
    if (days and ("BYDAY" in said or positions)) or (positions and "BYDAY" not in said):
        raise EventRefused("rule")
    if not all(1 <= abs(each) <= 5 for each in positions) or not all(
        1 <= abs(each) <= 28 or 29 <= each <= 31 for each in days
    ):
        raise EventRefused("rule")
    months = numbers["BYMONTH"] or [starts.month]
    possible = [day for day in days for month in months if 1 <= month <= 12 and abs(day) <= _MONTH_DAYS[month - 1]]
    if not all(1 <= each <= 12 for each in months) or (often == "YEARLY" and days and not possible):
        raise EventRefused("rule")


def _plain(days: list[Any]) -> bool:
    """Days of the week, none of them counted as "the second Monday" is."""
    return all(str(each).upper() in {"MO", "TU", "WE", "TH", "FR", "SA", "SU"} for each in days)


def _list(value: Any) -> list[Any]:
    found = value if isinstance(value, list) else [] if value is None else [value]
    return [moment for each in found for moment in getattr(each, "dts", [each])]
