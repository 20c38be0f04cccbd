# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which calendars a login has on a CalDAV server: by `.well-known/caldav`, its principal and its home (RFC 6764).

The login goes to the server it was typed for and to no other one, also where that server names another: then its name
is told, and a person decides. Between finding and choosing, what was typed is kept by the page alone, sealed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urljoin, urlsplit

from permanence.agenda.interop.access import check_login
from permanence.agenda.interop.backends import Access, CalendarFaulty, expect
from permanence.agenda.interop.multistatus import CAL, DAV, HEADERS, Properties, asked, is_calendar, responses, text
from permanence.agenda.interop.server_refusals import CalendarsMissing, FoundOver, LedElsewhere
from permanence.agenda.operations.acts import reach
from permanence.agenda.refusals import SettingImpossible
from permanence.agenda.rules.calendars import Fault
from permanence.foundation import secrecy
from permanence.foundation.outside import ADDRESS_LIMIT, Answer, Guard, ask
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal

PURPOSE = "agenda.found_calendars"
KEPT = timedelta(minutes=15)
"""For how long what was found can be chosen from."""
ANSWER_S = 5.0
"""Seconds each of the six questions may take: a person waits."""
MOST = 50
"""Calendars that are listed."""
NAME_LIMIT = 60
WELL_KNOWN = "/.well-known/caldav"
_NOT_HERE = frozenset({400, 404, 405, 410, 501})
_LOOKED = ("current-user-principal", DAV), ("resourcetype", DAV), ("calendar-home-set", CAL), ("displayname", DAV)
_LISTED = ("resourcetype", DAV), ("displayname", DAV), ("supported-calendar-component-set", CAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCalendar:
    """A calendar on the server, by its own address and as it is called there."""

    address: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The calendars, and what the page sends back with the one that was chosen. `host`: where they are."""

    calendars: tuple[FoundCalendar, ...]
    sealed: str
    host: str


def find_calendars(*, agenda: str, access: Access, by: Who, at: datetime, entropy: Entropy, guard: Guard) -> Found:
    """The calendars that a login has on a server; its address as somebody types it, "cal.example.org" too.

    Must not be called inside a transaction. Raises AgendaUnknown, SettingImpossible, LedElsewhere, CalendarsMissing,
    OutsideRefused, CalendarFaulty.
    """
    row = reach(agenda, by=by)
    check_login(access)
    typed = access.address.strip()
    if len(typed) > ADDRESS_LIMIT:
        raise SettingImpossible("address")
    address = typed if "://" in typed or typed.lower().startswith("webcal") else f"https://{typed}"
    server = _Server(access=Access(address=address, user=access.user, password=access.password), guard=guard)
    calendars = tuple(server.calendars())[:MOST]
    if not calendars:
        raise CalendarsMissing(agenda)
    kept = {
        "agenda": str(row.pk),
        "person": by.person,
        "at": at.isoformat(),
        "user": access.user,
        "password": access.password,
        "addresses": [each.address for each in calendars],
    }
    sealed = secrecy.seal(json.dumps(kept), house=row.house.slug, purpose=PURPOSE, entropy=entropy)
    return Found(calendars=calendars, sealed=sealed, host=urlsplit(calendars[0].address).hostname or "")


def chosen(*, agenda: str, sealed: str, address: str, by: Who, at: datetime) -> Access:
    """How the calendar that was chosen is reached. Raises AgendaUnknown, FoundOver for what was not found just now."""
    row = reach(agenda, by=by)
    try:
        kept = json.loads(secrecy.unseal(sealed, house=row.house.slug, purpose=PURPOSE))
    except secrecy.SealBroken as broken:
        raise FoundOver(agenda) from broken
    mine = kept["agenda"] == str(row.pk) and kept["person"] == by.person
    if not mine or not datetime.fromisoformat(kept["at"]) <= at < datetime.fromisoformat(kept["at"]) + KEPT:
        raise FoundOver(agenda)
    if address not in kept["addresses"]:
        raise FoundOver(agenda)
    return Access(address=address, user=kept["user"], password=kept["password"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    """One server, asked with one login."""

    access: Access
    guard: Guard

    def calendars(self) -> Iterator[FoundCalendar]:
        """Those that hold events. Raises LedElsewhere, OutsideRefused, CalendarFaulty."""
        where, said = self._entrance()
        if is_calendar(said):
            yield _calendar(where, said)
            return
        home = _inner(said, "calendar-home-set")
        if not home:
            where, said = self._one(self._same(where, _inner(said, "current-user-principal")))
            home = _inner(said, "calendar-home-set")
        if not home:
            raise CalendarFaulty(Fault.NO_CALENDAR)
        listed = self._same(where, home)
        answer = self._ask(listed, asked("propfind", *_LISTED), depth="1")
        expect(answer, 207)
        for href, properties in responses(answer):
            if is_calendar(properties) and _holds_events(properties):
                yield _calendar(self._same(answer.url, href), properties)

    def _entrance(self) -> tuple[str, Properties]:
        """What knows who we are: what was typed, else the well-known place, else the root; with its address."""
        typed = self.access.address
        places = [typed] if urlsplit(typed).path.strip("/") else []
        fault: Refusal = CalendarFaulty(Fault.NO_CALENDAR)
        for place in (*places, urljoin(typed, WELL_KNOWN), urljoin(typed, "/")):
            try:
                where, said = self._one(place)
            except CalendarFaulty as faulty:
                if faulty.fault is Fault.LOGIN:
                    raise
                fault = faulty
                continue
            if is_calendar(said) or _inner(said, "calendar-home-set") or _inner(said, "current-user-principal"):
                return where, said
        raise fault

    def _one(self, address: str) -> tuple[str, Properties]:
        """What a place says of itself, and where it is after redirections."""
        answer = self._ask(address, asked("propfind", *_LOOKED), depth="0")
        if answer.status in _NOT_HERE:
            raise CalendarFaulty(Fault.NO_CALENDAR)
        self._same(answer.url, "")
        expect(answer, 207)
        return answer.url, next((said for _href, said in responses(answer)), {})

    def _ask(self, address: str, body: bytes, *, depth: str) -> Answer:
        headers = {"Depth": depth, **HEADERS}
        login = self.access.login
        return ask(
            address, guard=self.guard, method="PROPFIND", headers=headers, body=body, login=login, seconds=ANSWER_S
        )

    def _same(self, base: str, href: str) -> str:
        """The address behind a reference, on the server that was typed. Raises LedElsewhere, CalendarFaulty."""
        try:
            address = urljoin(base, href)
            there, here = urlsplit(address), urlsplit(self.access.address)
            host, same = there.hostname or "", _server(there) == _server(here)
        except ValueError as error:
            raise CalendarFaulty(Fault.NO_CALENDAR) from error
        if not same:
            raise LedElsewhere(host[:NAME_LIMIT])
        return address


def _server(address: SplitResult) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; a port that is the usual one is the same as none. Raises ValueError."""
    usual = {"https": 443, "http": 80}.get(address.scheme)
    return address.scheme, address.hostname, address.port or usual


def _inner(properties: Properties, name: str) -> str:
    """The address within a property; "" where there is none."""
    element = properties.get(name)
    return "" if element is None else (element.findtext(f"{{{DAV}}}href") or "").strip()


def _holds_events(properties: Properties) -> bool:
    """Whether events can stand in it: where a server does not say, they can."""
    kinds = properties.get("supported-calendar-component-set")
    return kinds is None or any(each.get("name", "").upper() == "VEVENT" for each in kinds)


def _calendar(address: str, properties: Properties) -> FoundCalendar:
    words = " ".join("".join(each if each.isprintable() else " " for each in text(properties, "displayname")).split())
    return FoundCalendar(address=address, name=words[:NAME_LIMIT] or urlsplit(address).path.rstrip("/")[-NAME_LIMIT:])
