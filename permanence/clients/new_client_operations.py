# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new client opened whole: what the owner read on one page, mostly from a template, is saved in one transaction.

He is a prospect: nobody hears anything of it before the owner says so. A script begins from its template; its red flags
are in force only once a practitioner has validated them, whatever else is published.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from permanence.clients import instruction_fields, rules, said, script_operations
from permanence.clients.acts import changed
from permanence.clients.models import Client, Greeting, Instruction, Reason, Recipient, WeeklyOpening
from permanence.clients.operations import NameTaken, Opening
from permanence.clients.rules.client_templates import TemplateInstruction, TemplateReason
from permanence.clients.rules.findings import Proof, prove
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class Contradiction(Refusal):
    """What would be said contradicts itself; `proof` says how. Nothing is saved."""

    code = "contradiction"

    def __init__(self, proof: Proof) -> None:
        super().__init__(", ".join(each.code for each in proof.conflicts))
        self.proof = proof


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecipient:
    """For whom messages can be."""

    kind: rules.RecipientKind
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """Everything of the new client that the page asks. `greetings`: language to phrase, the usual language first.

    `script`: the code of the template it begins with, "" for none; `publish`: it runs in his calls at once. Waiting
    times are in seconds from the INVITE. `template`: what the page was filled in from, for the audit trail.
    """

    name: str
    initials: str
    kind: rules.ClientKind
    sector: rules.Sector
    country: str
    time_zone: str
    greetings: Mapping[str, str]
    language: str
    specialty: str = ""
    place: str = ""
    region: str = ""
    always: bool = False
    closed_on_holidays: bool = True
    week: tuple[Opening, ...] = ()
    reasons: tuple[TemplateReason, ...] = ()
    instructions: tuple[TemplateInstruction, ...] = ()
    recipients: tuple[NewRecipient, ...] = ()
    ring_before_music_s: int = 10
    max_wait_s: int = 180
    script: str = ""
    publish: bool = True
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The new client's id, and what will be said once his calls are answered: the gaps that are left."""

    client: str
    proof: Proof


@transaction.atomic
def open_new_client(*, wanted: NewClient, by: Who, at: datetime) -> Opened:
    """Open the client with all of it, or nothing.

    Raises NameTaken (also for two recipients of one name), Contradiction, the refusals of `instruction_fields`, and
    `script_operations.TemplateUnknown`, ScriptRefused where a script is to be published that has nobody to tell.
    """
    row = _account(wanted, by)
    _said(row, wanted)
    _told(row, wanted)
    Instruction.objects.bulk_create(
        Instruction(
            house_id=row.house_id,
            client=row,
            text=instruction_fields.checked_text(each.text),
            author_id=int(by.person),
            written_at=at,
            priority=each.priority,
        )
        for each in wanted.instructions
    )
    client = str(row.pk)
    detail = {"name": wanted.name, "template": wanted.template}
    changed(client=client, action="client.opened", by=by, at=at, detail=detail)
    if wanted.script:
        version = script_operations.begin_from_template(
            client=client, code=wanted.script, language=wanted.language, by=by, at=at
        )
        if wanted.publish:
            script_operations.publish(client=client, version=version, by=by, at=at)
    answered = replace(said.client_at(house=by.house, client=client, at=at), state=rules.ClientState.ACTIVE.value)
    proof = prove(answered, starts=at, until=at + said.SPAN)
    if proof.conflicts:
        raise Contradiction(proof)
    return Opened(client=client, proof=proof)


def _account(wanted: NewClient, by: Who) -> Client:
    others = Client.objects.for_house(by.house_key)
    if others.filter(name=wanted.name).exists():
        raise NameTaken(wanted.name)
    return Client.objects.create(
        house_id=by.house_key,
        name=wanted.name,
        initials=wanted.initials.upper(),
        colour=rules.next_colour(others.values_list("colour", flat=True)),
        kind=wanted.kind.value,
        sector=wanted.sector.value,
        specialty=wanted.specialty,
        place=wanted.place,
        country=wanted.country,
        region=wanted.region,
        time_zone=wanted.time_zone,
        languages=list(wanted.greetings),
        state=rules.ClientState.PROSPECT.value,
        open_always=wanted.always,
        closed_on_holidays=wanted.closed_on_holidays,
        ring_before_music_s=wanted.ring_before_music_s,
        max_wait_s=wanted.max_wait_s,
    )


def _said(row: Client, wanted: NewClient) -> None:
    """Hours and phrases."""
    WeeklyOpening.objects.bulk_create(
        WeeklyOpening(house_id=row.house_id, client=row, weekday=each.weekday, opens=each.opens, until=each.until)
        for each in wanted.week
    )
    Greeting.objects.bulk_create(
        Greeting(house_id=row.house_id, client=row, language=language, text=text)
        for language, text in wanted.greetings.items()
    )


def _told(row: Client, wanted: NewClient) -> None:
    """Reasons, and for whom messages are. Raises NameTaken."""
    names = [each.name for each in wanted.recipients]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise NameTaken(twice)
    Reason.objects.bulk_create(
        Reason(house_id=row.house_id, client=row, code=each.code, label=each.label, position=position)
        for position, each in enumerate(wanted.reasons)
    )
    Recipient.objects.bulk_create(
        Recipient(
            house_id=row.house_id, client=row, kind=each.kind.value, name=each.name, email=each.email, position=position
        )
        for position, each in enumerate(wanted.recipients)
    )
