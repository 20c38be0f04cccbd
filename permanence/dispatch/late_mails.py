# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mails that say that a practitioner is late: written down with the notice, taken and ended by a worker."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.dispatch import late_overtaken, unreached_operations
from permanence.dispatch.models import LateMail, LateNotice
from permanence.dispatch.reminder_queries import contact_rule
from permanence.dispatch.rules import LEASE, TOO_LATE, Attempt, DeliveryState, ended
from permanence.dispatch.sms_operations import language_for
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LateMailTaken:
    """A mail a worker took: it alone may send it until the lease ends. `practice` is "" unless the client agreed."""

    row: int
    attempt: int
    key: str
    house: str
    house_name: str
    time_zone: str
    practice: str
    address: str
    language: str
    starts_at: datetime
    minutes: int


def write(
    notice: LateNotice,
    *,
    appointment: str,
    patient: str,
    address: str,
    starts_at: datetime,
    by: Who,
    at: datetime,
    due_at: datetime,
    entropy: Entropy,
) -> None:
    """Inside the act that tells them: a mail to this patient, due at `due_at`. Of no use once his visit has begun."""
    client = str(notice.client_id)
    person = callers.standing(house=by.house, client=client, patient=patient)
    LateMail.objects.create(
        house_id=by.house_key,
        client_id=notice.client_id,
        notice=notice,
        key=new_id(at, entropy),
        appointment=appointment,
        address=address,
        language=language_for(person, clients.client(house=by.house, client=client)),
        starts_at=starts_at,
        expires_at=starts_at + timedelta(minutes=notice.minutes),
        next_attempt_at=due_at,
    )


def take_due(*, at: datetime) -> LateMailTaken | None:
    """Take a mail that is due, the longest due first; None when there is none. One that came too late has failed."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = LateMail.objects.filter(free, state=DeliveryState.PENDING, next_attempt_at__lte=at)
    late = due.filter(expires_at__lte=at)
    for key in list(late.values_list("pk", flat=True)):
        with transaction.atomic():
            if late.filter(pk=key).update(state=DeliveryState.FAILED, why=TOO_LATE, leased_until=None):
                unreached_operations.late_failed(key, at=at)
    for row in due.select_related("house", "client", "notice").order_by("next_attempt_at", "pk")[:20]:
        mine = LateMail.objects.filter(free, pk=row.pk, state=DeliveryState.PENDING, attempts=row.attempts)
        if mine.update(leased_until=at + LEASE, attempts=row.attempts + 1):
            named = contact_rule(house=row.house.slug, client=str(row.client_id)).names_practice
            return LateMailTaken(
                row=row.pk,
                attempt=row.attempts + 1,
                key=row.key,
                house=row.house.slug,
                house_name=row.house.name,
                time_zone=row.client.time_zone,
                practice=row.client.name if named else "",
                address=row.address,
                language=row.language,
                starts_at=row.starts_at,
                minutes=row.notice.minutes,
            )
    return None


def finish(taken: LateMailTaken, attempt: Attempt, *, at: datetime) -> None:
    """Write how the try ended; what has no time left failed: a secretary calls; what is no longer so is tried no
    more. Nothing when the lease was lost.
    """
    sent, wait = ended(attempt, taken.attempt)
    mine = LateMail.objects.filter(pk=taken.row, attempts=taken.attempt, state=DeliveryState.PENDING)
    if sent:
        mine.update(leased_until=None, state=DeliveryState.SENT, sent_at=at, why="")
    elif wait is not None and any(late_overtaken.mail_is_over(row) for row in mine.select_related("house", "notice")):
        mine.update(leased_until=None, **late_overtaken.OVER)
    elif wait is not None and at + wait < taken.starts_at + timedelta(minutes=taken.minutes):
        mine.update(leased_until=None, next_attempt_at=at + wait, why=attempt.why)
    else:
        with transaction.atomic():
            if mine.update(leased_until=None, state=DeliveryState.FAILED, why=attempt.why):
                unreached_operations.late_failed(taken.row, at=at)
