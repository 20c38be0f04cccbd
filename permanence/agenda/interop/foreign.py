# SPDX-License-Identifier: AGPL-3.0-or-later
"""A calendar of another product: all its events, and when they make their owner busy. No table, clock or network.

An event that cannot be read is told by its number and leaves the others as they are. What would cost too much is
refused whole: `EventRefused` with too_large or too_many, as is a text that is no calendar (malformed).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar, Event

from permanence.agenda.interop.nearing import brought_near
from permanence.agenda.interop.parsing import BROKEN, Zones, parsed
from permanence.agenda.interop.written import Busy, check_part, is_free, merged, moment, word
from permanence.agenda.refusals import EventRefused

TEXT_LIMIT = 5 * 1024 * 1024
"""Characters of a calendar."""
MOST_EVENTS = 20_000
MOST_TIMES = 10_000
"""Times within the window, of all events together; and how often one may come by a count of its own."""
MOST_CHANGED = 500
"""Changed occurrences of one event."""
STEPS = 200_000
"""Times that all rules together may run through before the window ends: a second or two of processor."""
WORDS_LIMIT = 200
_EARLIEST = date(1904, 1, 1)
"""Before it nothing began: birthdays, and what comes since a product counts its days."""
_DAYS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}
_ENDS = re.compile(r"END:VCALENDAR\s*\Z", re.IGNORECASE)
"""What was cut off in the middle would make free what is busy."""
_ALMOST = timedelta(minutes=1) - timedelta.resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time of an event. `number`: which event of the file, from 1; `recurrence`: which of its times, ISO, or "".

    `words` is "" for what its owner marked as private.
    """

    number: int
    uid: str
    recurrence: str
    starts_at: datetime
    ends_at: datetime
    words: str
    categories: tuple[str, ...]
    whole_day: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An event that cannot be read: a code of `written.WHY`, "zone" or "twice"; what it is called, and when it
    starts, where that is known.
    """

    number: int
    code: str
    words: str
    starts: datetime | None = None


@dataclass(slots=True)
class Foreign:
    """What a calendar says of a window. `free`: times marked as free or cancelled, or declined; `outside`: events
    outside of it.
    """

    times: list[Occurrence] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    free: int = 0
    outside: int = 0
    events: int = 0


def read_calendar(
    text: str, *, zone: str, after: datetime, until: datetime, seconds: bool = False, whose: str = ""
) -> Foreign:
    """The events in a text, as `read_events` has them. Raises EventRefused for the calendar as a whole."""
    return read_events(_parsed(text), zone=zone, after=after, until=until, seconds=seconds, whose=whose)


def gathered(texts: Iterable[str]) -> Calendar:
    """Calendars of an event each as one; what is none is an event that cannot be read. Raises EventRefused."""
    found, zones = Calendar(), Zones()
    for number, text in enumerate(texts):
        if number >= MOST_EVENTS:
            raise EventRefused("too_many")
        try:
            parts = _parsed(text, zones).subcomponents
        except EventRefused:
            parts = [Event()]
        for part in parts:
            found.add_component(part)
    return found


def read_events(
    calendar: Calendar, *, zone: str, after: datetime, until: datetime, seconds: bool = False, whose: str = ""
) -> Foreign:
    """All events, by moment, of [after, until). Hours without a zone and whole days are on the clock of `zone`.

    `seconds`: whether a time may begin within a minute; `whose`: the e-mail address of its owner, whom what he declined
    does not concern. Raises EventRefused for the calendar as a whole.
    """
    found, steps = Foreign(), 0
    for number, parts in enumerate(_events(calendar), start=1):
        found.events += 1
        uid, words = str(parts[0].get("UID", "")), _words(parts[0])
        try:
            _check(parts, uid, seconds=seconds)
            near = brought_near(parts, after)
            steps += sum(_steps(each, until) for each in near)
            if steps > STEPS:
                raise EventRefused("too_many")
            times = _times(near, ZoneInfo(zone), after, until)
        except EventRefused as refused:
            if steps > STEPS:
                raise
            found.unread.append(Unread(number=number, code=str(refused), words=words))
            continue
        except BROKEN:
            found.unread.append(Unread(number=number, code="malformed", words=words))
            continue
        taken = [(part, moved) for part, moved in times if not is_free(part, whose=whose)]
        found.outside += not times
        found.free += len(times) - len(taken)
        _take(found, number, uid, taken, ZoneInfo(zone))
        if len(found.times) > MOST_TIMES:
            raise EventRefused("too_many")
    found.times.sort(key=lambda each: (each.starts_at, each.number))
    return found


def busy_of(foreign: Foreign, *, after: datetime, until: datetime) -> tuple[Busy, ...]:
    """When its owner is busy within [after, until), to the whole minute, each moment once."""
    spans = sorted(
        (max(after, _minute(each.starts_at)), min(until, _minute(each.ends_at + _ALMOST))) for each in foreign.times
    )
    return tuple(Busy(starts_at=starts, ends_at=ends) for starts, ends in merged(spans))


def _parsed(text: str, zones: Zones | None = None) -> Calendar:
    if len(text) > TEXT_LIMIT:
        raise EventRefused("too_large")
    if not re.match(r"[\s\ufeff]*BEGIN:VCALENDAR", text, re.IGNORECASE) or not _ENDS.search(text[-100:]):
        raise EventRefused("malformed")
    if text.upper().count("BEGIN:VEVENT") > MOST_EVENTS:
        raise EventRefused("too_many")
    return parsed(text.lstrip("\ufeff"), zones=zones)


def _events(calendar: Calendar) -> Iterator[list[Event]]:
    """The events in the order of the file, each with its changed occurrences behind it."""
    found: dict[str, list[Event]] = {}
    for place, part in enumerate(calendar.subcomponents):
        if isinstance(part, Event):
            found.setdefault(str(part.get("UID", "")) or f"\x00{place}", []).append(part)
    for parts in found.values():
        yield sorted(parts, key=lambda each: "RECURRENCE-ID" in each)


def _within_minute(at: date | datetime) -> bool:
    return isinstance(at, datetime) and bool(at.second or at.microsecond)


def _check(parts: list[Event], uid: str, *, seconds: bool) -> None:
    if not uid or len(uid) > 255 or not uid.isprintable():
        raise EventRefused("no_uid")
    if sum("RECURRENCE-ID" not in each for each in parts) > 1:
        raise EventRefused("twice")
    if len(parts) > MOST_CHANGED:
        raise EventRefused("too_many")
    for each in parts:
        if each.errors:
            raise EventRefused("malformed")
        check_part(each, most=MOST_TIMES, earliest=_EARLIEST)
        if not seconds and any(_within_minute(at) for at in (each.start, each.end)):
            raise EventRefused("seconds")
        for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
            said: Any = each.get(name)
            if said is not None and "TZID" in said.params and getattr(said.dt, "tzinfo", None) is None:
                raise EventRefused("zone")


def _steps(part: Event, until: datetime) -> int:
    """About how many times a rule runs through until the window ends."""
    if "RRULE" not in part:
        return 0
    rule: Any = part["RRULE"]
    begins = part.start if isinstance(part.start, datetime) else datetime.combine(part.start, datetime.min.time())
    days = max((until.replace(tzinfo=None) - begins.replace(tzinfo=None)).days, 0) + 1
    per_step = _DAYS[str(rule["FREQ"][0]).upper()] * int(rule.get("INTERVAL", [1])[0])
    times = days // per_step * max(len(rule.get("BYDAY", [])), len(rule.get("BYMONTHDAY", [])), 1) + 1
    count = rule.get("COUNT")
    return min(times, int(count[0])) if count else times


def _times(parts: list[Event], place: ZoneInfo, after: datetime, until: datetime) -> list[tuple[Event, Any]]:
    """The parts that lie in the window, each with the day or moment it had by the rule."""
    if len(parts) == 1 and not {"RRULE", "RDATE", "RECURRENCE-ID"} & set(parts[0]):
        found = [(parts[0], None)]
    else:
        calendar = Calendar()
        for each in parts:
            calendar.add_component(each)
        times = recurring_ical_events.of(calendar).between(after, until)
        found = [(each, each["RECURRENCE-ID"].dt) for each in times]
    return [
        (each, moved)
        for each, moved in found
        if moment(each.start, place) < until and after < moment(each.end, place) and each.start != each.end
    ]


def _take(found: Foreign, number: int, uid: str, times: list[tuple[Event, Any]], place: ZoneInfo) -> None:
    for each, moved in times:
        found.times.append(
            Occurrence(
                number=number,
                uid=uid,
                recurrence="" if moved is None else _plain(moved),
                starts_at=moment(each.start, place).astimezone(UTC),
                ends_at=moment(each.end, place).astimezone(UTC),
                words=_words(each),
                categories=_categories(each),
                whole_day=not isinstance(each.start, datetime),
            )
        )


def _plain(moved: date) -> str:
    return (moved.astimezone(UTC) if isinstance(moved, datetime) and moved.tzinfo else moved).isoformat()


def _words(part: Event) -> str:
    if word(part, "CLASS") not in {"", "PUBLIC"}:
        return ""
    return " ".join(str(part.get("SUMMARY", "")).split())[:WORDS_LIMIT]


def _categories(part: Event) -> tuple[str, ...]:
    said: Any = part.get("CATEGORIES", [])
    lists = said if isinstance(said, list) else [said]
    return tuple(str(word).strip() for each in lists for word in getattr(each, "cats", []))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
