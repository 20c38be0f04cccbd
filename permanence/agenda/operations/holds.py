# SPDX-License-Identifier: AGPL-3.0-or-later
"""Slots that are kept for somebody: for a call, a person, or who books himself; seen as held by everybody.

A hold ends by booking, by being given back, when its call is over, or by itself after its time. From that moment it
hinders nobody, also before the worker has cleared it away: whoever takes the slot clears it first.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F

from permanence.agenda.events import HoldReleased, HoldTaken
from permanence.agenda.models import Agenda, Occupancy, SlotHold
from permanence.agenda.operations.acts import busy_named, filled, locked, once, reach, renewed, short, touch
from permanence.agenda.operations.taking import Look, asker, holder_of, occupy
from permanence.agenda.queries import asked
from permanence.agenda.queries.agendas import clients_seen, known_key
from permanence.agenda.queries.views import HoldView, hold_view
from permanence.agenda.refusals import HoldOver, HoldUnknown, TooManyHolds
from permanence.agenda.rules.states import Door, HoldEnd
from permanence.agenda.rules.wishes import Slot, Wish
from permanence.foundation import audit, outbox
from permanence.foundation.operations import house_system
from permanence.foundation.who import Who

HOLD_TIME = timedelta(minutes=2)
PUBLIC_HOLD_TIME = timedelta(minutes=10)
"""For who fills in a form and waits for a code."""
HOLDS_AT_ONCE = 4
"""So many slots somebody may hold at a time."""
HOLDER_LIMIT = 64
_BEFORE_ITS_TIME = frozenset({HoldEnd.RELEASED, HoldEnd.HUNG_UP})
"""Ends that nobody could know beforehand, and after which no booking stands there: the agenda has changed."""


def hold_slot(
    *,
    key: str,
    agenda: str,
    reason: str,
    starts_at: datetime,
    by: Who,
    at: datetime,
    door: Door = Door.CONSOLE,
    call: str = "",
    holder: str = "",
    is_new: bool = False,
    born: tuple[date, date] | None = None,
) -> HoldView:
    """Keep a slot for two minutes, by the public door for ten: for a call, else for `by`; `holder` is the word of a
    door without persons. `born` as in `Wish`.

    `key` is the id made by the page. Raises AgendaUnknown, SlotRefused, SlotAlreadyTaken, TooManyHolds, and those of
    `acts.once`.
    """
    row = reach(agenda, by=by)
    held_for = holder_of(holder=short(holder, HOLDER_LIMIT - 8), call=short(call, HOLDER_LIMIT - 8), by=by)
    held_for = held_for or f"hold:{key}"[:HOLDER_LIMIT]
    wish = Wish(reason=reason, is_new=is_new, born=born, asked_by=asker(by, door), holder=held_for)
    content = {"agenda": agenda, "reason": reason, "starts_at": starts_at, "for": held_for, "is_new": is_new}
    judge = Look(row=row, wish=wish, starts=starts_at, at=at)

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        kept = rows[row.pk]
        clear(kept, at=at)
        theirs = SlotHold.objects.for_house(row.house_id).filter(held_for=held_for, ended_at=None, expires_at__gt=at)
        if theirs.count() >= HOLDS_AT_ONCE:
            raise TooManyHolds(held_for)
        slot = judge.under_lock(kept)
        end(_own(slot, held_for), kept, HoldEnd.RELEASED, by=by, at=at)
        keep(kept, slot, key=key, is_new=is_new, door=door, call=call, held_for=held_for, by=by, at=at)
        return {"hold": key}

    result = once(act="hold", key=key, agendas=[row], content=content, by=by, at=at, do=do, look=judge.look)
    return hold_view(SlotHold.objects.for_house(by.house_key).get(key=result["hold"]))


@busy_named()
def release_hold(*, hold: str, by: Who, at: datetime, holder: str = "") -> None:
    """Give a slot back; one that is over already stays as it is. Only for whom it is held.

    Raises HoldUnknown, AgendaBusy.
    """
    with transaction.atomic():
        found = SlotHold.objects.for_house(by.house_key).filter(key=known_key(hold)).first()
        if found is None or not clients_seen(by, [found.client_id]) or not _may_release(found, by, holder):
            raise HoldUnknown(hold[:40])
        rows = locked([found.agenda_id])
        end(SlotHold.objects.filter(pk=found.pk), rows[found.agenda_id], HoldEnd.RELEASED, by=by, at=at)


def release_call(*, house: str, call: str, at: datetime) -> int:
    """The call is over: what was held for it is free. Gives how many holds ended."""
    by = house_system(house=house)
    theirs = SlotHold.objects.for_house(by.house_key).filter(call=call, ended_at=None)
    return _end_all(theirs, HoldEnd.HUNG_UP, by=by, at=at) if call else 0


def expire_due(*, at: datetime, limit: int = 200) -> int:
    """End the holds whose time is over, at most `limit`; gives how many. Each agenda is a transaction of its own."""
    due = SlotHold.objects.filter(ended_at=None, expires_at__lte=at).order_by("expires_at")
    found = list(due.select_related("house").values_list("house__slug", "agenda_id", "pk")[:limit])
    ended = 0
    for house, agenda in sorted({(house, agenda) for house, agenda, _ in found}):
        keys = [key for _, its, key in found if its == agenda]
        ended += _end_all(SlotHold.objects.filter(pk__in=keys), HoldEnd.EXPIRED, by=house_system(house=house), at=at)
    return ended


def clear(row: Agenda, *, at: datetime) -> None:
    """Inside an act, under the lock: what stood in the way though its time is over stands there no more.

    Of the agenda, of those that its combined visits take too, and of the rooms and equipment that it shares with others
    of its client.
    """
    over = asked.holds_over(row.pk, row.client_id, at)
    if over:
        end(over, row, HoldEnd.EXPIRED, by=house_system(house=row.house.slug), at=at)


def keep(
    row: Agenda,
    slot: Slot,
    *,
    key: str,
    is_new: bool,
    door: Door,
    held_for: str,
    by: Who,
    at: datetime,
    call: str = "",
    expires_at: datetime | None = None,
) -> SlotHold:
    """Hold a slot that was judged, inside an act, for the time of its door where none is said. Raises SlotAlreadyTaken.

    What is offered to one who waits is held by nobody who has a name.
    """
    hold = SlotHold.objects.create(
        house_id=row.house_id,
        client_id=row.client_id,
        agenda=row,
        also_id=None if slot.also is None else int(slot.also.agenda),
        site_id=int(slot.site) if slot.site else None,
        key=key,
        reason_id=int(slot.reason),
        known=not is_new,
        starts_at=slot.starts,
        ends_at=slot.ends,
        door=door.value,
        call=call,
        held_for=held_for,
        held_by_id=by.person_key,
        held_by_name="" if door is Door.WAITING else by.name,
        held_at=at,
        expires_at=expires_at or at + (PUBLIC_HOLD_TIME if door is Door.PUBLIC else HOLD_TIME),
    )
    occupy(row, slot, hold=hold)
    event = HoldTaken(
        house=by.house,
        at=at,
        hold=key,
        client=str(row.client_id),
        agenda=str(row.pk),
        call=call,
        expires_at=hold.expires_at,
    )
    filled(row, action="agenda.held", subject=f"agenda.slothold:{hold.pk}", by=by, at=at, event=event)
    if hold.also is not None:
        renewed(hold.also, at=at)
    return hold


def own_hold(row: Agenda, hold: str, *, held_for: str, by: Who, at: datetime) -> SlotHold:
    """The hold from which somebody books. Raises HoldUnknown, HoldOver."""
    found = SlotHold.objects.filter(agenda=row, key=known_key(hold)).first()
    if found is None or not (found.held_for == held_for or (by.person and found.held_by_id == by.person_key)):
        raise HoldUnknown(hold[:40])
    if found.ended_at is not None or found.expires_at <= at:
        raise HoldOver(hold[:40])
    return found


def kept_since(row: Agenda, starts: datetime, *, held_for: str, at: datetime) -> datetime:
    """The moment since which that start is kept for whoever books; `at` where it is not."""
    kept = SlotHold.objects.filter(agenda=row, held_for=held_for, starts_at=starts, ended_at=None, expires_at__gt=at)
    return kept.values_list("held_at", flat=True).first() or at


def use(row: Agenda, held_for: str, slot: Slot, *, by: Who, at: datetime) -> None:
    """What the one who books held of this span becomes his booking."""
    end(_own(slot, held_for), row, HoldEnd.BOOKED, by=by, at=at)


def end(holds: Iterable[SlotHold], row: Agenda, how: HoldEnd, *, by: Who, at: datetime) -> int:
    """End holds inside an act, under the lock of `row`; those that are over are passed by. Gives how many ended."""
    found = [each for each in holds if each.ended_at is None]
    keys = [each.pk for each in found]
    if not keys:
        return 0
    took = [] if how is HoldEnd.BOOKED else asked.resources_of_holds(tuple(keys))
    Occupancy.objects.filter(hold__in=keys).delete()
    SlotHold.objects.filter(pk__in=keys).update(ended_at=at, ended=how.value)
    if how in _BEFORE_ITS_TIME:
        theirs = {each.agenda_id for each in found} | {each.also_id for each in found if each.also_id}
        Agenda.objects.filter(pk__in=theirs).update(version=F("version") + 1)
    for each in found:
        told = {"hold": each.key, "client": str(each.client_id), "agenda": str(each.agenda_id), "ended": how.value}
        told |= {"also": str(each.also_id or "")}
        subject = f"agenda.slothold:{each.pk}"
        audit.note(by=by, at=at, action=f"agenda.hold_{how.value}", subject=subject, client=each.client_id)
        resources = tuple(str(resource) for hold, resource in took if hold == each.pk)
        outbox.announce(HoldReleased(house=by.house, at=at, resources=resources, **told))
    others = Agenda.objects.filter(pk__in={each.also_id for each in found if each.also_id}).exclude(pk=row.pk)
    for agenda in (row, *others.select_related("house")):
        touch(agenda, at=at)
    return len(found)


def _end_all(theirs: Iterable[SlotHold], how: HoldEnd, *, by: Who, at: datetime) -> int:
    found = list(theirs)
    if not found:
        return 0
    with transaction.atomic():
        rows = locked(each.agenda_id for each in found)
        fresh = SlotHold.objects.filter(pk__in=[each.pk for each in found], ended_at=None)
        by_agenda: dict[int, list[SlotHold]] = {}
        for each in fresh:
            by_agenda.setdefault(each.agenda_id, []).append(each)
        return sum(end(holds, rows[agenda], how, by=by, at=at) for agenda, holds in by_agenda.items())


def _own(slot: Slot, held_for: str) -> Iterable[SlotHold]:
    """What he holds of the slot's span, in any of its agendas."""
    keys = (int(slot.agenda), *(() if slot.also is None else (int(slot.also.agenda),)))
    return asked.holds_of(keys, held_for, slot.starts, slot.ends)


def _may_release(found: SlotHold, by: Who, holder: str) -> bool:
    if by.person and found.held_by_id == by.person_key:
        return True
    return bool(holder) and found.held_for == holder
