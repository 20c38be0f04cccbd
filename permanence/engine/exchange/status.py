# SPDX-License-Identifier: AGPL-3.0-or-later
"""The answer to `status` (docs/contracts.md, "Control socket")."""

from typing import Any

from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.parts import Parts
from permanence.engine.exchange.seat_desk import SeatDesk


def status_of(parts: Parts, seat_desk: SeatDesk, moment: Moment) -> dict[str, Any]:
    """What lives, for `./run doctor` and the supervisor's screens; no caller's number is in it."""
    return {
        "engine": parts.settings.engine,
        "at": moment.at.isoformat(),
        "calls": [
            {"call": call.id, "house": call.house, "client": call.client, "state": call.state.value}
            for call in parts.calls.values()
        ],
        "seats": [
            {
                "house": seat.house,
                "secretary": seat.secretary,
                "connected": bool(seat.page),
                "line": "up" if seat.line_up else "down",
                "presence": seat_desk.presence_of(seat),
            }
            for seat in parts.seats
        ],
        "queue": {house: desk.reception.queue().waiting for house, desk in parts.desks.items()},
        "trunks": parts.trunks.names(),
        "trunk_states": parts.trunks.states(),
        "alarms": [{"code": code, "why": why} for code, why in parts.alarms.items()],
        "sip": parts.endpoint.counters(),
        "journal": {"accepting": parts.journal.accepting},
    }
