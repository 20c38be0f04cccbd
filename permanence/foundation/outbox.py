# SPDX-License-Identifier: AGPL-3.0-or-later
"""The outbox: an event is a row written in the transaction of what it tells, delivered at least once to its hearers.

Theory of operation. `announce` writes the row. `deliver_due` takes undelivered rows in the order of their ids; for each
hearer of the event (`Wiring.hearers`, in order) it opens a transaction, writes the hearer's receipt and calls it:
effect and receipt are kept together or not at all, so a hearer that only writes to the database hears an event exactly
once, and one that speaks to the world at least once (same event id). A hearer that fails stops that event, which is
tried again after a growing delay; the other events go on. Once the transaction is committed the worker is woken
(`foundation.wake`); that it looks by itself now and then is for what was committed elsewhere, or comes up again.

Events that say only that something is another now (`Wiring.first`) overtake the others, the newest first: somebody
waits to see what he has just changed, whatever else there is to do. Their hearers read what is, and hear the moment of
the delivery, so that one that comes late makes nothing older again.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Min

from permanence.foundation import wake
from permanence.foundation.models import House, OutboxEvent, OutboxReceipt
from permanence.foundation.rules import retry_after
from permanence.foundation.tenancy import HouseQuerySet
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
    """The events of all rooms and, by class name of the event, who hears it, in order, each under a stable name.

    `first`: the names of those that overtake the others.
    """

    catalogue: EventCatalogue
    hearers: Mapping[str, Sequence[tuple[str, Hearer]]]
    first: frozenset[str] = frozenset()


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
    transaction.on_commit(_wake, robust=True)
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
    transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    wake.wake(settings.PERMANENCE.run / wake.SOCKET)


def deliver_due(*, at: datetime, wiring: Wiring, limit: int = 200, go_on: Callable[[], object] = lambda: True) -> int:
    """Deliver what is due at `at`, at most `limit` events; gives how many were heard by all their hearers.

    Those of `wiring.first` before all others; `go_on` is asked before each of the others and may deliver what came
    meanwhile (`deliver_first`): what is not true ends the work.
    """
    heard = 0
    while first := deliver_first(at=at, wiring=wiring, limit=limit - heard):
        heard += first
    for row in list(_due(at).exclude(name__in=wiring.first).order_by("pk")[: limit - heard]):
        if not go_on():
            break
        heard += _deliver(row, at=at, wiring=wiring)
    return heard


def deliver_first(*, at: datetime, wiring: Wiring, limit: int = 200) -> int:
    """Deliver what is due at `at` of `wiring.first`, the newest first, at most `limit` events; as `deliver_due`."""
    if not wiring.first or limit <= 0:
        return 0
    rows = list(_due(at).filter(name__in=wiring.first).order_by("-pk")[:limit])
    return sum(_deliver(row, at=at, wiring=wiring) for row in rows)


def _due(at: datetime) -> HouseQuerySet[OutboxEvent]:
    return OutboxEvent.objects.filter(delivered_at__isnull=True, next_attempt_at__lte=at)


def _deliver(row: OutboxEvent, *, at: datetime, wiring: Wiring) -> bool:
    heard = set(OutboxReceipt.objects.filter(event=row).values_list("hearer", flat=True))
    try:
        hearers = [entry for entry in wiring.hearers.get(row.name, ()) if entry[0] not in heard]
        event = wiring.catalogue.read(row.body) if hearers else None
        if event is not None and row.name in wiring.first:
            event = replace(event, at=max(event.at, at))
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
