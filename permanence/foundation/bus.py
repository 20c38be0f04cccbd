# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a room stands on the engine's bus: what makes its handler idempotent by (engine, sequence)."""

from django.db import connection, transaction

from permanence.foundation.models import EnginePosition


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


def position(*, hearers: tuple[str, ...], engine: str | None = None) -> int:
    """The sequence up to which every one of `hearers` has applied the events; 0 when one has applied none."""
    rows = EnginePosition.objects.filter(hearer__in=hearers)
    if engine is not None:
        rows = rows.filter(engine=engine)
    with transaction.atomic():
        found = dict(rows.values_list("hearer", "sequence"))
    return min((found.get(hearer, 0) for hearer in hearers), default=0)
