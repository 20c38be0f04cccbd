# SPDX-License-Identifier: AGPL-3.0-or-later
"""A session: one call, at either end, over one dialog (RFC 3261 sections 12 to 15).

Theory of operation
-------------------
`Phase` is what the session may do now (`phases` draws them); `advance` refuses a passage that is not listed there. The
two beginnings are `incoming` (we answer) and `outgoing` (we dial); once CONFIRMED both are alike. What happens inside a
confirmed session has helpers of its own: `exchange` (offers and answers), `renewal` (session timers), `acceptance` (our
2xx until its ACK).
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from permanence.telephony.sip.acceptance import Acceptance
from permanence.telephony.sip.client import ClientTransaction
from permanence.telephony.sip.core import Core
from permanence.telephony.sip.dialog import Dialog
from permanence.telephony.sip.digest import DigestAccount
from permanence.telephony.sip.dtmf import read_dtmf
from permanence.telephony.sip.events import DtmfInfo, SessionEnded, SipEvent
from permanence.telephony.sip.exchange import OfferExchange
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.phases import NAMES, PHASES, Phase
from permanence.telephony.sip.phrases import ALLOW, EXTENSIONS, SUPPORTED
from permanence.telephony.sip.renewal import Renewal
from permanence.telephony.sip.server import ServerTransaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MAX_CHALLENGES = 2
_CSEQ_GAP = 100
_ABILITIES = f"\r\nAllow: {ALLOW}\r\nSupported: {SUPPORTED}\r\n"


_DIALOG_GONE = frozenset({408, 481})
_HANDLERS = {
    "BYE": "on_bye",
    "INVITE": "on_invite",
    "UPDATE": "on_update",
    "INFO": "on_info",
    "OPTIONS": "on_options",
    "PRACK": "on_prack",
}


class Session:
    """What both ends share. `on_over(session)` is called once, when the session has ended."""

    kind = ""

    def __init__(
        self,
        core: Core,
        identity: str,
        dialog: Dialog,
        *,
        flow: Flow,
        phase: Phase,
        on_over: "Callable[[Session], None]",
    ) -> None:
        self.core = core
        self.stack = core.stack
        self.id = identity
        self.dialog = dialog
        self.flow = flow
        self.phase = phase
        self.local_sdp: str | None = None
        self.remote_sdp: str | None = None
        self.account: DigestAccount | None = None
        self.remote_allows: frozenset[str] = frozenset()
        self.renewal = Renewal(core.stack, self._refresh, self._expired)
        self.acceptances: dict[int, Acceptance] = {}
        self._exchange: OfferExchange | None = None
        self._on_over = on_over

    @property
    def exchange(self) -> OfferExchange:
        """Made when it is first needed: most calls have no second offer."""
        if self._exchange is None:
            self._exchange = OfferExchange(self)
        return self._exchange

    @property
    def key(self) -> tuple[str, str]:
        """What names the session in a message: Call-ID and our tag."""
        return self.dialog.call_id, self.dialog.local_tag

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.phase is Phase.ENDED

    def talks_to(self, remote_tag: str) -> bool:
        """Whether a request with this From tag belongs to the session (RFC 3261 section 12.2.2)."""
        return remote_tag == self.dialog.remote_tag

    def advance(self, phase: Phase) -> bool:
        """Passes to `phase` where PHASES allows it."""
        if phase not in PHASES[self.phase]:
            return False
        self.phase = phase
        return True

    def emit(self, event: SipEvent) -> None:
        """Tells the owner."""
        self.stack.emit(event)

    # sending

    def respond(
        self,
        transaction: ServerTransaction,
        status: int,
        *,
        sdp: str | None = None,
        headers: "Iterable[tuple[str, str]]" = (),
        reason: str | None = None,
    ) -> None:
        """Answers a request of this session; 101 to 299 carry what makes or refreshes the dialog."""
        more = ""
        if 100 < status < 300:
            for route in transaction.request.headers.get("Record-Route", ()):
                more += f"Record-Route: {route}\r\n"
            more += f"Contact: {self.stack.contact(self.flow)}{_ABILITIES}"
        for name, value in headers:
            more += f"{name}: {value}\r\n"
        if sdp is not None:
            more += "Content-Type: application/sdp\r\n"
        transaction.respond(status, self.dialog.local_tag, reason=reason, more=more, body=sdp or "")

    def request(
        self,
        method: str,
        on_response: "Callable[[SipMessage], object]",
        *,
        sdp: str | None = None,
        headers: "Iterable[tuple[str, str]]" = (),
        challenges: int = 0,
        body: tuple[str, str] | None = None,
    ) -> SipMessage:
        """Sends a request inside the dialog. A challenge is answered; every other response goes to `on_response`."""
        message = self.dialog.request(method, self.stack.via(self.flow))
        if method in {"INVITE", "UPDATE"}:
            message.add("Contact", self.stack.contact(self.flow)).add("Allow", ALLOW).add("Supported", SUPPORTED)
        for name, value in headers:
            message.add(name, value)
        if sdp is not None:
            message.set_body("application/sdp", sdp)
        if body is not None:
            message.set_body(*body)
        plain = [pair for pair in headers if "Authorization" not in pair[0]]

        def answered(response: SipMessage, _transaction: ClientTransaction) -> None:
            proof = self.proof(response, message, challenges)
            if proof is None:
                on_response(response)
            else:
                again = challenges + 1
                self.request(method, on_response, sdp=sdp, headers=[*plain, proof], challenges=again, body=body)

        self.core.layer.request(message, self.way(), answered)
        return message

    def proof(self, response: SipMessage, request: SipMessage, challenges: int) -> tuple[str, str] | None:
        """The Authorization header that answers a challenge; None when there is none to give (any more)."""
        if response.status not in {401, 407} or self.account is None or challenges >= _MAX_CHALLENGES:
            return None
        if challenges and not self.account.is_stale(response) and request.get("Proxy-Authorization") is not None:
            return None
        return self.account.answer(response, request, self.stack.token())

    def way(self) -> Flow:
        """The flow of the next request."""
        return self.core.way(self.dialog.next_hop(), self.flow)

    def acknowledge(self, cseq: int, sdp: str | None = None) -> None:
        """Sends the ACK of a 2xx (its own transaction, RFC 3261 section 13.2.2.4)."""
        ack = self.dialog.request("ACK", self.stack.via(self.flow), cseq)
        if sdp is not None:
            ack.set_body("application/sdp", sdp)
        self.stack.send(ack.encode(), self.way())

    def hold_until_ack(self, transaction: ServerTransaction) -> None:
        """Repeats the 2xx just given until its ACK."""
        cseq = transaction.request.cseq[0]
        silence = partial(self._unacknowledged, cseq)
        self.acceptances[cseq] = Acceptance(self.stack, transaction.last, transaction.flow, silence)

    # receiving

    def receive(self, transaction: ServerTransaction, flow: Flow) -> None:
        """A request inside the dialog."""
        request = transaction.request
        if not self.dialog.admits(request.cseq[0]):
            self.respond(transaction, 500, headers=[("Retry-After", "1")])
            return
        self.flow = flow
        unknown = request.tokens("Require") - EXTENSIONS
        if unknown:
            self.respond(transaction, 420, headers=[("Unsupported", ", ".join(sorted(unknown)))])
            return
        handler = _HANDLERS.get(request.method)
        if handler is None:
            self.respond(transaction, 405, headers=[("Allow", ALLOW)])
        else:
            getattr(self, handler)(transaction)

    def on_bye(self, transaction: ServerTransaction) -> None:
        """The other side hangs up."""
        self.respond(transaction, 200)
        self.finish("remote", "bye")

    def on_invite(self, transaction: ServerTransaction) -> None:
        """A re-INVITE."""
        self.exchange.receive(transaction)

    def on_update(self, transaction: ServerTransaction) -> None:
        """UPDATE (RFC 3311)."""
        self.exchange.receive(transaction)

    def on_info(self, transaction: ServerTransaction) -> None:
        """INFO: a key pressed, or nothing we know (RFC 6086 section 4.2.2)."""
        pressed = read_dtmf(transaction.request)
        self.respond(transaction, 200)
        if pressed is not None:
            self.emit(DtmfInfo(self.id, *pressed))

    def on_options(self, transaction: ServerTransaction) -> None:
        """Are you there?"""
        self.respond(transaction, 200)

    def on_prack(self, transaction: ServerTransaction) -> None:
        """A PRACK with nothing to acknowledge (RFC 3262 section 3)."""
        self.respond(transaction, 481)

    def on_ack(self, request: SipMessage) -> None:
        """The ACK of one of our 2xx."""
        acceptance = self.acceptances.pop(request.cseq[0], None)
        if acceptance is not None:
            acceptance.stop()
            self.exchange.acknowledged(request)

    # ending

    def end(self, reason: str | None) -> bool:
        """The owner ends the call."""
        if self.phase is not Phase.CONFIRMED:
            return False
        self.hang_up(reason)
        self.finish("local", "bye")
        return True

    def hang_up(self, reason: str | None = None) -> None:
        """Sends BYE; what comes back changes nothing."""
        headers = [("Reason", reason)] if reason else []
        self.request("BYE", lambda _response: None, headers=headers)

    def give_up(self, why: str, *, bye: bool = True) -> None:
        """The system ends the session."""
        if self.over:
            return
        if bye:
            self.hang_up('SIP;cause=408;text="' + why + '"')
        self.finish("system", why)

    def finish(self, by: str, why: str) -> None:
        """The session is over; says so once."""
        if self.conclude():
            self.emit(SessionEnded(self.id, by, why))

    def conclude(self) -> bool:
        """Stops everything; False when it was over before.

        What points back at the session lets go of it, so that its memory is free at once, without the collector.
        """
        if not self.advance(Phase.ENDED):
            return False
        for acceptance in self.acceptances.values():
            acceptance.stop()
        self.acceptances.clear()
        self.renewal.end()
        if self._exchange is not None:
            self._exchange.stop()
        self._on_over(self)
        return True

    def failed_inside(self, status: int) -> bool:
        """Ends the session when a response says that the dialog is gone (RFC 3261 section 12.2.1.2)."""
        if status not in _DIALOG_GONE:
            return False
        self.give_up("gone", bye=status == 408)
        return True

    def _unacknowledged(self, cseq: int) -> None:
        self.acceptances.pop(cseq, None)
        self.no_ack()

    def no_ack(self) -> None:
        """64 T1 went by without the ACK: the session ends (RFC 3261 section 13.3.1.4)."""
        self.give_up("no_ack")

    # session timers

    def _refresh(self) -> None:
        if self.phase is not Phase.CONFIRMED:
            return
        if "update" in self.remote_allows or self.local_sdp is None:
            self.request("UPDATE", self._refreshed, headers=self.renewal.wish())
        else:
            self.exchange.refresh()

    def _refreshed(self, response: SipMessage) -> None:
        if self.over or response.status < 200:
            return
        if response.status < 300:
            self.renewal.agree(response)
        else:
            self.failed_inside(response.status)

    def _expired(self) -> None:
        self.give_up("session_expired")

    # what the owner may ask inside the session

    def offer(self, sdp: str) -> bool:
        """A new offer by re-INVITE."""
        return self.phase is Phase.CONFIRMED and self.exchange.offer(sdp)

    def answer_offer(self, sdp: str) -> bool:
        """The answer to their offer."""
        return not self.over and self.exchange.answer(sdp)

    def refuse_offer(self, status: int) -> bool:
        """No to their offer."""
        return not self.over and self.exchange.refuse(status)

    def on_stray_success(self, response: SipMessage, cseq: int) -> None:
        """A 2xx repeated after its transaction had gone (a restart came between): it is acknowledged again."""
        if self.phase is Phase.CONFIRMED and response.to.tag == self.dialog.remote_tag:
            self.acknowledge(cseq)

    def send_dtmf(self, digit: str, duration_ms: int) -> bool:
        """A key by INFO."""
        if self.phase is not Phase.CONFIRMED:
            return False
        body = ("application/dtmf-relay", f"Signal={digit}\r\nDuration={duration_ms}\r\n")
        self.request("INFO", lambda response: self.failed_inside(response.status), body=body)
        return True

    # take-over

    def to_plain(self) -> dict[str, Any]:
        """The session as JSON values."""
        return {
            "v": 1,
            "kind": self.kind,
            "id": self.id,
            "phase": NAMES[self.phase],
            "flow": self.flow.to_plain(),
            "dialog": self.dialog.to_plain(),
            "local_sdp": self.local_sdp,
            "remote_sdp": self.remote_sdp,
            "remote_allows": sorted(self.remote_allows),
            "renewal": self.renewal.to_plain(),
        }

    def take_over(self, data: dict[str, Any]) -> None:
        """Puts what `to_plain` wrote back into a new session, and starts its timers."""
        self.local_sdp, self.remote_sdp = data["local_sdp"], data["remote_sdp"]
        self.remote_allows = frozenset(data["remote_allows"])
        # Requests sent after the last export (refreshes, PRACK) used numbers the journal does not know; a gap is
        # allowed, a number used twice is refused (RFC 3261 section 12.2.2).
        self.dialog.local_cseq += _CSEQ_GAP
        if self.phase is Phase.CONFIRMED:
            self.renewal.take_over(data["renewal"])
