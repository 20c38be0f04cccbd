# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers by SMS that nothing came of by themselves: what the patient wrote, and what it was about."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from permanence.agenda.queries import offers, told, waiting
from permanence.agenda.queries.offers import OfferView
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import OfferUnknown
from permanence.agenda.rules.states import STANDING
from permanence.agenda.rules.waiting import OfferState
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.models import Reminder, Sms, SmsReply
from permanence.dispatch.sms_operations import ANSWERED_FOR, REPLY, TEXT
from permanence.foundation import secrecy
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
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
    """What is still to be read, of the clients whom `by` sees, the oldest first, `LIST_LIMIT` at most.

    Eight queries, and a few more for each that is about an offer.
    """
    return _views(list(_open(by).select_related("sms", "client").order_by("at", "pk")[:LIST_LIMIT]), by=by)


def count_open_replies(*, by: Who) -> int:
    """How many `open_replies` gives: none is opened. Two queries."""
    return _open(by)[:LIST_LIMIT].count()


def _open(by: Who) -> ClientQuerySet[SmsReply]:
    seen = [row_key(each) for each in clients.clients_visible_to(by)]
    return SmsReply.objects.for_house(by.house_key).filter(asks=True, done_at=None, client__in=seen)


def client_of_reply(*, house_key: int, reply: str) -> str | None:
    """Whose answer it is, read or not; None when the house has none with that id. One query."""
    rows = SmsReply.objects.for_house(house_key).filter(pk=row_key(reply), asks=True)
    client = rows.values_list("client", flat=True).first()
    return None if client is None else str(client)


def view(row: SmsReply, *, by: Who) -> ReplyView:
    """The row (SMS and client loaded) as a view."""
    return _views([row], by=by)[0]


def _views(rows: Sequence[SmsReply], *, by: Who) -> tuple[ReplyView, ...]:
    pairs = {(str(row.client_id), str(row.sms.patient_id)) for row in rows if row.sms.patient_id is not None}
    people = callers.standing_of(pairs=pairs)
    about, several = _visits([row.sms for row in rows], by=by), _several(rows, by=by)
    return tuple(_view(row, people, about.get(row.sms_id), several=row.pk in several, by=by) for row in rows)


def _view(
    row: SmsReply,
    people: Mapping[tuple[str, str], callers.PatientView],
    visit: AppointmentView | None,
    *,
    several: bool,
    by: Who,
) -> ReplyView:
    sms = row.sms
    patient = "" if sms.patient_id is None else str(sms.patient_id)
    person = people.get((str(row.client_id), patient))
    return ReplyView(
        reply=str(row.pk),
        client=str(row.client_id),
        client_name=row.client.name,
        time_zone=row.client.time_zone,
        patient=patient,
        patient_name="" if person is None else person.name,
        number=sms.number,
        words=secrecy.unseal(row.sealed_text, house=by.house, purpose=REPLY),
        asked=secrecy.unseal(sms.sealed_text, house=by.house, purpose=TEXT) if sms.kind != SmsKind.CODE else "",
        at=row.at,
        visit=visit,
        offer=_offer(sms, by=by),
        several=several,
    )


def _visits(asked: Sequence[Sms], *, by: Who) -> dict[int, AppointmentView]:
    """By SMS (key of its row) the visit that it is about."""
    reminders = {each.about for each in asked if each.kind in {SmsKind.REMINDER, SmsKind.MOVE}}
    rows = Reminder.objects.for_house(by.house_key).filter(key__in=reminders) if reminders else ()
    reminded = {each.key: each.appointment for each in rows}
    about = {}
    for sms in asked:
        if sms.kind in {SmsKind.REMINDER, SmsKind.MOVE}:
            about[sms.pk] = reminded.get(sms.about, "")
        elif sms.kind == SmsKind.BOOKED:
            about[sms.pk] = _booked_by(sms.about, by=by)
        elif sms.kind == SmsKind.LATE:
            about[sms.pk] = sms.about
    visits = told.visits(house_key=by.house_key, appointments=set(about.values()) - {""})
    client = {sms.pk: str(sms.client_id) for sms in asked}
    found = {sms: visits[each] for sms, each in about.items() if each in visits}
    return {sms: visit for sms, visit in found.items() if visit.client == client[sms]}


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


def _several(rows: Sequence[SmsReply], *, by: Who) -> set[int]:
    """Which of them (keys) may be meant for another client of the house: he had SMS of more than one."""
    if not rows:
        return set()
    since = min(row.at for row in rows) - ANSWERED_FOR
    written = Sms.objects.for_house(by.house_key).filter(number__in={row.sms.number for row in rows})
    known = defaultdict(list)
    for number, client, at in written.filter(created_at__gte=since).values_list("number", "client", "created_at"):
        known[number].append((client, at))
    return {
        row.pk
        for row in rows
        for client, at in known[row.sms.number]
        if client != row.client_id and row.at - ANSWERED_FOR <= at <= row.at
    }
