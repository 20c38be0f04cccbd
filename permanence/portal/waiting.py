# SPDX-License-Identifier: AGPL-3.0-or-later
"""What waits for a portal user: changes of others to approve, red flags to validate where he is a practitioner."""

from collections.abc import Mapping
from datetime import datetime

from permanence.clients import approval_queries, validation_queries
from permanence.clients import queries as clients
from permanence.clients.queries import PortalAccess
from permanence.clients.rules import RecipientKind
from permanence.foundation.who import Who


def is_doctor(access: PortalAccess) -> bool:
    """Whether this portal user is a practitioner of the client: he alone validates red flags."""
    return (
        access.recipient is not None and access.recipient.kind == RecipientKind.PRACTITIONER and access.recipient.active
    )


def count(
    by: Who,
    *,
    at: datetime,
    access: tuple[PortalAccess, ...] | None = None,
    unvalidated: Mapping[str, int] | None = None,
    may_wait: tuple[frozenset[str], frozenset[str]] | None = None,
) -> int:
    """How much waits for this person. Two queries where nothing can wait, and a few a client where something may.

    What a page has read already it gives: `access` of the person, and by client how many lists of red flags wait,
    and what `approval_queries.may_wait` said of his clients.
    """
    known = unvalidated or {}
    access = clients.portal_access(house=by.house, person=by.person) if access is None else access
    own = [each.client.id for each in access]
    waiting, scripted = may_wait or approval_queries.may_wait(house=by.house, clients=own, at=at)
    found = 0
    if waiting:
        found = approval_queries.count_waiting(house=by.house, clients=waiting, person=by.person, at=at)
    for client in (each.client.id for each in access if is_doctor(each) and each.client.id in scripted):
        asked = client not in known
        found += validation_queries.count_unvalidated(house=by.house, client=client, at=at) if asked else known[client]
    return found
