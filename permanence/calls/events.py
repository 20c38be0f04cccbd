# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the room announces. No event carries a caller's number."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecorded(Event):
    """A call is over and its record complete but for the outcome. `client` is None for a line nobody has."""

    call: str
    client: str | None
    abandoned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMessageReceived(Event):
    """A caller left a voice message: `file` is its name in the spool, `seconds` its length."""

    call: str
    client: str | None
    file: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RedFlagNoted(Event):
    """A red flag was heard in a call (`what` "heard"), or dealt with; `cause` is why it was dismissed."""

    call: str
    client: str
    flag: str
    what: str
    cause: str


CALLS_EVENTS = EventCatalogue(CallRecorded, VoiceMessageReceived, RedFlagNoted)
