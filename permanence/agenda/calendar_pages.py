# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of an agenda's calendars in other products: one for the back office and the portal, each in its frame."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from permanence.agenda.calendar_words import KINDS, refused_words, state_words, unread_words
from permanence.agenda.interop import discovery, others
from permanence.agenda.interop.access import SECRET_LIMIT, change_login
from permanence.agenda.interop.backends import Access
from permanence.agenda.interop.discovery import Found
from permanence.agenda.models.interop import LABEL_LENGTH
from permanence.agenda.queries.calendars import (
    CalendarView,
    Collision,
    Conflict,
    Unread,
    calendars,
    collisions,
    conflicts,
)
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import CalendarUnknown
from permanence.agenda.rules.calendars import BackendKind, Fault
from permanence.clients.agenda_queries import agenda_for
from permanence.foundation import moments
from permanence.foundation.outside import ADDRESS_LIMIT
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal
from permanence.reception.table import AgendaEntry

DONE = frozenset({"added", "checked", "login", "removed", "written"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarLine:
    """A calendar as the page shows it. `login`: whether its login may be changed."""

    view: CalendarView
    kind: str
    state: str
    unread: str
    login: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CollisionLine:
    """A booking that meets busy time of one of them."""

    found: Collision
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictLine:
    """A booking that somebody changed there."""

    found: Conflict
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarsPage:
    """What the page shows; `done` is one of `DONE` when something was done, `typed` what was typed and is no secret.

    `web`: the agenda on another product's own site, which is opened by hand. `found`: on the server that was asked.
    """

    lines: tuple[CalendarLine, ...] = ()
    collisions: tuple[CollisionLine, ...] = ()
    conflicts: tuple[ConflictLine, ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    web: AgendaEntry | None = None
    full: bool = False
    done: str = ""
    failed: str = ""
    typed: Mapping[str, str] | None = None
    found: Found | None = None


def unread_lines(found: Iterable[Unread], *, at: datetime) -> list[tuple[Unread, str]]:
    """Each with how it stands."""
    return [(each, state_words(each.view, zone=ZoneInfo(each.time_zone), at=at)) for each in found]


def calendars_page(
    post: Mapping[str, str] | None, *, agenda: AgendaView, by: Who, at: datetime, entropy: Entropy
) -> CalendarsPage:
    """The page of an agenda that `by` may set; with `post` what it asks for is done. Raises CalendarUnknown."""
    failed = ""
    if post is not None:
        try:
            if post.get("do") == "find":
                found_there = _found(post, agenda=agenda, by=by, at=at, entropy=entropy)
                page = calendars_page(None, agenda=agenda, by=by, at=at, entropy=entropy)
                return replace(page, found=found_there)
            return CalendarsPage(done=_done(post, agenda=agenda, by=by, at=at, entropy=entropy))
        except CalendarUnknown:
            raise
        except Refusal as refusal:
            failed = refused_words(refusal)
    zone = ZoneInfo(agenda.time_zone)
    found = calendars(by=by, agenda=agenda.id, at=at)
    return CalendarsPage(
        lines=tuple(
            CalendarLine(
                view=each,
                kind=str(KINDS[each.kind]),
                state=state_words(each, zone=zone, at=at),
                unread=unread_words(each),
                login=each.fault != Fault.SEAL_BROKEN,
            )
            for each in found
        ),
        collisions=collision_lines(collisions(by=by, at=at, agendas=[agenda.id]), at=at),
        conflicts=tuple(
            ConflictLine(found=each, when=moments.day_and_hour(each.visit.starts_at, zone, now=at))
            for each in conflicts(by=by, agenda=agenda.id, at=at)
        ),
        kinds=tuple((kind.value, str(words)) for kind, words in KINDS.items()),
        web=agenda_for(house=by.house, client=agenda.client, recipient=agenda.recipient),
        full=len(found) >= others.MOST,
        failed=failed,
        typed=None
        if post is None or post.get("do") == "login"
        else {name: post.get(name, "") for name in ("label", "user", "kind", "server", "do")},
    )


def shown(page: CalendarsPage, *, asked: str, edits: bool, his: bool = False) -> dict[str, object]:
    """What the template `agenda/calendars.html` takes. `asked`: what the address says was done; `his`: the client looks
    himself.
    """
    return {
        "page": page,
        "done": asked if asked in DONE else "",
        "edits": edits,
        "his": his,
        "label_limit": LABEL_LENGTH,
        "address_limit": ADDRESS_LIMIT,
        "secret_limit": SECRET_LIMIT,
    }


def collision_lines(found: tuple[Collision, ...], *, at: datetime) -> tuple[CollisionLine, ...]:
    """The bookings with their moments in words."""
    return tuple(
        CollisionLine(found=each, when=moments.day_and_hour(each.visit.starts_at, ZoneInfo(each.time_zone), now=at))
        for each in found
    )


def _done(post: Mapping[str, str], *, agenda: AgendaView, by: Who, at: datetime, entropy: Entropy) -> str:
    if post.get("do") == "check":
        others.check_now(agenda=agenda.id, calendar=post.get("calendar", ""), by=by, at=at)
        return "checked"
    if post.get("do") == "remove":
        others.remove_calendar(agenda=agenda.id, calendar=post.get("calendar", ""), by=by, at=at)
        return "removed"
    if post.get("do") == "write":
        others.write_again(agenda=agenda.id, calendar=post.get("calendar", ""), by=by, at=at)
        return "written"
    if post.get("do") == "login":
        user, password = post.get("user", "").strip(), post.get("password", "")
        given = {"agenda": agenda.id, "calendar": post.get("calendar", ""), "user": user, "password": password}
        change_login(**given, by=by, at=at, entropy=entropy)
        return "login"
    kind, access = _kind(post.get("kind", "")), _access(post, "address")
    if post.get("do") == "choose":
        address, sealed = post.get("chosen", ""), post.get("found", "")
        access = discovery.chosen(agenda=agenda.id, sealed=sealed, address=address, by=by, at=at)
        kind = BackendKind.CALDAV
    others.add_calendar(
        agenda=agenda.id,
        kind=kind,
        label=post.get("label", ""),
        access=access,
        by=by,
        at=at,
        entropy=entropy,
        guard=others.house_guard(),
        writes=kind is BackendKind.CALDAV and post.get("writes") == "1",
        names=post.get("names") == "1",
        homes=post.get("homes") == "1",
    )
    return "added"


def _found(post: Mapping[str, str], *, agenda: AgendaView, by: Who, at: datetime, entropy: Entropy) -> Found:
    access, guard = _access(post, "server"), others.house_guard()
    return discovery.find_calendars(agenda=agenda.id, access=access, by=by, at=at, entropy=entropy, guard=guard)


def _access(post: Mapping[str, str], name: str) -> Access:
    """What was typed; `name`: the field of the address."""
    return Access(address=post.get(name, ""), user=post.get("user", "").strip(), password=post.get("password", ""))


def _kind(text: str) -> BackendKind:
    return next((each for each in KINDS if each.value == text), BackendKind.FEED)
