# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the room does when it hears that a caller left a voice message, and what a message taken says of its call."""

import logging

from permanence.calls import operations as calls
from permanence.calls.events import VoiceMessageReceived
from permanence.foundation.operations import house_system
from permanence.kernel.events import Event
from permanence.messaging import operations
from permanence.messaging.events import MessageTaken

log = logging.getLogger(__name__)
MESSAGE = "message"
"""The outcome of a call whose message was taken, as the console says it."""


def on_voice_message_received(event_id: str, event: Event) -> None:
    """Make a message of it. Idempotent by call. A line nobody has leaves it to the list of calls."""
    if not isinstance(event, VoiceMessageReceived):
        raise TypeError(f"expected VoiceMessageReceived, heard {type(event).__name__}")
    if event.client is None:
        log.warning("event %s: a voice message on a line nobody has, call %s", event_id, event.call)
        return
    operations.take_voice_message(
        house=event.house,
        client_id=event.client,
        call=event.call,
        file=event.file,
        seconds=event.seconds,
        by=house_system(house=event.house),
        at=event.at,
    )


def on_message_taken(_event_id: str, event: Event) -> None:
    """The call ended in a message, also where the time after the call ran out before she said so. Idempotent."""
    if not isinstance(event, MessageTaken):
        raise TypeError(f"expected MessageTaken, heard {type(event).__name__}")
    if event.call and event.taken_by:
        calls.note_outcome(house=event.house, call=event.call, outcome=MESSAGE)
