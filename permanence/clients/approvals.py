# SPDX-License-Identifier: AGPL-3.0-or-later
"""Changes of urgent paths: done at once, or kept until a second person has approved them.

Every door calls `submit`, which calls the operation; where the contract asks for a second person the operation refuses
with ApprovalNeeded, nothing is written, and a proposal is kept instead. `approve` calls the very same operation in the
author's name, with the second person's beside it in the audit trail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from permanence.clients import absences, queries
from permanence.clients.acts import account
from permanence.clients.approval_acts import run
from permanence.clients.models import Client, PortalUser, Proposal, ProposalMail
from permanence.clients.proving import save_proved
from permanence.clients.queries import ClientFile
from permanence.clients.rules.approvals import CAUSE_LIMIT, LASTS, MOST_WAITING, ProposalKind, ProposalState, state_at
from permanence.clients.urgent_paths import ApprovalNeeded
from permanence.foundation import audit, live
from permanence.foundation.keys import row_key
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, system_of, who_is
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal

DECIDING = frozenset({Role.SUPERVISOR, Role.OWNER})


class ProposalUnknown(Refusal):
    """No such proposal at this client."""

    code = "proposal_unknown"


class ProposalOver(Refusal):
    """It was decided, taken back, or has lapsed."""

    code = "proposal_over"


class SamePerson(Refusal):
    """Nobody approves or refuses his own change: he takes it back."""

    code = "same_person"


class NotTheAuthor(Refusal):
    """Only who proposed a change takes it back."""

    code = "not_the_author"


class NotEntitled(Refusal):
    """A change is approved by a portal user of the client, or by a supervisor or owner of the house."""

    code = "not_entitled"


class AuthorGone(Refusal):
    """Who proposed the change may no longer make it."""

    code = "author_gone"


class CauseMissing(Refusal):
    """A refusal says why, in at most `CAUSE_LIMIT` characters."""

    code = "cause_missing"


class TooManyWaiting(Refusal):
    """As many changes of the client wait as there may."""

    code = "too_many_waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """The id of an absence, and of the proposal that waits to name who takes what is urgent: "" when nothing waits."""

    absence: str
    proposal: str = ""


def submit(*, client: str, kind: ProposalKind, body: Mapping[str, Any], by: Who, at: datetime, entropy: Entropy) -> str:
    """Do it now and give "", or have it wait for a second person and give the id of the proposal.

    Raises ClientUnknown, TooManyWaiting, and what the operation of that kind refuses with.
    """
    try:
        run(kind, client=client, body=body, by=by, at=at)
    except ApprovalNeeded:
        return _propose(client, kind, body, by=by, at=at, entropy=entropy)
    return ""


@transaction.atomic
def announce_absence(
    *, client: str, urgent_to: str | None, by: Who, at: datetime, entropy: Entropy, **words: Any
) -> Announced:
    """As `absences.announce_absence`: where the contract asks, the absence holds at once without `urgent_to`, which a
    proposal names.
    """
    announce = {"client": client, "by": by, "at": at, **words}
    try:
        return Announced(absence=absences.announce_absence(**announce, urgent_to=urgent_to))
    except ApprovalNeeded:
        absence = absences.announce_absence(**announce)
        body = {"absence": absence, "urgent_to": urgent_to}
        proposal = _propose(client, ProposalKind.URGENT_TO, body, by=by, at=at, entropy=entropy)
        return Announced(absence=absence, proposal=proposal)


@transaction.atomic
def _propose(
    client: str, kind: ProposalKind, body: Mapping[str, Any], *, by: Who, at: datetime, entropy: Entropy
) -> str:
    row = account(client, by=by)
    rows = Proposal.objects.for_client(row)
    if rows.filter(state=ProposalState.WAITING, lapses_at__gt=at).count() >= MOST_WAITING:
        raise TooManyWaiting(str(row.pk))
    new = Proposal.objects.create(
        house_id=row.house_id,
        client=row,
        kind=kind.value,
        body=dict(body),
        author_id=by.person_key,
        author_name=by.name,
        made_at=at,
        lapses_at=at + LASTS,
    )
    others = [each for each in queries.portal_users(house=by.house, client=str(row.pk)) if each.person != by.person]
    ProposalMail.objects.bulk_create(
        ProposalMail(
            house_id=row.house_id,
            client=row,
            proposal=new,
            person_id=int(each.person),
            key=new_id(at, entropy),
            next_attempt_at=at,
        )
        for each in others
        if each.email
    )
    _tell(new, "proposed", by=by, at=at)
    return str(new.pk)


@transaction.atomic
def approve(*, client: str, proposal: str, by: Who, at: datetime) -> ProposalState:
    """A second person approves: the change is made, in its author's name. Gives APPROVED.

    OVERTAKEN where it cannot be made any more: nothing is changed, and why is kept. Raises ClientUnknown,
    ProposalUnknown, ProposalOver, SamePerson, NotEntitled.
    """
    row = _waiting(client, proposal, by=by, at=at)
    _demand_another(row, by)
    try:
        with transaction.atomic():
            author = _author(row)
            by_both = replace(author, approved_by=by.name)
            change = partial(run, ProposalKind(row.kind), client=client, body=row.body, by=by_both, at=at)
            save_proved(client=client, change=change, by=by_both, at=at)
    except Refusal as refusal:
        return _decide(row, ProposalState.OVERTAKEN, by=by, at=at, cause=refusal.code)
    return _decide(row, ProposalState.APPROVED, by=by, at=at)


def look_ahead(*, client: str, proposal: str, by: Who, at: datetime) -> ClientFile | None:
    """The client as he would be once it is approved, made by the operation itself and undone; nothing is kept.

    It is written and rolled back, also where a page is only looked at, because what is shown has to be what approving
    does: calculated apart, each operation of `approval_acts` would be there twice, and where the two differed the
    second person would approve what she was not shown. Nobody else sees it, nothing is announced and nobody is woken
    (both wait for a commit); on SQLite others who write wait while it lasts, as they do for one change.
    None: it cannot be made any more, or waits no longer. Raises ClientUnknown, ProposalUnknown.
    """
    try:
        with transaction.atomic():
            row = _waiting(client, proposal, by=by, at=at)
            by_both = replace(_author(row), approved_by=by.name)
            run(ProposalKind(row.kind), client=client, body=row.body, by=by_both, at=at)
            raise _Undone(queries.client_file(house=by.house, client=client, at=at))
    except _Undone as undone:
        return undone.file
    except (queries.ClientUnknown, ProposalUnknown):
        raise
    except Refusal:
        return None


class _Undone(Exception):
    """Ends a transaction that was only looked at."""

    def __init__(self, file: ClientFile) -> None:
        super().__init__()
        self.file = file


@transaction.atomic
def refuse(*, client: str, proposal: str, cause: str, by: Who, at: datetime) -> None:
    """A second person refuses, and says why. Raises what `approve` does, CauseMissing."""
    row = _waiting(client, proposal, by=by, at=at)
    _demand_another(row, by)
    said = " ".join(cause.split())
    if not said or len(said) > CAUSE_LIMIT:
        raise CauseMissing(proposal)
    _decide(row, ProposalState.REFUSED, by=by, at=at, cause=said)


@transaction.atomic
def take_back(*, client: str, proposal: str, by: Who, at: datetime) -> None:
    """Its author does not want it any more. Raises ClientUnknown, ProposalUnknown, ProposalOver, NotTheAuthor."""
    row = _waiting(client, proposal, by=by, at=at)
    if row.author_id != by.person_key:
        raise NotTheAuthor(proposal)
    _decide(row, ProposalState.TAKEN_BACK, by=by, at=at)


def is_entitled(client: Client, by: Who) -> bool:
    """Whether this person changes and approves urgent paths of the client."""
    if by.roles & DECIDING and by.may_see(str(client.pk)):
        return True
    rows = PortalUser.objects.for_house(by.house_key).for_client(client)
    return rows.filter(person_id=by.person_key or -1, active=True, person__is_active=True).exists()


def _waiting(client: str, proposal: str, *, by: Who, at: datetime) -> Proposal:
    row = account(client, by=by)
    found = Proposal.objects.for_client(row).filter(pk=row_key(proposal)).first()
    if found is None:
        raise ProposalUnknown(proposal)
    if state_at(found.state, found.lapses_at, at=at) is not ProposalState.WAITING:
        raise ProposalOver(proposal)
    return found


def _demand_another(row: Proposal, by: Who) -> None:
    if row.author_id == by.person_key:
        raise SamePerson(str(row.pk))
    if not is_entitled(row.client, by):
        raise NotEntitled(str(row.pk))


def _author(row: Proposal) -> Who:
    """The author as he is now. Raises AuthorGone."""
    if row.author is None:
        return system_of(row.house)
    author = who_is(row.author)
    if not row.author.is_active or not is_entitled(row.client, author):
        raise AuthorGone(str(row.pk))
    return author


def _decide(row: Proposal, state: ProposalState, *, by: Who, at: datetime, cause: str = "") -> ProposalState:
    row.state, row.cause = state.value, cause
    row.decided_by_id, row.decided_by_name, row.decided_at = by.person_key, by.name, at
    row.save(update_fields=["state", "cause", "decided_by", "decided_by_name", "decided_at"])
    _tell(row, state.value, by=by, at=at)
    return state


def _tell(row: Proposal, what: str, *, by: Who, at: datetime) -> None:
    """In the trail with both names, and the lists are fetched again. No content."""
    detail = {"proposal": row.pk, "kind": row.kind, "author": row.author_name}
    subject = f"clients.proposal:{row.pk}"
    audit.note(by=by, at=at, action=f"proposal.{what}", subject=subject, client=row.client_id, detail=detail)
    live.touch(f"client/{row.client_id}/approvals", house_key=by.house_key, at=at)
