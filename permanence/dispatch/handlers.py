# SPDX-License-Identifier: AGPL-3.0-or-later
"""What transmission does when it hears of a message."""

from permanence.dispatch import operations
from permanence.foundation.models import House
from permanence.kernel.events import Event
from permanence.kernel.system import SystemEntropy
from permanence.messaging.events import MessageTaken


def on_message_taken(event_id: str, event: Event) -> None:  # noqa: ARG001 - the shape of every hearer
    """Make the deliveries of a message just taken. Idempotent: a message gets its deliveries once."""
    if not isinstance(event, MessageTaken):
        raise TypeError(f"expected MessageTaken, heard {type(event).__name__}")
    house = House.objects.only("pk").get(slug=event.house)
    operations.prepare(
        house=event.house, house_key=house.pk, message=event.message, at=event.at, entropy=SystemEntropy()
    )
