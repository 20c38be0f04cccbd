# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers by SMS that nothing came of by themselves: what the patient wrote, and what it was about."""

from dataclasses import dataclass
from datetime import datetime

from permanence.agenda.queries import appointments, offers, waiting
from permanence.agenda.queries.offers import OfferView
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import AppointmentUnknown, OfferUnknown
from permanence.agenda.rules.states import STANDING
from permanence.agenda.rules.waiting import OfferState
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.models import Reminder, Sms, SmsReply
from permanence.dispatch.sms_operations import ANSWERED_FOR, REPLY, TEXT
from permanence.foundation import secrecy
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who

LIST_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyView:
    """An answer to be read. `number` E.164; `asked`: the words of the SMS it is about, as far as is known. `visit` or
    `offer`: what that was about, None for neither. `several`: other clients wrote to that number too.
    """

    reply: str
    client: str
    client_name: str
    time_zone: str
    patient: str
    patient_name: str
    number: str
    words: str
    asked: str
    at: datetime
    visit: AppointmentView | None
    offer: OfferView | None
    several: bool

    @property
    def is_open(self) -> bool:
        """Whether what it is about can still be confirmed or cancelled."""
        if self.visit is not None:
            return self.visit.state in STANDING
        return self.offer is not None and self.offer.state is OfferState.OPEN


def open_replies(*, by: Who) -> tuple[ReplyView, ...]:
    """What is still to be read, of the clients whom `by` sees, the oldest first, `LIST_LIMIT` at most."""
    seen = [row_key(each) for each in clients.clients_visible_to(by)]
    rows = SmsReply.objects.for_house(by.house_key).filter(asks=True, done_at=None, client__in=seen)
    return tuple(view(row, by=by) for row in rows.select_related("sms", "client").order_by("at", "pk")[:LIST_LIMIT])


def client_of_reply(*, house_key: int, reply: str) -> str | None:
    """Whose answer it is, read or not; None when the house has none with that id. One query."""
    rows = SmsReply.objects.for_house(house_key).filter(pk=row_key(reply), asks=True)
    client = rows.values_list("client", flat=True).first()
    return None if client is None else str(client)


def view(row: SmsReply, *, by: Who) -> ReplyView:
    """The row (SMS and client loaded) as a view."""
    sms = row.sms
    return ReplyView(
        reply=str(row.pk),
        client=str(row.client_id),
        client_name=row.client.name,
        time_zone=row.client.time_zone,
        patient="" if sms.patient_id is None else str(sms.patient_id),
        patient_name=_patient_name(sms),
        number=sms.number,
        words=secrecy.unseal(row.sealed_text, house=by.house, purpose=REPLY),
        asked=secrecy.unseal(sms.sealed_text, house=by.house, purpose=TEXT) if sms.kind != SmsKind.CODE else "",
        at=row.at,
        visit=_visit(sms, by=by),
        offer=_offer(sms, by=by),
        several=_several(row),
    )


def _patient_name(sms: Sms) -> str:
    if sms.patient_id is None:
        return ""
    pair = str(sms.client_id), str(sms.patient_id)
    person = callers.standing_of(pairs=[pair]).get(pair)
    return "" if person is None else person.name


def _visit(sms: Sms, *, by: Who) -> AppointmentView | None:
    about = sms.about
    if sms.kind in {SmsKind.REMINDER, SmsKind.MOVE}:
        reminder = Reminder.objects.for_house(by.house_key).filter(key=sms.about).first()
        about = "" if reminder is None else reminder.appointment
    elif sms.kind == SmsKind.BOOKED:
        about = _booked_by(sms.about, by=by)
    elif sms.kind != SmsKind.LATE:
        return None
    try:
        return appointments.appointment(by=by, appointment=about)
    except AppointmentUnknown:
        return None


def _booked_by(offer: str, *, by: Who) -> str:
    """The appointment that he took with this offer; "" for none."""
    try:
        found = offers.offer(by=by, offer=offer)
    except OfferUnknown:
        return ""
    return waiting.place(by=by, place=found.place).appointment if found.state is OfferState.TAKEN else ""


def _offer(sms: Sms, *, by: Who) -> OfferView | None:
    if sms.kind != SmsKind.OFFER:
        return None
    try:
        return offers.offer(by=by, offer=sms.about)
    except OfferUnknown:
        return None


def _several(row: SmsReply) -> bool:
    """Whether it may be meant for another client of the house: he had SMS of more than one."""
    since = row.at - ANSWERED_FOR
    rows = Sms.objects.for_house(row.house_id).filter(number=row.sms.number, created_at__range=(since, row.at))
    return rows.exclude(client=row.client_id).exists()
