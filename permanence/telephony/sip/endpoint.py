# SPDX-License-Identifier: AGPL-3.0-or-later
"""The SIP user agent: one endpoint for every trunk, transport and call, without I/O.

`now` is monotonic seconds everywhere. Bytes go in by `receive`, come out of `drain_output`; events come out of
`drain_events`. After every call the owner drains both and sets one timer to `next_deadline()`.
"""

from collections.abc import Callable
from typing import Any

from permanence.kernel.clock import Entropy
from permanence.telephony.sip.events import SipEvent
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.settings import Credentials, SipSettings

Trust = Callable[[Flow], str | None]
"""The name of the trunk a flow belongs to, or None: the source is refused."""


class SipEndpoint:
    """A user agent (UAS and UAC). Every operation on a session that is over, or not in a fit state, does nothing and
    returns False: a late answer is not an error."""

    def __init__(self, settings: SipSettings, entropy: Entropy, trust: Trust) -> None:
        raise NotImplementedError

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """One datagram, or one message framed from a stream."""
        raise NotImplementedError

    def tick(self, now: float) -> None:
        """Runs every timer due."""
        raise NotImplementedError

    def next_deadline(self) -> float | None:
        """The moment of the next timer, None when nothing waits."""
        raise NotImplementedError

    def drain_output(self) -> list[tuple[bytes, Flow]]:
        """What must be sent, in order."""
        raise NotImplementedError

    def drain_events(self) -> list[SipEvent]:
        """What happened, in order."""
        raise NotImplementedError

    def flow_lost(self, flow: Flow, now: float) -> None:
        """The connection or the datagram's way is gone: requests waiting on it fail with 503 (RFC 3261 17.1.4)."""
        raise NotImplementedError

    # incoming calls
    def ring(self, session: str, *, now: float) -> bool:
        """180, reliable when the caller requires it."""
        raise NotImplementedError

    def progress(self, session: str, sdp: str, *, now: float) -> bool:
        """183 with early media, reliable when the caller supports it."""
        raise NotImplementedError

    def accept(self, session: str, sdp: str, *, now: float) -> bool:
        """200 with our answer, or with our offer when the INVITE had none. Held back until a pending PRACK comes."""
        raise NotImplementedError

    def reject(self, session: str, status: int, reason: str | None = None, *, now: float) -> bool:
        """A final refusal (300 to 699)."""
        raise NotImplementedError

    # any call
    def end(self, session: str, reason: str | None = None, *, now: float) -> bool:
        """BYE, CANCEL or 480, as the state demands. `reason` is a Reason header value (RFC 3326)."""
        raise NotImplementedError

    def offer(self, session: str, sdp: str, *, now: float) -> bool:
        """re-INVITE with a new offer: `OfferAnswered` or `OfferRefused` follows. 491 is retried by itself."""
        raise NotImplementedError

    def answer_offer(self, session: str, sdp: str, *, now: float) -> bool:
        """Answers `OfferReceived`."""
        raise NotImplementedError

    def refuse_offer(self, session: str, status: int = 488, *, now: float) -> bool:
        """Refuses `OfferReceived`; the session goes on as before."""
        raise NotImplementedError

    def send_dtmf(self, session: str, digit: str, duration_ms: int = 160, *, now: float) -> bool:
        """A key by INFO (application/dtmf-relay), for a peer without telephone-event."""
        raise NotImplementedError

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
    ) -> str:
        """Sends an INVITE and returns the session's id. `sdp` None asks the other side for the offer."""
        raise NotImplementedError

    # take-over
    def export(self, session: str) -> dict[str, Any] | None:
        """The session as JSON values: what `restore` needs in another process. None when it is over."""
        raise NotImplementedError

    def restore(self, data: dict[str, Any], *, now: float) -> str:
        """Takes a session over; its id. Raises ValueError, KeyError or TypeError when the data does not fit."""
        raise NotImplementedError

    def sessions(self) -> tuple[str, ...]:
        """The ids of the sessions that live."""
        raise NotImplementedError

    # trunks
    def register(
        self, aor: str, registrar: str, flow: Flow, credentials: Credentials, *, now: float, expires: int = 600
    ) -> str:
        """Registers and keeps registered until `unregister`; the registration's id."""
        raise NotImplementedError

    def unregister(self, registration: str, *, now: float) -> bool:
        """Takes the binding away (Expires: 0)."""
        raise NotImplementedError

    def ping(self, uri: str, flow: Flow, *, now: float) -> str:
        """OPTIONS to see whether a trunk lives: `PingAnswered` follows."""
        raise NotImplementedError

    def counters(self) -> dict[str, int]:
        """Messages received, malformed, refused, throttled; sessions and transactions that live."""
        raise NotImplementedError
