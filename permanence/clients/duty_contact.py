# SPDX-License-Identifier: AGPL-3.0-or-later
"""Voice messages and the duty contact, as the house's page sets them: one act, neither stands without the other."""

from datetime import date, datetime

from django.db import transaction

from permanence.clients.acts import account, changed
from permanence.clients.models import Client
from permanence.clients.operations import ConsentMissing
from permanence.clients.rules import Sector
from permanence.clients.urgent_paths import demand_second
from permanence.foundation.who import Who


def standing(row: Client) -> tuple[bool, str, str]:
    """What stands there: voice messages, the day of the agreement ("" none), the duty contact."""
    agreed = row.voice_message_agreed_date
    return row.voice_message, agreed.isoformat() if agreed else "", row.duty_contact


@transaction.atomic
def set_voice_messages(
    *, client: str, voice_message: bool, agreed: date | None, duty_contact: str, by: Who, at: datetime
) -> None:
    """Whether callers may leave a voice message, since which agreement, and who is the duty contact.

    Raises ClientUnknown, ConsentMissing, ApprovalNeeded (another duty contact, where the contract asks).
    """
    row = account(client, by=by)
    contact = duty_contact.strip()
    if voice_message and row.sector == Sector.HEALTH and (agreed is None or not contact):
        raise ConsentMissing(client)
    if row.duty_contact != contact:
        demand_second(row, by=by)
    row.voice_message, row.voice_message_agreed_date, row.duty_contact = voice_message, agreed, contact
    row.save(update_fields=["voice_message", "voice_message_agreed_date", "duty_contact"])
    changed(client=client, action="client.voice_messages_set", by=by, at=at, detail={"agreed": str(agreed)})
