# SPDX-License-Identifier: AGPL-3.0-or-later
"""To whom an appointment, an offer or a public form leads: for whoever tells what patients were written."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from permanence.agenda.models import Appointment, PublicForm, PublicMail, SlotOffer
from permanence.agenda.queries.views import AppointmentView, appointment_views
from permanence.agenda.rules.public import CODE_TIME, OVERTAKEN, PublicMailKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMailView:
    """A mail to who booked by himself, or a code by SMS that was not written down as one (`by_sms`).

    `visit`: the appointment's id, "" before there is one. It waits while it is neither `sent` nor `over`;
    `overtaken`: it is over because what it says is no longer so.
    """

    client: str
    client_name: str
    time_zone: str
    country: str
    kind: PublicMailKind
    address: str
    by_sms: bool
    visit: str
    made_at: datetime
    sent_at: datetime | None
    over: bool
    overtaken: bool
    attempts: int
    next_attempt_at: datetime | None
    why: str


def patients_of_visits(*, house_key: int, appointments: Collection[str]) -> dict[str, str]:
    """The patient (id) of each of these appointments. One query."""
    rows = Appointment.objects.for_house(house_key).filter(key__in=appointments)
    return {key: str(patient) for key, patient in rows.values_list("key", "patient")}


def visits(*, house_key: int, appointments: Collection[str]) -> dict[str, AppointmentView]:
    """These appointments of a house, by id, cancelled or not. One query."""
    rows = appointment_views(Appointment.objects.for_house(house_key).filter(key__in=appointments))
    return {each.appointment: each for each in rows}


def patients_of_offers(*, house_key: int, offers: Collection[str]) -> dict[str, str]:
    """The patient (id) to whom each of these offers was made. One query."""
    rows = SlotOffer.objects.for_house(house_key).filter(key__in=offers)
    return {key: str(patient) for key, patient in rows.values_list("key", "place__patient")}


def public_mails(
    *,
    house_key: int,
    clients: Collection[int],
    since: datetime,
    before: datetime,
    undelivered: bool,
    at: datetime,
    most: int,
) -> list[PublicMailView]:
    """What was made for these clients (keys) from `since` to before `before`, the newest first, `most` at most.

    `undelivered`: only what was given up, a code that came too late among it. One query.
    """
    late = Q(kind=PublicMailKind.CODE.value, made_at__lte=at - CODE_TIME)
    told_as_sms = Q(kind=PublicMailKind.CODE.value, form__by_sms=True, sent_at__isnull=False)
    rows = PublicMail.objects.for_house(house_key).exclude(told_as_sms)
    rows = rows.filter(client__in=clients, made_at__gte=since, made_at__lt=before)
    if undelivered:
        rows = rows.filter(Q(next_attempt_at=None) | late, sent_at=None).exclude(why=OVERTAKEN)
    return [_view(row, at=at) for row in rows.select_related("client", "form").order_by("-made_at", "-pk")[:most]]


def _view(row: PublicMail, *, at: datetime) -> PublicMailView:
    kind, form = PublicMailKind(row.kind), row.form
    by_sms = form.by_sms and kind is PublicMailKind.CODE
    late = kind is PublicMailKind.CODE and row.made_at <= at - CODE_TIME
    return PublicMailView(
        client=str(row.client_id),
        client_name=row.client.name,
        time_zone=row.client.time_zone,
        country=row.client.country,
        kind=kind,
        address=form.number if by_sms else form.mail,
        by_sms=by_sms,
        visit=form.visit,
        made_at=row.made_at,
        sent_at=row.sent_at,
        over=row.sent_at is None and (row.next_attempt_at is None or late),
        overtaken=row.sent_at is None and row.why == OVERTAKEN,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        why=row.why,
    )


def mailed(*, house_key: int, visits: Collection[str]) -> dict[str, bool]:
    """Which of these appointments (ids) were booked on the public page, so that it is mailed what becomes of them; and
    whether the code proved that these mails reach him. One query.
    """
    rows = PublicForm.objects.for_house(house_key).filter(visit__in=visits).exclude(visit="").exclude(mail="")
    return {visit: not by_sms for visit, by_sms in rows.values_list("visit", "by_sms")}
