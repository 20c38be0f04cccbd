# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on the client accounts. Each is one transaction, notes the audit trail and announces `ClientChanged`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from permanence.clients import quarantine, rules
from permanence.clients.events import ClientChanged
from permanence.clients.models import (
    Client,
    Greeting,
    HoursException,
    Instruction,
    Line,
    PortalUser,
    Reason,
    Recipient,
    WeeklyOpening,
)
from permanence.clients.queries import ClientUnknown, RecipientUnknown
from permanence.foundation import audit, operations, outbox
from permanence.foundation.rules import Role
from permanence.foundation.who import Who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal


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


class InstructionUnknown(Refusal):
    """No such instruction at this client, or it was retired."""

    code = "instruction_unknown"


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
    elif had_ended and not ends:
        quarantine.wake(row)
    row.state = state.value
    row.save(update_fields=["state"])
    changed(client=client, action="client.state_set", by=by, at=at, detail={"state": state.value})


@transaction.atomic
def agree_to_voice_messages(*, client: str, agreed: date | None, duty_contact: str, by: Who, at: datetime) -> None:
    """Callers may leave a voice message when nobody can answer. Raises ClientUnknown, ConsentMissing."""
    row = _client(client, by=by)
    if row.sector == rules.Sector.HEALTH and (agreed is None or not duty_contact.strip()):
        raise ConsentMissing(client)
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
def set_greeting(*, client: str, language: str, text: str, by: Who, at: datetime) -> None:
    """The phrase to say in one language; `{name}` is the secretary's first name. Raises ClientUnknown."""
    row = _client(client, by=by)
    Greeting.objects.update_or_create(
        client=row, language=language, defaults={"text": text}, create_defaults={"text": text, "house_id": row.house_id}
    )
    changed(client=client, action="client.greeting_set", by=by, at=at, detail={"language": language})


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
) -> str:
    """A new instruction in `author`'s (a person's id) name; gives its id, which its later versions keep.

    Raises ClientUnknown.
    """
    row = _client(client, by=by)
    first = Instruction.objects.create(
        house_id=row.house_id,
        client=row,
        text=text,
        author_id=int(author),
        written_at=at,
        starts_at=starts_at,
        ends_at=ends_at,
        priority=priority,
    )
    changed(client=client, action="instruction.written", by=by, at=at, detail={"instruction": first.pk})
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
) -> int:
    """A new version: it takes over at `starts_at`, at once when None; what was written before stays as it was.

    Gives the number of the version. Raises ClientUnknown, InstructionUnknown.
    """
    return _next_version(
        client=client,
        instruction=instruction,
        by=by,
        at=at,
        fields={
            "text": text,
            "author_id": int(author),
            "starts_at": starts_at,
            "ends_at": ends_at,
            "priority": priority,
        },
    )


@transaction.atomic
def retire_instruction(*, client: str, instruction: str, author: str, by: Who, at: datetime) -> None:
    """The instruction holds no longer: a last version says so. Raises ClientUnknown, InstructionUnknown."""
    fields = {"author_id": int(author), "retired": True}
    _next_version(client=client, instruction=instruction, by=by, at=at, fields=fields)


def _next_version(*, client: str, instruction: str, by: Who, at: datetime, fields: dict[str, Any]) -> int:
    row = _client(client, by=by)
    root = int(instruction)
    series = Instruction.objects.for_client(row)
    last = series.filter(root_id=root).order_by("-version").first() or series.filter(pk=root, root=None).first()
    if last is None or last.retired:
        raise InstructionUnknown(instruction)
    new = Instruction(house_id=row.house_id, client=row, root_id=root, version=last.version + 1, written_at=at)
    for name, value in {"text": last.text, "priority": last.priority, **fields}.items():
        setattr(new, name, value)
    new.save()
    action = "instruction.retired" if new.retired else "instruction.revised"
    changed(client=client, action=action, by=by, at=at, detail={"instruction": root, "version": new.version})
    return new.version


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


def changed(*, client: str, action: str, by: Who, at: datetime, detail: dict[str, Any] | None = None) -> None:
    """Note and announce that something of a client was changed. Called in the transaction of the change."""
    audit.note(by=by, at=at, action=action, subject=f"clients.client:{client}", client=client, detail=detail)
    outbox.announce(ClientChanged(house=by.house, at=at, client=client))


def number_given(numbers: Sequence[str], *, at: datetime) -> None:
    """Numbers are given to somebody: they rest no longer, and who had them is announced.

    Called in the transaction that gives them.
    """
    for each in quarantine.release(numbers):
        outbox.announce(ClientChanged(house=each.house_slug, at=at, client=str(each.client)))


def _client(client: str, *, by: Who) -> Client:
    row = Client.objects.for_house(by.house_key).select_for_update().filter(pk=int(client)).first()
    if row is None:
        raise ClientUnknown(client)
    return row
