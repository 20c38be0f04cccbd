# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where an agenda may be kept besides this house, behind one port: what is read there, and what is written.

An agenda is INTERNAL always: its tables are the truth about bookings. A FEED is read, a CALDAV calendar read and, where
its owner allows it, written; an agenda on another product's own site (WEB) is opened by hand and read by nobody.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from permanence.agenda.interop.foreign import Foreign, read_calendar
from permanence.agenda.interop.trimming import trimmed
from permanence.agenda.refusals import EventRefused
from permanence.agenda.rules.calendars import Fault
from permanence.foundation.outside import Answer, Guard, Login, ask
from permanence.kernel.refusals import Refusal

_LOGIN, _GONE = frozenset({401, 403, 407}), frozenset({404, 410})
_LATER = frozenset({408, 425, 429})


class CalendarFaulty(Refusal):
    """A calendar answered, and it was not what was wanted; `fault` says what."""

    code = "calendar_faulty"

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a calendar is reached. It is kept sealed, and neither shown nor written into a log."""

    address: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "Access(...)"

    @property
    def login(self) -> Login | None:
        """User and password, if there are any."""
        return (self.user, self.password) if self.user or self.password else None

    @property
    def person(self) -> str:
        """The e-mail address of him whose calendar it is, "" where it is not known."""
        return self.user if "@" in self.user else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """By what a calendar tells that it is as it was; `digest` is our own."""

    etag: str = ""
    modified: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Of which time a calendar is read, [after, until); `zone`: the clock of whole days and hours without a zone."""

    zone: str
    after: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a calendar says, and by what it will be known again; of a calendar that is written its objects' ETags and
    texts by name.
    """

    found: Foreign
    mark: Mark
    etags: Mapping[str, str] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


class CalendarBackend(Protocol):
    """A calendar of another product that is read."""

    def read(self, known: Mark, *, window: Window) -> Reading | None:
        """What it says now; None when it is as it was. Raises OutsideRefused, CalendarFaulty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBackend:
    """An iCalendar file behind an address: fetched only when it has changed, as far as it says so."""

    access: Access
    guard: Guard

    def read(self, known: Mark, *, window: Window) -> Reading | None:
        """What it says now; None when it is as it was. Raises OutsideRefused, CalendarFaulty."""
        asked = {"Accept": "text/calendar, */*;q=0.1", "If-None-Match": known.etag, "If-Modified-Since": known.modified}
        headers = {name: value for name, value in asked.items() if value}
        answer = ask(self.access.address, guard=self.guard, headers=headers, login=self.access.login)
        if answer.status == 304:
            return None
        expect(answer, 200)
        digest = hashlib.sha256(answer.body).hexdigest()
        if digest == known.digest:
            return None
        found = understood(answer.body.decode(errors="replace"), window=window, whose=self.access.person)
        etag, modified = (marked(answer.headers, name) for name in ("etag", "last-modified"))
        return Reading(found=found, mark=Mark(etag=etag, modified=modified, digest=digest))


def understood(text: str, *, window: Window, whose: str = "") -> Foreign:
    """The events of a calendar, as `read_calendar` has them, but for those that come once and at another time: they are
    not read, and counted nowhere. Raises CalendarFaulty.
    """
    try:
        near = trimmed(text, after=window.after, until=window.until)
        return read_calendar(near, zone=window.zone, after=window.after, until=window.until, seconds=True, whose=whose)
    except EventRefused as refused:
        codes = {"too_large": Fault.TOO_LARGE, "too_many": Fault.TOO_MANY}
        raise CalendarFaulty(codes.get(str(refused), Fault.NO_CALENDAR)) from refused


def expect(answer: Answer, *wanted: int) -> None:
    """Raises CalendarFaulty for another status than these."""
    if answer.status in wanted:
        return
    if answer.status in _LOGIN:
        raise CalendarFaulty(Fault.LOGIN)
    if answer.status in _GONE:
        raise CalendarFaulty(Fault.GONE)
    raise CalendarFaulty(Fault.BROKEN if answer.status >= 500 or answer.status in _LATER else Fault.REFUSED)


def marked(headers: Mapping[str, str], name: str) -> str:
    """A mark that an answer carries, as far as it can be kept and said again; "" for none."""
    text = headers.get(name, "")
    return text if len(text) <= 255 and text.isascii() and text.isprintable() else ""
