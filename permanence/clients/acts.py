# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every act on a client account begins and ends with."""

from datetime import datetime
from typing import Any

from permanence.clients.events import ClientChanged
from permanence.clients.models import Client
from permanence.clients.queries import ClientUnknown
from permanence.foundation import audit, outbox
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who


def account(client: str, *, by: Who) -> Client:
    """The account, kept for this transaction alone. Raises ClientUnknown."""
    rows = Client.objects.for_house(by.house_key).select_for_update()
    row = rows.filter(pk=row_key(client)).first()
    if row is None:
        raise ClientUnknown(client)
    return row


def changed(*, client: str, action: str, by: Who, at: datetime, detail: dict[str, Any] | None = None) -> None:
    """Note and announce that something of a client was changed. Called in the transaction of the change."""
    audit.note(by=by, at=at, action=action, subject=f"clients.client:{client}", client=client, detail=detail)
    outbox.announce(ClientChanged(house=by.house, at=at, client=client))
