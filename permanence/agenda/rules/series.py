# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several visits as one act: six sessions, or the day after an operation, a week and a month after it.

A plan has a slot for each session, or says why there is none: the others stand all the same, and a person decides.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.rules.around import Around
from permanence.agenda.rules.free import counted, free_slots, hidden, slot_at
from permanence.agenda.rules.limits import half_of
from permanence.agenda.rules.openings import openings_of_day
from permanence.agenda.rules.search import is_preferred, taken_by
from permanence.agenda.rules.why_not import Closed, WhyNot
from permanence.agenda.rules.wishes import Book, Preferences, SeriesWish, Slot, Wish

_DAY = timedelta(days=1)
MOST_SESSIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One of a series, wanted on a local day. `shift`: days its slot is later than that (or earlier, below 0).

    Without a slot, `why`: the causes on that day, with how many starts each takes away (0: the day is closed; none
    at all: it is free at other hours only), and `instead` the nearest slot at any hour, None when there is none.
    """

    number: int
    wanted: date
    slot: Slot | None = None
    shift: int = 0
    why: tuple[tuple[int, WhyNot], ...] = ()
    instead: Slot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPlan:
    """The sessions in their order, numbered from 1."""

    sessions: tuple[Session, ...]

    @property
    def missing(self) -> tuple[Session, ...]:
        """Those without a slot."""
        return tuple(each for each in self.sessions if each.slot is None)


def plan_series(books: Sequence[Book], wish: SeriesWish, *, at: datetime) -> SeriesPlan:
    """A slot for each session: on its day, else on the nearest day within the tolerance (the later one of two).

    On a day the first of the agendas (as preferred, else as given) that has one, as near as can be to the hour of the
    first session found. Sessions keep their order and never share a day. Raises ValueError for more than MOST_SESSIONS.
    """
    if len(wish.days) > MOST_SESSIONS or wish.tolerance < 0:
        raise ValueError(f"{len(wish.days)} sessions, {wish.tolerance} days of tolerance")
    named = wish.wish.preferences.agendas
    known = {book.agenda.id: Around(book) for book in books if not named or book.agenda.id in named}
    known = {agenda: known[agenda] for agenda in named or known if agenda in known}
    sessions, usual, last = list[Session](), None, None
    for number, offset in enumerate(wish.days, start=1):
        wanted = wish.first + offset * _DAY
        # Once he came, he is no new patient.
        asked = wish if usual is None else replace(wish, wish=replace(wish.wish, is_new=False))
        days = [day for day in _near(wanted, wish.tolerance) if last is None or day > last]
        slot = _first_of(known.values(), asked, days, usual, at)
        if slot is None:
            looser = replace(asked, wish=replace(asked.wish, preferences=Preferences()), same_half_day=False)
            instead = _first_of(known.values(), looser, days, usual, at)
            why = _why(known.values(), asked.wish, wanted, at)
            sessions.append(Session(number=number, wanted=wanted, why=why, instead=instead))
            continue
        local = slot.starts.astimezone(ZoneInfo(known[slot.agenda].agenda.zone))
        sessions.append(Session(number=number, wanted=wanted, slot=slot, shift=(local.date() - wanted).days))
        last, usual = local.date(), usual or local
        taken = tuple(taken_by(slot, is_new=asked.wish.is_new))
        for book in known.values():
            book.take(taken)
    return SeriesPlan(sessions=tuple(sessions))


def still_free(books: Sequence[Book], wish: SeriesWish, plan: SeriesPlan, *, at: datetime) -> SeriesPlan | None:
    """The plan as these books have it, each slot with the rooms and equipment that are free for it now; None where one
    of its slots is free no more. Nothing is searched: what found no slot has none.
    """
    known = {book.agenda.id: Around(book) for book in books}
    sessions, asked = list[Session](), wish.wish
    for session in plan.sessions:
        slot = session.slot
        if slot is None:
            sessions.append(session)
            continue
        book = known[slot.agenda]
        day = slot.starts.astimezone(ZoneInfo(book.agenda.zone)).date()
        found = slot_at(book.on(day), asked, starts=slot.starts, at=at)
        if not isinstance(found, Slot) or found.ends != slot.ends:
            return None
        sessions.append(replace(session, slot=found))
        taken = tuple(taken_by(found, is_new=asked.is_new))
        for each in known.values():
            each.take(taken)
        asked = replace(asked, is_new=False)
    return SeriesPlan(sessions=tuple(sessions))


def _near(day: date, tolerance: int) -> Iterator[date]:
    yield day
    for shift in range(1, tolerance + 1):
        yield day + shift * _DAY
        yield day - shift * _DAY


def _first_of(
    books: Collection[Around], wish: SeriesWish, days: Iterable[date], usual: datetime | None, at: datetime
) -> Slot | None:
    """The best slot of the first of the days that has one."""
    found = (_best(book.on(day), wish, day, usual, at) for day in days for book in books)
    return next((each for each in found if each is not None), None)


def _best(book: Book, wish: SeriesWish, day: date, usual: datetime | None, at: datetime) -> Slot | None:
    zone = ZoneInfo(book.agenda.zone)
    slots = [
        each
        for each in free_slots(book, wish.wish, first=day, until=day + _DAY, at=at)
        if is_preferred(each, wish.wish.preferences, zone)
        and (usual is None or not wish.same_half_day or half_of(each.starts.astimezone(zone)) is half_of(usual))
    ]
    return min(slots, key=lambda each: (_apart(each.starts.astimezone(zone), usual), each.starts), default=None)


def _apart(local: datetime, usual: datetime | None) -> int:
    """Minutes between two times of day."""
    if usual is None:
        return 0
    return abs(local.hour * 60 + local.minute - usual.hour * 60 - usual.minute)


def _why(around: Iterable[Around], wish: Wish, day: date, at: datetime) -> tuple[tuple[int, WhyNot], ...]:
    """What is against that day; () when something is free on it, though not as preferred."""
    books = [each.on(day) for each in around]
    if any(free_slots(book, wish, first=day, until=day + _DAY, at=at) for book in books):
        return ()
    found = counted([each for book in books for each in hidden(book, wish, first=day, until=day + _DAY, at=at)])
    days = [openings_of_day(book, day) for book in books]
    closed = dict.fromkeys((0, Closed(because=each.because, label=each.label)) for each in days)
    return tuple(found or closed)
