# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one input of the desk decided, gathered until it is handed out."""

from collections.abc import Callable
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
        self._changed: dict[str, Any] = {}
        # The lists' own methods: a call takes two dozen notes.
        self.decide: Callable[[Decision], None] = self._decisions.append
        """Note a decision."""
        self.announce: Callable[[Event], None] = self._events.append
        """Note an event."""

    def touch_call(self, call: Call) -> None:
        """Note that the call's kept state changed."""
        self._changed[f"call/{call.call}"] = call

    def touch_seat(self, seat: Seat) -> None:
        """Note that the seat's kept state changed."""
        self._changed[f"seat/{seat.secretary}"] = seat

    def touch(self, name: str, value: str | None) -> None:
        """Note the value of a name; None removes it."""
        self._changed[name] = value

    def hand_out(self) -> Decided:
        """What was noted since the last time."""
        states, self._changed = self._changed, {}
        for name, value in states.items():
            if isinstance(value, (Call, Seat)):
                states[name] = value.plain()
        taken = Decided(tuple(self._decisions), tuple(self._events), states)
        self._decisions.clear()
        self._events.clear()
        return taken
