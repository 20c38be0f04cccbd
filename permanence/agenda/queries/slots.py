# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is free for a wish, why the rest is not, and what to propose: the rules, asked about what stands in the tables.

Each loads the books of the agendas for the days asked about, in a fixed number of queries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from permanence.agenda.models import Agenda, SlotHold
from permanence.agenda.queries.agendas import seen
from permanence.agenda.queries.books import books, check_day
from permanence.agenda.queries.warm import WARM
from permanence.agenda.rules import free
from permanence.agenda.rules.search import Found, propose
from permanence.agenda.rules.series import MOST_SESSIONS, SeriesPlan, plan_series, still_free
from permanence.agenda.rules.states import Door
from permanence.agenda.rules.why_not import OverbookedEnough, OverbookingNot, WhyNot
from permanence.agenda.rules.wishes import Book, Moving, SeriesWish, Slot, Wish
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.hours import moment_of

MOST_DAYS = 400
"""Days that are searched at most."""
DAYS_SHOWN = 62
"""Days whose every slot is given at most."""


class WishTooWide(Refusal):
    """More days, agendas or sessions than one question is answered for."""

    code = "wish_too_wide"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeDays:
    """The free slots of one agenda on some days; the stretches of open hours that are not, and how many starts each
    cause hides, the most frequent first.
    """

    slots: tuple[Slot, ...]
    hidden: tuple[free.Hidden, ...]
    counted: tuple[tuple[int, WhyNot], ...]


def free_days(
    *, by: Who, agenda: str, wish: Wish, first: date, until: date, at: datetime, without: str = ""
) -> FreeDays:
    """What is free on the local days from `first` to before `until`. `without`: the id of an appointment that is to be
    moved and does not count: its own time is among what is free. Raises AgendaUnknown, WishTooWide.
    """
    _check_days(first, until)
    found = books_for(seen([agenda], by=by), first=first, until=until)[0]
    book = found.without(without) if without else found
    hidden = free.hidden(book, wish, first=first, until=until, at=at)
    return FreeDays(
        slots=tuple(free.free_slots(book, wish, first=first, until=until, at=at)),
        hidden=tuple(hidden),
        counted=tuple(free.counted(hidden)),
    )


def free_for_any(
    *, by: Who, agendas: Sequence[str], wishes: Sequence[Wish], since: datetime, before: datetime, at: datetime
) -> FreeDays:
    """What is free in these agendas (of one client) for any of these wishes in [since, before); only where nothing is,
    what hides it on those days. The tables are looked at once. Raises AgendaUnknown, WishTooWide.
    """
    if not agendas or not wishes or before <= since:
        return FreeDays(slots=(), hidden=(), counted=())
    rows = seen(agendas, by=by)
    zone = ZoneInfo(rows[0].client.time_zone)
    first = since.astimezone(zone).date()
    until = (before - timedelta(microseconds=1)).astimezone(zone).date() + timedelta(days=1)
    check_day(first)
    if until - first > timedelta(days=DAYS_SHOWN + 1):
        raise WishTooWide(f"{first} to {until}")
    asked = [(book, wish) for book in books_for(rows, first=first, until=until) for wish in wishes]
    found = [s for book, wish in asked for s in free.free_slots(book, wish, first=first, until=until, at=at)]
    slots = tuple(each for each in found if since <= each.starts < before)
    why = [] if slots else [h for book, wish in asked for h in free.hidden(book, wish, first=first, until=until, at=at)]
    return FreeDays(slots=slots, hidden=tuple(why), counted=tuple(free.counted(why)))


def explain(
    *, by: Who, agenda: str, wish: Wish, starts: datetime, at: datetime, without: str = ""
) -> tuple[WhyNot, ...]:
    """All that is against a visit that begins then, the main cause first; () when it is free. `without`: as
    `free_days`. Raises AgendaUnknown.
    """
    rows = seen([agenda], by=by)
    book = books(rows, starts=starts)[agenda]
    return free.explain(book.without(without) if without else book, wish, starts=starts, at=at)


def may_overbook(
    *, by: Who, agenda: str, wish: Wish, starts: datetime, at: datetime
) -> tuple[bool, tuple[WhyNot, ...]]:
    """Whether a visit could be put there with a cause, though something stands against it; and where not, what does not
    let it be overbooked: () where nobody could. Raises AgendaUnknown.
    """
    book = books(seen([agenda], by=by), starts=starts)[agenda]
    found = free.overbook(book, wish, starts=starts, cause="?", at=at)
    if isinstance(found, free.Overbooking):
        return True, ()
    return False, tuple(each for each in found if isinstance(each, OverbookingNot | OverbookedEnough))


def next_free(
    *, by: Who, agendas: Sequence[str], wish: Wish, first: date, at: datetime, days: int = 90, most: int = 4,
    moving: Moving | None = None,
) -> Found:  # fmt: skip
    """What to propose, as the patient would like it; without that the nearest else, without that why not. `moving`: for
    that visit, which does not count, and nowhere it stands already.

    Raises AgendaUnknown, WishTooWide.
    """
    check_day(first)
    if not 0 < days <= MOST_DAYS:
        raise WishTooWide(f"{days} days")
    rows = seen(agendas, by=by)
    # What stands inside a transaction may be taken back, and its versions given again: it is never kept.
    if not connection.in_atomic_block:
        found = WARM.propose(rows, wish, first=first, days=days, at=at, most=most, moving=moving)
        if found is not None:
            return found
    known = books_for(rows, first=first, until=first + timedelta(days=days))
    return propose(known, wish, first=first, days=days, at=at, most=most, moving=moving)


def set_aside(
    *, by: Who, agendas: Sequence[str], wish: Wish, first: date, until: date, at: datetime, without: str = ""
) -> dict[str, tuple[tuple[int, WhyNot], ...]]:
    """By agenda how many starts on those local days are not free, for which cause, the most frequent first. `without`:
    as `free_days`.

    Raises AgendaUnknown, WishTooWide.
    """
    _check_days(first, until)
    known = books_for(seen(agendas, by=by), first=first, until=until)
    return {
        book.agenda.id: tuple(free.counted(free.hidden(book, wish, first=first, until=until, at=at)))
        for book in (each.without(without) if without else each for each in known)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSlot:
    """From when to when a hold kept its slot, and whether it belongs to an offer of the waiting list."""

    starts_at: datetime
    ends_at: datetime
    of_offer: bool


def held_slot(*, house: str, hold: str) -> HeldSlot | None:
    """What a hold kept, whatever became of it; None for one that is not there any more."""
    row = SlotHold.objects.for_house(house).filter(key=hold).first()
    if row is None:
        return None
    return HeldSlot(starts_at=row.starts_at, ends_at=row.ends_at, of_offer=row.door == Door.WAITING)


def series_plan(*, by: Who, agendas: Sequence[str], wish: SeriesWish, at: datetime) -> SeriesPlan:
    """What `book_series` would book, and what it could not. Raises AgendaUnknown, WishTooWide."""
    return planned(seen(agendas, by=by), wish, at=at)


def planned(rows: Sequence[Agenda], wish: SeriesWish, *, at: datetime) -> SeriesPlan:
    """A slot for each session in these agendas. Raises WishTooWide."""
    return plan_series(_books_of_series(rows, wish), wish, at=at)


def planned_still(rows: Sequence[Agenda], wish: SeriesWish, plan: SeriesPlan, *, at: datetime) -> SeriesPlan | None:
    """The plan where all its slots are free still; None where one is not. Nothing is searched."""
    return still_free(_books_of_series(rows, wish), wish, plan, at=at)


def _books_of_series(rows: Sequence[Agenda], wish: SeriesWish) -> list[Book]:
    days = wish.days
    check_day(wish.first)
    if not 0 < len(days) <= MOST_SESSIONS or not 0 <= wish.tolerance <= 31 or not 0 <= min(days) <= max(days) <= 999:
        raise WishTooWide(f"{len(days)} sessions, {wish.tolerance} days of tolerance")
    reach = timedelta(days=wish.tolerance)
    return books_for(rows, first=wish.first - reach, until=wish.first + reach + timedelta(days=max(days) + 1))


def _check_days(first: date, until: date) -> None:
    check_day(first)
    if not timedelta() < until - first <= timedelta(days=DAYS_SHOWN):
        raise WishTooWide(f"{first} to {until}")


def books_for(rows: Sequence[Agenda], *, first: date, until: date) -> list[Book]:
    """The books of these agendas (their clients loaded), good for those local days."""
    if not rows:
        return []
    zones = {row.client.time_zone for row in rows}
    starts = min(moment_of(first, 0, zone, fold=0) for zone in zones)
    ends = max(moment_of(until, 0, zone, fold=0) for zone in zones)
    known = books(rows, starts=starts, ends=ends)
    return [known[str(row.pk)] for row in rows]
