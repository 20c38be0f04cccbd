# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an owner changes for a client whose contract asks for a second person: it waits, and the page says so."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permanence.backstage import directory_changes
from permanence.backstage.unsaved import Unsaved
from permanence.clients import approvals, duty_contact, queries
from permanence.clients.approval_queries import proposals
from permanence.clients.approval_words import Shown, shown
from permanence.clients.directory_operations import DirectoryFull, EntryChanged, EntryTaken, EntryUnknown
from permanence.clients.directory_queries import facts_of
from permanence.clients.directory_rules import is_urgent_number, mark_of
from permanence.clients.models import Client, Contact
from permanence.clients.rules.approvals import ProposalKind
from permanence.foundation.who import Who, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy

CLOCK = SystemClock()
ENTROPY = SystemEntropy()
REFUSED: dict[type[Refusal], Promise] = {
    approvals.TooManyWaiting: gettext_lazy("Too many changes wait for a second person: have some approved first."),
    DirectoryFull: gettext_lazy("The card can hold no more."),
    EntryChanged: gettext_lazy("Somebody else changed this entry of the directory meanwhile: look at it again."),
    EntryTaken: gettext_lazy("The directory has an entry of this name already."),
    EntryUnknown: gettext_lazy("Somebody else removed this entry of the directory meanwhile: look at it again."),
}


def submit(request: HttpRequest, *, client: str, kind: ProposalKind, body: Mapping[str, Any]) -> bool:
    """Do it, or have it wait and say so; gives whether it waits. Raises Unsaved with the reason in words."""
    waits = keep(who(request), client=client, kind=kind, body=body, at=CLOCK.now())
    if waits:
        tell(request)
    return bool(waits)


def keep(by: Who, *, client: str, kind: ProposalKind, body: Mapping[str, Any], at: datetime) -> str:
    """As `approvals.submit`: the id of the proposal, "" when nothing waits. Raises Unsaved with the reason in words."""
    try:
        return approvals.submit(client=client, kind=kind, body=body, by=by, at=at, entropy=ENTROPY)
    except tuple(REFUSED) as refusal:
        raise Unsaved(refused=str(REFUSED[type(refusal)])) from refusal


def tell(request: HttpRequest) -> None:
    """Says that a change waits."""
    messages.warning(request, _("A change of an urgent path waits for a second person and does not hold before."))


def to_card(client: str) -> HttpResponse:
    """To the client's page, where what waits is listed."""
    return HttpResponseRedirect(reverse("accounts:card", args=[client]))


def keep_contacts(request: HttpRequest, client: Client, rows: Sequence[Any], gone: Sequence[Any]) -> list[Any]:
    """Has the urgent ones of these contacts wait; gives the rows that the page may write at once.

    `gone` are taken care of whole.
    """
    for row in gone:
        if not _urgent(row):
            directory_changes.note_removed(request, row)
            row.delete()
            continue
        body = {"name": row.name, "began_from": mark_of(facts_of(row))}
        submit(request, client=str(client.pk), kind=ProposalKind.CONTACT_REMOVED, body=body)
    free = []
    for row in rows:
        before = Contact.objects.for_client(client).filter(pk=row.pk).first() if row.pk else None
        if not _urgent(row) and (before is None or not _urgent(before)):
            free.append(row)
            continue
        if before is not None and facts_of(before) == facts_of(row):  # another place in the list alone
            free.append(row)
            continue
        facts = facts_of(before) if before is not None else None
        body = {**facts_of(row), "instead_of": before.name if before else "", "began_from": mark_of(facts)}
        submit(request, client=str(client.pk), kind=ProposalKind.CONTACT, body=body)
    return free


def hold_duty(client: Client) -> dict[str, Any] | None:
    """Puts a changed duty contact back as it stands, with the voice messages; gives what is to be submitted."""
    before = Client.objects.filter(pk=client.pk).first() if client.pk else None
    if before is None or not client.second_approval or before.duty_contact == client.duty_contact.strip():
        return None
    voice, agreed, contact = duty_contact.standing(client)
    body = {
        "voice_message": voice,
        "agreed": agreed,
        "duty_contact": contact,
        "was": list(duty_contact.standing(before)),
    }
    client.voice_message, client.voice_message_agreed_date = before.voice_message, before.voice_message_agreed_date
    client.duty_contact = before.duty_contact
    return body


def waiting_rows(by: Who, client: str, *, at: datetime) -> list[Shown]:
    """What waits at a client, and what was decided lately, as his page lists it."""
    found = proposals(house=by.house, clients=[client], at=at)
    if not found:
        return []
    file = queries.client_file(house=by.house, client=client, at=at)
    return [shown(each, file, house=by.house, at=at) for each in found]


def _urgent(row: Contact) -> bool:
    return is_urgent_number(row.numbers, row.number_for)
