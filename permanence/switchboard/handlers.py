# SPDX-License-Identifier: AGPL-3.0-or-later
"""What changed above is assembled again, in the transaction of the outbox, so that its version is known.

A hearer runs inside a transaction and must not speak to the exchange: the worker's loop then sends what differs.
"""

from permanence.clients.events import ClientChanged
from permanence.foundation.events import HouseChanged, PersonChanged
from permanence.kernel.events import Event
from permanence.staff import queries as staff
from permanence.staff.events import PoolChanged, StaffChanged
from permanence.switchboard.events import TrunkChanged
from permanence.switchboard.operations import HOUSE, ask_to_revoke, current_slice


def refresh(_event_id: str, event: Event) -> None:
    """Assemble the slice an event concerns, so that its version is known. Idempotent by content."""
    if isinstance(event, ClientChanged):
        current_slice(house=event.house, client=event.client, at=event.at)
    elif isinstance(event, (HouseChanged, PersonChanged, PoolChanged, StaffChanged, TrunkChanged)):
        current_slice(house=event.house, client=HOUSE, at=event.at)


def revoke_seat_of_who_left(_event_id: str, event: Event) -> None:
    """A secretary who may not answer any more loses her seat: a due row, because a hearer speaks to nobody."""
    if isinstance(event, StaffChanged):
        active = {each.id for each in staff.secretaries(house=event.house)}
        if event.secretary not in active:
            ask_to_revoke(house=event.house, secretary=event.secretary, at=event.at)
