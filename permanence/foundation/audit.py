# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit trail: who did what to what, when. Written in the transaction of the act, never changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from permanence.foundation.models import AuditEntry
from permanence.foundation.who import Who
from permanence.kernel.events import to_plain

BATCH = 500
"""Rows written at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailView:
    """One entry of the trail: who did what, when."""

    at: datetime
    by_name: str
    action: str


def about(*, house_key: int, client: int | str, subjects: Iterable[str]) -> tuple[TrailView, ...]:
    """What was done to these rows ("callers.patient:4") of a client, the oldest first. One query."""
    rows = AuditEntry.objects.for_house(house_key).filter(client_key=int(client), subject__in=list(subjects))
    return tuple(TrailView(at=row.at, by_name=row.by_name, action=row.action) for row in rows.order_by("at", "pk"))


def note(
    *,
    by: Who,
    at: datetime,
    action: str,
    subject: str,
    client: int | str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add an entry. `action` is a verb ("client.changed"), `subject` the row ("clients.client:4").

    `detail` says what changed; it holds no content of messages and no caller's number.
    """
    AuditEntry.objects.create(
        house_id=by.house_key,
        at=at,
        by_id=by.person_key,
        by_name=by.name,
        action=action,
        subject=subject,
        client_key=None if client is None else int(client),
        detail=to_plain({**(detail or {}), **({"approved_by": by.approved_by} if by.approved_by else {})}),
    )


def note_many(*, by: Who, at: datetime, action: str, subjects: Iterable[tuple[str, int | str | None]]) -> None:
    """One entry of the same act for each (subject, client). One query a batch, whatever their number."""
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                house_id=by.house_key,
                at=at,
                by_id=by.person_key,
                by_name=by.name,
                action=action,
                subject=subject,
                client_key=None if client is None else int(client),
                detail={},
            )
            for subject, client in subjects
        ),
        batch_size=BATCH,
    )
