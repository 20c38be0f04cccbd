# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offers and answers inside a session (RFC 3264, RFC 3311, RFC 6337; glare by RFC 3261 section 14).

Theory of operation
-------------------
At most one offer is open in a dialog. Either it is theirs (`_theirs`: the transaction that brought it, kept until the
owner answers) or ours (`_ours`: a re-INVITE on its way), or it was given in our 2xx to a re-INVITE without body and its
answer is awaited in the ACK (`_in_ack`). A second offer is refused: 500 while theirs is open, 491 while ours is. Ours
that met a 491 is `_delayed`: it is not open, so that theirs can pass before it is sent again.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from permanence.telephony.sip.bodies import offers_audio
from permanence.telephony.sip.dialog import Dialog
from permanence.telephony.sip.events import OfferAnswered, OfferReceived, OfferRefused, SipEvent
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.renewal import Renewal, session_expires
from permanence.telephony.sip.server import ServerTransaction
from permanence.telephony.sip.stack import Stack
from permanence.telephony.sip.timers import Timer

_OWNER_PATIENCE = 30.0
_MAX_GLARES = 6


class Negotiating(Protocol):
    """The session an exchange works for (`session.Session`)."""

    kind: str
    id: str
    stack: Stack
    dialog: Dialog
    renewal: Renewal
    local_sdp: str | None
    remote_sdp: str | None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        ...

    def emit(self, event: SipEvent) -> None:
        """Tells the owner."""
        ...

    def respond(
        self,
        transaction: ServerTransaction,
        status: int,
        *,
        sdp: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Answers a request of the session."""
        ...

    def request(
        self,
        method: str,
        on_response: Callable[[SipMessage], object],
        *,
        sdp: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> SipMessage:
        """Sends a request of the session."""
        ...

    def acknowledge(self, cseq: int, sdp: str | None = None) -> None:
        """Sends the ACK of a 2xx."""
        ...

    def hold_until_ack(self, transaction: ServerTransaction) -> None:
        """Repeats a 2xx until its ACK."""
        ...

    def failed_inside(self, status: int) -> bool:
        """Ends the session when `status` says that the dialog is gone."""
        ...


class OfferExchange:
    """The offers of one confirmed session."""

    # What a session begins with stands here once: most calls never have a second offer.
    _theirs: ServerTransaction | None = None
    _ours: str | None = None
    _silent = False
    _glares = 0
    _in_ack: int | None = None
    _delayed: str | None = None
    _patience: Timer | None = None
    _retry: Timer | None = None

    def __init__(self, session: Negotiating) -> None:
        self._session = session

    @property
    def open(self) -> bool:
        """Whether an offer waits for its answer."""
        return self._theirs is not None or self._ours is not None or self._in_ack is not None

    # their offer

    def receive(self, transaction: ServerTransaction) -> None:
        """A re-INVITE or an UPDATE came."""
        request = transaction.request
        session = self._session
        refusal = self._refusal(request)
        if refusal is not None:
            status, headers = refusal
            session.respond(transaction, status, headers=headers)
            return
        session.dialog.refresh_target(request)
        if request.method == "UPDATE" and request.sdp is None:
            session.respond(transaction, 200, headers=session.renewal.grant(request))
        elif request.sdp is not None and request.sdp == session.remote_sdp and session.local_sdp is not None:
            self._agree(transaction, session.local_sdp)
        else:
            self._ask(transaction)

    def _refusal(self, request: SipMessage) -> tuple[int, list[tuple[str, str]]] | None:
        offer = request.sdp
        if self._theirs is not None:
            return 500, [("Retry-After", str(int(10 * self._session.stack.fraction())))]
        if self.open and (request.method == "INVITE" or offer is not None):
            return 491, []
        if request.body and offer is None:
            return 415, [("Accept", "application/sdp")]
        wish = session_expires(request)
        min_se = self._session.stack.settings.min_se
        if wish is not None and wish[0] < min_se:
            return 422, [("Min-SE", str(min_se))]
        if offer is not None and not offers_audio(offer):
            return 488, []  # a fax (T.38) or a picture alone: the audio of the call goes on
        return None

    def _ask(self, transaction: ServerTransaction) -> None:
        session = self._session
        self._theirs = transaction
        transaction.on_cancel = self._cancelled
        self._patience = session.stack.after(_OWNER_PATIENCE, lambda: self.refuse(500))
        if transaction.request.method == "INVITE":
            session.respond(transaction, 100)
        session.emit(OfferReceived(session.id, transaction.request.sdp))

    def ask_prack(self, transaction: ServerTransaction) -> None:
        """A PRACK brought a new offer: its 200 carries the answer (RFC 3262 section 5)."""
        self._ask(transaction)

    def answer(self, sdp: str) -> bool:
        """The owner answers their offer, or makes the one they asked for."""
        transaction = self._take_theirs()
        if transaction is None:
            return False
        self._agree(transaction, sdp)
        return True

    def _agree(self, transaction: ServerTransaction, sdp: str) -> None:
        session = self._session
        request = transaction.request
        session.local_sdp = sdp
        if request.sdp is not None:
            session.remote_sdp = request.sdp
        session.respond(transaction, 200, sdp=sdp, headers=session.renewal.grant(request))
        if request.method == "INVITE":
            self._in_ack = request.cseq[0] if request.sdp is None else None
            session.hold_until_ack(transaction)

    def refuse(self, status: int) -> bool:
        """The owner refuses: the session goes on as before."""
        transaction = self._take_theirs()
        if transaction is None:
            return False
        self._session.respond(transaction, status)
        return True

    def _cancelled(self, _request: SipMessage) -> None:
        self.refuse(487)

    def _take_theirs(self) -> ServerTransaction | None:
        transaction, self._theirs = self._theirs, None
        if self._patience is not None:
            self._patience.cancel()
        return transaction

    def acknowledged(self, request: SipMessage) -> None:
        """The ACK of our 2xx to a re-INVITE."""
        if self._in_ack != request.cseq[0]:
            return
        self._in_ack = None
        if request.sdp is not None:
            self._session.remote_sdp = request.sdp
        self._session.emit(OfferAnswered(self._session.id, request.sdp))

    # our offer

    def offer(self, sdp: str, *, silent: bool = False) -> bool:
        """Sends a re-INVITE; `silent` keeps a mere refresh from the owner."""
        if self.open:
            return False
        self._silent, self._glares = silent, 0
        self._send(sdp)
        return True

    def refresh(self) -> None:
        """A re-INVITE that changes nothing."""
        if self._session.local_sdp is not None:
            self.offer(self._session.local_sdp, silent=True)

    def _send(self, sdp: str) -> None:
        session = self._session
        self._forget_delayed()
        self._ours = sdp
        session.request("INVITE", self._receive_response, sdp=sdp, headers=session.renewal.wish())

    def _send_delayed(self) -> None:
        if self._delayed is None or self._session.over:
            return
        if self.open:
            self._delay(self._delayed)  # theirs is not through yet
        else:
            self._send(self._delayed)

    def _delay(self, sdp: str) -> None:
        self._delayed = sdp
        self._retry = self._session.stack.after(self._glare_delay(), self._send_delayed)

    def _receive_response(self, response: SipMessage) -> None:
        if response.status < 200:
            return
        session = self._session
        if response.status < 300:
            session.acknowledge(response.cseq[0])
            self._answered(response)
            return
        if session.over or session.failed_inside(response.status):
            return
        refused, self._ours = self._ours, None
        if refused is not None and response.status == 491 and self._glares < _MAX_GLARES:
            self._glares += 1
            self._delay(refused)
            return
        if not self._silent:
            session.emit(OfferRefused(session.id, response.status))

    def _answered(self, response: SipMessage) -> None:
        session = self._session
        offered, self._ours = self._ours, None
        if offered is None or session.over:
            return  # a repetition of the 2xx: its ACK was repeated, nothing more
        session.dialog.refresh_target(response)
        changed = response.sdp is not None and response.sdp != session.remote_sdp
        session.local_sdp = offered
        session.remote_sdp = response.sdp or session.remote_sdp
        session.renewal.agree(response)
        if changed or not self._silent:
            session.emit(OfferAnswered(session.id, response.sdp))

    def _glare_delay(self) -> float:
        """2.1 to 4 s for the owner of the Call-ID, 0 to 2 s for the other (RFC 3261 section 14.1)."""
        fraction = self._session.stack.fraction()
        return 2.1 + 1.9 * fraction if self._session.kind == "outgoing" else 2.0 * fraction

    def stop(self) -> None:
        """The session is over: what is still open is answered with 487 (RFC 3261 section 15.1.2)."""
        self.refuse(487)
        self._ours = None
        self._forget_delayed()

    def _forget_delayed(self) -> None:
        self._delayed = None
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
