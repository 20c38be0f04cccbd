# SPDX-License-Identifier: AGPL-3.0-or-later
"""State machines as tables: (state, happening) -> (next state, actions). A pair that is not in the table is ignored.

The tables are data, so that tests can walk them: every state reachable, every waiting state with a timer that ends it.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import ClassVar

from permanence.telephony.sip.stack import Stack
from permanence.telephony.sip.timers import Timer


class State(Enum):
    """States of the transactions (RFC 3261 figures 5 to 8; ACCEPTED by RFC 6026)."""

    __hash__ = object.__hash__  # there is one object a state; Enum's own hashes its name, in Python, at every step
    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


_TERMINATED = State.TERMINATED
Table = Mapping[tuple[State, str], tuple[State, tuple[str, ...]]]


class Machine:
    """Runs a table. An action names a method of the subclass; timers fire the happening that bears their name.

    The state changes before the actions run, so an action may fire again. On TERMINATED every timer is cancelled.
    """

    table: ClassVar[Table]

    def __init__(self, stack: Stack, state: State, on_gone: Callable[[], object]) -> None:
        self.stack = stack
        self.state = state
        self._on_gone = on_gone
        self._timers: dict[str, Timer] = {}

    def fire(self, happening: str) -> bool:
        """Follows the table; False when the pair is not in it."""
        step = self.table.get((self.state, happening))
        if step is None:
            return False
        after, actions = step
        self.state = after
        for action in actions:
            getattr(self, action)()
        if after is _TERMINATED:
            self._finish()
        return True

    def start(self, timer: str, delay: float) -> None:
        """Starts the timer that fires the happening `timer`; one of the same name is replaced."""
        if timer in self._timers:
            self._timers[timer].cancel()
        self._timers[timer] = self.stack.after(delay, partial(self._expired, timer))

    def absorb(self, timer: str, delay: float) -> None:
        """The same for a timer that only ends a rest: every call brings two, and a moment later does no harm."""
        if timer in self._timers:
            self._timers[timer].cancel()
        self._timers[timer] = self.stack.after_about(delay, partial(self._expired, timer))

    def stop(self, timer: str) -> None:
        """Stops a timer, if it runs."""
        running = self._timers.pop(timer, None)
        if running is not None:
            running.cancel()

    def _expired(self, timer: str) -> None:
        self._timers.pop(timer, None)
        self.fire(timer)

    def _finish(self) -> None:
        for running in self._timers.values():
            running.cancel()
        self._timers.clear()
        self._on_gone()
