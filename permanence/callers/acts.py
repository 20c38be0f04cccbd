# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every act on a person begins and ends with."""

from datetime import datetime
from typing import Any

from permanence.callers.events import PatientChanged
from permanence.callers.models import Patient
from permanence.callers.queries import PatientUnknown
from permanence.clients import queries as clients
from permanence.foundation import audit, outbox
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class PatientMerged(Refusal):
    """The person went into another one: what is changed is changed there."""

    code = "patient_merged"


def account(client: str, *, by: Who) -> clients.ClientView:
    """The client, where the one who acts has to do with him. Raises clients.ClientUnknown: all others look alike."""
    view = clients.client(house=by.house, client=client)
    if not (view.id in clients.clients_visible_to(by) if by.person else by.may_see(view.id)):
        raise clients.ClientUnknown(client)
    return view


def locked(patient: str, *, client: str, by: Who) -> Patient:
    """The person of that client, kept for this transaction alone. Raises PatientUnknown."""
    rows = Patient.objects.for_house(by.house_key).for_client(client).select_for_update(of=("self",))
    row = rows.filter(pk=row_key(patient)).first()
    if row is None:
        raise PatientUnknown(f"no patient {patient} at client {client}")
    return row


def himself(patient: str, *, client: str, by: Who) -> Patient:
    """The person, kept for this transaction, who stands for himself. Raises PatientUnknown, PatientMerged."""
    row = locked(patient, client=client, by=by)
    if row.merged_into_id is not None:
        raise PatientMerged(str(row.merged_into_id))
    return row


def note(row: Patient, action: str, *, by: Who, at: datetime, detail: dict[str, Any] | None = None) -> None:
    """Write an act into the trail: the names of fields, never what they hold."""
    subject = f"callers.patient:{row.pk}"
    audit.note(by=by, at=at, action=action, subject=subject, client=row.client_id, detail=detail)


def changed(row: Patient, action: str, *, by: Who, at: datetime, detail: dict[str, Any] | None = None) -> None:
    """Note and announce that something of a person was changed. Called in the transaction of the change."""
    Patient.objects.filter(pk=row.pk).update(changed_at=at)
    note(row, action, by=by, at=at, detail=detail)
    outbox.announce(PatientChanged(house=by.house, at=at, client=str(row.client_id), patient=str(row.pk)))
