# SPDX-License-Identifier: AGPL-3.0-or-later
"""How secretaries come and go: steps on the floor that `Reception` strings together. Each leaves the notes with it."""

from datetime import datetime, timedelta

from permanence.reception import events
from permanence.reception.floor import Floor
from permanence.reception.presence import BUSY, Doing, Seat, Signal
from permanence.reception.waiting import TOGETHER, Call, Stage

_PENDING = {"break": Signal.PRESSED_BREAK, "off": Signal.PRESSED_OFF}


def check_reach(floor: Floor, seat: Seat, *, at: datetime, always_show: bool = False) -> None:
    """After her socket or line came or went: lost, back, or neither. A seat that is off is never lost, only gone."""
    reachable = seat.socket and seat.line
    if seat.doing is Doing.OFF:
        if seat.socket:
            if always_show:
                floor.show(seat, at=at)
        else:
            floor.show(seat, at=at)
            floor.drop_seat(seat)
        return
    if reachable and seat.lost_since is not None:
        seat.lost_since = seat.expires = None
        floor.deadlines.lay(seat)
        floor.show(seat, at=at)
        if seat.doing is Doing.READY:
            floor.seek_call(seat, at=at)
    elif not reachable and seat.lost_since is None:
        _lose(floor, seat, at=at)
    elif always_show:
        floor.show(seat, at=at)


def _lose(floor: Floor, seat: Seat, *, at: datetime) -> None:
    seat.lost_since = at
    expire_later(floor, seat, at=at)
    floor.ready.take(seat.secretary)
    rang = floor.calls[seat.call] if seat.doing is Doing.OFFERED else None
    if rang is not None:
        floor.end_offer(rang, "seat_lost", at=at)
    floor.show(seat, at=at)
    if rang is not None:
        floor.try_again(rang, "seat_lost", at=at)


def expire_later(floor: Floor, seat: Seat, *, at: datetime) -> None:
    """From `at` she has `reconnect_s` to be back."""
    seat.expires = at + timedelta(seconds=floor.slice.reconnect_s)
    floor.deadlines.lay(seat)
    floor.touch_seat(seat)


def put_off(floor: Floor, seat: Seat, *, at: datetime, why: str) -> None:
    """Off at once. Her ringing call goes on to the next, her caller back to his place, her wrap-up ends unnamed."""
    secretary = seat.secretary
    call = floor.calls.get(seat.call)
    if seat.doing is Doing.OFFERED and call is not None:
        floor.end_offer(call, "withdrawn", at=at)
    elif seat.doing is Doing.WRAP_UP:
        _announce_wrap_up(floor, seat, "", at=at)
    floor.ready.take(secretary)
    if seat.doing is not Doing.OFF:
        seat.apply(Signal.EXPIRED, at=at, why=why)
    seat.call = seat.pending = seat.pending_reason = ""
    seat.until = seat.expires = seat.lost_since = seat.ready_since = seat.laid = None
    floor.show(seat, at=at)
    if not seat.socket:
        floor.drop_seat(seat)
    if call is not None and call.stage is Stage.WAITING:
        floor.try_again(call, "withdrawn", at=at)
    elif call is not None and call.stage in TOGETHER:
        floor.return_to_queue(call, at=at)


def leave(floor: Floor, seat: Seat, what: str, reason: str, *, at: datetime) -> None:
    """She asks for a break or the end of her shift (`what`: break, off)."""
    if seat.doing in BUSY:
        seat.pending, seat.pending_reason = what, reason
        floor.show(seat, at=at)
        return
    rang = floor.calls[seat.call] if seat.doing is Doing.OFFERED else None
    if rang is not None:
        floor.end_offer(rang, "declined", at=at)
    floor.ready.take(seat.secretary)
    seat.apply(_PENDING[what], at=at, reason=reason)
    if what == "off":
        _rest(seat)
    floor.show(seat, at=at)
    if rang is not None:
        floor.try_again(rang, "declined", at=at)


def leave_wrap_up(floor: Floor, seat: Seat, outcome: str, *, at: datetime) -> None:
    """The wrap-up is over: what she asked for meanwhile, else ready."""
    _announce_wrap_up(floor, seat, outcome, at=at)
    seat.apply(Signal.WRAPPED_UP, at=at, why="" if outcome else "wrap_up_limit")
    seat.call, seat.until = "", None
    floor.deadlines.lay(seat)
    pending, reason = seat.pending, seat.pending_reason
    seat.pending = seat.pending_reason = ""
    if pending:
        seat.apply(_PENDING[pending], at=at, reason=reason)
        if pending == "off":
            _rest(seat)
    resume(floor, seat, at=at)
    if seat.doing is Doing.OFF and not seat.socket:
        floor.drop_seat(seat)


def resume(floor: Floor, seat: Seat, *, at: datetime) -> None:
    """Show her, and let her have the next caller when she may."""
    floor.show(seat, at=at)
    if seat.may_be_offered:
        floor.seek_call(seat, at=at)


def not_taken(floor: Floor, call: Call, how: str, *, at: datetime) -> None:
    """Her console rang in vain (`how`: missed, declined): she is missed, the call goes on."""
    floor.show(floor.end_offer(call, how, at=at), at=at)
    floor.try_again(call, how, at=at)


def _rest(seat: Seat) -> None:
    seat.lost_since = seat.expires = seat.ready_since = seat.laid = None


def _announce_wrap_up(floor: Floor, seat: Seat, outcome: str, *, at: datetime) -> None:
    floor.announce(
        events.WrapUpEnded(
            house=floor.house,
            at=at,
            call=seat.call,
            client=seat.client,
            secretary=seat.secretary,
            outcome=outcome,
        )
    )
