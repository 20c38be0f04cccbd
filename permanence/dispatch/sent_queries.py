# SPDX-License-Identifier: AGPL-3.0-or-later
"""What patients were told by SMS and mail: to whom, when, what became of it, and what it cost. Never what it says.

Each way of telling has rows of its own; here they are one list, the newest first. A reminder or an offer that went by
SMS is its SMS.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypedDict
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from permanence.agenda.queries import told
from permanence.agenda.queries.told import PublicMailView
from permanence.agenda.rules.public import OVERTAKEN, PublicMailKind
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.dispatch.models import CalendarMail, LateMail, OfferNotice, Reminder, Sms
from permanence.dispatch.rules import (
    TOO_LATE,
    DeliveryState,
    ReminderState,
    SentKind,
    SentState,
    sent_state,
)
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who

PAGE = 100
"""So many a page has; a few more where several were told at the same moment."""
_GIVEN = (DeliveryState.SENT.value, DeliveryState.DELIVERED.value, DeliveryState.BOUNCED.value)
"""An SMS the provider took: what it costs."""
_BAD = (DeliveryState.FAILED.value, DeliveryState.BOUNCED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which are wanted: from `since` to before `before`, of one client or ("") of all; `undelivered`: only those."""

    since: datetime
    before: datetime
    client: str = ""
    undelivered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SentView:
    """One SMS or mail. `channel`: sms, email, "" where nothing could be written. `address`: E.164 or a mail's, "" none.

    `patient`: his id, "" for who is not known (a code). `why` in the house's or a server's words; `again_at`: when it
    is tried (again). Of an SMS the provider took, its `parts`, `encoding` (gsm7, ucs2) and price in millionths of
    `currency`; 0 and "" for the rest.
    """

    kind: SentKind
    channel: str
    client: str
    client_name: str
    time_zone: str
    country: str
    at: datetime
    state: SentState
    patient: str = ""
    patient_name: str = ""
    address: str = ""
    done_at: datetime | None = None
    again_at: datetime | None = None
    why: str = ""
    parts: int = 0
    encoding: str = ""
    price_micros: int = 0
    currency: str = ""
    visit: str = ""
    offer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPage:
    """The newest of what was asked for; `earlier`: the moment before which the next page begins, None for the last."""

    rows: tuple[SentView, ...]
    earlier: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The SMS of one client that the provider took: how many, their parts, their price in millionths of `currency`."""

    client: str
    client_name: str
    currency: str
    messages: int
    parts: int
    price_micros: int


def sent(*, by: Who, asked: Asked, at: datetime) -> SentPage:
    """What patients of the clients `by` sees were told, `PAGE` of it. Some ten queries, however many rows."""
    seen = _seen(by, asked.client)
    found = [each for source in _SOURCES for each in source(by, seen, asked)]
    mails = told.public_mails(
        house_key=by.house_key,
        clients=seen,
        since=asked.since,
        before=asked.before,
        undelivered=asked.undelivered,
        at=at,
        most=2 * PAGE,
    )
    found = sorted((*found, *map(_public, mails)), key=lambda each: each.at, reverse=True)
    earlier = found[PAGE - 1].at if len(found) > PAGE else None
    rows = found if earlier is None else [each for each in found if each.at >= earlier]
    return SentPage(rows=_named(rows, by=by), earlier=earlier)


def spent(*, by: Who, asked: Asked) -> tuple[Spent, ...]:
    """What the SMS of each client came to in that time, by the client's name. One query, and one for the names."""
    rows = Sms.objects.for_house(by.house_key).filter(client__in=_seen(by, asked.client), state__in=_GIVEN)
    rows = rows.filter(created_at__gte=asked.since, created_at__lt=asked.before)
    sums = rows.order_by("client__name", "client", "currency").values_list("client", "client__name", "currency")
    return tuple(
        Spent(client=str(client), client_name=name, currency=currency, messages=count, parts=parts, price_micros=micros)
        for client, name, currency, count, parts, micros in sums.annotate(
            Count("pk"), Sum("parts"), Sum("price_micros")
        )
    )


def _seen(by: Who, client: str) -> list[int]:
    visible = clients.clients_visible_to(by)
    return [row_key(each) for each in visible if client in {"", each}]


def _sms(by: Who, seen: list[int], asked: Asked) -> Iterable[SentView]:
    rows = Sms.objects.for_house(by.house_key).filter(client__in=seen)
    rows = rows.filter(created_at__gte=asked.since, created_at__lt=asked.before)
    if asked.undelivered:
        rows = rows.filter(state__in=_BAD).exclude(why=OVERTAKEN)
    for row in rows.select_related("client").order_by("-created_at", "-pk")[: 2 * PAGE]:
        state = sent_state(state=DeliveryState(row.state), attempts=row.attempts, why=row.why)
        one = SentView(
            kind=SentKind(row.kind),
            channel="sms",
            **_client(row.client),
            at=row.created_at,
            state=state,
            patient="" if row.patient_id is None else str(row.patient_id),
            address=row.number,
            done_at=row.delivered_at or row.sent_at,
            again_at=row.next_attempt_at if row.state == DeliveryState.PENDING else None,
            why=row.why,
        )
        taken = row.state in _GIVEN
        yield replace(
            one,
            parts=row.parts,
            encoding=row.encoding,
            price_micros=row.price_micros if taken else 0,
            currency=row.currency if taken else "",
        )


def _reminders(by: Who, seen: list[int], asked: Asked) -> Iterable[SentView]:
    """Those that went by mail, or could not go. One that is not due yet was not tried: it is not told of."""
    rows = (
        Reminder.objects.for_house(by.house_key).filter(client__in=seen).select_related("client").exclude(channel="sms")
    )
    rows = rows.exclude(state=ReminderState.OVERTAKEN).exclude(state=ReminderState.PENDING, attempts=0)
    bad = Q(state__in=[ReminderState.FAILED.value, ReminderState.UNREACHABLE.value])
    for row in rows.annotate(moment=_MOMENT).filter(_within(asked, bad)).order_by("-moment", "-pk")[: 2 * PAGE]:
        yield SentView(
            kind=SentKind.REMINDER,
            channel=row.channel,
            **_client(row.client),
            at=row.sent_at or row.next_attempt_at,
            state=sent_state(state=ReminderState(row.state), attempts=row.attempts, why=row.why),
            done_at=row.sent_at,
            again_at=row.next_attempt_at if row.state == ReminderState.PENDING else None,
            why=row.why,
            visit=row.appointment,
        )


def _calendars(by: Who, seen: list[int], asked: Asked) -> Iterable[SentView]:
    """Who agreed to no mail was told the rest another way: his calendar is no loss."""
    rows = CalendarMail.objects.for_house(by.house_key).filter(client__in=seen)
    rows = rows.exclude(state__in=[ReminderState.OVERTAKEN.value, ReminderState.UNREACHABLE.value])
    rows = rows.filter(made_at__gte=asked.since, made_at__lt=asked.before)
    rows = rows.filter(state=ReminderState.FAILED) if asked.undelivered else rows
    for row in rows.select_related("client").order_by("-made_at", "-pk")[: 2 * PAGE]:
        yield SentView(
            kind=SentKind.CALENDAR,
            channel="email",
            **_client(row.client),
            at=row.made_at,
            state=sent_state(state=ReminderState(row.state), attempts=row.attempts, why=row.why),
            done_at=row.sent_at,
            again_at=row.next_attempt_at if row.state == ReminderState.PENDING else None,
            why=row.why,
            visit=row.appointment,
        )


def _offers(by: Who, seen: list[int], asked: Asked) -> Iterable[SentView]:
    rows = (
        OfferNotice.objects.for_house(by.house_key)
        .filter(client__in=seen)
        .select_related("client")
        .exclude(channel="sms")
    )
    for row in rows.annotate(moment=_MOMENT).filter(_within(asked, _LOST)).order_by("-moment", "-pk")[: 2 * PAGE]:
        one = _mail(row, SentKind.OFFER)
        yield replace(one, channel=row.channel, offer=row.offer)


def _late(by: Who, seen: list[int], asked: Asked) -> Iterable[SentView]:
    rows = LateMail.objects.for_house(by.house_key).filter(client__in=seen).select_related("client")
    for row in rows.annotate(moment=_MOMENT).filter(_within(asked, _LOST)).order_by("-moment", "-pk")[: 2 * PAGE]:
        yield replace(_mail(row, SentKind.LATE), visit=row.appointment)


class _ClientRow(Protocol):
    """A row of a client."""

    pk: int
    name: str
    time_zone: str
    country: str


class _Named(TypedDict):
    """Whose patients they are: his id, name, IANA zone and country."""

    client: str
    client_name: str
    time_zone: str
    country: str


def _client(row: _ClientRow) -> _Named:
    return _Named(client=str(row.pk), client_name=row.name, time_zone=row.time_zone, country=row.country)


def _mail(row: OfferNotice | LateMail, kind: SentKind) -> SentView:
    return SentView(
        kind=kind,
        channel="email",
        **_client(row.client),
        at=row.sent_at or row.next_attempt_at,
        state=sent_state(state=DeliveryState(row.state), attempts=row.attempts, why=row.why),
        address=row.address,
        done_at=row.sent_at,
        again_at=row.next_attempt_at if row.state == DeliveryState.PENDING else None,
        why=row.why,
    )


_SOURCES: tuple[Callable[[Who, list[int], Asked], Iterable[SentView]], ...] = (
    _sms,
    _reminders,
    _calendars,
    _offers,
    _late,
)
_LOST = Q(state__in=_BAD) & ~Q(why=OVERTAKEN)
_MOMENT = Coalesce(F("sent_at"), F("next_attempt_at"))
"""When a mail was sent or, until then, is or was to be."""


def _within(asked: Asked, bad: Q) -> Q:
    wanted = Q(moment__gte=asked.since, moment__lt=asked.before)
    return wanted & bad if asked.undelivered else wanted


def _public(mail: PublicMailView) -> SentView:
    waiting = SentState.AGAIN if mail.attempts and mail.why else SentState.WAITING
    over = SentState.OVERTAKEN if mail.overtaken else SentState.FAILED
    state = SentState.SENT if mail.sent_at else over if mail.over else waiting
    kinds = {
        PublicMailKind.CODE: SentKind.CODE,
        PublicMailKind.BOOKED: SentKind.BOOKED,
        PublicMailKind.MOVED: SentKind.MOVED,
        PublicMailKind.CANCELLED: SentKind.CANCELLED,
    }
    return SentView(
        kind=kinds[mail.kind],
        channel="sms" if mail.by_sms else "email",
        client=mail.client,
        client_name=mail.client_name,
        time_zone=mail.time_zone,
        country=mail.country,
        at=mail.made_at,
        state=state,
        address=mail.address,
        done_at=mail.sent_at,
        again_at=None if mail.over or mail.sent_at else mail.next_attempt_at,
        why=mail.why or (TOO_LATE if mail.over else ""),
        visit=mail.visit,
    )


def _named(rows: Iterable[SentView], *, by: Who) -> tuple[SentView, ...]:
    """With the names of the patients. A mail's address that is kept nowhere else is the patient's of today."""
    found = list(rows)
    visits = told.patients_of_visits(house_key=by.house_key, appointments={each.visit for each in found} - {""})
    offers = told.patients_of_offers(house_key=by.house_key, offers={each.offer for each in found} - {""})
    found = [
        replace(each, patient=each.patient or visits.get(each.visit, "") or offers.get(each.offer, ""))
        for each in found
    ]
    people = callers.standing_of(pairs={(each.client, each.patient) for each in found if each.patient})
    return tuple(_told(each, people.get((each.client, each.patient))) for each in found)


def _told(row: SentView, person: callers.PatientView | None) -> SentView:
    mail = person.mail if person is not None and row.channel == "email" else ""
    return replace(
        row,
        patient="" if person is None else person.id,
        patient_name="" if person is None else person.name,
        address=row.address or mail,
    )


def house_zones(keys: Iterable[str]) -> dict[str, ZoneInfo]:
    """SMS (its key) -> the clock of the house that sent it; one that is not there is left out. One query."""
    rows = Sms.objects.filter(key__in=list(keys)).values_list("key", "house__time_zone")
    return {key: ZoneInfo(zone) for key, zone in rows}
