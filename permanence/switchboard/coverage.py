# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many gaps and conflicts each client has in what will be said: counted beside the calls, for the lists to read.

A proof of twelve months costs tens of milliseconds, so a list of fifty clients cannot make it when it is looked at. The
worker makes it once for each version of a client's slice, and once a day because the twelve months move on.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from permanence.clients import said
from permanence.clients.rules import ClientState
from permanence.foundation.keys import row_key
from permanence.switchboard.models import CoverageCount, SliceVersion

log = logging.getLogger(__name__)

AT_ONCE = 2
"""Clients proved in one turn of the worker, whose other work waits meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountView:
    """What was counted last of a client; both numbers are None where he could not be proved."""

    conflicts: int | None
    gaps: int | None


def next_due(*, at: datetime, limit: int = AT_ONCE) -> tuple[int, ...]:
    """The clients to be counted next: who changed since, then those who were not looked at today. Two queries at most.

    Who has no slice yet (the telephone does not know him) waits for it, who left is not counted.
    """
    present = SliceVersion.objects.exclude(client=None).exclude(client__state=ClientState.ENDED).order_by("pk")
    counted = CoverageCount.objects.filter(client=OuterRef("client"), version=OuterRef("version"))
    changed = _some(present.filter(~Exists(counted)), limit)
    if len(changed) == limit:
        return changed
    today = present.filter(Exists(counted), ~Exists(counted.filter(day__gte=at.date())))
    return (*changed, *_some(today, limit - len(changed)))


def _some(rows: QuerySet[SliceVersion], limit: int) -> tuple[int, ...]:
    return tuple(rows.values_list("client_id", flat=True)[:limit])


def count(client: int, *, at: datetime) -> None:
    """Prove one client (his key) for twelve months from `at` on, and keep how much was found."""
    # The version is read first: what changes while he is proved gives another one, and he is due again.
    row = SliceVersion.objects.select_related("house").get(client=client)
    found: dict[str, int | None] = {"conflicts": None, "gaps": None}
    try:
        proof = said.proof_of(house=row.house.slug, client=str(client), at=at)
        found = {"conflicts": len(proof.conflicts), "gaps": len(proof.gaps)}
    except (LookupError, ValueError):  # a time zone or an hour that no page would have saved: the others go on
        log.exception("a client could not be proved")
    kept = {"house_id": row.house_id, "version": row.version, "day": at.date(), **found}
    CoverageCount.objects.update_or_create(client_id=client, defaults=kept)


def counts(*, house: str, clients: Iterable[str]) -> dict[str, CountView]:
    """What was counted last of these clients of a house, by id; who was not looked at yet is left out. One query."""
    rows = CoverageCount.objects.for_house(house).filter(client__in=[row_key(each) for each in clients])
    return {
        str(client): CountView(conflicts=conflicts, gaps=gaps)
        for client, conflicts, gaps in rows.values_list("client_id", "conflicts", "gaps")
    }
