# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose an entry is, and which entries are one person: what other rooms ask before they look for what names him."""

from permanence.callers import index
from permanence.callers.models import NoShow, Patient
from permanence.foundation.keys import row_key


def client_of(*, house: str, patient: str) -> str | None:
    """Whose patient it is, in that house; None for none there. For the wall alone: it says nothing else."""
    row = Patient.objects.for_house(house).filter(pk=row_key(patient)).only("client_id").first()
    return None if row is None else str(row.client_id)


def entries_of(*, house: str, client: str, patient: str) -> tuple[str, ...]:
    """His own id and those of everybody who was merged into him; () for nobody of that client's."""
    row = Patient.objects.for_house(house).for_client(row_key(client)).filter(pk=row_key(patient)).first()
    return () if row is None else (str(row.pk), *(str(each.pk) for each in index.merged_into(row)))


def counted_acts(*, house: str, client: str, patients: tuple[str, ...]) -> frozenset[str]:
    """The appointments not kept that count for these entries, by the name of the act. One query."""
    rows = NoShow.objects.for_house(house).for_client(row_key(client))
    return frozenset(rows.filter(patient__in=[row_key(each) for each in patients]).values_list("act", flat=True))
