# SPDX-License-Identifier: AGPL-3.0-or-later
"""A calendar on a CalDAV server of another product (RFC 4791), read and written over the guarded way outside.

Read: one PROPFIND tells by its CTag or sync-token whether anything changed; then one calendar-query gives the events of
the window. Written: each booking is an object of its own, with If-Match or If-None-Match, so that nobody's change there
is written over.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urljoin, urlsplit

from permanence.agenda.interop.backends import Access, CalendarFaulty, Mark, Reading, Window, expect, marked
from permanence.agenda.interop.foreign import gathered, read_events
from permanence.agenda.interop.multistatus import CAL, CS, DAV, HEADERS, Properties, asked, is_calendar, responses, text
from permanence.agenda.refusals import EventRefused
from permanence.agenda.rules.calendars import Fault
from permanence.foundation.outside import Answer, Guard, OutsideRefused, ask
from permanence.kernel.refusals import Refusal

MARK_LIMIT = 255
_DONE = frozenset({200, 201, 204})
_GONE = frozenset({404, 410})
_CHANGED_THERE = 412


class NotTaken(CalendarFaulty):
    """The calendar does not take this one object; the others it may."""


class ChangedThere(Refusal):
    """Somebody changed or removed the object there since it was written."""

    code = "changed_there"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalDavBackend:
    """One calendar, by its own address."""

    access: Access
    guard: Guard

    def read(self, known: Mark, *, window: Window) -> Reading | None:
        """What it says now; None when it is as it was. Raises OutsideRefused, CalendarFaulty."""
        wanted = asked("propfind", ("resourcetype", DAV), ("getctag", CS), ("sync-token", DAV))
        found = next(iter(self._answers("PROPFIND", self._base, wanted, depth="0", is_first=True).values()), {})
        if not is_calendar(found):
            raise CalendarFaulty(Fault.NO_CALENDAR)
        mark = (text(found, "getctag") or text(found, "sync-token"))[:MARK_LIMIT]
        if mark and mark == known.etag:
            return None
        answers = self._answers("REPORT", self._base, _query(window), depth="1")
        texts = {name: text(each, "calendar-data") for name, each in answers.items()}
        try:
            events = read_events(
                gathered(filter(None, texts.values())),
                zone=window.zone,
                after=window.after,
                until=window.until,
                seconds=True,
                whose=self.access.person,
            )
        except EventRefused as refused:
            raise CalendarFaulty(Fault.TOO_MANY) from refused
        etags = {name: text(each, "getetag") for name, each in answers.items()}
        return Reading(found=events, mark=Mark(etag=mark), etags=etags, texts=texts)

    def etag_of(self, name: str) -> str:
        """What the calendar calls the object now, "" when there is none. Raises OutsideRefused, CalendarFaulty."""
        wanted = asked("propfind", ("getetag", DAV))
        answer = self._ask("PROPFIND", self._address(name), wanted, {"Depth": "0", **HEADERS})
        if answer.status in _GONE:
            return ""
        expect(answer, 207)
        etag = text(next(iter(_responses(answer).values()), {}), "getetag")
        return etag if len(etag) <= MARK_LIMIT else ""

    def get(self, name: str) -> tuple[str, str]:
        """What the calendar calls the object now, and its text; "" for both when there is none. Raises OutsideRefused,
        CalendarFaulty.
        """
        answer = self._ask("GET", self._address(name), b"", {"Accept": "text/calendar"})
        if answer.status in _GONE:
            return "", ""
        expect(answer, 200)
        return marked(answer.headers, "etag") or self.etag_of(name), answer.body.decode(errors="replace")

    def put(self, name: str, body: str, *, etag: str) -> str:
        """Write an object that is as `etag` says, or is not there when it is ""; gives its new one.

        Raises ChangedThere, OutsideRefused, CalendarFaulty.
        """
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        answer = self._ask("PUT", self._address(name), body.encode(), headers)
        _written(answer, _DONE)
        return marked(answer.headers, "etag") or self.etag_of(name)

    def delete(self, name: str, *, etag: str) -> None:
        """Take an object away that is as `etag` says. Raises ChangedThere, OutsideRefused, CalendarFaulty."""
        answer = self._ask("DELETE", self._address(name), b"", {"If-Match": etag} if etag else {})
        _written(answer, _DONE | _GONE)

    @property
    def _base(self) -> str:
        address = self.access.address
        return address if address.endswith("/") else f"{address}/"

    def _address(self, name: str) -> str:
        return urljoin(self._base, quote(name))

    def _ask(
        self, method: str, address: str, body: bytes, headers: Mapping[str, str], *, is_first: bool = False
    ) -> Answer:
        login = self.access.login
        try:
            return ask(address, guard=self.guard, method=method, headers=headers, body=body, login=login)
        except OutsideRefused as refused:
            # A host that answered the first question is there: what takes too long is this one.
            raise OutsideRefused(refused.code, silent=refused.silent if is_first else "") from refused

    def _answers(
        self, method: str, address: str, body: bytes, *, depth: str, is_first: bool = False
    ) -> dict[str, Properties]:
        answer = self._ask(method, address, body, {"Depth": depth, **HEADERS}, is_first=is_first)
        expect(answer, 207)
        return _responses(answer)


def _responses(answer: Answer) -> dict[str, Properties]:
    """By the last part of its address what a multistatus says of each, property by name. Raises CalendarFaulty."""
    return {_name(href): said for href, said in responses(answer)}


def _name(href: str) -> str:
    try:
        path = urlsplit(href).path
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2])


def _query(window: Window) -> bytes:
    """The events that meet a window, with their ETags."""
    tree = ET.Element(f"{{{CAL}}}calendar-query")
    wanted = ET.SubElement(tree, f"{{{DAV}}}prop")
    ET.SubElement(wanted, f"{{{DAV}}}getetag")
    ET.SubElement(wanted, f"{{{CAL}}}calendar-data")
    calendar = ET.SubElement(ET.SubElement(tree, f"{{{CAL}}}filter"), f"{{{CAL}}}comp-filter", name="VCALENDAR")
    events = ET.SubElement(calendar, f"{{{CAL}}}comp-filter", name="VEVENT")
    ET.SubElement(events, f"{{{CAL}}}time-range", start=_utc(window.after), end=_utc(window.until))
    return bytes(ET.tostring(tree, encoding="utf-8", xml_declaration=True))


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _written(answer: Answer, done: frozenset[int]) -> None:
    if answer.status == _CHANGED_THERE:
        raise ChangedThere("412")
    if answer.status in {400, 409, 415, 422}:
        raise NotTaken(Fault.NOT_WRITTEN)
    if answer.status not in done:
        raise CalendarFaulty(Fault.NOT_WRITTEN)
