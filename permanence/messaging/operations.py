# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be done with messages. Each operation is one transaction and may be repeated without harm.

A page that did not hear the answer sends the same act again: the ids made by the page (`form.message`, `answer`) and
"once per person" make the second time a no-op that gives the same result.
"""

import json
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from permanence.calls import queries as calls
from permanence.clients import queries as clients
from permanence.clients.rules import RecipientKind
from permanence.countries.numbers import NotANumber, parse_number
from permanence.foundation import outbox, secrecy
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.messaging import acts, events, patients, queries, recordings, rules
from permanence.messaging.models import (
    CALL_LENGTH,
    Draft,
    Message,
    MessageAcknowledged,
    MessageAnswer,
    MessageRead,
    PersonActModel,
)
from permanence.messaging.queries import AnswerView, MessageView
from permanence.messaging.rules import MessageForm

DRAFT_LIMIT = 64 * 1024
"""Bytes of a draft as JSON."""


class NoSuchClient(Refusal):
    """No such client in the house of the one who asks."""

    code = "no_such_client"


class NotOfThisHouse(Refusal):
    """The one who acts is no person of the house named."""

    code = "not_of_this_house"


class NoSuchRecipient(Refusal):
    """The recipient is not one of this client: a message cannot go to somebody else's."""

    code = "no_such_recipient"


class NoSuchReason(Refusal):
    """The reason is not on this client's form."""

    code = "no_such_reason"


class CallOfAnotherClient(Refusal):
    """The call was for another client than the one named."""

    code = "call_of_another_client"


class MessageIdTaken(Refusal):
    """A message with this id was kept before, and says something else: the page must make a new id."""

    code = "message_id_taken"


class NoSuchMessage(Refusal):
    """No such message, or not one this person may see: the two look alike on purpose."""

    code = "no_such_message"


class DraftTooLarge(Refusal):
    """The draft is larger than `DRAFT_LIMIT`, or the call's id longer than an id is."""

    code = "draft_too_large"


def take_message(*, house: str, client_id: str, call: str, by: Who, at: datetime, form: MessageForm) -> MessageView:
    """Keep a message and announce it; the draft of that call is gone. `call` is "" when there was none.

    Raises NotOfThisHouse, NoSuchClient, NoSuchRecipient, NoSuchReason, CallOfAnotherClient, MessageIdTaken, or what
    `rules.check_form` and `patients.key_of` raise.
    """
    urgency = rules.check_form(form)
    person = _acting(house, by)
    client = _client(house, client_id)
    recipient = _recipient(house, client.id, form.recipient)
    reason = _reason(house, client.id, form.reason)
    fields = {
        "client_id": int(client.id),
        "call": call[:CALL_LENGTH],
        "recipient_id": int(recipient.id),
        "patient_id": patients.key_of(house=house, client=client.id, patient=form.patient),
        "caller_name": form.caller_name.strip(),
        "caller_number": understood_number(form.caller_number, country=client.country),
        "caller_typed": form.caller_number.strip(),
        "reason": form.reason,
        "urgency": urgency.value,
        "read_back": form.read_back,
    }
    text = rules.check_text(form.text)
    try:
        with transaction.atomic():
            row = _kept_before(house, form.message, fields, text)
            if row is None:
                if not recipient.active:
                    raise NoSuchRecipient(f"{recipient.id} is at client {client.id} no more")
                _refuse_other_call(house, call, client.id)
                row = Message.objects.create(
                    house_id=by.house_key,
                    key=form.message,
                    taken_by_id=person,
                    taken_by_name=by.name,
                    taken_at=at,
                    reason_label=reason,
                    sealed_text=secrecy.seal(text, house=house, purpose=queries.TEXT),
                    **fields,
                )
                acts.announce_taken(row, house=house, by=by, at=at)
            Draft.objects.for_house(by.house_key).filter(person=person, call=call).delete()
    except IntegrityError:  # the same id came at the same moment on another connection
        row = _kept_before(house, form.message, fields, text)
        if row is None:
            raise
    return _view(row, house=house, at=at)


def take_voice_message(
    *, house: str, client_id: str, call: str, file: str, seconds: float, by: Who, at: datetime
) -> MessageView | None:
    """Keep what a caller spoke (`file` of the spool, `seconds` long) as a message, once a call, and announce it.

    For the practice, else for the first recipient; None without one: the call's record alone shows it then.
    Raises NoSuchClient, and recordings.RecordingMissing while the file is not there.
    """
    client = _client(house, client_id)
    found = clients.recipients(house=house, client=client.id)
    recipient = next((each for each in found if each.kind == RecipientKind.PRACTICE), next(iter(found), None))
    key = f"voice-{call}"
    if recipient is None:
        return None
    recordings.take_over(house=house, key=key, file=file)
    with transaction.atomic():
        row, created = Message.objects.get_or_create(
            house_id=by.house_key,
            key=key,
            defaults={
                "client_id": int(client.id),
                "call": call[:CALL_LENGTH],
                "taken_at": at,
                "recipient_id": int(recipient.id),
                "caller_number": calls.caller_of(house=house, call=call),
                "urgency": rules.Urgency.TODAY.value,
                "sealed_text": secrecy.seal("", house=house, purpose=queries.TEXT),
                "voice_seconds": seconds,
            },
        )
        if created:
            acts.announce_taken(row, house=house, by=by, at=at)
        transaction.on_commit(lambda: recordings.forget_spool(file))
    return _view(row, house=house, at=at)


def save_draft(*, house: str, by: Who, call: str, at: datetime, body: dict[str, Any]) -> None:
    """Keep what the secretary has written so far for a call; the last one wins. Raises DraftTooLarge."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > DRAFT_LIMIT or len(call) > CALL_LENGTH:
        raise DraftTooLarge(f"{len(text)} characters")
    person = _acting(house, by)
    sealed = secrecy.seal(text, house=house, purpose=queries.DRAFT)
    Draft.objects.update_or_create(
        house_id=by.house_key,
        person_id=person,
        call=call,
        defaults={"sealed_body": sealed, "saved_at": at},
    )


def discard_draft(*, house: str, by: Who, call: str) -> None:
    """Forget the draft of a call, if there is one."""
    Draft.objects.for_house(house).filter(person=_acting(house, by), call=call).delete()


def mark_read(*, house: str, message: str, by: Who, at: datetime) -> MessageView:
    """The message was shown to this signed-in person; his first opening is kept. Raises NoSuchMessage."""
    with transaction.atomic():
        row, access = _seen_by(house, message, by)
        _read(row, access, house=house, by=by, at=at)
    return _view(row, house=house, at=at, access=(access,))


def acknowledge(*, house: str, message: str, by: Who, at: datetime) -> MessageView:
    """This person pressed the button: name and moment are kept, once. Reading is implied. Raises NoSuchMessage.

    Only when he is one of the recipient's own persons does it stand for the recipient.
    """
    with transaction.atomic():
        row, access = _seen_by(house, message, by)
        _read(row, access, house=house, by=by, at=at)
        stands = _stands(row, access)
        if _once(MessageAcknowledged, row, by=by, at=at, stands=stands):
            if stands and row.acknowledged_at is None:
                row.acknowledged_at = at
                row.save(update_fields=["acknowledged_at"])
            told = {"message": row.key, "client": str(row.client_id), "person": by.person}
            outbox.announce(events.MessageAcknowledged(house=house, at=at, stands=stands, **told))
            acts.noted(row, "message.acknowledged", house=house, by=by, at=at)
    return _view(row, house=house, at=at, access=(access,))


def answer(*, house: str, message: str, answer: str, by: Who, at: datetime, text: str) -> AnswerView:
    """Write to the secretary about a message. `answer` is the id made by the page: a retry never doubles it.

    Raises NoSuchMessage, and MessageIdMalformed, MessageIdTaken, TextMissing or TextTooLong.
    """
    rules.check_form(MessageForm(message=answer, recipient="", text=text))
    with transaction.atomic():
        row, access = _seen_by(house, message, by)
        before = MessageAnswer.objects.for_house(house).filter(key=answer).first()
        if before is not None:
            if before.message_id != row.pk or before.person_id != by.person_key:
                raise MessageIdTaken(answer)
            return queries.answer_view(before, house)
        _read(row, access, house=house, by=by, at=at)
        kept = MessageAnswer.objects.create(
            house_id=by.house_key,
            client_id=row.client_id,
            message=row,
            key=answer,
            person_id=_acting(house, by),
            name=by.name,
            at=at,
            sealed_text=secrecy.seal(rules.check_text(text), house=house, purpose=queries.ANSWER),
        )
        told = {"message": row.key, "client": str(row.client_id), "person": by.person}
        outbox.announce(events.MessageAnswered(house=house, at=at, answer=answer, **told))
        acts.noted(row, "message.answered", house=house, by=by, at=at)
    return queries.answer_view(kept, house)


def record_transmission(
    *, house: str, message: str, at: datetime, sent: bool, delivered: bool, why: str | None
) -> None:
    """What dispatch knows now. `why` is the failure or None: it goes away when a later try succeeds.

    The first moment of each step is kept. Raises NoSuchMessage.
    """
    with transaction.atomic():
        row = Message.objects.for_house(house).filter(key=message).select_for_update(of=("self",)).first()
        if row is None:
            raise NoSuchMessage(message)
        row.sent_at = row.sent_at or (at if sent or delivered else None)
        row.delivered_at = row.delivered_at or (at if delivered else None)
        row.failed_at = None if why is None else row.failed_at or at
        row.failure = "" if why is None else why[:200]
        row.save(update_fields=["sent_at", "delivered_at", "failed_at", "failure"])
        acts.touch(row, house=house, at=at)


def understood_number(typed: str, *, country: str) -> str:
    """The number in E.164 by the spelling of the client's country; "" when it cannot be one (it stays as typed)."""
    try:
        return parse_number(typed, country=country).e164 if typed.strip() else ""
    except NotANumber:
        return ""


def _acting(house: str, by: Who) -> int:
    """The primary key of the person who acts, who must be one of this house."""
    if house != by.house or by.person_key is None:
        raise NotOfThisHouse(f"{by.house} asks for {house}")
    return by.person_key


def _client(house: str, client: str) -> clients.ClientView:
    try:
        return clients.client(house=house, client=client)
    except clients.ClientUnknown as error:
        raise NoSuchClient(error.why) from error


def _recipient(house: str, client: str, recipient: str) -> clients.RecipientView:
    try:
        return clients.recipient(house=house, client=client, recipient=recipient)
    except clients.RecipientUnknown as error:
        raise NoSuchRecipient(error.why) from error


def _reason(house: str, client: str, code: str) -> str:
    """The label behind a reason's code, kept on the message as it was."""
    if not code:
        return ""
    labels = {each.code: each.label for each in clients.reasons(house=house, client=client)}
    if code not in labels:
        raise NoSuchReason(f"{code} at client {client}")
    return labels[code]


def _refuse_other_call(house: str, call: str, client: str) -> None:
    """A call is for one client: the one it was recorded for, and until then the one of its first message."""
    recorded = calls.client_of(house=house, call=call) if call else None
    if recorded is not None and recorded != client:
        raise CallOfAnotherClient(call)
    other = Message.objects.for_house(house).filter(call=call).exclude(client=int(client)) if call else None
    if other is not None and other.exists():
        raise CallOfAnotherClient(call)


def _kept_before(house: str, key: str, fields: dict[str, Any], text: str) -> Message | None:
    row = Message.objects.for_house(house).filter(key=key).first()
    if row is None:
        return None
    same = all(getattr(row, name) == value for name, value in fields.items())
    if not same or secrecy.unseal(row.sealed_text, house=house, purpose=queries.TEXT) != text:
        raise MessageIdTaken(key)
    return row


def _seen_by(house: str, message: str, by: Who) -> tuple[Message, clients.PortalAccess]:
    """The message and how its client's portal user sees it. Raises NoSuchMessage for everybody else."""
    if house == by.house and by.person:
        access = {int(each.client.id): each for each in clients.portal_access(house=house, person=by.person)}
        rows = Message.objects.for_house(house).filter(key=message, client__in=list(access))
        row = rows.select_related("client", "recipient").select_for_update(of=("self",)).first()
        if row is not None:
            return row, access[row.client_id]
    raise NoSuchMessage(message)


def _stands(row: Message, access: clients.PortalAccess) -> bool:
    """Whether what this person does stands for the recipient; for the practice and for a desk everybody's does."""
    if row.recipient.kind != RecipientKind.PRACTITIONER:
        return True
    return access.recipient is not None and access.recipient.id == str(row.recipient_id)


def _once(kind: type[PersonActModel], row: Message, *, by: Who, at: datetime, stands: bool) -> bool:
    """Keep the act of a person, unless he did it before; gives whether it was the first time."""
    _, created = kind._default_manager.get_or_create(
        message=row,
        person_id=_acting(by.house, by),
        defaults={
            "house_id": row.house_id,
            "client_id": row.client_id,
            "name": by.name,
            "at": at,
            "stands": stands,
        },
    )
    return created


def _read(row: Message, access: clients.PortalAccess, *, house: str, by: Who, at: datetime) -> None:
    stands = _stands(row, access)
    if not _once(MessageRead, row, by=by, at=at, stands=stands):
        return
    told = {"message": row.key, "client": str(row.client_id), "person": by.person}
    outbox.announce(events.MessageRead(house=house, at=at, stands=stands, **told))
    acts.noted(row, "message.read", house=house, by=by, at=at)


def _view(row: Message, *, house: str, at: datetime, access: tuple[clients.PortalAccess, ...] = ()) -> MessageView:
    fresh = Message.objects.select_related("client", "recipient").get(pk=row.pk)
    return queries.view_of(fresh, house=house, at=at, access=access)
