# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who booked without a secretary and is new to the client may be known by another file: a secretary compares them.

The booking itself says nothing of it, and does not wait for it: a public page tells nobody who is known.
"""

from datetime import datetime

from django.db import transaction

from permanence.agenda.models import Appointment, Newcomer
from permanence.agenda.operations.acts import filled, locked
from permanence.agenda.queries.agendas import clients_seen
from permanence.agenda.queries.newcomers import alike
from permanence.agenda.refusals import FollowUpUnknown
from permanence.callers import queries as callers
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who


def note_newcomer(*, appointment: str, by: Who, at: datetime) -> None:
    """Inside the act that booked for somebody whom it added: where he looks like another person of the client, he comes
    on the secretaries' list. The same again changes nothing.
    """
    row = Appointment.objects.for_house(by.house_key).get(key=appointment)
    person = callers.patient(house=by.house, client=str(row.client_id), patient=str(row.patient_id))
    if not alike(person, house=by.house):
        return
    where = {"house_id": row.house_id, "client_id": row.client_id, "agenda_id": row.agenda_id}
    made = {**where, "patient_id": row.patient_id, "noted_at": at}
    Newcomer.objects.get_or_create(appointment=row, defaults=made)


def settle_newcomer(*, newcomer: str, by: Who, at: datetime) -> str:
    """She compared them: they are two persons, and he is off the list; gives his name. Raises FollowUpUnknown."""
    rows = Newcomer.objects.for_house(by.house_key).filter(pk=row_key(newcomer), done_at=None)
    row = rows.select_related("appointment").first()
    if row is None or not clients_seen(by, [row.client_id]):
        raise FollowUpUnknown(newcomer[:40])
    with transaction.atomic():
        agenda = locked([row.agenda_id])[row.agenda_id]
        if not rows.update(done_at=at, done_by_name=by.name):
            raise FollowUpUnknown(newcomer[:40])
        subject = f"agenda.appointment:{row.appointment.key}"
        filled(agenda, action="agenda.newcomer_settled", subject=subject, by=by, at=at, event=None)
    return callers.patient(house=by.house, client=str(row.client_id), patient=str(row.patient_id)).name
