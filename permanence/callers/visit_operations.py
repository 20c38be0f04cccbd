# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who came to an appointment is known to the practice; a mark that was a slip makes nobody known."""

from datetime import datetime

from django.db import transaction

from permanence.callers import index, queries
from permanence.callers.acts import account, changed, locked
from permanence.callers.models import KeptVisit, Patient
from permanence.callers.models.trace import ACT_LENGTH
from permanence.callers.rules.identity import FieldUnfit
from permanence.foundation.who import Who


@transaction.atomic
def count_visit(*, client: str, patient: str, act: str, by: Who, at: datetime) -> None:
    """He came to an appointment, so that he is known; `act` names it and counts once.

    One who was merged counts for whoever stands for him. Raises ClientUnknown, PatientUnknown, FieldUnfit.
    """
    view = account(client, by=by)
    stands = queries.standing(house=by.house, client=view.id, patient=patient)
    row = locked(stands.id, client=view.id, by=by)
    if not 0 < len(act) <= ACT_LENGTH:
        raise FieldUnfit("act")
    said = {"house_id": row.house_id, "patient": row, "at": at, "made_known": not row.known}
    _, is_new = KeptVisit.objects.get_or_create(client_id=row.client_id, act=act, defaults=said)
    if is_new and not row.known:
        Patient.objects.filter(pk=row.pk).update(known=True)
        changed(row, "patient.known_by_visit", by=by, at=at)


@transaction.atomic
def forget_visit(*, client: str, act: str, by: Who, at: datetime) -> None:
    """He did not come to it: where that visit alone made him known, he is new again. Nothing where it did not count.

    Raises ClientUnknown.
    """
    view = account(client, by=by)
    found = KeptVisit.objects.for_house(by.house_key).for_client(view.id).filter(act=act).first()
    if found is None:
        return
    stands = queries.standing(house=by.house, client=view.id, patient=str(found.patient_id))
    row = locked(stands.id, client=view.id, by=by)
    found.delete()
    if not found.made_known:
        return
    everybody = [row.pk, *(each.pk for each in index.merged_into(row))]
    other = KeptVisit.objects.filter(patient__in=everybody).order_by("pk").first()
    if other is not None:
        KeptVisit.objects.filter(pk=other.pk).update(made_known=True)
        return
    Patient.objects.filter(pk__in={row.pk, found.patient_id}).update(known=False)
    changed(row, "patient.unknown_again", by=by, at=at)
