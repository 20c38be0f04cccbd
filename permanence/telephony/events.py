# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the telephone announces, for the journal, the bus and every room above. The wire format is `kernel.events`."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue
from permanence.kernel.record import event


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent(Event):
    """Something that happened to one call. `client` is None while, or because, nobody's number was dialled."""

    call: str
    client: str | None = None


@event
class CallArrived(CallEvent):
    """An INVITE of a trusted trunk became a call.

    `called_line` is the house's number (E.164) or, for an unknown line, what the carrier sent. `caller` is E.164 or
    None; when `masked`, `withheld` holds the number for the trusted network's use: stored apart, never shown, never
    matched (RFC 3323, RFC 3325). `found_by`: request_uri, to, p_called_party_id, history_info, diversion or unknown.
    """

    trunk: str
    called_line: str
    caller: str | None
    display: str = ""
    masked: bool = False
    withheld: str | None = None
    found_by: str = "request_uri"
    forwarded_by: str | None = None
    forward_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownLineCalled(CallEvent):
    """A trusted trunk brought a call for a number no client has: it rings the pool and the supervisor is told."""

    trunk: str
    called_line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(CallEvent):
    """The secretary put the caller on hold: he hears the music."""

    secretary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(CallEvent):
    """The secretary took the caller back."""

    secretary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLost(CallEvent):
    """The secretary's line was lost during a call: the caller hears the music until it is back."""

    secretary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBack(CallEvent):
    """The secretary's line is back and the call plugged into it again."""

    secretary: str


@event
class CallEnded(CallEvent):
    """The call is over. `by`: caller, secretary or system. `why` is a code (hang_up, abandoned, closed, max_wait,
    line_lost, media_lost, refused...). Moments are None where the call never got so far."""

    by: str
    why: str
    arrived_at_ms: int
    answered_at_ms: int | None = None
    secretary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMessageBegun(CallEvent):
    """The closing words and the tone are over: what the caller says is being recorded. Told again where the recording
    had to begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMessageKept(CallEvent):
    """The caller spoke a message; `file` is its name in the spool, `seconds` its length."""

    file: str
    seconds: float
    caller: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkRefused(Event):
    """A packet came from an address no trunk has. Counted, at most one event a minute and source."""

    source: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DialStarted(Event):
    """A call of ours went out over a trunk (`dial` is its id); `remote` is where to, as "udp 192.0.2.1:5060"."""

    dial: str
    trunk: str
    number: str
    remote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialProgressed(Event):
    """The carrier told how it goes: a provisional `status` (180, 183...), with or without early media."""

    dial: str
    status: int
    early_media: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DialAnswered(Event):
    """The called party answered; `payload_type` is the codec agreed on (8 PCMA, 0 PCMU).

    `media_host`: where the carrier wants our audio. `our_address`: ours as told to the carrier, behind a NAT the outer
    one. `telephone_event`: whether keys go as RFC 4733 says.
    """

    dial: str
    payload_type: int
    media_host: str = ""
    our_address: str = ""
    telephone_event: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DialDigit(Event):
    """The called party pressed a key, or the carrier sent ours back."""

    dial: str
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialReturned(Event):
    """A call of ours that was to come back arrived on `called_line` (`client`: whose, None for nobody's), `waited_ms`
    after it was dialled. It was refused there and rang nobody. `forwarded_by`: as far as the carrier says."""

    dial: str
    trunk: str
    called_line: str
    client: str | None = None
    forwarded_by: str | None = None
    forward_reason: str | None = None
    waited_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DialEnded(Event):
    """A call of ours is over. `by`: carrier or system. `status`: the final refusal, 0 where there was none.

    `heard`: whether any audio came back.
    """

    dial: str
    by: str
    why: str
    status: int = 0
    answered_at_ms: int | None = None
    heard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DialRecorded(Event):
    """What the called party said is on the disk: `file` in the spool (A-law, 8 kHz), `seconds` long."""

    dial: str
    file: str
    seconds: float


TELEPHONY_EVENTS = EventCatalogue(
    CallArrived,
    UnknownLineCalled,
    CallHeld,
    CallResumed,
    LineLost,
    LineBack,
    CallEnded,
    VoiceMessageBegun,
    VoiceMessageKept,
    TrunkRefused,
    DialStarted,
    DialProgressed,
    DialAnswered,
    DialDigit,
    DialReturned,
    DialEnded,
    DialRecorded,
)
