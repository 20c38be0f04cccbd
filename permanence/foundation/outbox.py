# SPDX-License-Identifier: AGPL-3.0-or-later
"""The outbox: an event is a row written in the transaction of what it tells, delivered at least once to its hearers.

Theory of operation. `announce` writes the row. `deliver_due` takes undelivered rows in the order of their ids; for each
hearer of the event (`Wiring.hearers`, in order) it opens a transaction, writes the hearer's receipt and calls it:
effect and receipt are kept together or not at all, so a hearer that only writes to the database hears an event exactly
once, and one that speaks to the world at least once (same event id). A hearer that fails stops that event, which is
tried again after a growing delay; the other events go on.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Min

from permanence.foundation.models import House, OutboxEvent, OutboxReceipt
from permanence.foundation.rules import retry_after
from permanence.kernel.events import Event, EventCatalogue

log = logging.getLogger(__name__)

BATCH = 500
"""Events written at a time by `announce_many`."""

STUCK_AFTER = 6
"""Failures after which an event is told to the house: about half a minute."""

type Hearer = Callable[[str, Event], None]
"""`hearer(event_id, event)`: idempotent by `event_id`; called inside a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The events of all rooms and, by class name of the event, who hears it, in order, each under a stable name."""

    catalogue: EventCatalogue
    hearers: Mapping[str, Sequence[tuple[str, Hearer]]]


def announce(event: Event, *, house_key: int | None = None) -> str:
    """Write `event` into the outbox and give its id. Must be called in the transaction of what the event tells.

    `house_key`: that of `event.house`, where it is at hand. Raises RuntimeError outside a transaction,
    House.DoesNotExist for an unknown `event.house`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an event is announced in the transaction of what it tells")
    kind = type(event)
    row = OutboxEvent.objects.create(
        house_id=House.objects.only("pk").get(slug=event.house).pk if house_key is None else house_key,
        name=kind.__name__,
        body=EventCatalogue(kind).write(event),
        at=event.at,
        next_attempt_at=event.at,
    )
    return str(row.pk)


def announce_many(events: Sequence[Event]) -> None:
    """Write events of one house into the outbox, in their order, one query a batch. As `announce` otherwise.

    Raises RuntimeError outside a transaction, House.DoesNotExist for an unknown `event.house`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an event is announced in the transaction of what it tells")
    houses = {slug: House.objects.only("pk").get(slug=slug) for slug in {event.house for event in events}}
    rows = (
        OutboxEvent(
            house=houses[event.house],
            name=type(event).__name__,
            body=EventCatalogue(type(event)).write(event),
            at=event.at,
            next_attempt_at=event.at,
        )
        for event in events
    )
    OutboxEvent.objects.bulk_create(rows, batch_size=BATCH)


def deliver_due(*, at: datetime, wiring: Wiring, limit: int = 200) -> int:
    """Deliver what is due at `at`, at most `limit` events; gives how many were heard by all their hearers."""
    due = OutboxEvent.objects.filter(delivered_at__isnull=True, next_attempt_at__lte=at).order_by("pk")[:limit]
    return sum(_deliver(row, at=at, wiring=wiring) for row in list(due))


def _deliver(row: OutboxEvent, *, at: datetime, wiring: Wiring) -> bool:
    heard = set(OutboxReceipt.objects.filter(event=row).values_list("hearer", flat=True))
    try:
        hearers = [entry for entry in wiring.hearers.get(row.name, ()) if entry[0] not in heard]
        event = wiring.catalogue.read(row.body) if hearers else None
        for name, hearer in hearers:
            with transaction.atomic():
                OutboxReceipt.objects.create(event=row, hearer=name)
                if event is not None:
                    hearer(str(row.pk), event)
    except Exception as error:  # any failure of a hearer is retried, and must not stop the other events
        log.exception("event %s %s was not delivered (attempt %s)", row.pk, row.name, row.attempts + 1)
        OutboxEvent.objects.filter(pk=row.pk).update(
            attempts=row.attempts + 1,
            next_attempt_at=at + retry_after(row.attempts + 1),
            last_error=f"{type(error).__name__}: {error}"[:500],
        )
        return False
    OutboxEvent.objects.filter(pk=row.pk, delivered_at__isnull=True).update(delivered_at=at)
    return True


def stuck() -> dict[str, datetime]:
    """The houses that have an event which failed `STUCK_AFTER` times: slug -> when the oldest happened. One query."""
    rows = OutboxEvent.objects.filter(delivered_at__isnull=True, attempts__gte=STUCK_AFTER).order_by()
    return dict(rows.values("house__slug").annotate(since=Min("at")).values_list("house__slug", "since"))


def sweep(*, before: datetime) -> int:
    """Delete the events delivered before a moment, with their receipts; gives how many."""
    return OutboxEvent.objects.filter(delivered_at__lt=before).delete()[1].get("foundation.OutboxEvent", 0)
