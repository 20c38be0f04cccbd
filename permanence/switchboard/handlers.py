# SPDX-License-Identifier: AGPL-3.0-or-later
"""What changed above is assembled again, in the transaction of the outbox, so that its version is known.

A hearer runs inside a transaction and must not speak to the exchange: the worker's loop then sends what differs.
"""

from permanence.clients.events import ClientChanged
from permanence.kernel.events import Event
from permanence.staff.events import StaffChanged
from permanence.switchboard.events import TrunkChanged
from permanence.switchboard.operations import HOUSE, current_slice


def refresh(_event_id: str, event: Event) -> None:
    """Assemble the slice an event concerns, so that its version is known. Idempotent by content."""
    if isinstance(event, ClientChanged):
        current_slice(house=event.house, client=event.client, at=event.at)
    elif isinstance(event, (StaffChanged, TrunkChanged)):
        current_slice(house=event.house, client=HOUSE, at=event.at)
