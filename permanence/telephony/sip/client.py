# SPDX-License-Identifier: AGPL-3.0-or-later
"""Client transactions (RFC 3261 section 17.1, corrected by RFC 6026).

Theory of operation
-------------------
A client transaction repeats its request (timer A, or E) until something answers, gives up after 64 T1 (timer B, or F)
as if a 408 had come, and hands each response to its user once. An INVITE's refusal is acknowledged here (timer D keeps
it to acknowledge repetitions); a 2xx is handed up every time it comes, also from several forks (state ACCEPTED, timer
M), because its ACK belongs to the session. A lost way (`lost`) counts as a 503 (section 8.1.3.1).
"""

from collections.abc import Callable
from typing import ClassVar

from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.machine import Machine, State, Table
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.responses import respond
from permanence.telephony.sip.stack import Stack

LARGE = 1_300
"""A request longer than this (octets) goes by a transport that controls congestion (RFC 3261 section 18.1.1)."""
_L, _P, _A, _C, _T = State.CALLING, State.PROCEEDING, State.ACCEPTED, State.COMPLETED, State.TERMINATED

INVITE_CLIENT: Table = {
    (_L, "a"): (_L, ("transmit", "start_a")),
    (_L, "b"): (_T, ("time_out",)),
    (_L, "lost"): (_T, ("lose",)),
    (_L, "provisional"): (_P, ("stop_calling", "deliver")),
    (_L, "success"): (_A, ("stop_calling", "start_m", "deliver")),
    (_L, "refusal"): (_C, ("stop_calling", "make_ack", "send_ack", "start_d", "deliver")),
    (_P, "provisional"): (_P, ("deliver",)),
    (_P, "success"): (_A, ("start_m", "deliver")),
    (_P, "refusal"): (_C, ("make_ack", "send_ack", "start_d", "deliver")),
    (_P, "lost"): (_T, ("lose",)),
    (_P, "abandon"): (_T, ("time_out",)),
    (_A, "success"): (_A, ("deliver",)),
    (_A, "m"): (_T, ()),
    (_C, "refusal"): (_C, ("send_ack",)),
    (_C, "d"): (_T, ()),
}

OTHER_CLIENT: Table = {
    (State.TRYING, "e"): (State.TRYING, ("transmit", "start_e")),
    (State.TRYING, "f"): (_T, ("time_out",)),
    (State.TRYING, "lost"): (_T, ("lose",)),
    (State.TRYING, "provisional"): (_P, ("deliver",)),
    (State.TRYING, "success"): (_C, ("stop_trying", "start_k", "deliver")),
    (State.TRYING, "refusal"): (_C, ("stop_trying", "start_k", "deliver")),
    (_P, "e"): (_P, ("transmit", "start_e_slow")),
    (_P, "f"): (_T, ("time_out",)),
    (_P, "lost"): (_T, ("lose",)),
    (_P, "provisional"): (_P, ("deliver",)),
    (_P, "success"): (_C, ("stop_trying", "start_k", "deliver")),
    (_P, "refusal"): (_C, ("stop_trying", "start_k", "deliver")),
    (_C, "k"): (_T, ()),
}


class ClientTransaction(Machine):
    """What both kinds share. `on_response(response, transaction)` gets every response that is not a repetition."""

    first: ClassVar[State]

    def __init__(
        self,
        stack: Stack,
        request: SipMessage,
        flow: Flow,
        on_response: "Callable[[SipMessage, ClientTransaction], None]",
        on_gone: Callable[[], object],
    ) -> None:
        super().__init__(stack, self.first, on_gone)
        self.request = request
        self.flow = flow
        self._on_response = on_response
        self._data = request.encode()
        self._datagrams: Flow | None = None
        self._interval = stack.settings.t1
        self._response = request
        if len(self._data) > LARGE and flow.transport == "udp" and stack.takes_streams(flow.remote):
            self._datagrams = flow
            self._go_by(Flow("tcp", flow.local, flow.remote))

    def _go_by(self, flow: Flow) -> None:
        """Takes another transport, which the Via names."""
        self.flow = flow
        via = self.request.via
        via.transport = flow.transport.upper()
        self.request.headers["Via"][0] = str(via)
        self._data = self.request.encode()

    def fire(self, happening: str) -> bool:
        """Follows the table; a large request whose TCP is refused goes by UDP after all (RFC 3261 section 18.1.1)."""
        if happening == "lost" and self._datagrams is not None and self.state is self.first:
            self.stack.no_streams(self.flow.remote)
            self._go_by(self._datagrams)
            self._datagrams = None
            self.transmit()
            self.repeat()
            return True
        return super().fire(happening)

    def repeat(self) -> None:
        """Starts the timer of the repetitions."""

    def begin(self) -> None:
        """Sends the request and starts the timers."""
        self.transmit()

    def receive(self, response: SipMessage) -> None:
        """A response whose branch is ours."""
        self._response = response
        self.fire("provisional" if response.status < 200 else "success" if response.status < 300 else "refusal")

    def transmit(self) -> None:
        """Sends the request."""
        self.stack.send(self._data, self.flow)

    def deliver(self) -> None:
        """Hands the response to the user."""
        self._on_response(self._response, self)

    def time_out(self) -> None:
        """Nothing came: as good as a 408 (RFC 3261 section 8.1.3.1)."""
        self._on_response(respond(self.request, 408), self)

    def lose(self) -> None:
        """The way is gone: as good as a 503."""
        self._on_response(respond(self.request, 503), self)


class InviteClient(ClientTransaction):
    """The INVITE client transaction."""

    table = INVITE_CLIENT
    first = State.CALLING
    _ack = b""

    def begin(self) -> None:
        """Sends the INVITE; timers A and B."""
        super().begin()
        self.start_a()
        self.start("b", 64 * self.stack.settings.t1)

    def resume(self) -> None:
        """Takes the transaction over from another process: an answer is awaited, nothing is sent."""
        self.state = State.PROCEEDING

    def repeat(self) -> None:
        """Timer A."""
        self.start_a()

    def start_a(self) -> None:
        """T1, doubled each time; unreliable transports only."""
        if not self.flow.reliable:
            self.start("a", self._interval)
            self._interval *= 2

    def stop_calling(self) -> None:
        """Something answered."""
        self.stop("a")
        self.stop("b")

    def start_d(self) -> None:
        """32 s: repetitions of the refusal are acknowledged."""
        self.start("d", 0.0 if self.flow.reliable else max(32.0, 64 * self.stack.settings.t1))

    def start_m(self) -> None:
        """64 T1: 2xx of other forks and repetitions still go up (RFC 6026)."""
        self.start("m", 64 * self.stack.settings.t1)

    def make_ack(self) -> None:
        """The ACK of a refusal: same branch, Route and Request-URI (RFC 3261 section 17.1.1.3)."""
        request = self.request
        ack = SipMessage("ACK", request.uri).add("Via", request.all("Via")[0])
        for route in request.all("Route"):
            ack.add("Route", route)
        ack.add("Max-Forwards", 70).add("From", request.all("From")[0]).add("To", self._response.all("To")[0])
        ack.add("Call-ID", request.call_id).add("CSeq", f"{request.cseq[0]} ACK")
        self._ack = ack.encode()

    def send_ack(self) -> None:
        """Sends it, also for each repetition of the refusal."""
        self.stack.send(self._ack, self.flow)


class OtherClient(ClientTransaction):
    """The non-INVITE client transaction."""

    table = OTHER_CLIENT
    first = State.TRYING

    def begin(self) -> None:
        """Sends the request; timers E and F."""
        super().begin()
        self.start_e()
        self.start("f", 64 * self.stack.settings.t1)

    def repeat(self) -> None:
        """Timer E."""
        self.start_e()

    def start_e(self) -> None:
        """T1, doubled up to T2; unreliable transports only."""
        if not self.flow.reliable:
            self.start("e", self._interval)
            self._interval = min(self._interval * 2, self.stack.settings.t2)

    def start_e_slow(self) -> None:
        """T2: somebody works on it."""
        self.start("e", self.stack.settings.t2)

    def stop_trying(self) -> None:
        """The final response came."""
        self.stop("e")
        self.stop("f")

    def start_k(self) -> None:
        """T4: absorbs repetitions of the response."""
        self.start("k", 0.0 if self.flow.reliable else self.stack.settings.t4)
