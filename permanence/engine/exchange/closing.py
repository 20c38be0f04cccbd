# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole house goes down, media with it: nobody is left in silence."""

from permanence.engine.exchange.conductor import Conductor
from permanence.engine.exchange.moment import Moment

_UNAVAILABLE = 503


def close_house(exchange: Conductor, moment: Moment) -> None:
    """Ends every call: BYE for the answered ones, 503 for the others and for those that come (a carrier then tries its
    fall-back number). One call that cannot be ended costs no other; the first fault is raised at the end."""
    parts = exchange.parts
    parts.closing, parts.callers.refusal = True, _UNAVAILABLE
    faults: list[Exception] = []
    with exchange.one_turn():
        for session in exchange.dialling.sessions():
            parts.endpoint.end(session, now=moment.now)
    for leg in exchange.orphans.legs():
        with exchange.one_turn():
            exchange.orphans.end(leg, "exchange_lost", moment)
    for call in tuple(parts.calls.values()):
        try:
            with exchange.one_turn():
                exchange.end_call(call, by="system", why="exchange_lost", moment=moment)
        except Exception as fault:  # raised again when the others have been told
            faults.append(fault)
    if faults:
        raise faults[0]


def is_busy(exchange: Conductor) -> bool:
    """Whether a call still lives (a recording is being closed), or a carrier has not answered its end."""
    return bool(exchange.parts.calls or exchange.parts.endpoint.sessions())
