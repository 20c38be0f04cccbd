# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a proposal of each kind calls, at once or once it is approved: always the operation that any door would call.

`body` is JSON: moments and days in ISO 8601, ids as text, None or "" for nothing.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from permanence.clients import absences, directory_operations, duty_contact, operations, queries, script_operations
from permanence.clients.acts import account
from permanence.clients.models import RedFlagValidation
from permanence.clients.rules import Scope
from permanence.clients.rules.approvals import ProposalKind
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.table import ContactEntry


class ChangedMeanwhile(Refusal):
    """What the proposal would change is no longer as its author saw it."""

    code = "changed_meanwhile"


type Body = Mapping[str, Any]


def run(kind: ProposalKind, *, client: str, body: Body, by: Who, at: datetime) -> None:
    """Do it. Raises the refusals of the operation, ChangedMeanwhile, ApprovalNeeded."""
    _ACTS[kind](client, body, by, at)


def _instruction(client: str, body: Body, by: Who, at: datetime) -> None:
    scope = Scope(recipient=body["recipient"], line=body["line"], reason=body["reason"], caller=body["caller"])
    words: dict[str, Any] = {
        "client": client,
        "text": body["text"],
        "author": by.person,
        "starts_at": _moment(body["starts_at"]),
        "ends_at": _moment(body["ends_at"]),
        "priority": body["priority"],
        "scope": scope,
        "acknowledge": body["acknowledge"],
        "by": by,
        "at": at,
    }
    if body["instruction"]:
        operations.revise_instruction(**words, instruction=body["instruction"], began_from=body["began_from"])
    else:
        operations.write_instruction(**words)


def _retirement(client: str, body: Body, by: Who, at: datetime) -> None:
    operations.retire_instruction(
        client=client, instruction=body["instruction"], author=by.person, began_from=body["began_from"], by=by, at=at
    )


@transaction.atomic
def _urgent_to(client: str, body: Body, by: Who, at: datetime) -> None:
    """The absence is announced again with the person named; a row of an absence is never changed."""
    held = {each.id: each for each in queries.absences(house=by.house, client=client, at=at)}.get(body["absence"])
    if held is None or held.urgent_to:
        raise ChangedMeanwhile(body["absence"])
    absences.withdraw_absence(client=client, absence=held.id, by=by, at=at)
    absences.announce_absence(
        client=client,
        starts=held.starts,
        ends=held.ends,
        words=held.words,
        announced_by=by.person,
        by=by,
        at=at,
        recipient=held.recipient or None,
        urgent_to=body["urgent_to"],
        treatment=held.treatment,
    )


def _absence_over(client: str, body: Body, by: Who, at: datetime) -> None:
    absences.withdraw_absence(client=client, absence=body["absence"], by=by, at=at)


def _contact(client: str, body: Body, by: Who, at: datetime) -> None:
    directory_operations.put_contact(
        client=client,
        contact=ContactEntry(
            name=body["name"],
            function=body["function"],
            numbers=tuple(body["numbers"]),
            number_for=body["number_for"],
            may_say=body["may_say"],
        ),
        instead_of=body["instead_of"],
        began_from=body["began_from"],
        position=body.get("position"),
        by=by,
        at=at,
    )


def _contact_removed(client: str, body: Body, by: Who, at: datetime) -> None:
    directory_operations.remove_contact(client=client, name=body["name"], began_from=body["began_from"], by=by, at=at)


@transaction.atomic
def _duty_contact(client: str, body: Body, by: Who, at: datetime) -> None:
    if list(duty_contact.standing(account(client, by=by))) != list(body["was"]):
        raise ChangedMeanwhile(client)
    duty_contact.set_voice_messages(
        client=client,
        voice_message=body["voice_message"],
        agreed=date.fromisoformat(body["agreed"]) if body["agreed"] else None,
        duty_contact=body["duty_contact"],
        by=by,
        at=at,
    )


@transaction.atomic
def _red_flags(client: str, body: Body, by: Who, at: datetime) -> None:
    if RedFlagValidation.objects.for_client(account(client, by=by)).count() != body["last"]:
        raise ChangedMeanwhile(client)
    script_operations.validate_red_flags(
        client=client,
        version=body["version"],
        red_flags=body["red_flags"],
        doctor=body["doctor"],
        validated=date.fromisoformat(body["validated"]),
        by=by,
        at=at,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_ACTS: dict[ProposalKind, Callable[[str, Body, Who, datetime], None]] = {
    ProposalKind.INSTRUCTION: _instruction,
    ProposalKind.RETIREMENT: _retirement,
    ProposalKind.URGENT_TO: _urgent_to,
    ProposalKind.ABSENCE_OVER: _absence_over,
    ProposalKind.CONTACT: _contact,
    ProposalKind.CONTACT_REMOVED: _contact_removed,
    ProposalKind.DUTY_CONTACT: _duty_contact,
    ProposalKind.RED_FLAGS: _red_flags,
}
