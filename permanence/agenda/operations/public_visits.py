# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a patient does with the secret link of his appointment: another moment, or none."""

from datetime import datetime

from django.db import transaction

from permanence.agenda.models import Appointment, PublicForm
from permanence.agenda.operations import appointments
from permanence.agenda.operations.acts import busy_named
from permanence.agenda.operations.knocks import knock
from permanence.agenda.operations.public_mails import queue
from permanence.agenda.queries.public import appointment_row, form_key, page
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import LinkOver, NotNow
from permanence.agenda.rules.public import Knock, PublicMailKind
from permanence.agenda.rules.states import CancelCause, Door
from permanence.foundation.who import system_of


@busy_named()
def cancel_visit(*, slug: str, token: str, key: str, address: str, at: datetime) -> AppointmentView:
    """He does not come: the slot is free at once, and a mail says so. `key` is the id of the act, made by the page.

    Raises PageUnknown, LinkUnknown, LinkOver, NotNow (begun, or cancelled before), TooManyKnocks, and what
    `appointments.cancel` raises.
    """
    row = _reached(slug, token, at=at)
    with transaction.atomic():
        _knock(row, address, at=at)
        by = system_of(row.agenda.house)
        made = appointments.cancel(key=key, appointment=row.key, cause=CancelCause.PATIENT, by=by, at=at)
        _tell(made, row, token, PublicMailKind.CANCELLED, at=at)
    return made


@busy_named()
def move_visit(*, slug: str, token: str, key: str, starts_at: datetime, address: str, at: datetime) -> AppointmentView:
    """He comes at another moment, to the same agenda. Raises what `cancel_visit` and `appointments.move` raise."""
    row = _reached(slug, token, at=at)
    page(slug).offer(str(row.agenda_id)).reason(str(row.reason_id))
    with transaction.atomic():
        _knock(row, address, at=at)
        made = appointments.move(
            key=key,
            appointment=row.key,
            agenda=str(row.agenda_id),
            starts_at=starts_at,
            by=system_of(row.agenda.house),
            at=at,
            door=Door.PUBLIC,
        )
        _tell(made, row, token, PublicMailKind.MOVED, at=at)
    return made


def _reached(slug: str, token: str, *, at: datetime) -> Appointment:
    row = appointment_row(slug, token)
    if row.ends_at <= at:
        raise LinkOver(row.key)
    if row.starts_at <= at:
        raise NotNow(row.key)
    return row


def _knock(row: Appointment, address: str, *, at: datetime) -> None:
    knock(what=Knock.CHANGE, who=address, house=row.house_id, client=row.client_id, at=at)


def _tell(made: AppointmentView, row: Appointment, token: str, kind: PublicMailKind, *, at: datetime) -> None:
    form = PublicForm.objects.for_house(row.house_id).get(key=form_key(token))
    PublicForm.objects.filter(pk=form.pk).update(starts_at=made.starts_at, ends_at=made.ends_at)
    queue(form, kind, number=made.revision, starts_at=made.starts_at, at=at)
