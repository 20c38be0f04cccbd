# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is away: of several clients asked at once, of one, or one absence."""

from collections.abc import Iterable
from datetime import datetime

from permanence.clients import file_parts as parts
from permanence.clients.models import Absence
from permanence.foundation.keys import row_key
from permanence.reception.table import AbsenceEntry


def absences_of(*, house: str, clients: Iterable[int], at: datetime) -> dict[int, tuple[AbsenceEntry, ...]]:
    """By client (his key) the absences that are not over at `at`, the earliest first, but those withdrawn. One query.

    A client who has none is not in it.
    """
    wanted = sorted(set(clients))
    rows = Absence.objects.for_house(house).filter(client__in=wanted, ends_at__gt=at, withdrawn_at=None)
    found: dict[int, tuple[AbsenceEntry, ...]] = {}
    for client, *fields in rows.order_by("starts_at", "pk").values_list("client", *parts.ABSENCE_FIELDS):
        found[client] = (*found.get(client, ()), *parts.absences_from([fields]))
    return found


def absence(*, house: str, client: int, absence: str) -> AbsenceEntry | None:
    """One absence of a client, over or not; None when there is none or it was withdrawn. One query."""
    rows = Absence.objects.for_house(house).filter(client=client, pk=row_key(absence), withdrawn_at=None)
    return next(iter(parts.absences_from(rows.values_list(*parts.ABSENCE_FIELDS))), None)
