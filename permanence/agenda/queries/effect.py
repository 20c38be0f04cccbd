# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a change of openings, days, reasons or settings would bring, before it is saved; nothing is written.

Two things are told: how many places there are in each of the next four weeks, before and after; and the appointments
to come that stand within the openings now and would not afterwards. They stay where they are: a person looks at them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.models import Agenda, Appointment
from permanence.agenda.queries.agendas import seen
from permanence.agenda.queries.asked import taking, visits_near
from permanence.agenda.queries.books import books
from permanence.agenda.queries.slots import books_for
from permanence.agenda.queries.views import AppointmentView, appointment_views
from permanence.agenda.rules import free
from permanence.agenda.rules.judge import Judge, spans_around
from permanence.agenda.rules.kinds import Opening, OpeningException, OpeningKind, Taken, VisitReason
from permanence.agenda.rules.openings import OpenSpan
from permanence.agenda.rules.seconds import whole
from permanence.agenda.rules.states import STANDING
from permanence.agenda.rules.why_not import WhyNot, innermost
from permanence.agenda.rules.wishes import Book, Slot, Wish
from permanence.foundation.who import Who
from permanence.reception.hours import moment_of

_DAY = timedelta(days=1)

WEEKS = 4
MOST_REASONS = 12
"""Reasons whose free places are counted, the first ones of the client."""
MOST_DAYS = 92
"""Days that are judged at once: where one visit stands years ahead, the years between are not gone through."""
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


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes `of` a book; `day`: the local day on which alone anything differs, None: any."""

    of: Callable[[Book], Book]
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeWeek:
    """How many places are free in the seven days from `first` on: one after the other, in a group each of them."""

    first: date
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRow:
    """The next weeks of one agenda for one reason. `beside`: of another one, whose visits take this one too."""

    agenda_name: str
    reason_name: str
    weeks: tuple[FreeWeek, ...]
    beside: bool = False

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
    return Change(lambda book: replace(book, openings=numbered))


def with_day(day: date, exception: OpeningException | None) -> Change:
    """That day is so; None: as the week says."""

    def changed(book: Book) -> Book:
        others = tuple(each for each in book.exceptions if each.date != day)
        return replace(book, exceptions=others if exception is None else (*others, exception))

    return Change(changed, day)


def with_reason(reason: VisitReason) -> Change:
    """The reason is so; one without an id is new."""
    kept = replace(reason, id=reason.id or "new")

    def changed(book: Book) -> Book:
        if all(each.id != kept.id for each in book.reasons):
            return replace(book, reasons=(*book.reasons, kept))
        return replace(book, reasons=tuple(kept if each.id == kept.id else each for each in book.reasons))

    return Change(changed)


def with_setting(*, step: int, closed_on_holidays: bool) -> Change:
    """The agenda itself is so."""
    return Change(
        lambda book: replace(book, agenda=replace(book.agenda, step=step, closed_on_holidays=closed_on_holidays))
    )


def effect(
    *, by: Who, agendas: Sequence[str], change: Change, at: datetime, reason: str | None = None, also: str = ""
) -> Effect:
    """What `change` would bring to these agendas of one client; with `reason` ("new" for one to be) for it alone.
    `also`: the agenda that its visits would take too.

    Raises AgendaUnknown.
    """
    rows, beside = seen(agendas, by=by), seen([also], by=by) if also else []
    counted: list[FreeRow] = []
    outside: dict[str, Outside] = {}
    for row in rows:
        today = at.astimezone(ZoneInfo(row.client.time_zone)).date()
        before = _book(row, beside, first=today, until=today + timedelta(weeks=WEEKS))
        after = change.of(before)
        wanted = [each for each in after.reasons if reason is None or each.id == reason][:MOST_REASONS]
        found = [_row(row.name, before, after, each, first=today, at=at) for each in wanted]
        found += _taken_too(row, before, change, first=today, at=at) if reason is None else []
        counted += [each for each in found if any(week.before or week.after for week in each.weeks)]
        for each in _outside(row, change, at=at, reason=reason):
            outside.setdefault(each.visit.appointment, each)
    return Effect(rows=tuple(counted), outside=tuple(sorted(outside.values(), key=lambda each: each.visit.starts_at)))


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


def _taken_too(row: Agenda, book: Book, change: Change, *, first: date, at: datetime) -> list[FreeRow]:
    """The free places of visits that take this agenda too, in those where they are booked."""
    reasons = [each for each in book.reasons if each.also == book.agenda.id]
    if not reasons:
        return []
    rows = Agenda.objects.filter(client=row.client_id, active=True).exclude(pk=row.pk).select_related("client", "house")
    colleagues = list(rows.order_by("name", "pk")[:MOST_REASONS])
    theirs = books_for(colleagues, first=first, until=first + timedelta(weeks=WEEKS))
    asked = [(*pair, each) for each in reasons for pair in zip(colleagues, theirs, strict=True)][:MOST_REASONS]
    found = (
        _row(colleague.name, before, _beside_changed(before, book.agenda.id, change), each, first=first, at=at)
        for colleague, before, each in asked
    )
    return [replace(each, beside=True) for each in found]


def _beside_changed(book: Book, agenda: str, change: Change) -> Book:
    """As that agenda beside it will be."""
    return replace(book, beside=tuple(change.of(each) if each.agenda.id == agenda else each for each in book.beside))


def _outside(row: Agenda, change: Change, *, at: datetime, reason: str | None) -> list[Outside]:
    """The visits to come that take the agenda, as their own or as the other one, and lie where they may before alone.
    Nine queries at most.
    """
    zone, visits = ZoneInfo(row.client.time_zone), _coming(row, change, at=at, reason=reason)
    if not visits:
        return []
    days = [each.starts_at.astimezone(zone).date() for each in visits]
    before = _bare_books(row, visits, first=days[0], until=days[-1] + _DAY)
    changed = before | {str(row.pk): change.of(before[str(row.pk)])}
    found: list[Outside] = []
    judged, first = _Judged(before, changed), days[0]
    for visit, day in zip(visits, days, strict=True):
        if day >= first + timedelta(days=MOST_DAYS):
            judged, first = _Judged(before, changed), day
        why = judged.why(visit, first=first, at=at)
        if why is not None:
            found.append(Outside(visit=visit, why=why))
    return found


def _coming(row: Agenda, change: Change, *, at: datetime, reason: str | None) -> tuple[AppointmentView, ...]:
    """The visits that the change may meet, the earliest first."""
    rows = Appointment.objects.filter(starts_at__gte=at, state__in=[each.value for each in STANDING])
    if reason is None:
        rows = rows.filter(taking([row.pk]))
    else:  # the other agenda of a combined visit is judged with its own
        rows = rows.filter(agenda=row, reason=int(reason) if reason.isdecimal() else -1)
    if change.day is not None:
        begin, end = (moment_of(each, 0, row.client.time_zone, fold=0) for each in (change.day, change.day + _DAY))
        rows = rows.filter(visits_near(begin, end))
    return appointment_views(rows.order_by("starts_at", "pk"))


def _bare_books(row: Agenda, visits: Iterable[AppointmentView], *, first: date, until: date) -> dict[str, Book]:
    """By id the books of all agendas that these visits take; what else stands there is no matter."""
    keys = {int(key) for each in visits for key in (each.agenda, each.also) if key} - {row.pk}
    others = Agenda.objects.filter(pk__in=keys).select_related("client", "house") if keys else ()
    starts, ends = (moment_of(each, 0, row.client.time_zone, fold=0) for each in (first, until))
    found = books([row, *others], starts=starts, ends=ends, only_open=True)
    return {key: replace(each, taken=(), beside=()) for key, each in found.items()}


type _Kind = tuple[str, str, str, bool, int]


class _Judged:
    """Who judges visits of some months before and after: one of each for all visits that are alike."""

    def __init__(self, *known: Mapping[str, Book]) -> None:
        self._known = known
        self._judges: dict[_Kind, tuple[Judge, ...]] = {}
        self._spans: dict[tuple[int, str], list[OpenSpan]] = {}

    def why(self, visit: AppointmentView, *, first: date, at: datetime) -> WhyNot | None:
        """The main cause for which it would lie outside afterwards; None where it lies well, or did not before.

        `first`: the day of the first visit that is asked about.
        """
        minutes = int((visit.ends_at - visit.starts_at).total_seconds() // 60)
        kind = visit.agenda, visit.also, visit.reason, not visit.known, minutes
        if kind not in self._judges:
            self._judges[kind] = tuple(self._judge(place, kind, first, at) for place in range(len(self._known)))
        before, after = self._judges[kind]
        start = int(visit.starts_at.timestamp())
        return None if _against(before, start) is not None else _against(after, start)

    def _judge(self, place: int, kind: _Kind, first: date, at: datetime) -> Judge:
        known, until = self._known[place], first + timedelta(days=MOST_DAYS)
        agenda, also, reason, is_new, minutes = kind
        book = known[agenda]
        if (place, agenda) not in self._spans:
            self._spans[place, agenda] = spans_around(book, first=first, until=until)
        as_booked = tuple(replace(each, also=also) if each.id == reason else each for each in book.reasons)
        book = replace(book, reasons=as_booked, beside=(known[also],) if also in known else ())
        wish = Wish(reason=reason, is_new=is_new, minutes=minutes)
        return Judge(book, wish, first=first, until=until, at=at, spans=self._spans[place, agenda])


def _against(judge: Judge, start: int) -> WhyNot | None:
    return next((each for each in judge.causes(start) if innermost(each).code in OUTSIDE), None)
