# SPDX-License-Identifier: AGPL-3.0-or-later
"""The slot of a visit that was booked in another product: where it stood there, with all that such a visit takes here.

It lies within the openings or not, and nothing but who is there already is against it. Rooms, equipment and the other
agenda of a combined visit are taken as for any other; its buffers as far as its neighbours leave room for them, for in
the other product they may have followed one another without any.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.rules.kinds import CELL, Need, Opening, TakenKind, VisitReason
from permanence.agenda.rules.openings import open_spans
from permanence.agenda.rules.resources import Assigned, Shelf
from permanence.agenda.rules.seconds import crowded, whole
from permanence.agenda.rules.why_not import AlsoRefuses, Full, Occupied, ReasonUnknown, WhyNot
from permanence.agenda.rules.wishes import Also, Book, Slot

_DAY = timedelta(days=1)
_MOST = 24 * 60

type Stretch = tuple[datetime, datetime]
"""From when until when."""


def brought_slot(
    book: Book, reason: str, *, span: Stretch, beside: Iterable[Stretch], at: datetime
) -> Slot | tuple[WhyNot, ...]:
    """The slot of a visit for `reason` that takes this span, or what is against it: its rooms and equipment, and an
    overbooked visit that is there.

    `beside`: what else comes in from there. What else stands in the agendas is for the database to refuse.
    """
    found = book.reason(reason)
    if found is None:
        return (ReasonUnknown(),)
    other = book.other(found)
    opening = _opening(book, found, span)
    theirs = None if other is None else _opening(other, found, span)
    against = list(_overbooked(book, opening, span, at))
    if other is not None and theirs is not None:
        causes = _overbooked(other, theirs, span, at)
        against += [AlsoRefuses(who=other.agenda.recipient, why=each) for each in causes]
    if against:
        return tuple(against)
    room = _room(span, [*beside, *_around(book, at), *(_around(other, at) if other is not None else ())])
    before, after = min(found.before + opening.travel, room[0]), min(found.after, room[1])
    taken = (each for each in book.taken if not each.takes(book.agenda.id) and each.counts(at=at, holder=""))
    shelf = Shelf(book.resources, taken, length=int((span[1] - span[0]).total_seconds()))
    needs, start = shelf.concrete(found, opening), int(span[0].timestamp())
    resources = _assigned(shelf, needs, start, room)
    if resources is None:
        return shelf.causes([replace(each, before=0, after=0) for each in needs], start, opening.site)
    also = None
    if other is not None and theirs is not None:
        also = Also(agenda=other.agenda.id, before=before, after=after, capacity=theirs.capacity)
    return Slot(
        agenda=book.agenda.id,
        reason=reason,
        starts=span[0],
        ends=span[1],
        before=before,
        after=after,
        resources=resources,
        site=opening.site,
        kind=opening.kind,
        opening=opening.id,
        capacity=opening.capacity,
        also=also,
    )


def _opening(book: Book, reason: VisitReason, span: Stretch) -> Opening:
    """The opening for this reason in which it lies; one that asks for nothing where there is none."""
    day = span[0].astimezone(ZoneInfo(book.agenda.zone)).date()
    for each in open_spans(book, first=day - _DAY, until=day + _DAY):
        lies_in = each.starts <= span[0] and span[1] <= each.ends
        if lies_in and (not each.opening.reasons or reason.id in each.opening.reasons):
            return each.opening
    return Opening(id="", agenda=book.agenda.id, opens="00:00", until="24:00")


def _overbooked(book: Book, opening: Opening, span: Stretch, at: datetime) -> Iterator[WhyNot]:
    """What is against it because of overbooked visits, which the database does not see: each of them, or that the group
    is full with them.
    """
    there = [
        each
        for each in book.taken
        if each.takes(book.agenda.id) and each.is_visit and each.counts(at=at, holder="")
        if each.from_buffer < span[1] and span[0] < each.until_buffer
    ]
    extra = [each for each in there if each.overbooked]
    if opening.capacity == 1:
        yield from (Occupied(starts=each.starts, until=each.ends, reason=each.reason) for each in extra)
    elif extra:
        begins, ends = (int(each.timestamp()) for each in span)
        if any(lo < ends and begins < hi for lo, hi in crowded([whole(each) for each in there], opening.capacity)):
            yield Full(places=opening.capacity)


def _around(book: Book, at: datetime) -> Iterator[Stretch]:
    """What stands in the agenda, buffers included; absences are no neighbours."""
    for each in book.taken:
        if each.takes(book.agenda.id) and each.kind is not TakenKind.ABSENCE and each.counts(at=at, holder=""):
            yield each.from_buffer, each.until_buffer


def _room(span: Stretch, others: Iterable[Stretch]) -> tuple[int, int]:
    """Minutes without anything before and after a span, in whole cells."""
    before = after = timedelta(minutes=_MOST)
    for starts, ends in others:
        if ends <= span[0]:
            before = min(before, span[0] - ends)
        elif starts >= span[1]:
            after = min(after, starts - span[1])
    whole = [each // timedelta(minutes=CELL) * CELL for each in (before, after)]
    return whole[0], whole[1]


def _assigned(shelf: Shelf, needs: Sequence[Need], start: int, room: tuple[int, int]) -> Assigned | None:
    """Rooms and equipment, with as much of their buffers as there is room for, else without; None: none is free."""
    for before, after in (room, (0, 0)):
        cut = [replace(each, before=min(each.before, before), after=min(each.after, after)) for each in needs]
        found = shelf.assign(cut, start)
        if found is not None:
            return found
    return None
