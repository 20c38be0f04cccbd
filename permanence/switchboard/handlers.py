# SPDX-License-Identifier: AGPL-3.0-or-later
"""What changed above is assembled again, in the transaction of the outbox, so that its version is known; and what the
exchange tells of test calls ends the tests.

A hearer runs inside a transaction and must not speak to the exchange: the worker's loop then sends what differs.
"""

from django.db import transaction

from permanence.clients.events import ClientChanged, InstructionAcknowledged
from permanence.foundation import bus
from permanence.foundation.events import HouseChanged, PersonChanged
from permanence.kernel.events import Event
from permanence.staff import queries as staff
from permanence.staff.events import PoolChanged, StaffChanged
from permanence.switchboard import forwarding
from permanence.switchboard.events import TrunkChanged
from permanence.switchboard.operations import HOUSE, ask_to_revoke, current_slice
from permanence.telephony.events import CallArrived, DialAnswered, DialEnded, DialReturned

HEARER = "switchboard"


def refresh(_event_id: str, event: Event) -> None:
    """Assemble the slice an event concerns, so that its version is known. Idempotent by content."""
    if isinstance(event, (ClientChanged, InstructionAcknowledged)):
        current_slice(house=event.house, client=event.client, at=event.at)
    elif isinstance(event, (HouseChanged, PersonChanged, PoolChanged, StaffChanged, TrunkChanged)):
        current_slice(house=event.house, client=HOUSE, at=event.at)


def revoke_seat_of_who_left(_event_id: str, event: Event) -> None:
    """A secretary who may not answer any more loses her seat: a due row, because a hearer speaks to nobody."""
    if isinstance(event, StaffChanged):
        active = {each.id for each in staff.secretaries(house=event.house)}
        if event.secretary not in active:
            ask_to_revoke(house=event.house, secretary=event.secretary, at=event.at)


def apply_engine_event(engine: str, sequence: int, event: Event) -> None:
    """End the test of a forwarding that `event` decides. Idempotent by (engine, sequence), one transaction."""
    with transaction.atomic():
        if not bus.first_time(hearer=HEARER, engine=engine, sequence=sequence):
            return
        if isinstance(event, DialAnswered):
            forwarding.note_answered(house=event.house, dial=event.dial)
        elif isinstance(event, DialReturned):
            forwarding.note_return(
                house=event.house,
                dial=event.dial,
                called=event.called_line,
                known=event.client is not None,
                forwarded_by=event.forwarded_by,
                at=event.at,
            )
        elif isinstance(event, DialEnded):
            forwarding.note_end(house=event.house, dial=event.dial, status=event.status, at=event.at)
        elif isinstance(event, CallArrived):
            forwarding.note_arrival(
                house=event.house,
                called=event.called_line,
                known=event.client is not None,
                caller=event.caller,
                forwarded_by=event.forwarded_by,
                at=event.at,
            )
