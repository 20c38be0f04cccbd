# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on the client accounts. Each is one transaction, notes the audit trail and announces `ClientChanged`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from permanence.clients import greetings, instructions, quarantine, rules
from permanence.clients import instruction_fields as fields
from permanence.clients.acts import account as _client
from permanence.clients.acts import changed
from permanence.clients.events import ClientChanged
from permanence.clients.instruction_versions import instruction_changed, next_version
from permanence.clients.models import (
    Client,
    HoursException,
    Instruction,
    Line,
    PlannedEnd,
    PortalUser,
    Reason,
    Recipient,
    WeeklyOpening,
)
from permanence.clients.queries import RecipientUnknown
from permanence.clients.rules.spoken import ALWAYS, GreetingWhen
from permanence.clients.urgent_paths import demand_second
from permanence.foundation import operations, outbox
from permanence.foundation.rules import Role
from permanence.foundation.who import Who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal
from permanence.staff import queries as staff
from permanence.staff.membership import PoolUnknown


class NameTaken(Refusal):
    """Another client of the house has that name."""

    code = "name_taken"


class LineTaken(Refusal):
    """The number is another client's, of this house or of another on the same machine."""

    code = "line_taken"


class NumberRests(Refusal):
    """The number was a client's who left, and is given to nobody else before the day that is its reason in words."""

    code = "number_rests"


class NumberMalformed(Refusal):
    """The number is not in E.164: plus sign, country, number."""

    code = "number_malformed"


class ConsentMissing(Refusal):
    """A health client has voice messages only after the doctor agreed with a date and named a duty contact."""

    code = "consent_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One opening of the week: `weekday` from 0 (Monday), local times "HH:MM"."""

    weekday: int
    opens: str
    until: str


@transaction.atomic
def open_client(
    *,
    name: str,
    initials: str,
    kind: rules.ClientKind,
    sector: rules.Sector,
    country: str,
    time_zone: str,
    languages: Sequence[str],
    by: Who,
    at: datetime,
    place: str = "",
    region: str = "",
    specialty: str = "",
    colour: int | None = None,
    open_always: bool = False,
) -> str:
    """Open an account in `by`'s house; gives the client's id. Without a colour he gets the one least used.

    Raises NameTaken.
    """
    others = Client.objects.for_house(by.house_key)
    if others.filter(name=name).exists():
        raise NameTaken(name)
    row = Client.objects.create(
        house_id=by.house_key,
        name=name,
        initials=initials.upper(),
        colour=colour or rules.next_colour(others.values_list("colour", flat=True)),
        kind=kind.value,
        sector=sector.value,
        specialty=specialty,
        place=place,
        country=country,
        region=region,
        time_zone=time_zone,
        languages=list(languages),
        open_always=open_always,
    )
    changed(client=str(row.pk), action="client.opened", by=by, at=at, detail={"name": name})
    return str(row.pk)


@transaction.atomic
def set_state(*, client: str, state: rules.ClientState, by: Who, at: datetime) -> None:
    """Answer his calls, suspend the account, or end it: then his numbers rest for the usual time, until he is back.

    Raises ClientUnknown.
    """
    row = _client(client, by=by)
    ends, had_ended = state is rules.ClientState.ENDED, row.state == rules.ClientState.ENDED
    if ends and not had_ended:
        quarantine.lay_to_rest(row, until=quarantine.usual_end(at), reason="", at=at)
        PlannedEnd.objects.for_client(row).delete()
    elif had_ended and not ends:
        quarantine.wake(row)
    row.state = state.value
    row.save(update_fields=["state"])
    changed(client=client, action="client.state_set", by=by, at=at, detail={"state": state.value})


@transaction.atomic
def agree_to_voice_messages(*, client: str, agreed: date | None, duty_contact: str, by: Who, at: datetime) -> None:
    """Callers may leave a voice message if nobody can answer. Raises ClientUnknown, ConsentMissing, ApprovalNeeded."""
    row = _client(client, by=by)
    if row.sector == rules.Sector.HEALTH and (agreed is None or not duty_contact.strip()):
        raise ConsentMissing(client)
    if row.duty_contact != duty_contact.strip():
        demand_second(row, by=by)
    row.voice_message, row.voice_message_agreed_date, row.duty_contact = True, agreed, duty_contact.strip()
    row.save(update_fields=["voice_message", "voice_message_agreed_date", "duty_contact"])
    changed(client=client, action="client.voice_messages_agreed", by=by, at=at, detail={"agreed": str(agreed)})


@transaction.atomic
def set_waiting(*, client: str, ring_before_music_s: int, max_wait_s: int, by: Who, at: datetime) -> None:
    """How long his callers hear it ring, and how long they wait at most, both in seconds from the INVITE.

    Raises ClientUnknown.
    """
    row = _client(client, by=by)
    row.ring_before_music_s, row.max_wait_s = ring_before_music_s, max_wait_s
    row.save(update_fields=["ring_before_music_s", "max_wait_s"])
    waits = {"ring_before_music_s": ring_before_music_s, "max_wait_s": max_wait_s}
    changed(client=client, action="client.waiting_set", by=by, at=at, detail=waits)


@transaction.atomic
def set_pool(*, client: str, pool: str, by: Who, at: datetime) -> None:
    """Which pool answers for him, "" for the house's first. Raises ClientUnknown, staff's PoolUnknown."""
    row = _client(client, by=by)
    if pool and pool not in {each.id for each in staff.pools(house=by.house)}:
        raise PoolUnknown(pool)
    row.pool_id = int(pool) if pool else None
    row.save(update_fields=["pool"])
    changed(client=client, action="client.pool_set", by=by, at=at, detail={"pool": pool})


@transaction.atomic
def give_line(*, client: str, number: str, label: str = "", by: Who, at: datetime) -> None:
    """Give the client a number of the house (E.164).

    Raises ClientUnknown, LineTaken, NumberMalformed, NumberRests.
    """
    row = _client(client, by=by)
    try:
        e164 = str(PhoneNumber.parse_global(number))
    except ValueError as error:
        raise NumberMalformed(number) from error
    if Line.objects.filter(number=e164).exists():
        raise LineTaken(e164)
    if Line.objects.for_house(row.house_id).filter(public_number=e164).exists():
        raise LineTaken(f"{e164} is the public number of a client")
    rest = quarantine.rest_of(e164)
    if rest is not None and quarantine.barred(rest, client=row.pk, at=at):
        raise NumberRests(rest.until.isoformat()) if rest.house == row.house_id else LineTaken(e164)
    number_given([e164], at=at)
    Line.objects.create(house_id=row.house_id, client=row, number=e164, label=label)
    changed(client=client, action="client.line_given", by=by, at=at, detail={"number": e164})


@transaction.atomic
def set_hours(
    *,
    client: str,
    week: Sequence[Opening],
    always: bool = False,
    closed_on_holidays: bool = True,
    by: Who,
    at: datetime,
) -> None:
    """Replace the opening hours of the week. Raises ClientUnknown."""
    row = _client(client, by=by)
    row.open_always, row.closed_on_holidays = always, closed_on_holidays
    row.save(update_fields=["open_always", "closed_on_holidays"])
    WeeklyOpening.objects.for_client(row).delete()
    WeeklyOpening.objects.bulk_create(
        WeeklyOpening(house_id=row.house_id, client=row, weekday=each.weekday, opens=each.opens, until=each.until)
        for each in week
    )
    changed(client=client, action="client.hours_set", by=by, at=at)


@transaction.atomic
def add_exception(
    *, client: str, day: date, opens: str = "", until: str = "", label: str = "", by: Who, at: datetime
) -> None:
    """On that day these times hold instead of the week; closed when both are empty. Raises ClientUnknown."""
    row = _client(client, by=by)
    HoursException.objects.create(house_id=row.house_id, client=row, date=day, opens=opens, until=until, label=label)
    changed(client=client, action="client.exception_added", by=by, at=at, detail={"day": day.isoformat()})


@transaction.atomic
def set_greeting(*, client: str, language: str, text: str, when: GreetingWhen = ALWAYS, by: Who, at: datetime) -> None:
    """The phrase to say in one language, in place of that of the same `when`; `{name}` is the secretary's first name.

    Raises ClientUnknown and the refusals of `clients.greetings`.
    """
    greetings.write_greeting(_client(client, by=by), house=by.house, language=language, text=text, when=when)
    changed(client=client, action="client.greeting_set", by=by, at=at, detail={"language": language})


@transaction.atomic
def remove_greeting(*, client: str, language: str, when: GreetingWhen, by: Who, at: datetime) -> None:
    """That phrase is said no longer. Raises ClientUnknown, greetings.GreetingUnknown."""
    greetings.delete_greeting(_client(client, by=by), language=language, when=when)
    changed(client=client, action="client.greeting_removed", by=by, at=at, detail={"language": language})


@transaction.atomic
def write_instruction(
    *,
    client: str,
    text: str,
    author: str,
    by: Who,
    at: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    priority: int = 0,
    scope: rules.Scope = rules.EVERYTHING,
    acknowledge: bool = False,
) -> str:
    """A new instruction in `author`'s (a person's id) name; gives its id, which its later versions keep.

    `acknowledge`: every secretary is asked to say that she has read it. Raises ClientUnknown and the refusals of
    `instruction_fields`.
    """
    row = _client(client, by=by)
    first = Instruction.objects.create(
        house_id=row.house_id,
        client=row,
        text=fields.checked_text(text),
        author_id=int(author),
        written_at=at,
        priority=priority,
        acknowledge=acknowledge,
        **fields.checked_period(starts_at, ends_at),
        **fields.checked_scope(row, scope),
    )
    instruction_changed(first, action="instruction.written", by=by, at=at)
    return str(first.pk)


@transaction.atomic
def revise_instruction(
    *,
    client: str,
    instruction: str,
    text: str,
    author: str,
    by: Who,
    at: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    priority: int = 0,
    scope: rules.Scope | None = None,
    acknowledge: bool | None = None,
    began_from: int | None = None,
) -> int:
    """A new version: it takes over at `starts_at`, at once when None; what was written before stays as it was.

    `scope` and `acknowledge` stay as they are when None. `began_from`: the version that the author changed; when it is
    not the last any more nothing is written. Gives the number of the version. Raises ClientUnknown,
    InstructionUnknown, `instruction_fields.InstructionChanged` and its other refusals.
    """
    row = _client(client, by=by)
    changes: dict[str, Any] = {
        "text": fields.checked_text(text),
        "author_id": int(author),
        "priority": priority,
        **fields.checked_period(starts_at, ends_at),
    }
    if scope is not None:
        last = instructions.current(house=by.house, client=client, instruction=instruction)
        if not last.retired and began_from in {None, last.version}:  # else `next_version` refuses
            changes |= fields.checked_scope(row, scope, kept=last.scope)
    if acknowledge is not None:
        changes["acknowledge"] = acknowledge
    return next_version(row, instruction, by=by, at=at, changes=changes, began_from=began_from)


@transaction.atomic
def retire_instruction(
    *, client: str, instruction: str, author: str, by: Who, at: datetime, began_from: int | None = None
) -> None:
    """The instruction holds no longer: a last version says so.

    Raises ClientUnknown, InstructionUnknown, `instruction_fields.InstructionChanged` as above.
    """
    changes = {"author_id": int(author), "retired": True}
    next_version(_client(client, by=by), instruction, by=by, at=at, changes=changes, began_from=began_from)


@transaction.atomic
def add_recipient(*, client: str, kind: rules.RecipientKind, name: str, email: str, by: Who, at: datetime) -> str:
    """Messages can be for this practitioner, desk, or "the practice"; gives his id. Raises ClientUnknown, NameTaken."""
    row = _client(client, by=by)
    others = Recipient.objects.for_client(row)
    if others.filter(name=name).exists():
        raise NameTaken(name)
    new = Recipient.objects.create(
        house_id=row.house_id, client=row, kind=kind.value, name=name, email=email, position=others.count()
    )
    changed(client=client, action="client.recipient_added", by=by, at=at, detail={"name": name})
    return str(new.pk)


@transaction.atomic
def add_reason(*, client: str, code: str, label: str, by: Who, at: datetime) -> None:
    """A reason for the message form, after those there are. Raises ClientUnknown."""
    row = _client(client, by=by)
    position = Reason.objects.for_client(row).count()
    Reason.objects.create(house_id=row.house_id, client=row, code=code, label=label, position=position)
    changed(client=client, action="client.reason_added", by=by, at=at, detail={"code": code})


@transaction.atomic
def add_portal_user(*, client: str, person: str, recipient: str | None, by: Who, at: datetime) -> str:
    """A person of the house's register may read this client's messages; `recipient`: whom he is, None for an assistant.

    Gives the portal user's id. Raises ClientUnknown, RecipientUnknown, foundation's PersonUnknown.
    """
    row = _client(client, by=by)
    if recipient is not None and not Recipient.objects.for_client(row).filter(pk=int(recipient)).exists():
        raise RecipientUnknown(recipient)
    operations.grant(person=person, role=Role.PORTAL_USER, by=by, at=at)
    new = PortalUser.objects.create(
        house_id=row.house_id,
        client=row,
        person_id=int(person),
        recipient_id=None if recipient is None else int(recipient),
    )
    changed(client=client, action="client.portal_user_added", by=by, at=at, detail={"person": person})
    return str(new.pk)


def number_given(numbers: Sequence[str], *, at: datetime) -> None:
    """Numbers are given to somebody: they rest no longer, and who had them is announced.

    Called in the transaction that gives them.
    """
    for each in quarantine.release(numbers):
        outbox.announce(ClientChanged(house=each.house_slug, at=at, client=str(each.client)))
