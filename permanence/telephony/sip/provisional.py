# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reliable provisional responses (RFC 3262): sent one after another, each repeated until its PRACK."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.grammar import decimal
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.stack import Stack
from permanence.telephony.sip.timers import Timer

_MAX_RSEQ = 2**32 - 1


@dataclass(slots=True)
class _Unacknowledged:
    rseq: int
    data: bytes
    has_sdp: bool


def _nothing() -> None:
    """What a session that is over does."""


class ReliableProvisionals:
    """The reliable 1xx of one INVITE. `on_silence` is called when 64 T1 went by without the PRACK."""

    # What an INVITE begins with stands here once: most never have a reliable response.
    _rseq = 0
    _open: _Unacknowledged | None = None
    _timer: Timer | None = None
    _deadline = 0.0
    _interval = 0.0

    def __init__(self, stack: Stack, flow: Flow, on_silence: Callable[[], object]) -> None:
        self._stack = stack
        self._flow = flow
        self._on_silence = on_silence

    @property
    def busy(self) -> bool:
        """Whether a PRACK is awaited: a second reliable response must wait (section 3)."""
        return self._open is not None

    @property
    def holds_answer(self) -> bool:
        """Whether the awaited PRACK is about a description: the 2xx must wait for it (section 3)."""
        return self._open is not None and self._open.has_sdp

    def next_number(self) -> int:
        """The RSeq of the next one; the first is a number of chance below 2**31."""
        self._rseq = self._rseq + 1 if self._rseq else 1 + int(self._stack.fraction() * 65_536)
        return self._rseq

    def sent(self, data: bytes, *, has_sdp: bool) -> None:
        """A reliable response with the last number has been sent: repeats it until its PRACK."""
        self._open = _Unacknowledged(self._rseq, data, has_sdp)
        self._interval = self._stack.settings.t1
        self._deadline = self._stack.now + 64 * self._stack.settings.t1
        self._timer = self._stack.after(self._interval, self._again)

    def _again(self) -> None:
        if self._open is None:
            return
        if self._stack.now >= self._deadline:
            self._on_silence()
            return
        self._stack.send(self._open.data, self._flow)
        self._interval *= 2
        self._timer = self._stack.after(min(self._interval, self._deadline - self._stack.now), self._again)

    def acknowledge(self, prack: SipMessage, invite_cseq: int) -> bool:
        """Whether a PRACK is about the response that waits (RAck: number, CSeq number, method)."""
        words = (prack.get("RAck") or "").split()
        if self._open is None or len(words) != 3 or words[2] != "INVITE":
            return False
        if decimal(words[0], _MAX_RSEQ) != self._open.rseq or decimal(words[1], _MAX_RSEQ) != invite_cseq:
            return False
        self.stop()
        return True

    def stop(self) -> None:
        """Nothing is awaited any more."""
        if self._open is not None:
            self._open = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """The session is over."""
        self.stop()
        self._on_silence = _nothing

    def to_plain(self) -> dict[str, Any]:
        """As JSON values."""
        waiting = self._open
        return {
            "rseq": self._rseq,
            "open": None if waiting is None else [waiting.rseq, waiting.data.decode("latin-1"), waiting.has_sdp],
        }

    def take_over(self, data: dict[str, Any]) -> None:
        """In a new process: repeats what still waits."""
        self._rseq = int(data["rseq"])
        if data["open"] is not None:
            _rseq, text, has_sdp = data["open"]
            self.sent(text.encode("latin-1"), has_sdp=bool(has_sdp))
