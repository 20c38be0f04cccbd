# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one input of the desk decided, gathered until it is handed out."""

from datetime import datetime
from typing import Any

from permanence.kernel.events import Event
from permanence.reception.decisions import Decided, Decision
from permanence.reception.presence import Seat
from permanence.reception.waiting import Call


class Notes:
    """Decisions and events in their order, and the last value of each named state."""

    def __init__(self) -> None:
        self._decisions: list[Decision] = []
        self._events: list[Event] = []
        self._changed: dict[str, Call | Seat | datetime | None] = {}

    def decide(self, *decisions: Decision) -> None:
        """Note decisions."""
        self._decisions.extend(decisions)

    def announce(self, event: Event) -> None:
        """Note an event."""
        self._events.append(event)

    def touch_call(self, call: Call) -> None:
        """Note that the call's kept state changed."""
        self._changed[f"call/{call.call}"] = call

    def touch_seat(self, seat: Seat) -> None:
        """Note that the seat's kept state changed."""
        self._changed[f"seat/{seat.secretary}"] = seat

    def touch(self, name: str, value: datetime | None) -> None:
        """Note the value of a name; None removes it."""
        self._changed[name] = value

    def hand_out(self) -> Decided:
        """What was noted since the last time."""
        states = {name: _plain(value) for name, value in self._changed.items()}
        taken = Decided(tuple(self._decisions), tuple(self._events), states)
        self._decisions, self._events, self._changed = [], [], {}
        return taken


def _plain(value: Call | Seat | datetime | None) -> Any:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else value.plain()
