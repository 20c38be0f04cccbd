# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a patient does with the secret link of his appointment: another moment, or none.

The mail that says so leaves when the event is heard (`handlers`), as after an act of the practice.
"""

from datetime import datetime

from django.db import transaction

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments
from permanence.agenda.operations.acts import busy_named, is_done, locked
from permanence.agenda.operations.knocks import knock
from permanence.agenda.queries.public import behind_link, visit
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import ChangedMeanwhile, LinkOver, NotNow
from permanence.agenda.rules.public import Knock
from permanence.agenda.rules.states import CancelCause, Door
from permanence.foundation.who import Who, system_of


@busy_named()
def cancel_visit(*, slug: str, token: str, key: str, revision: str, address: str, at: datetime) -> AppointmentView:
    """He does not come: the slot is free at once. `key` is the id of the act, made by the page, and `revision` that of
    the appointment it showed, "" for none.

    Raises LinkUnknown, LinkOver, NotNow (begun, or cancelled before), ChangedMeanwhile (it is another one than his page
    showed), TooManyKnocks, and what `appointments.cancel` raises.
    """
    row = _reached(slug, token, at=at)
    with transaction.atomic():
        _knock(row, address, at=at)
        by = system_of(row.agenda.house)
        _as_shown(row, revision, key=key, by=by)
        return appointments.cancel(key=key, appointment=row.key, cause=CancelCause.PATIENT, by=by, at=at)


@busy_named()
def move_visit(
    *, slug: str, token: str, key: str, revision: str, starts_at: datetime, address: str, at: datetime
) -> AppointmentView:
    """He comes at another moment, to the same agenda. Raises what `cancel_visit` and `appointments.move` raise, and
    NotNow where his page offers that visit no more.
    """
    row = _reached(slug, token, at=at)
    if visit(slug=slug, token=token, at=at).reason is None:
        raise NotNow(row.key)
    with transaction.atomic():
        _knock(row, address, at=at)
        by = system_of(row.agenda.house)
        _as_shown(row, revision, key=key, by=by)
        return appointments.move(
            key=key,
            appointment=row.key,
            agenda=str(row.agenda_id),
            starts_at=starts_at,
            by=by,
            at=at,
            door=Door.PUBLIC,
        )


def _reached(slug: str, token: str, *, at: datetime) -> Appointment:
    row, _form = behind_link(slug, token)
    if row.ends_at <= at:
        raise LinkOver(row.key)
    if row.starts_at <= at:
        raise NotNow(row.key)
    return row


def _as_shown(row: Appointment, revision: str, *, key: str, by: Who) -> None:
    """Under the lock of its agenda it is the one that his page showed, or this act was done already. Raises
    ChangedMeanwhile.
    """
    locked([row.agenda_id])
    now = Appointment.objects.values_list("revision", flat=True).get(pk=row.pk)
    if str(now) != revision and not is_done(key, by=by):
        raise ChangedMeanwhile(row.key)


def _knock(row: Appointment, address: str, *, at: datetime) -> None:
    knock(what=Knock.CHANGE, who=address, house=row.house_id, client=row.client_id, at=at)
