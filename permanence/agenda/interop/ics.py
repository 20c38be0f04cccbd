# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries as iCalendar (RFC 5545).

A feed says the hours on the client's clock, with the VTIMEZONE that explains them; the hour that comes twice, on the
night clocks go back, is said in UTC, for readers do not agree which of the two a local time is. What a CalDAV client
gets is in UTC throughout. The same entries give the same octets: DTSTAMP is when the entry changed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vDuration, vUri

from permanence.agenda.interop.entries import Entry
from permanence.agenda.interop.timezones import comes_twice, vtimezone

PRODUCT = "-//Permanence//Agenda//EN"
REFRESH = timedelta(minutes=15)


def feed(entries: Iterable[Entry], *, name: str, zone: str, until: datetime) -> bytes:
    """A whole agenda as a file to subscribe to; no entry ends after `until`, but for one that began before."""
    calendar = empty_calendar()
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", zone)
    calendar.add("x-published-ttl", "PT15M")
    calendar.add("refresh-interval", vDuration(REFRESH, params={"VALUE": "DURATION"}))
    calendar.add_component(Timezone.from_ical(vtimezone(zone, until.year + 2)))
    for entry in entries:
        calendar.add_component(_event(entry, ZoneInfo(zone)))
    return bytes(calendar.to_ical())


def single(entry: Entry) -> str:
    """One entry as an object of its own, in UTC."""
    calendar = empty_calendar()
    calendar.add_component(_event(entry, None))
    return bytes(calendar.to_ical()).decode()


def empty_calendar() -> Calendar:
    """A calendar of ours with nothing in it."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _event(entry: Entry, zone: ZoneInfo | None) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", entry.changed_at.astimezone(UTC).replace(microsecond=0))
    starts, ends = _moment(entry.starts_at, zone), _moment(entry.ends_at, zone)
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("summary", entry.summary)
    if entry.description:
        event.add("description", entry.description)
    if entry.place:
        event.add("location", entry.place)
    if entry.link:  # RFC 7986, 5.11; many programs show a URL alone
        event.add("conference", vUri(entry.link, params={"VALUE": "URI", "FEATURE": "VIDEO"}))
        event.add("url", entry.link)
    event.add("sequence", entry.sequence)
    event.add("status", "CONFIRMED" if entry.confirmed else "TENTATIVE")
    event.add("transp", "OPAQUE")
    event.add("class", "PRIVATE")
    return event


def _moment(at: datetime, zone: ZoneInfo | None) -> datetime:
    if zone is None or comes_twice(at, zone):
        return at.astimezone(UTC)
    return at.astimezone(zone)
