# SPDX-License-Identifier: AGPL-3.0-or-later
"""A time got free: it is offered to who waits, one after the other, until somebody takes it or nobody is left.

The slot is held for the one who is asked. How he is told is `dispatch`'s matter, which hears of the offer. A time that
is too near, or that nobody took, stands on the secretaries' list.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from permanence.agenda.events import SlotOffered
from permanence.agenda.models import Agenda, FreedTime, SlotOffer, WaitingPlace
from permanence.agenda.operations import whose_turn
from permanence.agenda.operations.acts import locked, reach, touch
from permanence.agenda.operations.holds import clear, keep
from permanence.agenda.operations.offer_ends import close
from permanence.agenda.operations.waiting_held import is_held_near
from permanence.agenda.operations.whose_turn import Some
from permanence.agenda.queries.books import books
from permanence.agenda.refusals import SlotAlreadyTaken
from permanence.agenda.rules import waiting as rules
from permanence.agenda.rules.states import Door
from permanence.agenda.rules.waiting import (
    FreedState,
    FreeSlots,
    OfferState,
    OfferWay,
    Span,
    Timing,
    Waiting,
)
from permanence.agenda.rules.wishes import Slot
from permanence.clients.rules import ClientState
from permanence.countries.quiet import heard_from
from permanence.foundation import audit, outbox
from permanence.foundation.operations import house_system
from permanence.foundation.who import Who, system_of
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id

WIDE = timedelta(days=31)
"""How far ahead is looked when openings were changed, and from the beginning of a longer time on."""
LONGER = timedelta(days=1)
"""A freed time longer than that is wide: a withdrawn absence of a week is no slot that somebody is to be found for."""
SUGGESTED = 20
"""Names on the secretaries' list for a time that is too near."""
TOLD = (OfferWay.SMS.value, OfferWay.EMAIL.value)


@dataclass(slots=True)
class _Turn:
    """One look at a freed time, under the lock of its agenda: what it needs, and what it found."""

    row: Agenda
    freed: FreedTime
    free: FreeSlots
    by: Who
    at: datetime
    entropy: Entropy
    made: int = 0
    is_offered: bool = False
    """It is somebody's to answer, or will be in the morning: it is no secretary's meanwhile."""
    suggested: list[tuple[str, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtNight:
    """What becomes of a time that got free at night and fits somebody who waits: it is offered to nobody where the
    contract `has_ended`; without `offered_from` it is too near for that, and a secretary's to telephone.
    """

    offered_from: datetime | None = None
    has_ended: bool = False


def note_freed(
    *, house: str, agenda: str, source: str, at: datetime, starts_at: datetime | None = None,
    ends_at: datetime | None = None, reasons: tuple[str, ...] = (), wait: timedelta = timedelta(),
) -> int | None:  # fmt: skip
    """A time of an agenda is free; without moments: its openings changed, so that any time to come may be; with
    `reasons` it is so for these alone, as equipment is there now: then nobody is telephoned for it in the end. It is
    looked at first after `wait`.

    Gives the row's key; None where it is past, the contract has ended, or nobody waited at this client by then.
    Idempotent by `source`.
    """
    by = house_system(house=house)
    row = Agenda.objects.for_house(by.house_key).select_related("client").filter(pk=int(agenda), active=True).first()
    if row is None or _has_ended(row) or (ends_at is not None and ends_at <= at):
        return None
    if not whose_turn.places(row.client_id, at=at).filter(asked_at__lt=at).exists():
        return None
    starts = starts_at or at
    far = max(starts, at) + WIDE
    ends = min(ends_at or far, far)
    freed, _new = FreedTime.objects.get_or_create(
        house_id=by.house_key,
        source=source,
        defaults={
            "client_id": row.client_id,
            "agenda": row,
            "starts_at": starts,
            "ends_at": ends,
            "is_wide": bool(reasons) or ends - max(starts, at) > LONGER,
            "reasons": list(reasons),
            "freed_at": at,
            "next_at": at + wait,
        },
    )
    return freed.pk


def pursue_due(*, at: datetime, entropy: Entropy, limit: int = 50) -> int:
    """Look at the times whose moment has come, at most `limit`; gives how many offers were made.

    Must not be called inside a transaction: each time is one of its own.
    """
    due = FreedTime.objects.filter(next_at__lte=at).order_by("next_at", "pk")
    return sum(pursue(freed=key, at=at, entropy=entropy) for key in list(due.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def pursue(*, freed: int, at: datetime, entropy: Entropy) -> int:
    """End what was not answered in time, offer what is free to whose turn it is; gives how many offers were made."""
    agenda = FreedTime.objects.values_list("agenda", flat=True).get(pk=freed)
    row = locked([agenda])[agenda]
    time = FreedTime.objects.select_for_update(of=("self",), no_key=True).get(pk=freed)
    if time.next_at is None or time.next_at > at:
        return 0
    by = system_of(row.house)
    _lapse(time, row, by=by, at=at)
    clear(row, at=at)
    begins = heard_from(at, country=row.client.country, time_zone=row.client.time_zone)
    has_ended = _has_ended(row)
    if time.ends_at <= at or not row.active or has_ended:
        state = _settled(time, at=at)
        _hand_over(time, FreedState.OVER if has_ended and state is FreedState.NOBODY else state)
        return 0
    turn = _Turn(row=row, freed=time, free=_free(row, time, at=at), by=by, at=at, entropy=entropy)
    later = _ask(turn, begins)
    if turn.suggested:
        is_other = _hand_over(time, FreedState.TOO_NEAR, turn.suggested, next_at=min(later, default=None))
    elif turn.is_offered:
        is_other = _hand_over(time, FreedState.OFFERING, next_at=min(later))
    elif later:
        is_other = _leave(time, until=min(later))
    else:
        is_other = _found_nobody(turn)
    if is_other:
        touch(row, at=at)
    return turn.made


def _has_ended(row: Agenda) -> bool:
    """Whether the contract of its client has ended: nobody answers for what he would be offered."""
    return row.client.state == ClientState.ENDED


def at_night(*, agenda: str, starts_at: datetime, ends_at: datetime, by: Who, at: datetime) -> AtNight | None:
    """What becomes of a time that is free now, where that is not offered at once: nobody is written to at night.

    None by day, where nobody waits whom it fits, and where the agenda offers nothing by itself. Raises AgendaUnknown.
    """
    row = reach(agenda, by=by)
    begins = heard_from(at, country=row.client.country, time_zone=row.client.time_zone)
    if begins <= at or ends_at <= at or not row.active or not row.offer_minutes:
        return None
    span = Span(starts=max(starts_at, at), ends=ends_at)
    meant, free, fits = whose_turn.meant(row, span, at=at).filter(asked_at__lt=at), None, False
    for some in whose_turn.some_at_once(meant, span):
        free = free or FreeSlots(books([row], starts=span.starts, ends=span.ends)[str(row.pk)], at=at)
        for each in some.known:
            slot, timing = _slot(row, free, each, span)
            if slot is not None and _has_ended(row):
                return AtNight(has_ended=True)
            if timing is not None:
                return AtNight(offered_from=begins)
            fits = fits or slot is not None
    return AtNight() if fits else None


def _ask(turn: _Turn, begins: datetime) -> list[datetime]:
    """Make the offers of this turn; gives the moments at which there will be something to do.

    Once somebody of those who are looked at together was made an offer, the others are looked at in the next turn, at
    once: the agenda is not locked for as long as a long list lasts.
    """
    row, freed, at = turn.row, turn.freed, turn.at
    mine = SlotOffer.objects.filter(freed=freed)
    later = list(mine.filter(state=OfferState.OPEN.value).values_list("expires_at", flat=True))
    turn.is_offered = bool(later)
    span = Span(starts=freed.starts_at, ends=freed.ends_at)
    meant = whose_turn.meant(row, span, at=at).exclude(pk__in=mine.values("place"))
    meant = meant.filter(reason__in=[int(each) for each in freed.reasons]) if freed.reasons else meant
    for some in whose_turn.some_at_once(meant, span, locks=True):
        if turn.made:
            return [*later, at]
        if not _ask_some(turn, some, begins, later) or len(turn.suggested or []) == SUGGESTED:
            break
    return later


def _ask_some(turn: _Turn, some: Some, begins: datetime, later: list[datetime]) -> bool:
    """Ask those of them whom it fits; False where nobody more is to be looked at, for it is night."""
    row, freed, at = turn.row, turn.freed, turn.at
    span = Span(starts=freed.starts_at, ends=freed.ends_at)
    made = SlotOffer.objects.filter(place__in=some.rows.values())
    busy = made.filter(state=OfferState.OPEN.value).values_list("place", "expires_at")
    engaged = {str(place): until for place, until in busy}
    asked: dict[str, set[datetime]] = defaultdict(set)
    for place, starts in made.filter(agenda=row).values_list("place", "starts_at"):
        asked[str(place)].add(starts)
    for each in some.known:
        slot, timing = _slot(row, turn.free, each, span, is_wide=freed.is_wide, asked=asked[each.place])
        if slot is None:
            continue
        if each.place in engaged:
            later.append(engaged[each.place])
        elif timing is None:
            turn.suggested = [*(turn.suggested or []), (each.place, slot.starts.isoformat())][:SUGGESTED]
        elif begins > at:
            later.append(begins)
            turn.is_offered = True
            return False
        elif _offer(turn, some.rows[each.place], slot, timing):
            later.append(timing.until)
    return True


def _slot(
    row: Agenda, free: FreeSlots, each: Waiting, span: Span, *, is_wide: bool = False, asked: Collection[datetime] = ()
) -> tuple[Slot | None, Timing | None]:
    """What could be offered to him of the span, and for how long; without a timing it is too near: then he is for a
    secretary.

    What is too near is nobody's whom something later suits; it is not what openings are changed for (`is_wide`).
    """
    at = free.at
    begins = max(span.starts, at)
    for starts in dict.fromkeys((max(begins, at + rules.NEAREST), begins)):
        if starts >= span.ends:
            continue
        slot = rules.fitting(free, each, Span(starts=starts, ends=span.ends), asked=asked)
        if slot is None:
            continue
        timing = rules.timing(
            at=at,
            starts=slot.starts,
            minutes=row.offer_minutes,
            country=row.client.country,
            time_zone=row.client.time_zone,
            notice=_notice(free, each),
        )
        if timing is not None or (starts == begins and not is_wide):
            return slot, timing
    return None, None


def _notice(free: FreeSlots, each: Waiting) -> int:
    """Minutes before a visit from which on it can be booked no more, for the reason he waits for."""
    reason = free.book.reason(each.wish.reason)
    return 0 if reason is None else reason.notice


def _offer(turn: _Turn, place: WaitingPlace, slot: Slot, timing: Timing) -> bool:
    """Hold the slot for him and say so. False where the database knows better."""
    row, by, at = turn.row, turn.by, turn.at
    key = new_id(at, turn.entropy)
    try:
        with transaction.atomic():
            hold = keep(
                row,
                slot,
                key=key,
                is_new=not place.known,
                door=Door.WAITING,
                held_for=holder_of(key),
                by=by,
                at=at,
                expires_at=timing.until,
            )
            offer = SlotOffer.objects.create(
                house_id=row.house_id,
                client_id=row.client_id,
                agenda=row,
                key=key,
                place=place,
                freed=turn.freed,
                hold=hold,
                starts_at=slot.starts,
                ends_at=slot.ends,
                offered_at=at,
                expires_at=timing.until,
                state_at=at,
            )
    except (IntegrityError, SlotAlreadyTaken):
        return False
    detail = {"place": place.pk, "starts_at": slot.starts, "until": timing.until}
    subject = f"agenda.slotoffer:{offer.pk}"
    audit.note(by=by, at=at, action="offer.made", subject=subject, client=row.client_id, detail=detail)
    outbox.announce(
        SlotOffered(
            house=by.house,
            at=at,
            offer=key,
            client=str(row.client_id),
            agenda=str(row.pk),
            starts_at=slot.starts,
            expires_at=timing.until,
        )
    )
    turn.made += 1
    turn.is_offered = True
    turn.free = _free(row, turn.freed, at=at)
    return True


def holder_of(offer: str) -> str:
    """For whom the slot of an offer is held."""
    return f"offer:{offer}"


def _lapse(time: FreedTime, row: Agenda, *, by: Who, at: datetime) -> None:
    """Offers of this time that were not answered are over; who was told and said nothing goes behind."""
    over = SlotOffer.objects.filter(freed=time, state=OfferState.OPEN.value, expires_at__lte=at)
    for each in over.order_by("pk"):
        if close(each, row, OfferState.LAPSED, by=by, at=at) and each.way in TOLD:
            WaitingPlace.objects.filter(pk=each.place_id).update(silent=F("silent") + 1)


def _found_nobody(turn: _Turn) -> bool:
    """It is settled, but where what is held may be why it fits nobody: then it is looked at again as that ends.

    Whether it is something else than before.
    """
    time = turn.freed
    state = _settled(time, at=turn.at)
    is_of_all = time.is_wide and not time.reasons
    if state is FreedState.OVER and not is_of_all and is_held_near(turn.row, time, at=turn.at):
        return _leave(time, until=None)
    return _hand_over(time, state)


def _settled(time: FreedTime, *, at: datetime) -> FreedState:
    """Nobody is left to be asked: it was taken, or is a secretary's, or there was nobody at all."""
    offers = set(SlotOffer.objects.filter(freed=time).values_list("state", flat=True))
    if OfferState.TAKEN in offers:
        return FreedState.TAKEN
    return FreedState.NOBODY if offers and not time.is_wide and time.ends_at > at else FreedState.OVER


def _leave(time: FreedTime, *, until: datetime | None) -> bool:
    """It stays what it is, on the secretaries' list or not, and is looked at again then; None: once it is told to."""
    FreedTime.objects.filter(pk=time.pk).update(next_at=until)
    return False


def _hand_over(
    time: FreedTime,
    state: FreedState,
    suggested: list[tuple[str, str]] | None = None,
    *,
    next_at: datetime | None = None,
) -> bool:
    """Whether that is something else than before, for who sees it."""
    said = {"state": state.value, "suggested": [list(each) for each in suggested or []]}
    FreedTime.objects.filter(pk=time.pk).update(**said, next_at=next_at)
    return said != {"state": time.state, "suggested": time.suggested}


def _free(row: Agenda, time: FreedTime, *, at: datetime) -> FreeSlots:
    starts = max(time.starts_at, at)
    return FreeSlots(books([row], starts=starts, ends=max(time.ends_at, starts))[str(row.pk)], at=at)
