# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a SIP endpoint announces to its owner, in the order it happened. SDP is opaque text here."""

from dataclasses import dataclass

from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.incoming import IncomingInvite


@dataclass(frozen=True, slots=True)
class SipEvent:
    """The base of every event."""


@dataclass(frozen=True, slots=True)
class SessionEvent(SipEvent):
    """An event of one session; `session` is the id given by `InviteReceived` or returned by `dial`."""

    session: str


@dataclass(frozen=True, slots=True)
class InviteReceived(SessionEvent):
    """A trunk brings a call; 100 has been sent. The owner answers by `ring`, `progress`, `accept` or `reject`."""

    trunk: str
    invite: IncomingInvite
    flow: Flow


@dataclass(frozen=True, slots=True)
class InviteCancelled(SessionEvent):
    """The caller gave up before our final answer (CANCEL, or BYE on the early dialog). Nothing is left to do.

    `why`: `cancel`, `bye`, `answered_elsewhere` (Reason: SIP;cause=200, RFC 3326), `expired` (the INVITE's own
    Expires), `unreliable` (no PRACK came) or `ignored` (the owner did nothing for 32 s).
    """

    why: str = "cancel"


@dataclass(frozen=True, slots=True)
class SessionConfirmed(SessionEvent):
    """The ACK of our 200 came. `sdp` is the caller's answer when the INVITE carried no offer, otherwise None."""

    sdp: str | None = None


@dataclass(frozen=True, slots=True)
class SessionEnded(SessionEvent):
    """An answered session is over.

    `by`: `remote`, `local` (the owner called `end`) or `system`. `why`: `bye`, `no_ack`, `session_expired`, `gone`
    (481 or 408 to a request inside the dialog).
    """

    by: str
    why: str = "bye"


@dataclass(frozen=True, slots=True)
class OfferReceived(SessionEvent):
    """A re-INVITE or UPDATE: the owner calls `answer_offer(sdp)` or `refuse_offer(488)`.

    `sdp` is None when the other side asks us for an offer (re-INVITE without body). Also after `dial(sdp=None)`: the
    2xx brought the offer.
    """

    sdp: str | None


@dataclass(frozen=True, slots=True)
class OfferAnswered(SessionEvent):
    """The other side answered what `offer` sent (or the ACK answered the offer given by `answer_offer`)."""

    sdp: str | None


@dataclass(frozen=True, slots=True)
class OfferRefused(SessionEvent):
    """The other side refused what `offer` sent; the session goes on as before."""

    status: int


@dataclass(frozen=True, slots=True)
class ProgressReceived(SessionEvent):
    """A provisional answer (180, 183...) to `dial`; `sdp` when early media was announced."""

    status: int
    sdp: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerReceived(SessionEvent):
    """The called party answered `dial`; the ACK has been sent. `sdp` is the answer in force."""

    sdp: str | None


@dataclass(frozen=True, slots=True)
class DialFailed(SessionEvent):
    """`dial` ended without an answer: a final status (487 after our own CANCEL, 408 when nothing came) and its text."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class DtmfInfo(SessionEvent):
    """A key pressed, told by INFO (application/dtmf-relay or application/dtmf)."""

    digit: str
    duration_ms: int = 160


@dataclass(frozen=True, slots=True)
class RegistrationChanged(SipEvent):
    """A registration's state: `registered` (for `expires_s`), `failed` (again in `retry_s`), `unregistered`."""

    registration: str
    state: str
    status: int
    expires_s: float = 0.0
    retry_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PingAnswered(SipEvent):
    """The answer to `ping`: any status says that the other side lives; 408 that nothing came."""

    ping: str
    status: int


@dataclass(frozen=True, slots=True)
class SourceRefused(SipEvent):
    """Requests came from an address no trunk has: `count` since the last such event. At most one a minute and source.

    `source` is the address, for IPv6 its /64 network.
    """

    source: str
    count: int
