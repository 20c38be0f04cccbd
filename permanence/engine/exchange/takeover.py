# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking over: a new exchange rebuilds from the journal what a dead one led, and a media process that comes (back) is
told what should live in it. A conversation goes on in media meanwhile; nobody hears either."""

from functools import partial
from typing import Any

from permanence.engine.exchange import messages
from permanence.engine.exchange.call import CARD_PREFIX, SIP_PREFIX, STATE_PREFIX, Call
from permanence.engine.exchange.conductor import Conductor
from permanence.engine.exchange.dialling import DIAL_PREFIX
from permanence.engine.exchange.house_desk import RECEPTION_PREFIX
from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.seat_desk import REVOKED_PREFIX
from permanence.engine.exchange.seats import SEAT_PREFIX, Seat
from permanence.reception.desk import Reception
from permanence.telephony.core.call import CallState
from permanence.telephony.events import DialEnded
from permanence.telephony.media.living import Living, LivingLeg

_BROKEN = (KeyError, ValueError, TypeError, IndexError)


def restore(exchange: Conductor, moment: Moment) -> dict[str, int]:
    """Rebuilds calls, seats and queues from the journal's states. How many of each, and how many could not be.

    Call it once, before anything else happens, and `media_connected` as soon as media is there.
    """
    states = dict(exchange.parts.journal.states)
    counts = {"calls": 0, "seats": 0, "lost": 0}
    with exchange.one_turn():
        _restore_seats(exchange, states, counts)
        lost = _restore_calls(exchange, states, moment, counts)
        _restore_desks(exchange, states, moment)
        for call in lost:
            exchange.end_call(call, by="system", why="exchange_lost", moment=moment)
        agree_on_calls(exchange, moment)
        _end_dialled(exchange, states, moment)
        exchange.orphans.restore(states, moment)
    return counts


def adopt(exchange: Conductor, states: dict[str, Any], moment: Moment) -> tuple[int, int]:
    """The states of a journal that was set aside: its conversations stay plugged, nothing of it is led again. How many
    stay, and how many calls were ended or lost. Call it after `restore`, before anything else happens."""
    with exchange.one_turn():
        return exchange.orphans.adopt(states, moment)


def states_of_reception(house: str, states: dict[str, Any]) -> dict[str, Any]:
    """The journal's states of one house's reception, by the reception's own names."""
    prefix = f"{RECEPTION_PREFIX}{house}/"
    return {name.removeprefix(prefix): value for name, value in states.items() if name.startswith(prefix)}


def _end_dialled(exchange: Conductor, states: dict[str, Any], moment: Moment) -> None:
    """Our own test calls are not led on: they are hung up."""
    for name, value in states.items():
        if not name.startswith(DIAL_PREFIX):
            continue
        exchange.parts.turn.state(name, None)
        try:
            session = exchange.parts.endpoint.restore(value["sip"], now=moment.now)
            exchange.parts.endpoint.end(session, now=moment.now)
            ended = DialEnded(
                house=value["house"],
                at=moment.at,
                dial=name.removeprefix(DIAL_PREFIX),
                by="system",
                why="exchange_lost",
            )
            exchange.parts.turn.event(ended)
        except _BROKEN:
            continue


def agree_on_calls(exchange: Conductor, moment: Moment) -> None:
    """A call that only the exchange, or only a reception, has from the journal is over."""
    for call in tuple(exchange.parts.calls.values()):
        if call.state is not CallState.ENDED and exchange.parts.desk_of(call).reception.stage_of(call.id) is None:
            exchange.end_call(call, by="system", why="exchange_lost", moment=moment)
    for desk in exchange.parts.desks.values():
        for call_id in desk.reception.calls():
            if call_id not in exchange.parts.calls:
                desk.apply(desk.reception.call_gone(call_id, at=moment.at), moment)


def media_connected(exchange: Conductor, living: Living, moment: Moment) -> None:
    """Media is there (again) and tells what lives in it: what is missing is opened again, what is strange closed."""
    with exchange.one_turn():
        exchange.parts.alarms.pop("media", None)
        exchange.parts.media_away_at = None
        legs = {leg.leg: leg for leg in living.legs}
        lines = {line.line: line for line in living.lines}
        plugged = {line.line: line.leg for line in living.lines}
        for seat in tuple(exchange.parts.seats):
            line = lines.pop(seat.line, None)
            up = line is not None and line.state == "up"
            if line is None:
                seat.line_held = False
            if up != seat.line_up or line is None:
                exchange.seat_desk.line_is(seat, up, moment)
            elif line is not None and line.state == "new":
                exchange.parts.turn.send(seat.page, messages.line_is(False, renew=False))
        for name in lines.keys() - exchange.orphans.lines():
            exchange.parts.turn.act(partial(exchange.parts.gateway.close_line, name))
        for call in tuple(exchange.parts.calls.values()):
            _settle_leg(exchange, call, legs.pop(call.id, None), plugged, moment)
        for name in legs.keys() - exchange.dialling.legs() - exchange.orphans.legs():
            exchange.parts.turn.act(partial(exchange.parts.gateway.close_leg, name))


def _settle_leg(
    exchange: Conductor, call: Call, leg: LivingLeg | None, plugged: dict[str, str | None], moment: Moment
) -> None:
    """Brings one leg to what its call needs. The exchange may have died between writing and doing, so what lives is
    not taken for what should be: only a leg that already does the right thing is left alone."""
    if call.state in (CallState.ARRIVED, CallState.ENDED):
        return
    if call.state is CallState.RINGING:
        if leg is None:
            exchange.parts.turn.act(partial(exchange.parts.gateway.open_leg, call.open_leg()))
        return
    right = leg is not None and {
        CallState.TALKING: plugged.get(exchange.parts.callers.line_of(call)) == call.id,
        CallState.VOICE_MESSAGE: leg.recording is not None,
    }.get(call.state, leg.playing)
    if not right:
        exchange.parts.callers.restate(call, moment)


def _restore_seats(exchange: Conductor, states: dict[str, Any], counts: dict[str, int]) -> None:
    for name, value in states.items():
        if name.startswith(REVOKED_PREFIX):
            exchange.seat_desk.revoked[name.removeprefix(REVOKED_PREFIX)] = int(value)
        elif name.startswith(SEAT_PREFIX):
            try:
                seat = Seat.from_plain(value)
            except _BROKEN:
                exchange.parts.turn.state(name, None)
                continue
            if seat.house in exchange.parts.desks:
                exchange.parts.seats.put(seat)
                counts["seats"] += 1


def _restore_calls(exchange: Conductor, states: dict[str, Any], moment: Moment, counts: dict[str, int]) -> list[Call]:
    """Adds every call that can be led again; returns those whose SIP session cannot."""
    lost: list[Call] = []
    for name, value in states.items():
        if not name.startswith(STATE_PREFIX):
            continue
        try:
            call = Call.from_plain(value)
            call.card = states.get(CARD_PREFIX + call.id)
        except _BROKEN:
            exchange.parts.turn.state(name, None)
            counts["lost"] += 1
            continue
        if call.house not in exchange.parts.desks:
            exchange.parts.turn.forget(call)
            counts["lost"] += 1
            continue
        if call.state is CallState.ENDED:
            exchange.parts.add_call(call)
            exchange.await_recording(call, moment)
            continue
        exchange.parts.ports.claim(call.port)
        exchange.parts.add_call(call)
        try:
            session = exchange.parts.endpoint.restore(states[SIP_PREFIX + call.session], now=moment.now)
        except _BROKEN:
            lost.append(call)
            counts["lost"] += 1
            continue
        if session != call.session:
            exchange.parts.rename_session(call, session)
        counts["calls"] += 1
    return lost


def _restore_desks(exchange: Conductor, states: dict[str, Any], moment: Moment) -> None:
    for house in exchange.parts.slices.table.houses:
        own = states_of_reception(house, states)
        try:
            reception, decided = Reception.restore(
                house, exchange.parts.slices.table, own, entropy=exchange.parts.entropy, at=moment.at
            )
        except _BROKEN:
            for name in own:
                exchange.parts.turn.state(f"{RECEPTION_PREFIX}{house}/{name}", None)
            exchange.parts.alarms[f"restore:{house}"] = "the reception of this house could not be rebuilt"
            continue
        exchange.parts.desks[house] = exchange.new_desk(house, reception=reception)
        exchange.parts.desks[house].apply(decided, moment)
