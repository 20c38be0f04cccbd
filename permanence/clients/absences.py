# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on absences: announced, withdrawn, never changed. Each is one transaction, noted and announced."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from permanence.clients import operations, queries
from permanence.clients.acts import account, changed
from permanence.clients.events import AbsenceWithdrawn
from permanence.clients.models import Absence, Client, Recipient
from permanence.clients.queries import RecipientUnknown
from permanence.clients.rules import Sector
from permanence.clients.rules.spoken import meets
from permanence.clients.urgent_paths import demand_second
from permanence.foundation import live, outbox
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.absence import ANSWER, TREATMENTS, VOICE_MESSAGE
from permanence.reception.table import AbsenceEntry


class AbsenceImpossible(Refusal):
    """It ends before it begins, is over already, or closes the lines though one recipient alone is away."""

    code = "absence_impossible"


class AbsenceOverlaps(Refusal):
    """Whoever is away is already away for some of that time, by the absence named."""

    code = "absence_overlaps"


class ReplacementAway(Refusal):
    """The recipient to whom what is urgent would go is away himself for some of that time."""

    code = "replacement_away"


class AbsenceUnknown(Refusal):
    """No such absence at this client, or it was withdrawn, or is over."""

    code = "absence_unknown"


@transaction.atomic
def announce_absence(
    *,
    client: str,
    starts: datetime,
    ends: datetime,
    words: str,
    announced_by: str,
    by: Who,
    at: datetime,
    recipient: str | None = None,
    urgent_to: str | None = None,
    treatment: str = ANSWER,
) -> str:
    """A recipient of the client (None: the whole client) is away; gives the absence's id.

    `words`: what to say to callers. `announced_by`: a person's id. `urgent_to`: another recipient of the client, to
    whom what is urgent goes. `treatment` of calls while the whole client is away.
    Who is named for what is urgent during an absence of another may be announced away: he is, whatever was planned; the
    card then says that the replacement is away too, and the proof warns. Raises ClientUnknown, RecipientUnknown,
    AbsenceImpossible, AbsenceOverlaps, ReplacementAway, operations.ConsentMissing, ApprovalNeeded.
    """
    row = account(client, by=by)
    away, replacement = _recipient(row, recipient), _recipient(row, urgent_to)
    closes = treatment != ANSWER
    if not at < ends or not starts < ends or treatment not in TREATMENTS or (closes and away is not None):
        raise AbsenceImpossible(f"{starts} {ends} {treatment}")
    if away is not None and away == replacement:
        raise ReplacementAway(client)
    unagreed = row.voice_message_agreed_date is None or not row.duty_contact
    if treatment == VOICE_MESSAGE and row.sector == Sector.HEALTH and unagreed:
        raise operations.ConsentMissing(client)
    others = [each for each in queries.absences(house=by.house, client=client, at=at) if meets(each, starts, ends)]
    _refuse_clash(others, _id(away), _id(replacement))
    if replacement is not None:
        demand_second(row, by=by)
    new = Absence.objects.create(
        house_id=row.house_id,
        client=row,
        recipient=away,
        starts_at=starts,
        ends_at=ends,
        words=words,
        urgent_to=replacement,
        treatment=treatment,
        announced_by_id=int(announced_by),
        announced_at=at,
    )
    detail = {"absence": new.pk, "recipient": recipient or "", "from": starts.isoformat(), "until": ends.isoformat()}
    changed(client=client, action="client.absence_announced", by=by, at=at, detail=detail)
    live.touch_tasks(by=by, at=at)
    return str(new.pk)


@transaction.atomic
def withdraw_absence(*, client: str, absence: str, by: Who, at: datetime) -> None:
    """The absence holds no longer, or never will; what is urgent goes where it went before.

    Raises ClientUnknown, AbsenceUnknown, ApprovalNeeded where somebody is named for what is urgent.
    """
    row = account(client, by=by)
    held = Absence.objects.for_client(row).filter(withdrawn_at=None, ends_at__gt=at, pk=row_key(absence)).first()
    if held is None:
        raise AbsenceUnknown(absence)
    if held.urgent_to_id is not None:
        demand_second(row, by=by)
    held.withdrawn_at = at
    held.save(update_fields=["withdrawn_at"])
    changed(client=client, action="client.absence_withdrawn", by=by, at=at, detail={"absence": absence})
    live.touch_tasks(by=by, at=at)
    outbox.announce(
        AbsenceWithdrawn(
            house=by.house,
            at=at,
            client=client,
            absence=str(held.pk),
            recipient=_id(held.recipient),
            starts_at=held.starts_at,
            ends_at=held.ends_at,
        )
    )


def _refuse_clash(others: Iterable[AbsenceEntry], subject: str, replacement: str) -> None:
    """Raises the refusal for the first of those beside which an absence of `subject` cannot stand."""
    for other in others:
        clash = _clash(other, subject, replacement)
        if clash is not None:
            raise clash(other.id)


def _clash(other: AbsenceEntry, subject: str, replacement: str) -> type[Refusal] | None:
    """Why an absence of `subject` ("": the whole client) cannot stand beside `other` at one moment; None: it can."""
    if other.recipient == subject:
        return AbsenceOverlaps
    if replacement and other.recipient == replacement:
        return ReplacementAway
    return None


def _id(row: Recipient | None) -> str:
    return "" if row is None else str(row.pk)


def _recipient(row: Client, recipient: str | None) -> Recipient | None:
    if recipient is None:
        return None
    found = Recipient.objects.for_client(row).filter(pk=row_key(recipient), active=True).first()
    if found is None:
        raise RecipientUnknown(recipient)
    return found
