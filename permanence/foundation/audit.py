# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit trail: who did what to what, when. Written in the transaction of the act, never changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from permanence.foundation.models import AuditEntry
from permanence.foundation.who import Who
from permanence.kernel.events import to_plain

BATCH = 500
"""Rows written at a time."""


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
