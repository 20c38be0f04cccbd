# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a room stands on the engine's bus: what makes its handler idempotent by (engine, sequence)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from permanence.foundation.models import EngineEventAside, EnginePosition


def first_time(*, hearer: str, engine: str, sequence: int) -> bool:
    """Whether `hearer` (a room's name) has not applied this event yet; moves its position to `sequence` when so.

    Called first in the transaction that applies the event, so that position and effect are kept together.
    Sequences of one engine come in order; one at or below the position was applied before.
    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("the position moves in the transaction that applies the event")
    moved = EnginePosition.objects.filter(hearer=hearer, engine=engine, sequence__lt=sequence).update(sequence=sequence)
    if moved:
        return True
    _, created = EnginePosition.objects.get_or_create(hearer=hearer, engine=engine, defaults={"sequence": sequence})
    return created


def position(*, hearers: tuple[str, ...], engine: str) -> int:
    """The sequence up to which every one of `hearers` has applied the engine's events; 0 when one has applied none."""
    rows = EnginePosition.objects.filter(hearer__in=hearers, engine=engine)
    found = dict(rows.values_list("hearer", "sequence"))
    return min((found.get(hearer, 0) for hearer in hearers), default=0)


ASIDE_TOLD_FOR = timedelta(days=7)


def set_aside_since(*, at: datetime) -> int:
    """How many events were set aside in the last `ASIDE_TOLD_FOR`. One query."""
    rows = EngineEventAside.objects.filter(at__gt=at - ASIDE_TOLD_FOR)
    return rows.values("engine", "sequence").distinct().count()


def set_aside(*, hearer: str, engine: str, sequence: int, body: dict[str, Any], error: Exception, at: datetime) -> None:
    """Keep an event that `hearer` cannot apply, and move its position past it. Loses nothing: a person looks at it."""
    with transaction.atomic():
        if first_time(hearer=hearer, engine=engine, sequence=sequence):
            EngineEventAside.objects.create(
                hearer=hearer,
                engine=engine,
                sequence=sequence,
                body=body,
                error=f"{type(error).__name__}: {error}"[:2000],
                at=at,
            )
