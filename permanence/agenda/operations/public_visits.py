# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a patient does with the secret link of his appointment: another moment, or none.

The mail that says so leaves when the event is heard (`handlers`), as after an act of the practice.
"""

from datetime import datetime

from django.db import transaction

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments
from permanence.agenda.operations.acts import busy_named
from permanence.agenda.operations.knocks import knock
from permanence.agenda.queries.public import behind_link, visit
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import LinkOver, NotNow
from permanence.agenda.rules.public import Knock
from permanence.agenda.rules.states import CancelCause, Door
from permanence.foundation.who import system_of


@busy_named()
def cancel_visit(*, slug: str, token: str, key: str, address: str, at: datetime) -> AppointmentView:
    """He does not come: the slot is free at once. `key` is the id of the act, made by the page.

    Raises LinkUnknown, LinkOver, NotNow (begun, or cancelled before), TooManyKnocks, and what
    `appointments.cancel` raises.
    """
    row = _reached(slug, token, at=at)
    with transaction.atomic():
        _knock(row, address, at=at)
        by = system_of(row.agenda.house)
        return appointments.cancel(key=key, appointment=row.key, cause=CancelCause.PATIENT, by=by, at=at)


@busy_named()
def move_visit(*, slug: str, token: str, key: str, starts_at: datetime, address: str, at: datetime) -> AppointmentView:
    """He comes at another moment, to the same agenda. Raises what `cancel_visit` and `appointments.move` raise, and
    NotNow where his page offers that visit no more.
    """
    row = _reached(slug, token, at=at)
    if visit(slug=slug, token=token, at=at).reason is None:
        raise NotNow(row.key)
    with transaction.atomic():
        _knock(row, address, at=at)
        return appointments.move(
            key=key,
            appointment=row.key,
            agenda=str(row.agenda_id),
            starts_at=starts_at,
            by=system_of(row.agenda.house),
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


def _knock(row: Appointment, address: str, *, at: datetime) -> None:
    knock(what=Knock.CHANGE, who=address, house=row.house_id, client=row.client_id, at=at)
