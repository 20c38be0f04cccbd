# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a slot is judged and taken: inside an act, under the lock of its agenda. The database has the last word."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from permanence.agenda.models import Agenda, Appointment, Block, Occupancy, SlotHold
from permanence.agenda.models.appointments import ALL_PLACES
from permanence.agenda.queries.asked import blocks_near
from permanence.agenda.queries.books import book_at, books, taken_in
from permanence.agenda.refusals import SlotAlreadyTaken, SlotRefused
from permanence.agenda.rules import free, why_not
from permanence.agenda.rules.kinds import Asker, TakenKind
from permanence.agenda.rules.states import Door
from permanence.agenda.rules.waiting import Span, outside
from permanence.agenda.rules.why_not import WhyNot
from permanence.agenda.rules.wishes import Also, Book, Slot, Wish
from permanence.foundation.no_overlap import violated
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who

IN_THE_WAY = frozenset({"taken", "held", "blocked", "busy_elsewhere", "full", "buffer", "equipment_taken"})
"""Causes that say that somebody was there first."""

type Stretch = tuple[datetime, datetime]
"""From when until when."""


def asker(by: Who, door: Door) -> Asker:
    """As whom the one who acts books: staff as the secretary, the client's persons as the doctor, else the patient.

    What is brought in, and what is offered to one whom a secretary put on the waiting list, is as she would book it.
    """
    if by.of_house or door in {Door.IMPORT, Door.WAITING}:
        return Asker.SECRETARY
    return Asker.DOCTOR if by.person else Asker.ONLINE


def holder_of(*, holder: str, call: str, by: Who) -> str:
    """For whom a slot is held: the door's own word, else the call, else the person; "" for nobody."""
    if holder or call:
        return holder or f"call:{call}"
    return f"person:{by.person}" if by.person else ""


def book_of(row: Agenda, *, starts: datetime) -> Book:
    """What is known about the day of `starts`."""
    return books([row], starts=starts)[str(row.pk)]


def judged(row: Agenda, wish: Wish, *, starts: datetime, at: datetime, without: str = "") -> Slot:
    """The slot that begins then; `without`: the id of an appointment that does not count.

    Raises SlotAlreadyTaken or SlotRefused.
    """
    book = book_at(row, wish, starts=starts)
    if without:
        book = book.without(without)
    answer = free.slot_at(book, wish, starts=starts, at=at)
    if isinstance(answer, Slot):
        return answer
    raise refused(answer)


@dataclass(slots=True, kw_only=True)
class Look:
    """A slot, judged before its agenda is locked (`look`), and under the lock only where anything has changed since.

    The agenda's row was read before. A slot with rooms, equipment or another agenda is judged again in any case: what
    others take of them does not show in this agenda's version.
    """

    row: Agenda
    wish: Wish
    starts: datetime
    at: datetime
    without: str = ""
    _slot: Slot | None = field(default=None, init=False)

    def look(self) -> None:
        """Raises SlotAlreadyTaken or SlotRefused."""
        self._slot = self._judged(self.row)

    def under_lock(self, kept: Agenda) -> Slot:
        """The slot, of the row as it is under the lock. Raises SlotAlreadyTaken or SlotRefused."""
        found = self._slot
        if found is None or found.resources or found.also or kept.version != self.row.version:
            return self._judged(kept)
        return found

    def _judged(self, row: Agenda) -> Slot:
        return judged(row, self.wish, starts=self.starts, at=self.at, without=self.without)


def refused(causes: Iterable[WhyNot]) -> SlotRefused:
    """The refusal of these causes: all of them somebody who is there, or the rules."""
    found = tuple(causes)
    within = [why_not.innermost(each) for each in found]
    taken = all(each.code in IN_THE_WAY or getattr(each, "then", "") in IN_THE_WAY for each in within)
    return SlotAlreadyTaken(*found) if taken else SlotRefused(*found)


def occupy(
    row: Agenda,
    slot: Slot,
    *,
    appointment: Appointment | None = None,
    hold: SlotHold | None = None,
    blocking: bool = True,
) -> None:
    """Take what the slot needs of its agenda, of the other one of a combined visit, and of each room and piece of
    equipment. Raises SlotAlreadyTaken.

    `blocking` False: overbooked, so the agenda is not taken by it; all else is.
    """
    by = {"appointment": appointment, "hold": hold, "house_id": row.house_id, "client_id": row.client_id}
    rows = []
    for agenda in [Also(agenda=slot.agenda, before=slot.before, after=slot.after, capacity=slot.capacity), slot.also]:
        if agenda is None:
            continue
        key, (begins, ends) = int(agenda.agenda), _around(slot, agenda.before, agenda.after)
        blocks = blocking or key != row.pk
        place = _place(key, agenda.capacity, begins, ends) if blocks else (0, ALL_PLACES)
        rows.append(
            Occupancy(
                agenda_id=key,
                starts_at=begins,
                ends_at=ends,
                before=agenda.before,
                after=agenda.after,
                place_from=place[0],
                place_until=place[1],
                blocking=blocks,
                **by,
            )
        )
    for use in slot.resources:
        begins, ends = _around(slot, use.before, use.after)
        span = {"starts_at": begins, "ends_at": ends, "before": use.before, "after": use.after}
        shared_by = int(use.shared_by) if use.shared_by else None
        rows.append(Occupancy(resource_id=int(use.resource), shared_by_id=shared_by, **span, **by))
    _write(rows, other=slot.also)


def last_taken(appointment: Appointment) -> int:
    """The key of the last row by which it takes anything: what others have taken since has a greater one."""
    keys = Occupancy.objects.filter(appointment=appointment).values_list("pk", flat=True)
    return max(keys, default=0)


def occupy_again(appointment: Appointment, rows: Iterable[Mapping[str, Any]], *, after: int) -> None:
    """Take again, as it was, what an appointment took; `rows`: columns of `Occupancy`. Raises SlotAlreadyTaken, also
    where its agenda is not taken by it (overbooked) or not by what has come there: `after` as `last_taken` says.
    """
    of = {"house_id": appointment.house_id, "client_id": appointment.client_id, "appointment": appointment}
    again = [Occupancy(**each, **of) for each in rows]
    for each in again:
        come = Occupancy.objects.filter(agenda=each.agenda_id, pk__gt=after) if each.agenda_id else None
        if come is not None and come.filter(starts_at__lt=each.ends_at, ends_at__gt=each.starts_at).exists():
            raise SlotAlreadyTaken(*in_the_way([each]))
    _write(again)


def occupy_block(block: Block, *, beside: bool = False) -> None:
    """Take the agenda for busy time; with `beside` what other busy time takes already is left to that. Raises
    SlotAlreadyTaken.

    Busy time is judged by no rule, and an overbooked visit does not block: so what stands there is looked at here.
    """
    there = list(_over(block).values_list("starts_at", "ends_at", "block_id"))
    busy = [(starts, ends) for starts, ends, key in there if beside and key is not None]
    rows = _rows_of(block, _untaken(block, busy))
    others = [(starts, ends) for starts, ends, key in there if not beside or key is None]
    if any(starts < row.ends_at and row.starts_at < ends for starts, ends in others for row in rows):
        raise SlotAlreadyTaken(*in_the_way(rows))
    _write(rows)


def _over(block: Block) -> ClientQuerySet[Occupancy]:
    """What takes any of its time, the earliest first."""
    there = Occupancy.objects.filter(agenda=block.agenda_id, starts_at__lt=block.ends_at, ends_at__gt=block.starts_at)
    return there.order_by("starts_at", "pk")


def _rows_of(block: Block, spans: Iterable[Stretch]) -> list[Occupancy]:
    of = {"house_id": block.house_id, "client_id": block.client_id, "agenda_id": block.agenda_id, "block": block}
    return [Occupancy(starts_at=starts, ends_at=ends, **of) for starts, ends in spans]


def _untaken(block: Block, busy: Iterable[Stretch]) -> list[Stretch]:
    """The parts of its span in which none of `busy` is."""
    others = (Span(starts=starts, ends=ends) for starts, ends in busy)
    return [(each.starts, each.ends) for each in outside(Span(starts=block.starts_at, ends=block.ends_at), others)]


def leave(appointment: Appointment) -> tuple[str, ...]:
    """What was taken by it is free; gives the ids of the rooms and equipment among that, but for the room in which
    others of its group still are: not those for whom a place is only held.
    """
    rows = Occupancy.objects.filter(appointment=appointment)
    used = [row for row in rows.order_by("pk") if row.resource_id is not None]
    rows.delete()
    return tuple(str(row.resource_id) for row in used if not _is_still_shared(row))


def _is_still_shared(gone: Occupancy) -> bool:
    if gone.shared_by_id is None:
        return False
    there = Occupancy.objects.filter(resource=gone.resource_id, starts_at__lt=gone.ends_at, ends_at__gt=gone.starts_at)
    return there.filter(hold=None).exists()


def let_go(block: Block) -> None:
    """What was taken by a block that was removed is free; other busy time takes what it had left to it: that was busy
    all along, so nobody is asked for it.
    """
    Occupancy.objects.filter(block=block).delete()
    others = Block.objects.filter(agenda=block.agenda_id, removed_at=None)
    for each in others.filter(blocks_near(block.starts_at, block.ends_at)).order_by("pk"):
        busy = _over(each).filter(block__isnull=False).values_list("starts_at", "ends_at")
        _write(_rows_of(each, _untaken(each, busy)))


def _write(rows: list[Occupancy], *, other: Also | None = None) -> None:
    try:
        with transaction.atomic():
            Occupancy.objects.bulk_create(rows)
    except IntegrityError as error:
        if not violated(error):
            raise
        raise SlotAlreadyTaken(*in_the_way(rows, other=other)) from error


def in_the_way(rows: Iterable[Occupancy], *, other: Also | None = None) -> tuple[WhyNot, ...]:
    """What stands in the way of these rows, overbooked or not; `other`: the other agenda of a combined visit."""
    found: list[WhyNot] = []
    if other is not None:
        rows = list(rows)
        theirs = [each for each in rows if each.agenda_id == int(other.agenda)]
        rows = [each for each in rows if each not in theirs]
        who = str(Agenda.objects.values_list("recipient_id", flat=True).get(pk=int(other.agenda)))
        found = [why_not.AlsoRefuses(who=who, why=each) for each in in_the_way(theirs)]
    for row in rows:
        there = Occupancy.objects.filter(starts_at__lt=row.ends_at, ends_at__gt=row.starts_at)
        for _, taken in taken_in(there.filter(agenda=row.agenda_id, resource=row.resource_id)):
            if taken.of_resource:
                begins, ends = taken.from_buffer, taken.until_buffer
                found.append(why_not.EquipmentTaken(resource=taken.subject, starts=begins, until=ends))
            elif taken.kind is TakenKind.HOLD:
                found.append(why_not.Held(by=taken.by, until=taken.until, hold=taken.id))
            elif taken.kind is TakenKind.BLOCK:
                found.append(why_not.Blocked(starts=taken.starts, until=taken.ends, label=taken.label))
            else:
                found.append(why_not.Occupied(starts=taken.starts, until=taken.ends, reason=taken.reason))
    return tuple(dict.fromkeys(found))


def _around(slot: Slot, before: int, after: int) -> tuple[datetime, datetime]:
    return slot.starts - timedelta(minutes=before), slot.ends + timedelta(minutes=after)


def _place(agenda: int, capacity: int, begins: datetime, ends: datetime) -> tuple[int, int]:
    """Which places of an agenda the visit takes: all of them, or in a group the first one that is free."""
    if capacity == 1:
        return 0, ALL_PLACES
    place = _first_free(agenda, capacity, begins, ends)
    if place is None:
        _close_up(agenda, capacity, begins, ends)
        place = _first_free(agenda, capacity, begins, ends)
    return (0, ALL_PLACES) if place is None else (place, place + 1)  # the database then refuses


def _standing(agenda: int, begins: datetime, ends: datetime) -> list[Occupancy]:
    rows = Occupancy.objects.filter(agenda=agenda, blocking=True, ends_at__gt=begins, starts_at__lt=ends)
    return list(rows.order_by("starts_at", "pk"))


def _first_free(agenda: int, capacity: int, begins: datetime, ends: datetime) -> int | None:
    there = _standing(agenda, begins, ends)
    free_ones = (
        place for place in range(capacity) if not any(each.place_from <= place < each.place_until for each in there)
    )
    return next(free_ones, None)


def _close_up(agenda: int, capacity: int, begins: datetime, ends: datetime) -> None:
    """Give the visits around a span their places anew, the earliest first: then the fewest places are in use.

    Visits that came and went leave gaps in which no place is free all the time though there are fewer visits than
    places at each moment; and those of a time when there was no group yet take all places.
    """
    before = -1
    rows = _standing(agenda, begins, ends)
    while len(rows) > before:  # those that overlap with one of those found, too
        before = len(rows)
        begins = min([begins, *(each.starts_at for each in rows)])
        ends = max([ends, *(each.ends_at for each in rows)])
        rows = _standing(agenda, begins, ends)
    visits = [each for each in rows if each.block_id is None]
    until: dict[int, datetime] = {}
    for each in visits:
        place = next(
            (number for number in range(capacity) if number not in until or until[number] <= each.starts_at), None
        )
        if place is None:
            return
        until[place] = each.ends_at
        each.place_from, each.place_until = place, place + 1
    keys = [each.pk for each in visits]
    with transaction.atomic():
        Occupancy.objects.filter(pk__in=keys).update(blocking=False)
        Occupancy.objects.bulk_update(visits, ["place_from", "place_until"])
        Occupancy.objects.filter(pk__in=keys).update(blocking=True)
