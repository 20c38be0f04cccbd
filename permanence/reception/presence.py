# SPDX-License-Identifier: AGPL-3.0-or-later
"""A secretary's presence: a state machine as a table, and beside it whether her seat can be reached.

Theory of operation. What she is doing (`Doing`) changes only by `TRANSITIONS`; a pair that is not in the table is
refused or cannot happen. Whether her seat can be reached is another question: it can while her console's socket and
her line are both up. A seat that cannot be reached shows `reconnecting`, is offered nothing, and keeps what she was
doing: when it is back in time she is where she was; when it is not, the signal EXPIRED puts her off. During a
conversation EXPIRED is not given while her line is up: the two still hear each other.

A break or the end of the shift asked during a call is remembered (`pending`) and takes effect after the wrap-up.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from permanence.reception.deadlines import Due
from permanence.reception.decisions import PresenceIs
from permanence.reception.moments import read, written
from permanence.reception.refusals import NotPossibleNow

RECONNECTING = "reconnecting"

BREAK_REASONS = ("lunch", "pause", "training", "other")


class Doing(StrEnum):
    """What a secretary is doing."""

    OFF = "off"
    READY = "ready"
    OFFERED = "offered"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"
    BREAK = "break"
    MISSED = "missed"


BUSY = frozenset({Doing.ON_CALL, Doing.WRAP_UP})
"""With a caller, or writing down what he wanted."""


_ON_DUTY = (Doing.READY, Doing.OFFERED, *sorted(BUSY))  # found by identity: the hash of an Enum is asked of Python


class Signal(StrEnum):
    """What can happen to her."""

    PRESSED_READY = "pressed_ready"
    PRESSED_BREAK = "pressed_break"
    PRESSED_OFF = "pressed_off"
    OFFERED = "offered"
    ANSWERED = "answered"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    CALL_OVER = "call_over"
    WRAPPED_UP = "wrapped_up"
    EXPIRED = "expired"


TRANSITIONS: dict[tuple[Doing, Signal], Doing] = {
    (Doing.OFF, Signal.PRESSED_READY): Doing.READY,
    (Doing.BREAK, Signal.PRESSED_READY): Doing.READY,
    (Doing.MISSED, Signal.PRESSED_READY): Doing.READY,
    (Doing.OFF, Signal.PRESSED_BREAK): Doing.BREAK,
    (Doing.READY, Signal.PRESSED_BREAK): Doing.BREAK,
    (Doing.BREAK, Signal.PRESSED_BREAK): Doing.BREAK,
    (Doing.MISSED, Signal.PRESSED_BREAK): Doing.BREAK,
    (Doing.READY, Signal.PRESSED_OFF): Doing.OFF,
    (Doing.BREAK, Signal.PRESSED_OFF): Doing.OFF,
    (Doing.MISSED, Signal.PRESSED_OFF): Doing.OFF,
    (Doing.READY, Signal.OFFERED): Doing.OFFERED,
    (Doing.OFFERED, Signal.ANSWERED): Doing.ON_CALL,
    (Doing.OFFERED, Signal.MISSED): Doing.MISSED,
    (Doing.OFFERED, Signal.WITHDRAWN): Doing.READY,
    (Doing.ON_CALL, Signal.CALL_OVER): Doing.WRAP_UP,
    (Doing.WRAP_UP, Signal.WRAPPED_UP): Doing.READY,
    (Doing.READY, Signal.EXPIRED): Doing.OFF,
    (Doing.BREAK, Signal.EXPIRED): Doing.OFF,
    (Doing.MISSED, Signal.EXPIRED): Doing.OFF,
    (Doing.WRAP_UP, Signal.EXPIRED): Doing.OFF,
    (Doing.ON_CALL, Signal.EXPIRED): Doing.OFF,
}


@dataclass(slots=True)
class Seat:
    """One secretary at work. Changed only by the desk and by `apply`."""

    secretary: str
    seat: str
    since: datetime
    doing: Doing = Doing.OFF
    reason: str = ""
    why: str = ""
    pending: str = ""
    pending_reason: str = ""
    socket: bool = True
    line: bool = False
    lost_since: datetime | None = None
    ready_since: datetime | None = None
    call: str = ""
    client: str | None = None
    until: datetime | None = None
    expires: datetime | None = None
    laid: Due | None = field(default=None, compare=False)

    @property
    def id(self) -> str:
        """Which secretary."""
        return self.secretary

    def due(self) -> Due | None:
        """What is due next: the end of the time she has to be back (lost), or of her wrap-up."""
        until = self.until if self.doing is Doing.WRAP_UP else None
        if self.expires is None:
            return None if until is None else (until, "wrap")
        return (self.expires, "lost") if until is None or self.expires <= until else (until, "wrap")

    @property
    def may_be_offered(self) -> bool:
        """Whether a call may ring here."""
        return self.doing is Doing.READY and self.lost_since is None

    @property
    def on_duty(self) -> bool:
        """Whether she takes calls: now, or when she is done with the one she has; also while her seat is out of reach,
        as long as it may be back."""
        return self.doing in _ON_DUTY and not self.pending

    def apply(self, signal: Signal, *, at: datetime, reason: str = "", why: str = "") -> None:
        """Move by the table. Raises NotPossibleNow for a pair that is not in it."""
        target = TRANSITIONS.get((self.doing, signal))
        if target is None:
            raise NotPossibleNow(f"{signal.value} while {self.doing.value}")
        self.doing, self.reason, self.why, self.since = target, reason, why, at
        if target is Doing.READY:
            # An offer that was withdrawn was not her doing: she keeps her place among those who are ready.
            self.ready_since = self.ready_since if signal is Signal.WITHDRAWN and self.ready_since else at

    def shown(self) -> PresenceIs:
        """The presence as the screens show it."""
        lost = self.lost_since
        return PresenceIs(
            secretary=self.secretary,
            seat=self.seat,
            state=str(self.doing) if lost is None else RECONNECTING,
            since=self.since if lost is None else lost,
            reason=self.reason,
            why=self.why if lost is None else "",
            until=self.until if self.doing is Doing.WRAP_UP else None,
            pending=self.pending,
        )

    def plain(self) -> dict[str, Any]:
        """The seat as a JSON object, moments in RFC 3339."""
        since, ready = written(self.since), self.ready_since
        return {
            "secretary": self.secretary,
            "seat": self.seat,
            "reason": self.reason,
            "why": self.why,
            "pending": self.pending,
            "pending_reason": self.pending_reason,
            "call": self.call,
            "since": since,
            "lost_since": None if self.lost_since is None else written(self.lost_since),
            "ready_since": None if ready is None else since if ready is self.since else written(ready),
            "until": None if self.until is None else written(self.until),
            "expires": None if self.expires is None else written(self.expires),
            "doing": str(self.doing),
            "line": self.line,
            "client": self.client,
        }

    @classmethod
    def read(cls, plain: dict[str, Any]) -> "Seat":
        """The inverse of `plain`, its socket taken as lost. Raises KeyError, ValueError or TypeError."""
        found = cls(secretary=plain["secretary"], seat=plain["seat"], since=datetime.fromisoformat(plain["since"]))
        found.doing, found.line, found.socket = Doing(plain["doing"]), bool(plain["line"]), False
        found.client = plain["client"]
        for name in _TEXTS:
            setattr(found, name, str(plain[name]))
        for name in _MOMENTS:
            setattr(found, name, read(plain[name]))
        return found


_TEXTS = ("secretary", "seat", "reason", "why", "pending", "pending_reason", "call")
_MOMENTS = ("since", "lost_since", "ready_since", "until", "expires")
