# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a change of openings, days, reasons or settings would bring, before it is saved; nothing is written.

Two things are told: how many places there are in each of the next four weeks, before and after; and the appointments
to come that stand within the openings now and would not afterwards. They stay where they are: a person looks at them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.models import Agenda, Appointment
from permanence.agenda.queries.agendas import seen
from permanence.agenda.queries.slots import books_for
from permanence.agenda.queries.views import AppointmentView, appointment_views
from permanence.agenda.rules import free
from permanence.agenda.rules.kinds import Opening, OpeningException, OpeningKind, Taken, VisitReason
from permanence.agenda.rules.seconds import whole
from permanence.agenda.rules.states import STANDING
from permanence.agenda.rules.why_not import WhyNot
from permanence.agenda.rules.wishes import Book, Slot, Wish
from permanence.foundation.who import Who

WEEKS = 4
MOST_REASONS = 12
"""Reasons whose free places are counted, the first ones of the client."""
MOST_OUTSIDE = 200
"""Appointments to come that are looked at, the earliest first."""
FAR = timedelta(days=400)
OUTSIDE = frozenset(
    {
        "reason_unknown",
        "closed",
        "walk_in",
        "other_way",
        "not_this_reason",
        "new_patients_not",
        "other_site",
        "too_short",
        "equipment_missing",
    }
)
"""The causes that say that a visit no longer lies where it may, whatever else stands there."""

type Change = Callable[[Book], Book]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeWeek:
    """How many places are free in the seven days from `first` on: one after the other, in a group each of them."""

    first: date
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRow:
    """The next weeks of one agenda for one reason."""

    agenda_name: str
    reason_name: str
    weeks: tuple[FreeWeek, ...]

    @property
    def differs(self) -> bool:
        """Whether anything becomes of it."""
        return any(each.before != each.after for each in self.weeks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """An appointment that would lie outside, and the main cause."""

    visit: AppointmentView
    why: WhyNot


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a change brings: `rows` for those reasons for which there is room before or after, and who falls outside."""

    rows: tuple[FreeRow, ...]
    outside: tuple[Outside, ...]


def with_week(openings: Sequence[Opening]) -> Change:
    """The week is this one. Openings without an id get one of their own, so that none is taken for another."""
    numbered = tuple(replace(each, id=each.id or f"new-{place}") for place, each in enumerate(openings))
    return lambda book: replace(book, openings=numbered)


def with_day(day: date, exception: OpeningException | None) -> Change:
    """That day is so; None: as the week says."""

    def changed(book: Book) -> Book:
        others = tuple(each for each in book.exceptions if each.date != day)
        return replace(book, exceptions=others if exception is None else (*others, exception))

    return changed


def with_reason(reason: VisitReason) -> Change:
    """The reason is so; one without an id is new."""
    kept = replace(reason, id=reason.id or "new")

    def changed(book: Book) -> Book:
        if all(each.id != kept.id for each in book.reasons):
            return replace(book, reasons=(*book.reasons, kept))
        return replace(book, reasons=tuple(kept if each.id == kept.id else each for each in book.reasons))

    return changed


def with_setting(*, step: int, closed_on_holidays: bool) -> Change:
    """The agenda itself is so."""
    return lambda book: replace(book, agenda=replace(book.agenda, step=step, closed_on_holidays=closed_on_holidays))


def effect(
    *, by: Who, agendas: Sequence[str], change: Change, at: datetime, reason: str | None = None, also: str = ""
) -> Effect:
    """What `change` would bring to these agendas of one client; with `reason` ("new" for one to be) for it alone.
    `also`: the agenda that its visits would take too.

    Raises AgendaUnknown.
    """
    rows, beside = seen(agendas, by=by), seen([also], by=by) if also else []
    counted: list[FreeRow] = []
    outside: list[Outside] = []
    for row in rows:
        today = at.astimezone(ZoneInfo(row.client.time_zone)).date()
        before = _book(row, beside, first=today, until=today + timedelta(weeks=WEEKS))
        after = change(before)
        wanted = [each for each in after.reasons if reason is None or each.id == reason][:MOST_REASONS]
        found = (_row(row.name, before, after, each, first=today, at=at) for each in wanted)
        counted += [each for each in found if any(week.before or week.after for week in each.weeks)]
        outside += _outside(row, beside, change, today=today, at=at, reason=reason)
    return Effect(rows=tuple(counted), outside=tuple(sorted(outside, key=lambda each: each.visit.starts_at)))


def _row(agenda: str, before: Book, after: Book, reason: VisitReason, *, first: date, at: datetime) -> FreeRow:
    counts = [_room(book, reason.id, first=first, at=at) for book in (before, after)]
    weeks = tuple(
        FreeWeek(first=first + timedelta(weeks=week), before=counts[0][week], after=counts[1][week])
        for week in range(WEEKS)
    )
    return FreeRow(agenda_name=agenda, reason_name=reason.name, weeks=weeks)


def _room(book: Book, reason: str, *, first: date, at: datetime) -> list[int]:
    """By week the free places for that reason: what fits one after the other, times the places a group has left."""
    if book.reason(reason) is None:
        return [0] * WEEKS
    zone, book = ZoneInfo(book.agenda.zone), replace(book, openings=tuple(_released(each) for each in book.openings))
    slots = free.free_slots(book, Wish(reason=reason), first=first, until=first + timedelta(weeks=WEEKS), at=at)
    found, there = [0] * WEEKS, [each for each in book.taken if _has_a_place(each, book, at)]
    for slot in _one_after_the_other(slots):
        found[(slot.starts.astimezone(zone).date() - first).days // 7] += _places(slot, there)
    return found


def _has_a_place(taken: Taken, book: Book, at: datetime) -> bool:
    return taken.is_visit and taken.takes(book.agenda.id) and taken.lasts and taken.counts(at=at, holder="")


def _places(slot: Slot, there: Iterable[Taken]) -> int:
    """How many more could come at that time. What each of them takes for himself, or of a colleague, is there once."""
    if slot.capacity == 1 or slot.also is not None or any(not each.shared_by for each in slot.resources):
        return 1
    own = Taken(subject=slot.agenda, starts=slot.starts, ends=slot.ends, before=slot.before, after=slot.after)
    lo, hi = whole(own)
    spans = [(max(begins, lo), min(until, hi)) for begins, until in map(whole, there) if begins < hi and lo < until]
    most = max((sum(begins <= each < until for begins, until in spans) for each, _ in spans), default=0)
    return max(slot.capacity - most, 1)


def _released(opening: Opening) -> Opening:
    """Hours kept for the same day count as room, although they are still to be released."""
    if opening.kind is not OpeningKind.SAME_DAY:
        return opening
    return replace(opening, kind=OpeningKind.NORMAL, released_at="", released_days=0)


def _one_after_the_other(slots: Iterable[Slot]) -> Iterable[Slot]:
    taken_until: datetime | None = None
    for slot in slots:
        if taken_until is None or slot.starts - timedelta(minutes=slot.before) >= taken_until:
            taken_until = slot.ends + timedelta(minutes=slot.after)
            yield slot


def _book(row: Agenda, beside: Sequence[Agenda], *, first: date, until: date) -> Book:
    """The book of an agenda, that also knows those beside it."""
    book, *others = books_for([row, *(each for each in beside if each.pk != row.pk)], first=first, until=until)
    known = {each.agenda.id: each for each in (*book.beside, *others)}
    return replace(book, beside=tuple(known.values()))


def _outside(
    row: Agenda, beside: Sequence[Agenda], change: Change, *, today: date, at: datetime, reason: str | None
) -> list[Outside]:
    standing = [each.value for each in STANDING]
    coming = Appointment.objects.filter(agenda=row, starts_at__gte=at, starts_at__lt=at + FAR, state__in=standing)
    coming = coming if reason is None else coming.filter(reason=int(reason) if reason.isdecimal() else -1)
    visits = appointment_views(coming.order_by("starts_at", "pk")[:MOST_OUTSIDE])
    if not visits:
        return []
    last = visits[-1].starts_at.astimezone(ZoneInfo(row.client.time_zone)).date()
    book = _book(row, beside, first=today, until=last + timedelta(days=1))
    bare = tuple(replace(each, taken=()) for each in book.beside)
    before = replace(book, taken=(), beside=bare)  # what else stands there does not matter
    after = change(before)
    found = []
    for visit in visits:
        if _against(before, visit, at) is None:
            why = _against(after, visit, at)
            if why is not None:
                found.append(Outside(visit=visit, why=why))
    return found


def _against(book: Book, visit: AppointmentView, at: datetime) -> WhyNot | None:
    """The main cause for which a visit of that length would lie outside; None where it lies well."""
    minutes = int((visit.ends_at - visit.starts_at).total_seconds() // 60)
    lasting = tuple(
        replace(each, minutes=minutes, minutes_new=0) if each.id == visit.reason else each for each in book.reasons
    )
    wish = Wish(reason=visit.reason, is_new=not visit.known)
    causes = free.explain(replace(book, reasons=lasting), wish, starts=visit.starts_at, at=at)
    return next((each for each in causes if each.code in OUTSIDE), None)
