# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the room announces. No event carries the text, the caller's name or his number."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTaken(Event):
    """A secretary took a message for a recipient of a client."""

    message: str
    client: str
    recipient: str
    call: str
    taken_by: str
    urgency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRead(Event):
    """The message was shown to a signed-in person for the first time. `stands`: one of the recipient's own persons."""

    message: str
    client: str
    person: str
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAcknowledged(Event):
    """A signed-in person pressed the button. `stands`: one of the recipient's own persons."""

    message: str
    client: str
    person: str
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAnswered(Event):
    """A signed-in person of the client wrote to the secretary about the message."""

    message: str
    client: str
    person: str
    answer: str


MESSAGING_EVENTS = EventCatalogue(MessageTaken, MessageRead, MessageAcknowledged, MessageAnswered)
