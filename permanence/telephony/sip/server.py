# SPDX-License-Identifier: AGPL-3.0-or-later
"""Server transactions (RFC 3261 section 17.2, corrected by RFC 6026).

Theory of operation
-------------------
A server transaction absorbs repetitions of its request and repeats its own answers, so that the session above sees
every request once. An INVITE's final refusal is repeated (timer G) until its ACK comes (timer H gives up). After a 2xx
the transaction only stays to absorb repetitions of the INVITE (state ACCEPTED, timer L): repeating the 2xx and waiting
for its ACK is the session's work, since that ACK is a transaction of its own. A non-INVITE answer stays for timer J.
On a reliable transport G is not used, and I and J last no time.
"""

from collections.abc import Callable
from typing import ClassVar

from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.machine import Machine, State, Table
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.responses import write_response
from permanence.telephony.sip.stack import Stack

_P, _A, _C, _F, _T = State.PROCEEDING, State.ACCEPTED, State.COMPLETED, State.CONFIRMED, State.TERMINATED

_FORGOTTEN = SipMessage()
"""What stands for the request of a transaction that nobody will answer any more."""

INVITE_SERVER: Table = {
    (_P, "request"): (_P, ("repeat",)),
    (_P, "provisional"): (_P, ("transmit",)),
    (_P, "success"): (_A, ("transmit", "start_l")),
    (_P, "refusal"): (_C, ("transmit", "start_g", "start_h")),
    (_C, "request"): (_C, ("repeat",)),
    (_C, "g"): (_C, ("repeat", "start_g")),
    (_C, "ack"): (_F, ("stop_g", "start_i")),
    (_C, "h"): (_T, ()),
    (_F, "i"): (_T, ()),
    (_A, "l"): (_T, ()),
}

OTHER_SERVER: Table = {
    (State.TRYING, "provisional"): (_P, ("transmit",)),
    (State.TRYING, "success"): (_C, ("transmit", "start_j")),
    (State.TRYING, "refusal"): (_C, ("transmit", "start_j")),
    (_P, "request"): (_P, ("repeat",)),
    (_P, "provisional"): (_P, ("transmit",)),
    (_P, "success"): (_C, ("transmit", "start_j")),
    (_P, "refusal"): (_C, ("transmit", "start_j")),
    (_C, "request"): (_C, ("repeat",)),
    (_C, "j"): (_T, ()),
}


class ServerTransaction(Machine):
    """What both kinds share. `flow` is the way back of the answers (RFC 3261 18.2.2, RFC 3581)."""

    first: ClassVar[State]

    def __init__(self, stack: Stack, request: SipMessage, flow: Flow, on_gone: Callable[[], object]) -> None:
        super().__init__(stack, self.first, on_gone)
        self.request = request
        self.flow = flow
        self.last = b""
        self.tag: str | None = None
        """The tag of the session that answers; a CANCEL is answered with it (RFC 3261 section 9.2)."""
        self.merged = False
        """Whether the same request came by another way and was being served (RFC 3261 section 8.2.2.2)."""
        self.on_cancel: Callable[[SipMessage], None] | None = None

    @property
    def open(self) -> bool:
        """Whether a response may still be given."""
        return self.state is _P or self.state is State.TRYING

    def respond(
        self, status: int, tag: str | None, *, reason: str | None = None, more: str = "", body: str = ""
    ) -> bool:
        """Sends a response, written by `write_response`; False when a final one has been given already."""
        if self.state is not _P and self.state is not State.TRYING:
            return False
        self.last = write_response(self.request, status, tag, reason=reason, more=more, body=body)
        return self.fire("provisional" if status < 200 else "success" if status < 300 else "refusal")

    def forget(self) -> None:
        """Nobody will answer any more: what stays until the last timer need not keep the request, nor a session."""
        self.request = _FORGOTTEN
        self.on_cancel = None

    def transmit(self) -> None:
        """Sends the last response."""
        self.stack.output.append((self.last, self.flow))

    def repeat(self) -> None:
        """Sends the last response once more, when there is one."""
        if self.last:
            self.transmit()


class InviteServer(ServerTransaction):
    """The INVITE server transaction."""

    table = INVITE_SERVER
    first = State.PROCEEDING

    def __init__(self, stack: Stack, request: SipMessage, flow: Flow, on_gone: Callable[[], object]) -> None:
        super().__init__(stack, request, flow, on_gone)
        self._interval = stack.settings.t1

    def resume_accepted(self) -> None:
        """Takes over, from another process, a transaction whose INVITE was accepted."""
        self.state = State.ACCEPTED
        self.start_l()

    def start_g(self) -> None:
        """T1, doubled up to T2; unreliable transports only."""
        if not self.flow.reliable:
            self.start("g", self._interval)
            self._interval = min(self._interval * 2, self.stack.settings.t2)

    def stop_g(self) -> None:
        """The ACK came."""
        self.stop("g")
        self.stop("h")

    def start_h(self) -> None:
        """64 T1: no ACK will come any more."""
        self.start("h", 64 * self.stack.settings.t1)

    def start_i(self) -> None:
        """T4: absorbs repetitions of the ACK."""
        self.start("i", 0.0 if self.flow.reliable else self.stack.settings.t4)

    def start_l(self) -> None:
        """64 T1: absorbs repetitions of an INVITE that was accepted (RFC 6026)."""
        self.absorb("l", 64 * self.stack.settings.t1)


class OtherServer(ServerTransaction):
    """The non-INVITE server transaction."""

    table = OTHER_SERVER
    first = State.TRYING

    def start_j(self) -> None:
        """64 T1: absorbs repetitions of the request, which its key tells."""
        self.forget()
        if self.flow.reliable:
            self.start("j", 0.0)
        else:
            self.absorb("j", 64 * self.stack.settings.t1)
