# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk as named values, so that a restarted exchange finds every caller in his place.

Names: `call/<id>`, `seat/<secretary>`, `seen/<secretary>/<client>` (the moment of her last call for that client).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from permanence.reception import attendance
from permanence.reception.floor import Floor
from permanence.reception.moments import written
from permanence.reception.presence import Doing, Seat, Signal
from permanence.reception.waiting import TOGETHER, Call, Stage


def export(floor: Floor) -> dict[str, Any]:
    """Every named value, as JSON."""
    states: dict[str, Any] = {f"call/{name}": call.plain() for name, call in floor.calls.items()}
    states |= {f"seat/{name}": seat.plain() for name, seat in floor.seats.items()}
    states |= {f"seen/{who}/{client}": written(at) for (who, client), at in floor.seen.items()}
    return states


def load(floor: Floor, states: Mapping[str, Any], *, at: datetime) -> None:
    """Fill an empty floor. Names it does not know are left alone. All sockets are taken as lost at `at`.

    Raises KeyError, ValueError or TypeError for a value that is not one of ours.
    """
    for name, value in states.items():
        kind, _, rest = name.partition("/")
        if value is None:
            continue
        if kind == "call":
            floor.calls[rest] = Call.read(value)
        elif kind == "seat":
            floor.seats[rest] = Seat.read(value)
        elif kind == "seen":
            who, _, client = rest.partition("/")
            floor.seen[who, client] = datetime.fromisoformat(value)
    floor.seen = dict(sorted(floor.seen.items(), key=lambda item: item[1]))
    floor.calls = dict(sorted(floor.calls.items(), key=lambda item: item[1].order))
    deserted = _reconcile(floor, at=at)
    floor.duty = {seat.secretary for seat in floor.seats.values() if seat.on_duty}
    floor.order = max((call.order for call in floor.calls.values()), default=0)
    for call in floor.calls.values():
        if call.stage in {Stage.WAITING, Stage.OFFERED}:
            floor.aim(call, at=at)
            floor.enter(call)
            floor.deadlines.lay(call)
        if call.stage is Stage.WAITING:
            floor.wait(call)
    for seat in list(floor.seats.values()):
        _load_seat(floor, seat, at=at)
    for call in deserted:
        floor.return_to_queue(call, at=at)


def _reconcile(floor: Floor, *, at: datetime) -> list[Call]:
    """Make calls and seats agree where the last values of one moment were not all written; gives the conversations
    whose secretary is not there any more."""
    deserted = []
    for call in floor.calls.values():
        seat = floor.seats.get(call.secretary)
        wanted = Doing.OFFERED if call.stage is Stage.OFFERED else Doing.ON_CALL
        hers = seat is not None and seat.call == call.call and seat.doing is wanted
        if call.stage is Stage.OFFERED and not hers:
            call.move(Stage.WAITING)
            floor.forget_offer(call)
        elif call.stage in TOGETHER and not hers:
            deserted.append(call)
    for seat in floor.seats.values():
        held = floor.calls.get(seat.call)
        hers = held is not None and held.secretary == seat.secretary and held.stage is not Stage.WAITING
        if seat.doing is Doing.OFFERED and not hers:
            seat.apply(Signal.WITHDRAWN, at=at)
            seat.call = ""
            floor.touch_seat(seat)
        elif seat.doing is Doing.ON_CALL and not hers:
            seat.apply(Signal.CALL_OVER, at=at)
            seat.until = at + timedelta(seconds=floor.slice.wrap_up_s)
            floor.touch_seat(seat)
    return deserted


def _load_seat(floor: Floor, seat: Seat, *, at: datetime) -> None:
    if seat.doing is Doing.WRAP_UP and seat.until is not None:
        floor.deadlines.lay(seat)
    if seat.lost_since is None:
        attendance.check_reach(floor, seat, at=at)
    else:
        attendance.expire_later(floor, seat, at=at)
