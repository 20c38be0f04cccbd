# SPDX-License-Identifier: AGPL-3.0-or-later
"""The waiting list: whose turn it is when a time gets free, which slot he is offered, and for how long it is his.

**Whose turn.** Of those whom the time fits: who is marked as urgent before who is not; then who has left fewer offers
without an answer; then who has waited longest. Nobody is offered the same hour of the same agenda twice, and nobody two
at a time. To decline costs nothing. Who has a visit and waits for an earlier one is offered nothing later, and nobody
an hour that he himself cancelled, or at which he has another visit.

**For how long.** As the agenda says, but no more than a quarter of the time that is left before the visit. Nobody is
written to in quiet hours, and they do not count: an offer of an hour made half an hour before them lasts until half an
hour after them, or ends as they begin where the visit is too near for that. What is freed less than two hours before it
begins, or could not be answered an hour before it, is offered by nobody but a secretary, on the telephone.
"""

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.rules.free import free_slots
from permanence.agenda.rules.search import is_preferred
from permanence.agenda.rules.wishes import Book, Preferences, Slot, Wish
from permanence.countries.quiet import heard_from, quiet_from

OFFER_MINUTES = (0, 15, 30, 60, 120, 240)
"""For how many minutes an agenda may offer a slot; 0: by itself to nobody, a secretary telephones."""
SHORTEST = timedelta(minutes=15)
"""An offer that ends as the quiet hours begin lasts so long at least."""
NEAREST = timedelta(hours=2)
LEAST_LEFT = timedelta(hours=1)
CELL = timedelta(minutes=5)
_DAY = timedelta(days=1)


class PlaceState(enum.StrEnum):
    """Where somebody stands who is on the list."""

    WAITING = "waiting"
    BOOKED = "booked"
    WITHDRAWN = "withdrawn"


class OfferState(enum.StrEnum):
    """Where an offer stands. LAPSED: no answer in time; WITHDRAWN: by the house."""

    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class OfferWay(enum.StrEnum):
    """How he was told. PHONE: a secretary is to tell him."""

    SMS = "sms"
    EMAIL = "email"
    PHONE = "phone"


TAKEN_BACK = timedelta(seconds=12)
"""So long a time that a move of the console freed waits: the page offers the way back for ten seconds."""
WRITES_ON = timedelta(minutes=1)
"""So long one that a device freed waits: it may write as a new event what it has just cut off from a rule."""


class FreedState(enum.StrEnum):
    """What became of a time that got free. NOBODY, TOO_NEAR: a secretary is asked; OVER: there is nobody it fits."""

    OFFERING = "offering"
    TAKEN = "taken"
    NOBODY = "nobody"
    TOO_NEAR = "too_near"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one moment to another, half-open: a time that got free, a visit."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody on the list of a client. `silent`: how many offers he left without an answer; `place` tells apart.

    `before`: when the visit begins that he gives up for an earlier one, None where he has none; `left_out`: the visits
    that he cancelled, and the others that he has.
    """

    place: str
    asked_at: datetime
    wish: Wish
    is_urgent: bool = False
    silent: int = 0
    before: datetime | None = None
    left_out: tuple[Span, ...] = ()

    def may_be_at(self, slot: Slot) -> bool:
        """Whether it is earlier than what he has, at no hour that he gave up and none at which he is elsewhere."""
        if self.before is not None and slot.starts >= self.before:
            return False
        return not any(slot.starts < each.ends and each.starts < slot.ends for each in self.left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When he is told, and until when the slot is his."""

    begins: datetime
    until: datetime


def in_turn(waiting: Iterable[Waiting]) -> list[Waiting]:
    """Who is asked first, who next."""
    return sorted(waiting, key=lambda each: (not each.is_urgent, each.silent, each.asked_at, each.place))


class FreeSlots:
    """What is free in one book, found once for all who want the same: of a long list most do."""

    def __init__(self, book: Book, *, at: datetime) -> None:
        self.book, self.at = book, at
        self._found: dict[tuple[Wish, date, date], list[Slot]] = {}

    def of(self, wish: Wish, *, first: date, until: date) -> list[Slot]:
        """Every slot for the wish that begins on those local days, whatever he would like, the earliest first."""
        reason = self.book.reason(wish.reason)
        by_age = reason is not None and (reason.youngest is not None or reason.oldest is not None)
        bare = replace(wish, preferences=Preferences(), born=wish.born if by_age else None)
        key = bare, first, until
        if key not in self._found:
            self._found[key] = free_slots(self.book, bare, first=first, until=until, at=self.at)
        return self._found[key]


def outside(span: Span, others: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of a span in which none of the others is, the earliest first."""
    found, begins = [], span.starts
    for each in sorted(others, key=lambda other: other.starts):
        if begins < min(each.starts, span.ends):
            found.append(Span(starts=begins, ends=min(each.starts, span.ends)))
        begins = max(begins, each.ends)
    if begins < span.ends:
        found.append(Span(starts=begins, ends=span.ends))
    return tuple(found)


def fitting(free: FreeSlots, waiting: Waiting, freed: Span, *, asked: Collection[datetime] = ()) -> Slot | None:
    """The slot that this time makes possible for him: the first from its beginning on, else the nearest before it.

    None where there is none as he would like it, none before the visit that he has, none outside the hours that he gave
    up or has another visit at, or none that he was not asked for already (`asked`: their starts).
    """
    book, at = free.book, free.at
    wish, zone = waiting.wish, ZoneInfo(book.agenda.zone)
    if wish.preferences.agendas and book.agenda.id not in wish.preferences.agendas:
        return None
    first, last = (each.astimezone(zone).date() for each in (max(freed.starts, at), freed.ends))
    found = [
        each
        for each in free.of(wish, first=first, until=last + _DAY)
        if each.starts < freed.ends
        and freed.starts < each.ends
        and each.starts not in asked
        and waiting.may_be_at(each)
        and is_preferred(each, wish.preferences, zone)
    ]
    return min(found, key=lambda each: (each.starts < freed.starts, abs(each.starts - freed.starts)), default=None)


def timing(
    *, at: datetime, starts: datetime, minutes: int, country: str, time_zone: str, notice: int = 0
) -> Timing | None:
    """When a slot that begins at `starts` is offered, and until when; None where it is too near for that. `notice`:
    minutes before it begins from which on it can be booked no more.
    """
    begins = heard_from(at, country=country, time_zone=time_zone)
    left = starts - begins
    if not minutes or left < NEAREST:
        return None
    length = min(timedelta(minutes=minutes), left / 4 // CELL * CELL)
    dusk = quiet_from(begins, country=country, time_zone=time_zone)
    dawn = heard_from(dusk, country=country, time_zone=time_zone)
    until = begins + length
    if until > dusk:
        until = dawn + (until - dusk)
    until = min(until, starts - timedelta(minutes=notice))
    if dusk < until < dawn or starts - until < LEAST_LEFT:
        until = dusk
    if until - begins < min(SHORTEST, length) or starts - until < LEAST_LEFT:
        return None
    return Timing(begins=begins, until=until)
