# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts in external agendas: recorded once by the id that the page made, corrected or undone until the day is over."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from permanence.agenda import elsewhere_queries as queries
from permanence.agenda.elsewhere_queries import ActRow
from permanence.agenda.events import AppointmentBookedElsewhere, AppointmentElsewhereUndone
from permanence.agenda.models import BookedElsewhere
from permanence.agenda.models.elsewhere import CALL_LENGTH
from permanence.agenda.rules.elsewhere import CheckedAct, ElsewhereForm, TooLateToCorrect, check_act, may_correct
from permanence.calls import queries as calls
from permanence.clients import agenda_queries
from permanence.clients import queries as clients
from permanence.countries.numbers import NotANumber, parse_number
from permanence.foundation import access, audit, live, outbox
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class NoSuchAct(Refusal):
    """No such act in this house, or of a client who does not concern the one who asks."""

    code = "no_such_act"


class ActIdTaken(Refusal):
    """An act with this id was recorded before and says something else: the page must make a new id."""

    code = "act_id_taken"


class ActUndone(Refusal):
    """The act was undone: it cannot be corrected any more, only recorded anew."""

    code = "act_undone"


class ActOfAnotherClient(Refusal):
    """The call was for another client than the one named."""

    code = "act_of_another_client"


class NoSuchClient(Refusal):
    """No such client in the house of the one who asks."""

    code = "no_such_client"


class NoSuchRecipient(Refusal):
    """The recipient is not one of this client, or has left."""

    code = "no_such_recipient"


class NotOfThisHouse(Refusal):
    """The one who acts is no person of the house."""

    code = "not_of_this_house"


def record_act(*, client_id: str, call: str, by: Who, at: datetime, form: ElsewhereForm) -> ActRow:
    """Record what was done in the client's external agenda and announce it; the same id again gives the first one.

    `call` is "" when there was none. Raises NotOfThisHouse, NoSuchClient, NoSuchRecipient, ActOfAnotherClient,
    ActIdTaken, foundation's NotHers, or what `rules.elsewhere.check_act` raises.
    """
    if by.person_key is None:
        raise NotOfThisHouse(by.house)
    client = _client(by, client_id)
    checked = check_act(form, today=at.astimezone(ZoneInfo(client.time_zone)).date())
    fields = _fields(client, form, checked, call=call)
    try:
        with transaction.atomic():
            row = _kept_before(by, form.key, fields)
            if row is None:
                _refuse_who_left(by, client.id, form.recipient)
                _refuse_other_call(by, call, client.id)
                product, host = _agenda_of(by, client.id, form.recipient)
                row = BookedElsewhere.objects.create(
                    house_id=by.house_key,
                    key=form.key,
                    product=product,
                    host=host,
                    recorded_by_id=by.person_key,
                    recorded_by_name=by.name,
                    recorded_at=at,
                    **fields,
                )
                _announce(row, by=by, at=at, corrected=False)
                _note(row, "agenda.recorded_elsewhere", by=by, at=at, detail={"act": row.act})
    except IntegrityError:  # the same id came at the same moment on another connection
        row = _kept_before(by, form.key, fields)
        if row is None:
            raise
    return _view(row, by)


@transaction.atomic
def correct_act(*, by: Who, at: datetime, form: ElsewhereForm) -> ActRow:
    """What was recorded under `form.key` is now so; its call, its client and who recorded it stay.

    Raises NoSuchAct, ActUndone, TooLateToCorrect, NoSuchRecipient, foundation's NotHers, or what `check_act` raises.
    """
    row = _locked(form.key, by)
    if row.undone_at is not None:
        raise ActUndone(form.key)
    _refuse_yesterdays(row, by, at)
    client = _client(by, str(row.client_id))
    checked = check_act(form, today=at.astimezone(ZoneInfo(client.time_zone)).date())
    if str(row.recipient_id) != form.recipient:
        _refuse_who_left(by, client.id, form.recipient)
        row.product, row.host = _agenda_of(by, client.id, form.recipient)
    before = {"act": row.act, "recipient": str(row.recipient_id), "day": _iso(row.day), "hour": _iso(row.hour)}
    was = row.patient_name
    row.act, row.day, row.hour, row.patient_name = checked.act.value, checked.day, checked.hour, checked.patient_name
    row.recipient_id = int(form.recipient)
    after = {"act": row.act, "recipient": str(row.recipient_id), "day": _iso(row.day), "hour": _iso(row.hour)}
    if before == after and was == row.patient_name:
        return _view(row, by)
    row.corrected_at, row.corrected_by_name = at, by.name
    row.save()
    _announce(row, by=by, at=at, corrected=True)
    detail = {"from": before, "to": after, "patient_changed": was != row.patient_name}
    _note(row, "agenda.corrected_elsewhere", by=by, at=at, detail=detail)
    return _view(row, by)


@transaction.atomic
def undo_act(*, key: str, by: Who, at: datetime) -> ActRow:
    """What was recorded under `key` was a slip and counts no more; a second time changes nothing.

    Raises NoSuchAct, TooLateToCorrect, foundation's NotHers.
    """
    row = _locked(key, by)
    if row.undone_at is not None:
        return _view(row, by)
    _refuse_yesterdays(row, by, at)
    row.undone_at, row.undone_by_name = at, by.name
    row.save(update_fields=["undone_at", "undone_by_name"])
    told = {"key": row.key, "client": str(row.client_id), "call": row.call}
    outbox.announce(AppointmentElsewhereUndone(house=by.house, at=at, **told))
    _note(row, "agenda.undone_elsewhere", by=by, at=at, detail={"act": row.act})
    return _view(row, by)


def _client(by: Who, client: str) -> clients.ClientView:
    try:
        return clients.client(house=by.house, client=client)
    except clients.ClientUnknown as error:
        raise NoSuchClient(error.why) from error


def _fields(client: clients.ClientView, form: ElsewhereForm, checked: CheckedAct, *, call: str) -> dict[str, Any]:
    return {
        "client_id": int(client.id),
        "call": call[:CALL_LENGTH],
        "recipient_id": _key(form.recipient),
        "act": checked.act.value,
        "day": checked.day,
        "hour": checked.hour,
        "patient_name": checked.patient_name,
        "caller_number": _understood(form.caller_number, client.country),
    }


def _key(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise NoSuchRecipient(text[:40])
    return int(text)


def _understood(number: str, country: str) -> str:
    try:
        return parse_number(number, country=country).e164 if number.strip() else ""
    except NotANumber:
        return ""


def _kept_before(by: Who, key: str, fields: dict[str, Any]) -> BookedElsewhere | None:
    """The row of that id; as it was first, or as it was corrected since. Raises ActIdTaken."""
    row = BookedElsewhere.objects.for_house(by.house_key).filter(key=key).first()
    if row is None:
        return None
    moved_on = row.corrected_at is not None or row.undone_at is not None
    wanted = {"client_id", "call"} if moved_on else set(fields)
    if any(getattr(row, name) != fields[name] for name in wanted):
        raise ActIdTaken(key)
    return row


def _refuse_who_left(by: Who, client: str, recipient: str) -> None:
    try:
        found = clients.recipient(house=by.house, client=client, recipient=recipient)
    except clients.RecipientUnknown as error:
        raise NoSuchRecipient(error.why) from error
    if not found.active:
        raise NoSuchRecipient(f"{recipient} is at client {client} no more")


def _refuse_other_call(by: Who, call: str, client: str) -> None:
    recorded = calls.client_of(house=by.house, call=call) if call else None
    others = BookedElsewhere.objects.for_house(by.house_key).filter(call=call).exclude(client=int(client))
    if (recorded is not None and recorded != client) or (call and others.exists()):
        raise ActOfAnotherClient(call)


def _agenda_of(by: Who, client: str, recipient: str) -> tuple[str, str]:
    """Product and host of the agenda of that recipient now, "" where the client has none."""
    entry = agenda_queries.agenda_for(house=by.house, client=client, recipient=recipient)
    return ("", "") if entry is None else (entry.product, entry.host)


def _locked(key: str, by: Who) -> BookedElsewhere:
    row = BookedElsewhere.objects.for_house(by.house_key).filter(key=key).select_for_update().first()
    if row is None:
        raise NoSuchAct(key[:40])
    access.demand(by, client=str(row.client_id), subject=_subject(row))
    return row


def _refuse_yesterdays(row: BookedElsewhere, by: Who, at: datetime) -> None:
    if not may_correct(recorded_at=row.recorded_at, zone=calls.zone_of(house=by.house), at=at):
        raise TooLateToCorrect(row.key)


def _announce(row: BookedElsewhere, *, by: Who, at: datetime, corrected: bool) -> None:
    outbox.announce(
        AppointmentBookedElsewhere(
            house=by.house,
            at=at,
            key=row.key,
            client=str(row.client_id),
            recipient=str(row.recipient_id),
            call=row.call,
            act=row.act,
            recorded_by=str(row.recorded_by_id),
            corrected=corrected,
        )
    )


def _note(row: BookedElsewhere, action: str, *, by: Who, at: datetime, detail: dict[str, Any]) -> None:
    audit.note(by=by, at=at, action=action, subject=_subject(row), client=row.client_id, detail=detail)
    topics = (f"house/{by.house}/elsewhere", f"client/{row.client_id}/elsewhere")
    live.touch(*topics, house_key=row.house_id, at=at)


def _subject(row: BookedElsewhere) -> str:
    return f"agenda.bookedelsewhere:{row.pk}"


def _iso(value: Any) -> str:
    return "" if value is None else str(value.isoformat())


def _view(row: BookedElsewhere, by: Who) -> ActRow:
    found = queries.act(house=by.house, key=row.key)
    if found is None:
        raise NoSuchAct(row.key)
    return found
