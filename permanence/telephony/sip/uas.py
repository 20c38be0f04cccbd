# SPDX-License-Identifier: AGPL-3.0-or-later
"""The session we answer (RFC 3261 section 13.3, RFC 3262, RFC 6026)."""

from collections.abc import Callable
from typing import Any

from permanence.telephony.sip.core import Core
from permanence.telephony.sip.dialog import Dialog, dialog_of
from permanence.telephony.sip.events import InviteCancelled, OfferAnswered, SessionConfirmed
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.grammar import decimal
from permanence.telephony.sip.layer import server_key
from permanence.telephony.sip.message import SipMessage, parse_message
from permanence.telephony.sip.phases import Phase
from permanence.telephony.sip.provisional import ReliableProvisionals
from permanence.telephony.sip.server import InviteServer, ServerTransaction
from permanence.telephony.sip.session import Session
from permanence.telephony.sip.timers import Timer

_PROVISIONAL_REPEAT = 60.0
"""A provisional response is sent again each minute, so that no proxy gives up (RFC 3261 section 13.3.1.1)."""
_OWNER_PATIENCE = 32.0
_MAX_EXPIRES = 2**31
_EARLY = frozenset({Phase.INVITED, Phase.EARLY})


class IncomingSession(Session):
    """A call that came. `_waiting` are provisional responses behind one whose PRACK is awaited; `_held_answer` is the
    owner's answer while a description given in a reliable response waits for its PRACK."""

    kind = "incoming"

    def __init__(
        self,
        core: Core,
        identity: str,
        dialog: Dialog,
        *,
        flow: Flow,
        transaction: ServerTransaction,
        phase: Phase,
        on_over: Callable[[Session], None],
    ) -> None:
        super().__init__(core, identity, dialog, flow=flow, phase=phase, on_over=on_over)
        self._transaction = transaction
        self._invite = transaction.request
        self._reliable = ReliableProvisionals(core.stack, transaction.flow, self._unreliable)
        self._waiting: list[tuple[int, str | None]] = []
        self._held_answer: str | None = None
        self._described = False
        self._repeat: Timer | None = None
        self._guards: list[Timer] = []
        self._invite_kept = ""
        self.remote_sdp = self._invite.sdp
        self.remote_allows = self._invite.tokens("Allow")
        transaction.on_cancel = self._cancelled
        transaction.tag = dialog.local_tag

    @classmethod
    def begin(
        cls,
        core: Core,
        identity: str,
        transaction: ServerTransaction,
        flow: Flow,
        on_over: Callable[[Session], None],
    ) -> "IncomingSession":
        """The session of a new INVITE; 100 is sent. Raises BadSyntax when a route or address cannot be used."""
        dialog = dialog_of(transaction.request, core.stack.token(6))
        session = cls(core, identity, dialog, flow=flow, transaction=transaction, phase=Phase.INVITED, on_over=on_over)
        session.respond(transaction, 100)
        session._guard()
        return session

    def _guard(self) -> None:
        """An INVITE its owner does nothing about is refused, and one with a time of its own ends then (13.3.1)."""
        self._guards.append(self.stack.after(_OWNER_PATIENCE, self._ignored))
        expires = decimal(self._invite.get("Expires"), _MAX_EXPIRES)
        if expires:
            self._guards.append(self.stack.after(expires, self._expired_invite))

    def _ignored(self) -> None:
        if self.phase is Phase.INVITED:
            self._withdraw("ignored", 500)

    def _expired_invite(self) -> None:
        if self.phase in _EARLY:
            self._withdraw("expired", 487)

    # the owner's acts

    def ring(self) -> bool:
        """180."""
        return self._provisional(180, None)

    def progress(self, sdp: str) -> bool:
        """183 with early media."""
        return self._provisional(183, sdp)

    def _provisional(self, status: int, sdp: str | None) -> bool:
        if self.phase not in _EARLY or self._held_answer is not None:
            return False
        if self._reliable.busy:
            self._waiting.append((status, sdp))
            return True
        self._send_provisional(status, sdp)
        return True

    def _send_provisional(self, status: int, sdp: str | None) -> None:
        required = "100rel" in self._invite.tokens("Require")
        reliable = required or (sdp is not None and "100rel" in self._invite.tokens("Supported"))
        self.advance(Phase.EARLY)
        if required and sdp is None and self.remote_sdp is None:
            return  # RFC 3262 section 5: the first reliable response must carry an offer here, and there is none yet
        headers = [("Require", "100rel"), ("RSeq", str(self._reliable.next_number()))] if reliable else []
        self.respond(self._transaction, status, sdp=sdp, headers=headers)
        if sdp is not None:
            self.local_sdp = sdp
        if reliable:
            self._described = self._described or sdp is not None
            self._reliable.sent(self._transaction.last, has_sdp=sdp is not None)
        else:
            self._repeat_later()

    def _repeat_later(self) -> None:
        self._stop_repeating()
        self._repeat = self.stack.after(_PROVISIONAL_REPEAT, self._repeat_provisional)

    def _repeat_provisional(self) -> None:
        if self.phase in _EARLY:
            self._transaction.repeat()
            self._repeat_later()

    def _stop_repeating(self) -> None:
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None

    def _stop_guards(self) -> None:
        for guard in self._guards:
            guard.cancel()
        self._guards.clear()

    def accept(self, sdp: str) -> bool:
        """200, at once or after the PRACK that must come first."""
        if self.phase not in _EARLY or self._held_answer is not None:
            return False
        if self._reliable.holds_answer:
            self._held_answer = sdp
        else:
            self._accept(sdp)
        return True

    def _accept(self, sdp: str) -> None:
        self._reliable.stop()
        self._stop_repeating()
        self._stop_guards()
        headers = self.renewal.grant(self._invite)
        if not self._described:
            self.local_sdp = sdp
        self.respond(self._transaction, 200, sdp=None if self._described else sdp, headers=headers)
        self.advance(Phase.ACCEPTED)
        self.hold_until_ack(self._transaction)

    def reject(self, status: int, reason: str | None, headers: tuple[tuple[str, str], ...] = ()) -> bool:
        """A final refusal."""
        if self.phase not in _EARLY:
            return False
        self.respond(self._transaction, status, reason=reason, headers=headers)
        self.conclude()
        return True

    def end(self, reason: str | None) -> bool:
        """480 before the answer, BYE after it; between 200 and ACK the BYE waits (RFC 3261 section 15)."""
        if self.phase in _EARLY:
            return self.reject(480, None, (("Reason", reason),) if reason else ())
        if self.phase is Phase.ACCEPTED:
            return self.advance(Phase.CLOSING)
        return super().end(reason)

    # the caller's acts

    def on_ack(self, request: SipMessage) -> None:
        """The first ACK confirms the session."""
        if request.cseq[0] != self._invite.cseq[0]:
            super().on_ack(request)
            return
        acceptance = self.acceptances.pop(request.cseq[0], None)
        if acceptance is not None:
            acceptance.stop()
        if self.phase is Phase.CLOSING:
            self.hang_up()
            self.finish("local", "bye")
        elif self.advance(Phase.CONFIRMED):
            answer = None if self._invite.sdp is not None or self._described else request.sdp
            self.remote_sdp = answer or self.remote_sdp
            self.emit(SessionConfirmed(self.id, answer))

    def no_ack(self) -> None:
        """No ACK came for a 2xx."""
        if self.phase is Phase.CLOSING:
            self.hang_up()
            self.finish("local", "bye")
        else:
            super().no_ack()

    def on_invite(self, transaction: ServerTransaction) -> None:
        """A second INVITE before our final answer is refused (RFC 3261 section 14.2)."""
        if self.phase in _EARLY:
            self.respond(transaction, 500, headers=[("Retry-After", str(int(10 * self.stack.fraction())))])
        elif self.phase is Phase.ACCEPTED and self._invite.sdp is None:
            self.respond(transaction, 491)  # the answer to our offer is still on its way
        else:
            super().on_invite(transaction)

    def on_update(self, transaction: ServerTransaction) -> None:
        """UPDATE before the answer: an offer is acceptable only when the first exchange is complete (RFC 3311 5.2)."""
        offers = transaction.request.sdp is not None
        if self.phase in _EARLY and offers and (not self._described or self._reliable.holds_answer):
            self.respond(transaction, 500, headers=[("Retry-After", str(int(10 * self.stack.fraction())))])
        else:
            super().on_update(transaction)

    def on_prack(self, transaction: ServerTransaction) -> None:
        """PRACK (RFC 3262): the next provisional response, or the held answer, may go."""
        if not self._reliable.acknowledge(transaction.request, self._invite.cseq[0]):
            self.respond(transaction, 481)
            return
        self._take_prack_sdp(transaction)
        if self._held_answer is not None:
            sdp, self._held_answer = self._held_answer, None
            self._accept(sdp)
        elif self._waiting:
            self._send_provisional(*self._waiting.pop(0))

    def _take_prack_sdp(self, transaction: ServerTransaction) -> None:
        sdp = transaction.request.sdp
        if sdp is not None and self._invite.sdp is not None:
            self.exchange.ask_prack(transaction)
            return
        self.respond(transaction, 200)
        if sdp is not None:
            self.remote_sdp = sdp
            self.emit(OfferAnswered(self.id, sdp))

    def on_bye(self, transaction: ServerTransaction) -> None:
        """BYE on the early dialog: the INVITE is answered 487 (RFC 3261 section 15.1.2)."""
        if self.phase not in _EARLY:
            super().on_bye(transaction)
            return
        self.respond(transaction, 200)
        self._withdraw("bye", 487)

    def _cancelled(self, request: SipMessage) -> None:
        if self.phase in _EARLY:
            self._withdraw(_why_cancelled(request), 487)

    def _unreliable(self) -> None:
        if self.phase in _EARLY:
            self._withdraw("unreliable", 504)

    def _withdraw(self, why: str, status: int) -> None:
        self.respond(self._transaction, status)
        if self.conclude():
            self.emit(InviteCancelled(self.id, why))

    def conclude(self) -> bool:
        """Stops the provisional responses too."""
        self._reliable.end()
        self._transaction.forget()
        self._stop_repeating()
        self._stop_guards()
        self._waiting.clear()
        return super().conclude()

    # take-over

    def to_plain(self) -> dict[str, Any]:
        """The session as JSON values, with the INVITE as it stands in its transaction."""
        if not self._invite_kept:  # written at the first export: it never changes
            self._invite_kept = self._invite.encode().decode("latin-1")
        transaction = self._transaction
        plain = super().to_plain()
        plain |= {
            "way_back": plain["flow"] if transaction.flow is self.flow else transaction.flow.to_plain(),
            "invite": self._invite_kept,
            "last": transaction.last.decode("latin-1"),
            "reliable": self._reliable.to_plain(),
            "waiting": [list(item) for item in self._waiting],
            "held_answer": self._held_answer,
            "described": self._described,
        }
        return plain

    @classmethod
    def restored(cls, core: Core, data: dict[str, Any], on_over: Callable[[Session], None]) -> "IncomingSession":
        """Takes over what `to_plain` wrote."""
        invite = parse_message(data["invite"].encode("latin-1"))
        way_back = Flow.from_plain(data["way_back"])
        transaction = core.layer.serve(invite, way_back, server_key(invite, invite.method))
        dialog = Dialog.from_plain(data["dialog"])
        flow, phase = Flow.from_plain(data["flow"]), Phase(data["phase"])
        session = cls(core, data["id"], dialog, flow=flow, transaction=transaction, phase=phase, on_over=on_over)
        session.take_over(data)
        return session

    def take_over(self, data: dict[str, Any]) -> None:
        """Resumes the repetitions that were running; a 2xx without ACK is sent again at once."""
        super().take_over(data)
        self._transaction.last = data["last"].encode("latin-1")
        self._waiting = [(int(status), sdp) for status, sdp in data["waiting"]]
        self._held_answer, self._described = data["held_answer"], bool(data["described"])
        if self.phase in _EARLY:
            self._reliable.take_over(data["reliable"])
            self._repeat_later()
            self._guard()
        else:
            self._resume_answered()

    def _resume_answered(self) -> None:
        if isinstance(self._transaction, InviteServer):
            self._transaction.resume_accepted()
        if self.phase in {Phase.ACCEPTED, Phase.CLOSING}:
            self._transaction.transmit()
            self.hold_until_ack(self._transaction)


def _why_cancelled(request: SipMessage) -> str:
    """`answered_elsewhere` when the Reason header says so (RFC 3326), otherwise `cancel`."""
    for reason in request.elements("Reason"):
        protocol, _, params = reason.partition(";")
        causes = [part.strip().lower() for part in params.split(";")]
        if protocol.strip().upper() == "SIP" and "cause=200" in causes:
            return "answered_elsewhere"
    return "cancel"
