# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the staff learns from the engine: the history of presence."""

from django.db import transaction

from permanence.foundation import bus
from permanence.foundation.keys import row_key
from permanence.kernel.events import Event
from permanence.reception.events import PresenceChanged
from permanence.staff.models import PresenceSpan, Secretary

HEARER = "staff"


def apply_engine_event(engine: str, sequence: int, event: Event) -> None:
    """Write what `event` says about a secretary's presence. Idempotent by (engine, sequence), one transaction."""
    with transaction.atomic():
        if bus.first_time(hearer=HEARER, engine=engine, sequence=sequence) and isinstance(event, PresenceChanged):
            _change_presence(event)


def _change_presence(event: PresenceChanged) -> None:
    """End the running stretch and begin the next; the same state again changes nothing."""
    key = row_key(event.secretary)
    secretary = Secretary.objects.for_house(event.house).filter(pk=key).first()
    if secretary is None:
        return  # deleted meanwhile, or another house's engine: the history has nobody to be written for
    running = PresenceSpan.objects.filter(secretary=secretary, ends_at__isnull=True).first()
    if running is not None:
        if (running.state, running.reason, running.seat) == (event.state, event.reason, event.seat):
            return
        running.ends_at = max(event.at, running.starts_at)
        running.save(update_fields=["ends_at"])
    PresenceSpan.objects.create(
        house_id=secretary.house_id,
        secretary=secretary,
        state=event.state,
        reason=event.reason,
        seat=event.seat,
        starts_at=event.at if running is None else max(event.at, running.starts_at),
    )
