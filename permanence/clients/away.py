# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who of several clients is away, asked at once; `queries.absences` asks for one."""

from collections.abc import Iterable
from datetime import datetime

from permanence.clients.models import Absence
from permanence.reception.table import AbsenceEntry


def absences_of(*, house: str, clients: Iterable[int], at: datetime) -> dict[int, tuple[AbsenceEntry, ...]]:
    """By client (his key) the absences that are not over at `at`, the earliest first, but those withdrawn. One query.

    A client who has none is not in it.
    """
    wanted = sorted(set(clients))
    rows = Absence.objects.for_house(house).filter(client__in=wanted, ends_at__gt=at, withdrawn_at=None)
    found: dict[int, list[AbsenceEntry]] = {}
    for row in rows.select_related("announced_by").order_by("starts_at", "pk"):
        found.setdefault(row.client_id, []).append(_entry(row))
    return {client: tuple(entries) for client, entries in found.items()}


def absence(*, house: str, client: int, absence: str) -> AbsenceEntry | None:
    """One absence of a client, over or not; None when there is none or it was withdrawn. One query."""
    known = absence.isascii() and absence.isdecimal() and len(absence) < 19
    rows = Absence.objects.for_house(house).filter(client=client, pk=int(absence) if known else -1, withdrawn_at=None)
    row = rows.select_related("announced_by").first()
    return None if row is None else _entry(row)


def _entry(row: Absence) -> AbsenceEntry:
    return AbsenceEntry(
        id=str(row.pk),
        recipient=str(row.recipient_id or ""),
        starts=row.starts_at,
        ends=row.ends_at,
        words=row.words,
        urgent_to=str(row.urgent_to_id or ""),
        treatment=row.treatment,
        by=row.announced_by.name,
        announced_at=row.announced_at,
    )
