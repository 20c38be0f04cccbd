# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every act on a message ends with, in its transaction."""

from datetime import datetime

from permanence.foundation import audit, live, outbox
from permanence.foundation.who import Who
from permanence.messaging.events import MessageTaken
from permanence.messaging.models import Message


def announce_taken(row: Message, *, house: str, by: Who, at: datetime) -> None:
    """There is a new message: it is announced, noted and shown."""
    outbox.announce(
        MessageTaken(
            house=house,
            at=at,
            message=row.key,
            client=str(row.client_id),
            recipient=str(row.recipient_id),
            call=row.call,
            taken_by=by.person,
            urgency=row.urgency,
        )
    )
    noted(row, "message.taken", house=house, by=by, at=at)


def noted(row: Message, action: str, *, house: str, by: Who, at: datetime) -> None:
    """The act stands in the audit trail, without content, and the screens show it."""
    audit.note(by=by, at=at, action=action, subject=f"messaging.message:{row.pk}", client=row.client_id)
    touch(row, house=house, at=at)


def touch(row: Message, *, house: str, at: datetime) -> None:
    """The screens show what has become of the message."""
    live.touch(f"house/{house}/messages", f"client/{row.client_id}/messages", house_key=row.house_id, at=at)
