# SPDX-License-Identifier: AGPL-3.0-or-later
"""After a fault inside a turn: memory may be ahead of the journal, so the exchange is made again from what was written.

What the turn was about to do was not done (`turn.discard`), but the reception, the calls and the SIP sessions may have
moved already. Calls and receptions are read from the journal's last states; the SIP sessions live on, and one that
belongs to no call any more is ended; media is asked what lives and brought to what is written; every open page is told
the full state. It is take-over without a death.
"""

from typing import Any

from permanence.engine.exchange import takeover
from permanence.engine.exchange.call import CARD_PREFIX, STATE_PREFIX, Call
from permanence.engine.exchange.conductor import Conductor
from permanence.engine.exchange.moment import Moment
from permanence.reception.desk import Reception
from permanence.telephony.core.call import CallState
from permanence.telephony.media.living import Living

_BROKEN = (KeyError, ValueError, TypeError, IndexError)


def rebuild(exchange: Conductor, moment: Moment) -> None:
    """Makes calls, receptions and screens again from the journal; the alarm `turn_failed` says that it was needed."""
    parts = exchange.parts
    parts.alarms["turn_failed"] = "a fault inside the exchange: it was rebuilt from its journal (see the log)"
    states = dict(parts.journal.states)
    with exchange.one_turn():
        _rebuild_calls(exchange, states, moment)
        for house in parts.slices.table.houses:
            _rebuild_desk(exchange, house, states, moment)
        living = frozenset(parts.endpoint.sessions())
        for call in tuple(parts.calls.values()):
            if call.state is not CallState.ENDED and call.session not in living:
                exchange.end_call(call, by="system", why="exchange_lost", moment=moment)
        takeover.agree_on_calls(exchange, moment)
        for session in living - parts.sessions.keys() - exchange.other_sessions():
            parts.endpoint.end(session, now=moment.now)
        for seat in parts.seats:
            if seat.page:
                parts.desks[seat.house].show_everything(seat)

    def settle(living: Living | None) -> None:
        if living is not None:
            takeover.media_connected(exchange, living, moment)

    parts.gateway.status(settle)


def _rebuild_calls(exchange: Conductor, states: dict[str, Any], moment: Moment) -> None:
    parts = exchange.parts
    before = dict(parts.calls)
    parts.calls.clear()
    parts.sessions.clear()
    for name, value in states.items():
        if not name.startswith(STATE_PREFIX):
            continue
        try:
            call = Call.from_plain(value)
        except _BROKEN:
            parts.turn.state(name, None)
            continue
        if call.house in parts.desks:
            call.card = states.get(CARD_PREFIX + call.id)
            parts.calls[call.id] = parts.sessions[call.session] = call
            if call.state is CallState.ENDED:
                exchange.await_recording(call, moment)
    for call in before.values():
        if call.id not in parts.calls:
            parts.ports.give_back(call.port, moment.now)


def _rebuild_desk(exchange: Conductor, house: str, states: dict[str, Any], moment: Moment) -> None:
    parts = exchange.parts
    own = takeover.states_of_reception(house, states)
    reception, decided = Reception.restore(house, parts.slices.table, own, entropy=parts.entropy, at=moment.at)
    desk = parts.desks[house] = exchange.new_desk(house, reception=reception)
    desk.apply(decided, moment)
    for seat in parts.seats:
        if seat.house != house:
            continue
        desk.apply(reception.line_state(seat.secretary, up=seat.line_up, at=moment.at), moment)
        if seat.page and any(entry.id == seat.secretary for entry in desk.slice.secretaries):
            desk.apply(reception.seat_connected(seat.secretary, seat.seat, at=moment.at), moment)
