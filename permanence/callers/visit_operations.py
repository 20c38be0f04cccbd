# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who came to an appointment is known to the practice; a mark that was a slip makes nobody known."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from permanence.callers import index, queries
from permanence.callers.acts import account, changed, locked
from permanence.callers.models import KeptVisit, NoShow, Patient
from permanence.callers.models.trace import ACT_LENGTH
from permanence.callers.rules.identity import FieldUnfit
from permanence.foundation.keys import row_key
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


def hand_over(*, client: str, patient: str, acts: Collection[str], by: Who, at: datetime) -> None:
    """These appointments (as `act` names them) are this person's after all: that he came, or did not, counts for him,
    and no longer for whoever it was counted for. Idempotent.

    Raises ClientUnknown, PatientUnknown.
    """
    view = account(client, by=by)
    to, taker = row_key(patient), queries.standing(house=by.house, client=view.id, patient=patient)
    with transaction.atomic():
        of = {"client": int(view.id), "act__in": acts}
        came = list(KeptVisit.objects.filter(**of).exclude(patient=to).order_by("pk"))
        missed = list(NoShow.objects.filter(**of).exclude(patient=to))
        givers = {*(each.patient_id for each in came), *(each.patient_id for each in missed)}
        if not givers:
            return
        stand = queries.standing_of(pairs=[(view.id, str(each)) for each in givers])
        # Always in one order: two who are locked at once must not wait for each other.
        keys = sorted({taker.id, *(each.id for each in stand.values())}, key=int)
        rows = {key: locked(key, client=view.id, by=by) for key in keys}
        KeptVisit.objects.filter(pk__in=[each.pk for each in came]).update(patient=to, made_known=False)
        NoShow.objects.filter(pk__in=[each.pk for each in missed]).update(patient=to)
        for giver in {each.patient_id for each in came if each.made_known}:
            _new_again(rows[stand[view.id, str(giver)].id], giver)
        if came and Patient.objects.filter(pk=rows[taker.id].pk, known=False).update(known=True):
            KeptVisit.objects.filter(pk=came[0].pk).update(made_known=True)
        for row in rows.values():
            _say_what_changed(row, by=by, at=at)


def _say_what_changed(row: Patient, *, by: Who, at: datetime) -> None:
    """Count anew what the person did not keep; `row` is as it was before."""
    missed = NoShow.objects.filter(patient__in=_everybody(row)).count()
    Patient.objects.filter(pk=row.pk).update(no_shows=missed)
    known = Patient.objects.values_list("known", flat=True).get(pk=row.pk)
    if missed != row.no_shows:
        changed(row, f"patient.no_show_{'counted' if missed > row.no_shows else 'forgiven'}", by=by, at=at)
    if known != row.known:
        changed(row, "patient.known_by_visit" if known else "patient.unknown_again", by=by, at=at)


def _new_again(row: Patient, giver: int) -> None:
    """A visit that made `giver` known, for whom `row` stands, was another's: he is new, but for his own visits."""
    other = KeptVisit.objects.filter(patient__in=_everybody(row)).order_by("pk").first()
    if other is not None:
        KeptVisit.objects.filter(pk=other.pk).update(made_known=True)
        return
    Patient.objects.filter(pk__in={row.pk, giver}).update(known=False)


def _everybody(row: Patient) -> list[int]:
    """The keys of the one who stands, and of those who were merged into him."""
    return [row.pk, *(each.pk for each in index.merged_into(row))]
