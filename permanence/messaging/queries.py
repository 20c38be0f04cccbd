# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the messages, scoped to the house (its slug) and to the client (his id); frozen dataclasses come back.

A list costs a fixed number of questions to the database, however long it is; only a single message opens its text.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from permanence.callers.queries import PatientView
from permanence.clients import queries as clients
from permanence.clients.rules import RecipientKind
from permanence.countries.numbers import spell_number
from permanence.foundation import secrecy
from permanence.foundation.keys import row_key
from permanence.foundation.models import House
from permanence.foundation.tenancy import ClientQuerySet
from permanence.kernel.phone import PhoneNumber
from permanence.messaging import patients, recordings
from permanence.messaging.models import Draft, Message, MessageAcknowledged, MessageAnswer, MessageRead
from permanence.messaging.rules import MessageState, PersonAct, Transmission, Urgency, state_of

TEXT = "message.text"
ANSWER = "message.answer"
DRAFT = "message.draft"
OPEN_DAYS = 14
LIST_LIMIT = 500
EARLIER_LIMIT = 10
PORTAL_LIMIT = 200
ABOUT_LIMIT = 200
"""Messages about one patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message in a list. `caller_number` is E.164 or "", `caller_shown` as a person of the client's country writes
    it (or as it was typed), `reason` the label or "". `is_mine`: the asking portal user is one of the recipient's own
    persons. `answers` counts what the client wrote back. `voice_seconds`: the length of one that the caller spoke
    himself (nobody took it, `reason` then says so), else None. `patient`: whom it is about, or None.
    """

    message: str
    client: str
    client_name: str
    client_initials: str
    client_colour: int
    time_zone: str
    recipient: str
    recipient_name: str
    recipient_is_practice: bool
    caller_name: str
    caller_number: str
    caller_typed: str
    caller_shown: str
    reason: str
    urgency: Urgency
    taken_at: datetime
    taken_by: str
    taken_by_name: str
    call: str
    state: MessageState
    is_mine: bool
    answers: int
    voice_seconds: float | None
    patient: PatientView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """What a person of the client wrote to the secretary."""

    answer: str
    person: str
    name: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView(MessageRow):
    """One message with its text and its answers, the oldest first."""

    text: str
    read_back: bool
    answer_texts: tuple[AnswerView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftView:
    """What a secretary had written for a call: the page's own JSON."""

    call: str
    body: dict[str, Any]
    saved_at: datetime


def todays_messages(house: str, at: datetime, only: frozenset[str] | None = None) -> list[MessageRow]:
    """Taken today by the house's clock, and those of the last fourteen days that wait for their acknowledgement.

    Newest first, at most `LIST_LIMIT`. `only`: the clients the asking person answers for, None for all.
    """
    home = House.objects.filter(slug=house).first()
    if home is None:
        return []
    midnight = at.astimezone(ZoneInfo(home.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    wanted = Q(taken_at__gte=midnight) | Q(acknowledged_at=None, taken_at__gte=at - timedelta(days=OPEN_DAYS))
    rows = _hers(Message.objects.for_house(home), only).filter(wanted, taken_at__lte=at)
    return _rows(rows.order_by("-taken_at", "-pk")[:LIST_LIMIT], at=at)


def undelivered_messages(house: str, at: datetime, only: frozenset[str] | None = None) -> list[MessageRow]:
    """Those of the last fourteen days that reached nobody and that nobody acknowledged; newest first."""
    rows = _hers(Message.objects.for_house(house), only).filter(
        failed_at__isnull=False, acknowledged_at=None, taken_at__gte=at - timedelta(days=OPEN_DAYS), taken_at__lte=at
    )
    found = _rows(rows.order_by("-taken_at", "-pk")[:LIST_LIMIT], at=at)
    return [row for row in found if row.state.failed is not None and not row.state.is_acknowledged]


def earlier_messages(house: str, client: str, number: str, at: datetime) -> list[MessageRow]:
    """The last messages of a caller (his number in E.164) with this client only; empty without a number."""
    if not number:
        return []
    rows = Message.objects.for_house(house).filter(client=row_key(client), caller_number=number, taken_at__lte=at)
    return _rows(rows.order_by("-taken_at", "-pk")[:EARLIER_LIMIT], at=at)


def messages_about(house: str, client: str, patients: Iterable[str], at: datetime) -> list[MessageRow]:
    """The last messages of a client that name one of these patients (ids), newest first, at most `ABOUT_LIMIT`."""
    keys = [row_key(each) for each in patients]
    rows = Message.objects.for_house(house).filter(client=row_key(client), patient__in=keys, taken_at__lte=at)
    return _rows(rows.order_by("-taken_at", "-pk")[:ABOUT_LIMIT], at=at)


def message(house: str, message: str, at: datetime) -> MessageView | None:
    """One message of the house, for its staff; None when there is none."""
    row = _with_names(Message.objects.for_house(house).filter(key=message)).first()
    return None if row is None else view_of(row, house=house, at=at)


def answers_to(house: str, messages: Iterable[str]) -> dict[str, tuple[AnswerView, ...]]:
    """What the clients wrote back to these messages, for the house's staff: by message, the oldest first. One query."""
    found: dict[str, tuple[AnswerView, ...]] = defaultdict(tuple)
    rows = MessageAnswer.objects.for_house(house).filter(message__key__in=list(messages))
    for row in rows.select_related("message").order_by("at", "pk"):
        found[row.message.key] += (answer_view(row, house),)
    return dict(found)


def messages_for_person(
    house: str, person: str, at: datetime, access: Sequence[clients.PortalAccess] | None = None
) -> list[MessageRow]:
    """The portal's list: the messages of the person's clients; what waits first, then newest first.

    Those of a colleague of the same client are there too, as in a practice's message book: whoever sees an urgent one
    can tell the colleague; `is_mine` says which are his. `access`: what `clients.portal_access` gave for him, None: to
    be asked.
    """
    access = clients.portal_access(house=house, person=person) if access is None else access
    if not access:
        return []
    rows = Message.objects.for_house(house).filter(client__in=[row_key(each.client.id) for each in access])
    found = _rows(rows.order_by("-taken_at", "-pk")[:PORTAL_LIMIT], at=at, access=access)
    return sorted(found, key=lambda row: (row.state.is_acknowledged, not row.is_mine))


def message_for_person(house: str, person: str, message: str, at: datetime) -> MessageView | None:
    """One message as the portal shows it; None for every message that is not one of his clients'."""
    access = clients.portal_access(house=house, person=person)
    rows = Message.objects.for_house(house).filter(client__in=[row_key(each.client.id) for each in access], key=message)
    row = _with_names(rows).first()
    return None if row is None else view_of(row, house=house, at=at, access=access)


def recording_for_person(house: str, person: str, message: str) -> bytes | None:
    """What the caller said, as a WAV file, for a portal user of the client; None where there is nothing for him."""
    access = clients.portal_access(house=house, person=person)
    rows = Message.objects.for_house(house).filter(client__in=[row_key(each.client.id) for each in access], key=message)
    return recordings.read(house=house, key=message) if rows.filter(voice_seconds__isnull=False).exists() else None


def is_spoken(*, house: str, call: str) -> bool:
    """Whether what the caller of this call spoke is a message."""
    return Message.objects.for_house(house).filter(call=call, voice_seconds__isnull=False).exists()


def draft(house: str, person: str, call: str) -> DraftView | None:
    """What a secretary (a person's id) had written for a call, or None."""
    row = Draft.objects.for_house(house).filter(person=row_key(person), call=call).first()
    return None if row is None else _draft_view(row, house)


def drafts(house: str, person: str) -> list[DraftView]:
    """Everything a secretary has not confirmed yet, newest first."""
    rows = Draft.objects.for_house(house).filter(person=row_key(person)).order_by("-saved_at")
    return [_draft_view(row, house) for row in rows]


def view_of(row: Message, *, house: str, at: datetime, access: Iterable[clients.PortalAccess] = ()) -> MessageView:
    """A row (with its client and recipient loaded) as a view, its text and answers opened."""
    base = _build([row], at=at, access=access)[0]
    answers = MessageAnswer.objects.filter(message=row).order_by("at", "pk")
    return MessageView(
        **{name: getattr(base, name) for name in MessageRow.__dataclass_fields__},
        text=secrecy.unseal(row.sealed_text, house=house, purpose=TEXT),
        read_back=row.read_back,
        answer_texts=tuple(answer_view(each, house) for each in answers),
    )


def answer_view(row: MessageAnswer, house: str) -> AnswerView:
    """The row as a view, its text opened."""
    text = secrecy.unseal(row.sealed_text, house=house, purpose=ANSWER)
    return AnswerView(answer=row.key, person=str(row.person_id), name=row.name, at=row.at, text=text)


def _draft_view(row: Draft, house: str) -> DraftView:
    body = json.loads(secrecy.unseal(row.sealed_body, house=house, purpose=DRAFT))
    return DraftView(call=row.call, body=body, saved_at=row.saved_at)


def _hers(found: ClientQuerySet[Message], only: frozenset[str] | None) -> ClientQuerySet[Message]:
    return found if only is None else found.filter(client__in=[int(each) for each in only])


def _with_names(rows: ClientQuerySet[Message]) -> ClientQuerySet[Message]:
    return rows.select_related("client", "recipient")


def _rows(
    rows: ClientQuerySet[Message], *, at: datetime, access: Iterable[clients.PortalAccess] = ()
) -> list[MessageRow]:
    return _build(list(_with_names(rows)), at=at, access=access)


def _build(found: list[Message], *, at: datetime, access: Iterable[clients.PortalAccess]) -> list[MessageRow]:
    """Rows as views: three more questions for the acts and the answers, two for the persons they are about."""
    keys = [row.pk for row in found]
    reads = _acts(MessageRead.objects.filter(message__in=keys))
    acknowledgements = _acts(MessageAcknowledged.objects.filter(message__in=keys))
    counted = MessageAnswer.objects.filter(message__in=keys).values_list("message").annotate(Count("pk"))
    answers = dict(counted.order_by())
    own = {row_key(each.client.id): each.recipient for each in access}
    named = patients.named_in(found)
    drawn = [_row(row, reads[row.pk], acknowledgements[row.pk], answers.get(row.pk, 0), own, at=at) for row in found]
    return [replace(each, patient=named.get(row.pk)) for each, row in zip(drawn, found, strict=True)]


def _acts(rows: Iterable[MessageRead] | Iterable[MessageAcknowledged]) -> dict[int, tuple[PersonAct, ...]]:
    acts: dict[int, tuple[PersonAct, ...]] = defaultdict(tuple)
    for row in rows:
        act = PersonAct(person=str(row.person_id), name=row.name, at=row.at, stands=row.stands)
        acts[row.message_id] += (act,)
    return acts


def _row(
    row: Message,
    reads: tuple[PersonAct, ...],
    acknowledgements: tuple[PersonAct, ...],
    answers: int,
    own: dict[int, clients.RecipientView | None],
    *,
    at: datetime,
) -> MessageRow:
    urgency = Urgency(row.urgency)
    practice = row.recipient.kind != RecipientKind.PRACTITIONER
    transmission = Transmission(
        sent_at=row.sent_at, delivered_at=row.delivered_at, failed_at=row.failed_at, failure=row.failure
    )
    mine = own.get(row.client_id)
    return MessageRow(
        message=row.key,
        client=str(row.client_id),
        client_name=row.client.name,
        client_initials=row.client.initials,
        client_colour=row.client.colour,
        time_zone=row.client.time_zone,
        recipient=str(row.recipient_id),
        recipient_name=row.recipient.name,
        recipient_is_practice=practice,
        caller_name=row.caller_name,
        caller_number=row.caller_number,
        caller_typed=row.caller_typed,
        caller_shown=shown_number(row.caller_number, row.caller_typed, row.client.country),
        reason=row.reason_label if row.voice_seconds is None else _("Voice message"),
        urgency=urgency,
        taken_at=row.taken_at,
        taken_by=str(row.taken_by_id or ""),
        taken_by_name=row.taken_by_name,
        call=row.call,
        state=state_of(
            urgency=urgency,
            taken_at=row.taken_at,
            transmission=transmission,
            reads=reads,
            acknowledgements=acknowledgements,
            at=at,
        ),
        is_mine=row.client_id in own and (practice or (mine is not None and mine.id == str(row.recipient_id))),
        answers=answers,
        voice_seconds=row.voice_seconds,
    )


def shown_number(e164: str, typed: str, country: str) -> str:
    """A caller's number as somebody in `country` writes it; as typed when it could not be understood."""
    return spell_number(PhoneNumber(e164), country=country) if e164 else typed
