# SPDX-License-Identifier: AGPL-3.0-or-later
"""The mails to who booked by himself: due rows, taken by an update filtered on their values, sent by `dispatch`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.crypto import salted_hmac

from permanence.agenda.models import Appointment, PublicForm, PublicMail
from permanence.agenda.queries.public import code_for, token_of
from permanence.agenda.rules.public import CODE_TIME, FORMS_KEPT, OVERTAKEN, VISITS_KEPT, PublicMailKind
from permanence.clients.forwarding import number_to_call

SALT = "permanence.agenda.public.mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePublicMail:
    """A mail that a worker took: it alone may send it until the lease ends. Nothing of the reason is in it.

    `code` and `until` of a code; of everything else `token` of the secret link, `visit` the appointment's id and
    `number` its revision. `number_of_sms`: where a code goes by SMS (E.164), "" where it is a mail.

    Where no code proved that the mail is his (`is_proved`), it may be a stranger's: there is no `token`, and `phone` is
    what he calls (E.164, "" for none).
    """

    row: int
    attempt: int
    key: str
    kind: PublicMailKind
    house: str
    house_name: str
    client: str
    practice: str
    slug: str
    time_zone: str
    mail: str
    number_of_sms: str
    language: str
    starts_at: datetime
    visit: str
    number: int
    code: str
    until: datetime
    token: str
    is_proved: bool
    phone: str


def queue(form: PublicForm, kind: PublicMailKind, *, number: int, starts_at: datetime, at: datetime) -> None:
    """A mail that is due now; once for each kind and number of a form. Inside a transaction."""
    PublicMail.objects.get_or_create(
        form=form,
        kind=kind.value,
        number=number,
        defaults={
            "house_id": form.house_id,
            "client_id": form.client_id,
            "key": salted_hmac(SALT, f"{form.pk}:{kind.value}:{number}", algorithm="sha256").hexdigest()[:32],
            "starts_at": starts_at,
            "made_at": at,
            "next_attempt_at": at,
        },
    )


def tell_change(
    kind: PublicMailKind,
    *,
    house: str,
    visit: str,
    number: int,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
    back: bool = False,
) -> None:
    """Whoever booked `visit` by himself is told that it was moved or cancelled, by whomever. Idempotent by `number`.

    What was to be said of it before and has not left is overtaken: the last mail he gets says what is so. Nothing for
    a visit of another door, none about a moment that is over, and none of a move that was taken back (`back`) before he
    was told of it.
    """
    with transaction.atomic():
        form = PublicForm.objects.filter(house__slug=house, visit=visit).first() if visit else None
        if form is None:
            return
        if kind is PublicMailKind.MOVED:
            PublicForm.objects.filter(pk=form.pk).update(starts_at=starts_at, ends_at=ends_at)
        _overtake(form, before=number, at=at)
        if starts_at > at and not (back and _is_as_before(form, number=number, at=at)):
            queue(form, kind, number=number, starts_at=starts_at, at=at)


def _overtake(form: PublicForm, *, before: int, at: datetime) -> None:
    """End the unsent mails of earlier revisions. One that a worker has in hand is left to him: he looks himself."""
    waits = _of_visit(form).filter(Q(leased_until=None) | Q(leased_until__lte=at), next_attempt_at__isnull=False)
    waits.filter(number__lt=before).update(next_attempt_at=None, leased_until=None, why=OVERTAKEN)


def _of_visit(form: PublicForm) -> QuerySet[PublicMail]:
    """The mails that say when it takes place; their numbers are its revisions."""
    return PublicMail.objects.filter(form=form, kind__in=(PublicMailKind.BOOKED.value, PublicMailKind.MOVED.value))


def _is_as_before(form: PublicForm, *, number: int, at: datetime) -> bool:
    """Whether after a move that was taken back nothing is to be said: the last mail that left, or may be leaving, was
    about the visit as it was two changes before. That mail is of `number` from now on: it says what is so, also where
    it has to be tried again or another slip follows.
    """
    left = Q(sent_at__isnull=False) | Q(leased_until__gt=at)
    last = _of_visit(form).filter(left).order_by("-number").first()
    if last is None or last.number >= number:  # the latter: heard again
        return last is not None
    return last.number == number - 2 and bool(_of_visit(form).filter(pk=last.pk).update(number=number))


def take_due(*, at: datetime, lease: timedelta) -> DuePublicMail | None:
    """Take one that is due, the longest due first; None when there is none. A code that is over is not sent."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    late = Q(kind=PublicMailKind.CODE.value, made_at__lte=at - CODE_TIME)
    due = PublicMail.objects.filter(free, next_attempt_at__lte=at).exclude(late)
    rows = due.select_related("house", "client", "form__page").order_by("next_attempt_at", "pk")
    for row in rows[:20]:
        mine = PublicMail.objects.filter(
            free, pk=row.pk, attempts=row.attempts, next_attempt_at=row.next_attempt_at
        ).update(leased_until=at + lease, attempts=row.attempts + 1)
        if mine:
            return _due(row)
    return None


def finish(taken: DuePublicMail, *, at: datetime, sent: bool, again: timedelta | None = None, why: str = "") -> None:
    """Write how the try ended: sent, to be tried again after `again`, or given up. Nothing when the lease was lost.

    What was overtaken by a slip that was taken back meanwhile is due as it was.
    """
    rows = PublicMail.objects.filter(pk=taken.row, attempts=taken.attempt, next_attempt_at__isnull=False)
    if why == OVERTAKEN and rows.exclude(number=taken.number).update(leased_until=None):
        return
    rows.update(
        leased_until=None,
        sent_at=at if sent else None,
        next_attempt_at=None if sent or again is None else at + again,
        why=why[:200],
    )


def sweep(*, at: datetime) -> int:
    """Delete forms that became nothing, and those of visits long over, with their mails; gives how many rows."""
    nothing = PublicForm.objects.filter(booked_at=None, expires_at__lte=at - FORMS_KEPT)
    visits = Appointment.objects.filter(house=OuterRef("house"), key=OuterRef("visit"), ends_at__gt=at - VISITS_KEPT)
    over = PublicForm.objects.filter(~Exists(visits), booked_at__isnull=False)
    return nothing.delete()[0] + over.delete()[0]


def _due(row: PublicMail) -> DuePublicMail:
    form, is_code = row.form, row.kind == PublicMailKind.CODE
    is_proved, client = not form.by_sms, str(row.client_id)
    return DuePublicMail(
        row=row.pk,
        attempt=row.attempts + 1,
        key=row.key,
        kind=PublicMailKind(row.kind),
        house=row.house.slug,
        house_name=row.house.name,
        client=client,
        practice=row.client.name,
        slug=form.page.slug,
        time_zone=row.client.time_zone,
        mail=form.mail,
        number_of_sms=form.number if is_code and form.by_sms else "",
        language=form.language,
        starts_at=row.starts_at,
        visit=form.visit,
        number=row.number,
        code=code_for(form.key, row.number) if is_code else "",
        until=row.made_at + CODE_TIME,
        token=token_of(form.key) if is_proved and not is_code else "",
        is_proved=is_proved,
        phone="" if is_proved else form.page.phone or number_to_call(house=row.house.slug, client=client),
    )
