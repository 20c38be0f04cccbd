# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the proposals, scoped to the house (its slug) and to clients (ids): what waits, what was decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from permanence.clients.models import Client, Proposal, Script
from permanence.clients.rules.approvals import ProposalKind, ProposalState, state_at
from permanence.foundation.keys import row_key

SHOWN_FOR = timedelta(days=30)
"""How long what was decided stays in the lists."""
LIST_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """A change that waits, or waited, for a second person. `author`: a person's id, "" for the system.

    `cause`: the words of a refusal, or the code of what overtook it.
    """

    id: str
    client: str
    client_name: str
    kind: ProposalKind
    body: Mapping[str, Any]
    author: str
    author_name: str
    made_at: datetime
    lapses_at: datetime
    state: ProposalState
    decided_by: str
    decided_at: datetime | None
    cause: str

    @property
    def waits(self) -> bool:
        """Whether it can be decided."""
        return self.state is ProposalState.WAITING


def proposals(*, house: str, clients: Iterable[str], at: datetime) -> tuple[ProposalView, ...]:
    """What waits, the oldest first, then what was decided in the last weeks, the latest first. One query."""
    rows = Proposal.objects.for_house(house).filter(client__in=[int(each) for each in clients])
    waiting = Q(state=ProposalState.WAITING, lapses_at__gt=at)
    rows = rows.filter(waiting | Q(made_at__gt=at - SHOWN_FOR)).select_related("client")
    found = [_view(row, at=at) for row in rows.order_by("-made_at", "-pk")[:LIST_LIMIT]]
    waits = sorted((each for each in found if each.waits), key=lambda each: each.made_at)
    over = sorted((each for each in found if not each.waits), key=_ended, reverse=True)
    return (*waits, *over)


def count_waiting(*, house: str, clients: Iterable[str], person: str, at: datetime) -> int:
    """How many changes of these clients wait for this person, who did not make them. One query."""
    rows = Proposal.objects.for_house(house).filter(client__in=[int(each) for each in clients])
    rows = rows.filter(state=ProposalState.WAITING, lapses_at__gt=at)
    return rows.exclude(author=int(person)).count() if person else rows.count()


def may_wait(*, house: str, clients: Iterable[str], at: datetime) -> tuple[frozenset[str], frozenset[str]]:
    """Which of these clients have changes that wait, and which have a script at all: only there is more to ask.

    One query.
    """
    his = {"client": OuterRef("pk")}
    waiting = Exists(Proposal.objects.filter(**his, state=ProposalState.WAITING, lapses_at__gt=at))
    rows = Client.objects.for_house(house).filter(pk__in=[int(each) for each in clients])
    found = rows.annotate(waits=waiting, scripted=Exists(Script.objects.filter(**his)))
    flat = [(str(key), waits, scripted) for key, waits, scripted in found.values_list("pk", "waits", "scripted")]
    return (
        frozenset(key for key, waits, _scripted in flat if waits),
        frozenset(key for key, _waits, scripted in flat if scripted),
    )


def proposal(*, house: str, proposal: str, at: datetime) -> ProposalView | None:
    """One of them; None when the house has none of that id. One query."""
    rows = Proposal.objects.for_house(house).select_related("client")
    row = rows.filter(pk=row_key(proposal)).first()
    return None if row is None else _view(row, at=at)


def asks_second(*, house: str, client: str) -> bool:
    """Whether the contract of this client asks for a second approval. One query."""
    return Client.objects.for_house(house).filter(pk=int(client), second_approval=True).exists()


def _ended(view: ProposalView) -> datetime:
    return view.decided_at or view.lapses_at


def _view(row: Proposal, *, at: datetime) -> ProposalView:
    return ProposalView(
        id=str(row.pk),
        client=str(row.client_id),
        client_name=row.client.name,
        kind=ProposalKind(row.kind),
        body=row.body,
        author="" if row.author_id is None else str(row.author_id),
        author_name=row.author_name,
        made_at=row.made_at,
        lapses_at=row.lapses_at,
        state=state_at(row.state, row.lapses_at, at=at),
        decided_by=row.decided_by_name,
        decided_at=row.decided_at,
        cause=row.cause,
    )
