# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table of patients that comes and goes as CSV. What is written is read back to the same."""

import re
from collections.abc import Iterator

from permanence.backstage.sheets import Sheet
from permanence.callers.models import Patient, PatientNumber
from permanence.callers.queries import NOTES
from permanence.callers.rules.bulk import PatientLine
from permanence.callers.rules.form import PatientForm
from permanence.clients.bulk_rules import Fault
from permanence.foundation import secrecy
from permanence.foundation.models import House

TEXTS = ("birth_name", "used_name", "first_name", "birth_date", "sex", "mail", "language", "address")
PATIENT_COLUMNS = ("client", *TEXTS[:5], "numbers", *TEXTS[5:], "known", "notes")
_BETWEEN = re.compile(r"\s*[|\n]\s*")
_YES = frozenset({"yes", "y", "oui", "o", "ja", "j", "true", "vrai", "wahr", "1", "x"})
_NO = frozenset({"", "no", "n", "non", "nein", "false", "faux", "falsch", "0"})
BATCH = 500


def read_patients(sheet: Sheet) -> tuple[tuple[PatientLine, ...], tuple[Fault, ...]]:
    """The patients of a table, and what is wrong with the spelling of its cells."""
    faults = list(sheet.faults)
    lines: list[PatientLine] = []
    for number, cells in sheet.lines:
        known = cells.get("known", "").lower()
        if known not in _YES | _NO:
            faults.append(Fault(line=number, column="known", code="not_yes_or_no", value=known[:80]))
        form = PatientForm(
            **{name: cells.get(name, "") for name in TEXTS},
            numbers=tuple(_BETWEEN.split(cells["numbers"])) if cells.get("numbers") else (),
            known=known in _YES,
            notes=cells.get("notes", ""),
        )
        lines.append(PatientLine(line=number, client=cells["client"], form=form))
    return tuple(lines), tuple(faults)


def patient_rows(house: int) -> Iterator[dict[str, str]]:
    """Every patient of a house who stands for himself, by client and name, his notes opened."""
    slug = House.objects.values_list("slug", flat=True).get(pk=house)
    numbers: dict[int, list[str]] = {}
    found = PatientNumber.objects.for_house(house).order_by("position", "pk")
    for key, number in found.values_list("patient_id", "number").iterator(chunk_size=BATCH):
        numbers.setdefault(key, []).append(number)
    rows = Patient.objects.for_house(house).filter(merged_into__isnull=True).select_related("client")
    for row in rows.order_by("client__name", "birth_name", "used_name", "pk").iterator(chunk_size=BATCH):
        notes = secrecy.unseal(row.sealed_notes, house=slug, purpose=NOTES) if row.sealed_notes else ""
        yield {
            "client": row.client.name,
            **{name: getattr(row, name) for name in TEXTS},
            "numbers": " | ".join(numbers.get(row.pk, ())),
            "known": "yes" if row.known else "no",
            "notes": notes,
        }
