# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is away: of several clients asked at once, of one, or one absence."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from permanence.clients import file_parts as parts
from permanence.clients.models import Absence
from permanence.foundation.keys import row_key
from permanence.foundation.prepared import Prepared
from permanence.kernel.span import Span
from permanence.reception.absence import CLOSING
from permanence.reception.table import AbsenceEntry


def absences_of(*, house: str, clients: Iterable[int], at: datetime) -> dict[int, tuple[AbsenceEntry, ...]]:
    """By client (his key) the absences that are not over at `at`, the earliest first, but those withdrawn. One query.

    A client who has none is not in it.
    """
    found: dict[int, tuple[AbsenceEntry, ...]] = {}
    for client, *fields in _not_over(house, tuple(sorted(set(clients))), at):
        found[client] = (*found.get(client, ()), *parts.absences_from([fields]))
    return found


@Prepared
def _not_over(house: str, clients: tuple[int, ...], at: datetime) -> QuerySet[Absence, tuple[Any, ...]]:
    rows = Absence.objects.for_house(house).filter(client__in=clients, ends_at__gt=at, withdrawn_at=None)
    return rows.order_by("starts_at", "pk").values_list("client", *parts.ABSENCE_FIELDS)


def closings(*, house: str, since: datetime) -> dict[str, tuple[Span, ...]]:
    """By client (his id) when absences of all of him that are not over at `since` close his lines, the earliest first.

    One query. A client who has none is not in it.
    """
    rows = Absence.objects.for_house(house).filter(ends_at__gt=since, withdrawn_at=None)
    rows = rows.filter(recipient=None, treatment__in=CLOSING).order_by("starts_at", "pk")
    found: dict[str, tuple[Span, ...]] = {}
    for client, starts, ends in rows.values_list("client", "starts_at", "ends_at"):
        found[str(client)] = (*found.get(str(client), ()), Span(starts, ends))
    return found


def withdrawn(*, house: str, absences: Iterable[str]) -> frozenset[str]:
    """Those of the absences (ids) that hold no longer; one that the house has not is none of them. One query."""
    keys = {row_key(each) for each in absences}
    rows = Absence.objects.for_house(house).filter(pk__in=keys).exclude(withdrawn_at=None)
    return frozenset(str(each) for each in rows.values_list("pk", flat=True))


def absence(*, house: str, client: int, absence: str) -> AbsenceEntry | None:
    """One absence of a client, over or not; None when there is none or it was withdrawn. One query."""
    rows = Absence.objects.for_house(house).filter(client=client, pk=row_key(absence), withdrawn_at=None)
    return next(iter(parts.absences_from(rows.values_list(*parts.ABSENCE_FIELDS))), None)
