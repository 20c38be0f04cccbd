# SPDX-License-Identifier: AGPL-3.0-or-later
"""The session we begin (RFC 3261 sections 9.1, 13.2 and 22; RFC 3262; RFC 4028)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from permanence.telephony.sip.client import ClientTransaction
from permanence.telephony.sip.core import Core
from permanence.telephony.sip.dialog import Dialog
from permanence.telephony.sip.digest import DigestAccount
from permanence.telephony.sip.events import AnswerReceived, DialFailed, OfferReceived, ProgressReceived
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.grammar import BadSyntax, NameAddr, Uri, decimal, printable
from permanence.telephony.sip.message import SipMessage, parse_message
from permanence.telephony.sip.phases import Phase
from permanence.telephony.sip.phrases import ALLOW
from permanence.telephony.sip.server import ServerTransaction
from permanence.telephony.sip.session import Session
from permanence.telephony.sip.settings import Credentials
from permanence.telephony.sip.timers import Timer
from permanence.telephony.sip.ways import SILENT, UNAVAILABLE, Ways

_MAX_FORKS = 32
_MAX_INTERVAL = 2**31
_MAX_TOLD = 200
_BEGINNING = frozenset({Phase.CALLING, Phase.PROCEEDING})


@dataclass(frozen=True, slots=True)
class Call:
    """What `dial` was asked."""

    target: str
    sender: str
    sdp: str | None
    credentials: Credentials | None = None
    display: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    routes: tuple[str, ...] = ()
    others: tuple[Flow, ...] = ()

    def dialog(self, call_id: str, tag: str, cseq: int) -> Dialog:
        """The dialog before anybody answered. Raises BadSyntax."""
        for uri in (self.target, self.sender):
            Uri.parse(uri)
        display = self.display.replace("\\", "").replace('"', "").replace("\r", "").replace("\n", "")
        local = f'"{display}" <{self.sender}>' if display else f"<{self.sender}>"
        for route in self.routes:
            NameAddr.parse(route)
        return Dialog(call_id, local, tag, f"<{self.target}>", "", self.target, list(self.routes), cseq)


class OutgoingSession(Session):
    """A call of ours. Each fork that answers has an early dialog; the first 2xx chooses, later ones are released."""

    kind = "outgoing"

    def __init__(
        self,
        core: Core,
        identity: str,
        dialog: Dialog,
        *,
        flow: Flow,
        phase: Phase,
        on_over: Callable[[Session], None],
    ) -> None:
        super().__init__(core, identity, dialog, flow=flow, phase=phase, on_over=on_over)
        self._offered: str | None = None
        self._headers: tuple[tuple[str, str], ...] = ()
        self._request: SipMessage | None = None
        self._transaction: ClientTransaction | None = None
        self._session_expires = core.stack.settings.session_expires
        self._min_se = core.stack.settings.min_se
        self._forks: dict[str, int] = {}
        self._early_tags: set[str] = set()
        self._answered_tags: set[str] = set()
        self._challenges = 0
        self._late_offer_cseq: int | None = None
        self._timer: Timer | None = None
        self._ways = Ways(())

    @classmethod
    def begin(
        cls, core: Core, identity: str, call: Call, flow: Flow, on_over: Callable[[Session], None]
    ) -> "OutgoingSession":
        """The session of a new call; `invite` sends its INVITE. Raises BadSyntax."""
        stack = core.stack
        dialog = call.dialog(stack.token(12), stack.token(6), int(stack.fraction() * 65_536))
        session = cls(core, identity, dialog, flow=flow, phase=Phase.CALLING, on_over=on_over)
        session._offered, session._headers, session._ways = call.sdp, call.headers, Ways(call.others)
        if call.credentials is not None:
            session.account = DigestAccount(call.credentials)
        return session

    def invite(self, proof: tuple[str, str] | None = None) -> None:
        """Sends the INVITE, or repeats it with what was missing."""
        self.advance(Phase.CALLING)
        request = self.dialog.request("INVITE", self.stack.via(self.flow))
        request.add("Contact", self.stack.contact(self.flow)).add("Allow", ALLOW)
        # Without our offer, a reliable 1xx would bring theirs, to be answered in the PRACK: we do not ask for that.
        request.add("Supported", "timer" if self._offered is None else "100rel, timer")
        request.add("Session-Expires", self._session_expires).add("Min-SE", self._min_se)
        request.add("User-Agent", self.stack.settings.user_agent)
        for name, value in (*self._headers, *((proof,) if proof else ())):
            request.add(name, value)
        if self._offered is not None:
            request.set_body("application/sdp", self._offered)
        self._request = request
        self._transaction = self.core.layer.request(request, self.flow, self._receive_response)
        self._guard(self.stack.settings.no_answer, self._no_answer)

    def _guard(self, delay: float, action: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.stack.after(delay, action)

    def _no_answer(self) -> None:
        self.end(None)

    # responses to the INVITE

    def _receive_response(self, response: SipMessage, transaction: ClientTransaction) -> None:
        if transaction is not self._transaction:
            return
        try:
            if response.status < 200:
                self._provisional(response)
            elif response.status < 300:
                self._success(response)
            else:
                self._failure(response)
        except BadSyntax:
            self.stack.emit(DialFailed(self.id, 502, "unreadable response"))
            self.conclude()

    def _provisional(self, response: SipMessage) -> None:
        if self.phase is Phase.CANCELLING:
            self._cancel_now()
        if self.phase not in _BEGINNING:
            return
        self.advance(Phase.PROCEEDING)
        if response.status == 100:
            return
        if not self._acknowledge_provisional(response):
            return
        if response.to.tag and len(self._early_tags) < _MAX_FORKS:
            self._early_tags.add(response.to.tag)
        if response.sdp is not None and self._offered is not None:
            self.remote_sdp = response.sdp
        self.emit(ProgressReceived(self.id, response.status, response.sdp))

    def _acknowledge_provisional(self, response: SipMessage) -> bool:
        """PRACK for a reliable response (RFC 3262 section 4); False when it is a repetition or out of order."""
        if "100rel" not in response.tokens("Require"):
            return True
        tag, number = response.to.tag or "", decimal(response.get("RSeq"), 2**32 - 1)
        last = self._forks.get(tag)
        if number is None or not tag or (last is not None and number != last + 1) or len(self._forks) >= _MAX_FORKS:
            return False
        self._forks[tag] = number
        early = self._branch_of(response)
        self.dialog.local_cseq += 1
        prack = early.request("PRACK", self.stack.via(self.flow), self.dialog.local_cseq)
        prack.add("RAck", f"{number} {response.cseq[0]} INVITE")
        way = self.core.way(early.next_hop(), self.flow)
        self.core.layer.request(prack, way, lambda _response, _transaction: None)
        return True

    def talks_to(self, remote_tag: str) -> bool:
        """Before the answer, every fork that rings may speak inside its early dialog (UPDATE, INFO)."""
        if self.phase in _BEGINNING:
            return remote_tag in self._early_tags
        return super().talks_to(remote_tag)

    def _branch_of(self, response: SipMessage) -> Dialog:
        """The dialog with the fork that sent `response`."""
        branch = replace(self.dialog, routes=list(self.dialog.routes))
        branch.answered_by(response)
        return branch

    def _success(self, response: SipMessage) -> None:
        tag, cseq = response.to.tag or "", response.cseq[0]
        if self.phase in _BEGINNING:
            self._answered(response, tag, cseq)
        elif self.phase is Phase.CONFIRMED and tag == self.dialog.remote_tag:
            if self._late_offer_cseq is None:
                self.acknowledge(cseq)  # the ACK was lost
        else:
            self._release(response, tag, cseq)

    def _answered(self, response: SipMessage, tag: str, cseq: int) -> None:
        self.dialog.answered_by(response)
        self._answered_tags.add(tag)
        self.advance(Phase.CONFIRMED)
        self._stop_guard()
        self.remote_allows = response.tokens("Allow")
        self.local_sdp = self._offered
        self.remote_sdp = response.sdp or self.remote_sdp
        self.renewal.agree(response)
        if self._offered is None and response.sdp is not None:
            self._late_offer_cseq = cseq
            self.emit(OfferReceived(self.id, response.sdp))
            return
        self.acknowledge(cseq)
        self.emit(AnswerReceived(self.id, self.remote_sdp))

    def answer_offer(self, sdp: str) -> bool:
        """After `dial(sdp=None)` the ACK carries the answer."""
        if self._late_offer_cseq is None or self.phase is not Phase.CONFIRMED:
            return super().answer_offer(sdp)
        cseq, self._late_offer_cseq = self._late_offer_cseq, None
        self.local_sdp = sdp
        self.acknowledge(cseq, sdp)
        self.emit(AnswerReceived(self.id, self.remote_sdp))
        return True

    def refuse_offer(self, status: int) -> bool:
        """The offer of the 2xx cannot be accepted: the 2xx must be acknowledged all the same, then BYE."""
        if self._late_offer_cseq is None or self.phase is not Phase.CONFIRMED:
            return super().refuse_offer(status)
        return self.end(f"SIP;cause={status}")

    def _release(self, response: SipMessage, tag: str, cseq: int) -> None:
        """A 2xx nobody wants: another fork was first, or we had cancelled. It is acknowledged, then ended."""
        branch = self._branch_of(response)
        way = self.core.way(branch.next_hop(), self.flow)
        self.stack.send(branch.request("ACK", self.stack.via(self.flow), cseq).encode(), way)
        if tag in self._answered_tags or len(self._answered_tags) >= _MAX_FORKS:
            return
        self._answered_tags.add(tag)
        bye = branch.request("BYE", self.stack.via(self.flow))
        self.core.layer.request(bye, way, lambda _response, _transaction: None)
        if self.phase is Phase.CANCELLING:
            self._fail(487, "Request Terminated")

    def _failure(self, response: SipMessage) -> None:
        if self.phase not in _BEGINNING:
            if self.phase is Phase.CANCELLING:
                self._fail(487, response.reason)
            return
        if self._request is not None:
            proof = self.proof(response, self._request, self._challenges)
            if proof is not None:
                self._challenges += 1
                self.invite(proof)
                return
        if response.status == 422 and self._lengthen(response):
            self.invite()
            return
        if 300 <= response.status < 400:
            self._redirected(response)
        elif not self._go_elsewhere(response):
            self._fail(response.status, response.reason)

    def _redirected(self, response: SipMessage) -> None:
        """3xx: follows it where it stays inside the trunk, otherwise says where it would have led."""
        found = self._ways.follow(response, self.core, self.flow, self.dialog.target)
        if found is None:
            contacts = printable(", ".join(response.elements("Contact")))[:_MAX_TOLD]
            self._fail(response.status, f"{response.reason} ({contacts})")
            return
        self.dialog.target, self.flow = found
        self._begin_anew()

    def _go_elsewhere(self, response: SipMessage) -> bool:
        """503, silence or a lost way: tries the next target (RFC 3263 section 4.3), unless a phone has rung."""
        silent = response.status == SILENT and self.phase is Phase.CALLING
        if self._early_tags or not (response.status == UNAVAILABLE or silent):
            return False
        flow = self._ways.next()
        if flow is None:
            return False
        self.flow = flow
        self._begin_anew()
        return True

    def _begin_anew(self) -> None:
        """The INVITE at another place: its challenges and its forks are new ones."""
        self._challenges = 0
        self._early_tags.clear()
        self.invite()

    def _lengthen(self, response: SipMessage) -> bool:
        """422: the session interval was too small for them (RFC 4028 section 6)."""
        wanted = decimal(response.get("Min-SE"), _MAX_INTERVAL)
        if wanted is None or wanted <= self._min_se:
            return False
        self._min_se = wanted
        self._session_expires = max(self._session_expires, wanted)
        return True

    def _fail(self, status: int, reason: str) -> None:
        if self.conclude():
            self.emit(DialFailed(self.id, status, reason))

    # ending

    def end(self, reason: str | None) -> bool:
        """CANCEL before the answer (RFC 3261 section 9.1: not before a provisional response), BYE after it."""
        if self.phase in _BEGINNING:
            answered = self.phase is Phase.PROCEEDING
            self.advance(Phase.CANCELLING)
            self._reason = reason
            if answered:
                self._cancel_now()
            return True
        if self._late_offer_cseq is not None and self.phase is Phase.CONFIRMED:
            self.acknowledge(self._late_offer_cseq)
            self._late_offer_cseq = None
        return super().end(reason)

    _reason: str | None = None
    _cancel_sent = False

    def _cancel_now(self) -> None:
        if self._request is None or self._cancel_sent:
            return
        self._cancel_sent = True
        invite = self._request
        cancel = SipMessage("CANCEL", invite.uri).add("Via", invite.all("Via")[0])
        for route in invite.all("Route"):
            cancel.add("Route", route)
        cancel.add("Max-Forwards", 70).add("From", invite.all("From")[0]).add("To", invite.all("To")[0])
        cancel.add("Call-ID", invite.call_id).add("CSeq", f"{invite.cseq[0]} CANCEL")
        if self._reason:
            cancel.add("Reason", self._reason)
        way = self.flow if self._transaction is None else self._transaction.flow
        self.core.layer.request(cancel, way, lambda _response, _transaction: None)
        self._guard(64 * self.stack.settings.t1, partial(self._fail, 487, "Request Terminated"))

    def on_bye(self, transaction: ServerTransaction) -> None:
        """BYE of the called party; on a dialog that is not ours yet it has nothing to end."""
        if self.phase is Phase.CONFIRMED:
            super().on_bye(transaction)
        else:
            self.respond(transaction, 481)

    def _stop_guard(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def conclude(self) -> bool:
        """Stops the guard too, and the repetition of an INVITE nobody answered."""
        self._stop_guard()
        return super().conclude()

    # take-over

    def to_plain(self) -> dict[str, Any]:
        """The session as JSON values, with the INVITE while its answer is awaited."""
        waiting = self._request is not None and self.phase is not Phase.CONFIRMED
        return super().to_plain() | {
            "invite": self._request.encode().decode("latin-1") if waiting and self._request is not None else None,
            "offered": self._offered,
            "forks": dict(self._forks),
            "late_offer_cseq": self._late_offer_cseq,
        }

    @classmethod
    def restored(cls, core: Core, data: dict[str, Any], on_over: Callable[[Session], None]) -> "OutgoingSession":
        """Takes over what `to_plain` wrote."""
        dialog = Dialog.from_plain(data["dialog"])
        flow = Flow.from_plain(data["flow"])
        phase = Phase(data["phase"])
        session = cls(core, data["id"], dialog, flow=flow, phase=phase, on_over=on_over)
        session.take_over(data)
        return session

    def take_over(self, data: dict[str, Any]) -> None:
        """Awaits the answer to an INVITE sent by the former process; it can be cancelled as before."""
        super().take_over(data)
        self._offered = data["offered"]
        self._forks = {str(tag): int(number) for tag, number in data["forks"].items()}
        self._late_offer_cseq = data["late_offer_cseq"]
        self._answered_tags = {self.dialog.remote_tag} if self.phase is Phase.CONFIRMED else set()
        if data["invite"] is None:
            return
        self._request = parse_message(data["invite"].encode("latin-1"))
        self._transaction = self.core.layer.await_invite(self._request, self.flow, self._receive_response)
        if self.phase is Phase.CANCELLING:
            self._cancel_now()
        else:
            self._guard(self.stack.settings.no_answer, self._no_answer)
