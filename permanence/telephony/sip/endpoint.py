# SPDX-License-Identifier: AGPL-3.0-or-later
"""The SIP user agent: one endpoint for every trunk, transport and call, without I/O.

`now` is monotonic seconds everywhere. Bytes go in by `receive`, come out of `drain_output`; events come out of
`drain_events`. After every call the owner drains both and sets one timer to `next_deadline()`.

Theory of operation
-------------------
`receive` asks `trust` for the trunk of the source before it reads a byte: strangers are counted, answered 403 at a
bounded rate, then ignored; only an answer to a request of ours may come from anywhere, since its branch cannot be
guessed. A message of a trunk is parsed, then given to its transaction (repetitions end there), then to its session, and
an INVITE that belongs to none begins one.
"""

from typing import Any

from permanence.kernel.clock import Entropy
from permanence.telephony.sip.core import Core, Trust
from permanence.telephony.sip.events import SipEvent
from permanence.telephony.sip.flow import Address, Flow
from permanence.telephony.sip.framing import KEEP_ALIVE
from permanence.telephony.sip.layer import TransactionLayer
from permanence.telephony.sip.pings import Pings
from permanence.telephony.sip.receiver import Receiver
from permanence.telephony.sip.registrations import Registrations
from permanence.telephony.sip.session import Session
from permanence.telephony.sip.settings import Credentials, SipSettings
from permanence.telephony.sip.stack import Stack
from permanence.telephony.sip.table import SessionTable
from permanence.telephony.sip.uac import Call, OutgoingSession
from permanence.telephony.sip.uas import IncomingSession

__all__ = ["SipEndpoint", "Trust"]


class SipEndpoint:
    """A user agent (UAS and UAC). Every operation on a session that is over, or not in a fit state, does nothing and
    returns False: a late answer is not an error."""

    def __init__(self, settings: SipSettings, entropy: Entropy, trust: Trust) -> None:
        self._stack = Stack(settings, entropy)
        self._layer = TransactionLayer(self._stack)
        self._core = Core(self._stack, self._layer, trust)
        self._table = SessionTable()
        self._receiver = Receiver(self._core, self._table)
        self._registrations = Registrations(self._core)
        self._pings = Pings(self._core)

    # the owner's loop

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """One datagram, or one message framed from a stream."""
        self._stack.now = now
        self._receiver.receive(data, flow)

    def tick(self, now: float) -> None:
        """Runs every timer due."""
        self._stack.now = now
        while (action := self._stack.timers.pop_due(now)) is not None:
            action()

    def next_deadline(self) -> float | None:
        """The moment of the next timer, None when nothing waits."""
        return self._stack.timers.next_deadline()

    def none_before(self, moment: float) -> bool:
        """Whether the timer set to `moment` may stay: no other is due earlier."""
        return self._stack.timers.none_before(moment)

    def drain_output(self) -> list[tuple[bytes, Flow]]:
        """What must be sent, in order."""
        output, self._stack.output = self._stack.output, []
        return output

    def drain_events(self) -> list[SipEvent]:
        """What happened, in order."""
        events, self._stack.events = self._stack.events, []
        return events

    def drain(self) -> tuple[list[tuple[bytes, Flow]], list[SipEvent]] | None:
        """What must be sent and what happened, both in order; None when there is neither."""
        stack = self._stack
        output, events = stack.output, stack.events
        if not output and not events:
            return None
        stack.output, stack.events = [], []
        return output, events

    def flow_lost(self, flow: Flow, now: float) -> None:
        """The connection or the datagram's way is gone: requests waiting on it fail with 503 (RFC 3261 17.1.4)."""
        self._stack.now = now
        self._layer.flow_lost(flow)
        self._registrations.flow_lost(flow)

    # incoming calls

    def ring(self, session: str, *, now: float) -> bool:
        """180, reliable when the caller requires it."""
        found = self._incoming(session, now)
        return found is not None and found.ring()

    def progress(self, session: str, sdp: str, *, now: float) -> bool:
        """183 with early media, reliable when the caller supports it."""
        found = self._incoming(session, now)
        return found is not None and found.progress(sdp)

    def accept(self, session: str, sdp: str, *, now: float) -> bool:
        """200 with our answer, or with our offer when the INVITE had none. Held back until a pending PRACK comes."""
        found = self._incoming(session, now)
        return found is not None and found.accept(sdp)

    def reject(
        self,
        session: str,
        status: int,
        reason: str | None = None,
        *,
        now: float,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> bool:
        """A final refusal (300 to 699); `reason` is the reason phrase, `headers` further ones (`Retry-After`)."""
        found = self._incoming(session, now)
        return found is not None and found.reject(status, reason, headers)

    # any call

    def end(self, session: str, reason: str | None = None, *, now: float) -> bool:
        """BYE, CANCEL or 480, as the state demands. `reason` is a Reason header value (RFC 3326).

        `SessionEnded` (by `local`) follows for an answered call, `DialFailed` for one of ours that is cancelled, and
        nothing for an incoming one that had no answer yet.
        """
        found = self._any(session, now)
        return found is not None and found.end(reason)

    def offer(self, session: str, sdp: str, *, now: float) -> bool:
        """re-INVITE with a new offer: `OfferAnswered` or `OfferRefused` follows. 491 is retried by itself."""
        found = self._any(session, now)
        return found is not None and found.offer(sdp)

    def answer_offer(self, session: str, sdp: str, *, now: float) -> bool:
        """Answers `OfferReceived`."""
        found = self._any(session, now)
        return found is not None and found.answer_offer(sdp)

    def refuse_offer(self, session: str, status: int = 488, *, now: float) -> bool:
        """Refuses `OfferReceived`; the session goes on as before."""
        found = self._any(session, now)
        return found is not None and found.refuse_offer(status)

    def send_dtmf(self, session: str, digit: str, duration_ms: int = 160, *, now: float) -> bool:
        """A key by INFO (application/dtmf-relay), for a peer without telephone-event."""
        found = self._any(session, now)
        return found is not None and found.send_dtmf(digit, duration_ms)

    # outgoing calls

    def dial(
        self,
        target_uri: str,
        flow: Flow,
        from_uri: str,
        sdp: str | None,
        credentials: Credentials | None = None,
        *,
        now: float,
        display: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        routes: tuple[str, ...] = (),
        others: tuple[Flow, ...] = (),
    ) -> str:
        """Sends an INVITE and returns the session's id. `sdp` None asks the other side for the offer.

        `routes` are Route values (`<sip:proxy;lr>`); `others` are tried in turn after a 503, silence or a lost way.
        Raises BadSyntax for an address that cannot be written.
        """
        self._stack.now = now
        call = Call(target_uri, from_uri, sdp, credentials, display, headers, routes, others)
        session = OutgoingSession.begin(self._core, self._stack.token(10), call, flow, self._table.remove)
        self._table.add(session)
        session.invite()
        return session.id

    # take-over

    def export(self, session: str) -> dict[str, Any] | None:
        """The session as JSON values: what `restore` needs in another process. None when it is over."""
        found = self._table.get(session)
        return None if found is None else found.to_plain()

    def restore(self, data: dict[str, Any], *, now: float) -> str:
        """Takes a session over; its id. Raises ValueError, KeyError or TypeError when the data does not fit."""
        self._stack.now = now
        kind = IncomingSession if data["kind"] == "incoming" else OutgoingSession
        session = kind.restored(self._core, data, self._table.remove)
        self._table.add(session)
        return session.id

    def sessions(self) -> tuple[str, ...]:
        """The ids of the sessions that live."""
        return self._table.identities()

    # trunks

    def register(
        self,
        aor: str,
        registrar: str,
        flow: Flow,
        credentials: Credentials,
        *,
        now: float,
        expires: int = 600,
        others: tuple[Flow, ...] = (),
    ) -> str:
        """Registers and keeps registered until `unregister`; the registration's id. `others` as for `dial`."""
        self._stack.now = now
        return self._registrations.add(aor, registrar, (flow, *others), credentials, expires)

    def unregister(self, registration: str, *, now: float) -> bool:
        """Takes the binding away (Expires: 0)."""
        self._stack.now = now
        return self._registrations.remove(registration)

    def ping(self, uri: str, flow: Flow, *, now: float) -> str:
        """OPTIONS to see whether a trunk lives: `PingAnswered` follows."""
        self._stack.now = now
        return self._pings.send(uri, flow)

    def hold_open(self, flow: Flow, *, now: float) -> None:
        """An empty message, so that a NAT keeps the way of the flow open. Nothing follows."""
        self._stack.now = now
        self._stack.send(KEEP_ALIVE, flow)

    def told_address(self, session: str) -> Address | None:
        """Our address as the other side of a session knows it (behind a NAT the outer one); None when it is over."""
        found = self._table.get(session)
        return None if found is None else self._stack.public_address(found.flow)

    def counters(self) -> dict[str, int]:
        """Messages received, malformed, refused, throttled; sessions, transactions and timers that live."""
        live = {"sessions": len(self._table), "transactions": len(self._layer), "timers": len(self._stack.timers)}
        return self._receiver.counters | live

    def _any(self, session: str, now: float) -> Session | None:
        self._stack.now = now
        return self._table.get(session)

    def _incoming(self, session: str, now: float) -> IncomingSession | None:
        self._stack.now = now
        found = self._table.get(session)
        return found if isinstance(found, IncomingSession) else None
