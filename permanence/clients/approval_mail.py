# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mails that tell a portal user that a change waits: due rows, taken by an update filtered on their values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from permanence.clients.models import ProposalMail
from permanence.clients.rules.approvals import ProposalState


@dataclass(frozen=True, slots=True, kw_only=True)
class DueMail:
    """A mail that a worker took: it alone may send it until the lease ends. Nothing of the change is in it."""

    mail: int
    attempt: int
    key: str
    house: str
    house_name: str
    time_zone: str
    email: str
    language: str


def take_due(*, at: datetime, lease: timedelta) -> DueMail | None:
    """Take one that is due, the longest due first; None when there is none. What was decided meanwhile is not told."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = ProposalMail.objects.filter(
        free,
        next_attempt_at__lte=at,
        proposal__state=ProposalState.WAITING,
        proposal__lapses_at__gt=at,
        person__is_active=True,
    ).select_related("house", "person")
    for row in due.order_by("next_attempt_at", "pk")[:20]:
        mine = ProposalMail.objects.filter(
            free, pk=row.pk, attempts=row.attempts, next_attempt_at=row.next_attempt_at
        ).update(leased_until=at + lease, attempts=row.attempts + 1)
        if mine:
            return DueMail(
                mail=row.pk,
                attempt=row.attempts + 1,
                key=row.key,
                house=row.house.slug,
                house_name=row.house.name,
                time_zone=row.house.time_zone,
                email=row.person.email,
                language=row.person.language,
            )
    return None


def finish(taken: DueMail, *, at: datetime, sent: bool, again: timedelta | None = None, why: str = "") -> None:
    """Write how the try ended: sent, to be tried again after `again`, or given up. Nothing when the lease was lost."""
    rows = ProposalMail.objects.filter(pk=taken.mail, attempts=taken.attempt, next_attempt_at__isnull=False)
    rows.update(
        leased_until=None,
        sent_at=at if sent else None,
        next_attempt_at=None if sent or again is None else at + again,
        why=why[:200],
    )
