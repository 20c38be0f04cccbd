# SPDX-License-Identifier: AGPL-3.0-or-later
"""An instruction of the back office, looked at before it is saved: proved, and shown as the secretary will see it.

The very act that saves is done and taken back, as in the portal; an urgent one that waits is shown as it would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from permanence.backstage import second_person
from permanence.backstage.unsaved import CHECK, SEEN, Unsaved
from permanence.clients import approvals, queries
from permanence.clients.proving import NotSeen, SaidContradicts, save_seen
from permanence.clients.rules.approvals import ProposalKind
from permanence.clients.rules.compared import Compared
from permanence.clients.said_words import change_words
from permanence.foundation.who import Who, who
from permanence.kernel.system import SystemClock
from permanence.reception.instructions import holds, in_order
from permanence.reception.table import InstructionEntry

CLOCK = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One instruction of the card as it would be. `own`: the one that is written; `ahead`: it does not hold yet."""

    entry: InstructionEntry
    own: bool
    ahead: bool


class LookedAt(Unsaved):
    """Nothing is saved yet: what the card would show, what that does, and whether a second person is waited for."""

    def __init__(self, found: Compared, *, seen: tuple[Seen, ...], waits: bool) -> None:
        super().__init__(change_words(found), seen=found.mark)
        self.card, self.waits = seen, waits


def save(request: HttpRequest, *, client: str, kind: ProposalKind, body: Mapping[str, Any]) -> bool:
    """Does it, or has it wait and says so; gives whether it waits.

    Raises LookedAt with nothing saved when that was asked, when what is said would contradict itself, or when
    something is new that was not told yet; Unsaved with the reason in words, and the refusals of the operations.
    """
    by, at = who(request), CLOCK.now()
    before = {(each.id, each.version) for each in _file(by, client, at=at).instructions}
    proposal = ""
    card: tuple[Seen, ...] = ()

    def change() -> None:
        nonlocal proposal, card
        proposal = second_person.keep(by, client=client, kind=kind, body=body, at=at)
        ahead = approvals.look_ahead(client=client, proposal=proposal, by=by, at=at) if proposal else None
        card = _card(ahead or _file(by, client, at=at), before, at=at)

    try:
        found = save_seen(client=client, change=change, seen=request.POST.get(SEEN, ""), by=by, at=at)
    except (NotSeen, SaidContradicts) as told:
        raise LookedAt(told.found, seen=card, waits=bool(proposal)) from told
    if CHECK in request.POST:
        raise LookedAt(found, seen=card, waits=bool(proposal))
    if proposal:
        second_person.tell(request)
    return bool(proposal)


def _file(by: Who, client: str, *, at: datetime) -> queries.ClientFile:
    return queries.client_file(house=by.house, client=client, at=at)


def _card(file: queries.ClientFile, before: set[tuple[str, int]], *, at: datetime) -> tuple[Seen, ...]:
    """What holds in the order of the card, then what is to come."""
    rows = [
        Seen(entry=each, own=(each.id, each.version) not in before, ahead=not holds(each, at=at))
        for each in in_order(file.instructions)
    ]
    return tuple(sorted(rows, key=lambda row: row.ahead))
