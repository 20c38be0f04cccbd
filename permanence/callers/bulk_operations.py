# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many patients at once, in one transaction. With one fault nothing is saved; with `dry` nothing either."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from permanence.callers import index
from permanence.callers.events import PatientAdded, PatientChanged
from permanence.callers.models import Patient, PatientNumber
from permanence.callers.queries import NOTES, today_of
from permanence.callers.rules.bulk import PatientLine, Wrong, read_line, same_person
from permanence.callers.rules.form import Kept
from permanence.callers.rules.identity import MOST_NUMBERS
from permanence.callers.rules.merging import stands_for
from permanence.callers.rules.spelled import is_in_capitals
from permanence.clients import queries as clients
from permanence.clients.bulk_found import BroughtIn
from permanence.clients.bulk_rules import Fault
from permanence.foundation import audit, outbox, secrecy
from permanence.foundation.who import Who

BATCH = 500
"""Rows written at a time."""
IDENTITY = ("birth_name", "used_name", "first_name", "birth_date")


@transaction.atomic
def bring_in_patients(*, lines: Sequence[PatientLine], dry: bool, by: Who, at: datetime) -> BroughtIn:
    """Add the patients whom their client does not have, complete the others. Who has the same name, first name and
    birth date is the same; what a line leaves empty stays, numbers are added. An identity that was validated stands.
    A line of who was merged completes whoever stands for him, and corrects nothing.
    """
    work = _Patients(by, at)
    for line in lines:
        work.take(line)
    if not work.faults and not dry:
        work.save()
    return BroughtIn(
        added=len(work.added), changed=len(work.changed), unchanged=work.unchanged, faults=tuple(work.faults)
    )


class _Patients:
    """The patients as they are, client by client, and what the lines make of them."""

    def __init__(self, by: Who, at: datetime) -> None:
        self.by, self.at = by, at
        visible = clients.clients_visible_to(by)
        self.clients = {each.name: each for each in clients.clients(house=by.house) if each.id in visible}
        self.known: dict[str, dict[tuple[str, str, str], tuple[Patient, bool]]] = {}
        self.numbers: dict[int, list[str]] = {}
        self.seen: dict[tuple[str, tuple[str, str, str]], int] = {}
        self.faults: list[Fault] = []
        self.added: list[tuple[Patient, tuple[str, ...]]] = []
        self.changed: dict[int, tuple[Patient, list[str], list[str]]] = {}
        self.unchanged = 0

    def take(self, line: PatientLine) -> None:
        """Judge one line and put it where it belongs."""
        client = self.clients.get(line.client)
        if client is None:
            self._fault(line, "client", "client_unknown", line.client[:80])
            return
        kept = read_line(line, country=client.country, on=today_of(client, self.at))
        if isinstance(kept, Wrong):
            self._fault(line, kept.column, kept.code, kept.value)
            return
        person = same_person(**{name: str(kept.fields[name]) for name in IDENTITY})
        before = self.seen.setdefault((client.id, person), line.line)
        if before != line.line:
            self._fault(line, "birth_name", "name_twice", str(before))
            return
        found = self._of(client.id).get(person)
        if found is None:
            self._add(line, client.id, kept)
        else:
            self._complete(*found, kept, in_capitals=is_in_capitals(line.form.first_name))

    def save(self) -> None:
        """Write everything, and tell it."""
        Patient.objects.bulk_create((row for row, _numbers in self.added), batch_size=BATCH)
        index.write_words(row for row, _numbers in self.added)
        changed = list(self.changed.values())
        names = sorted({name for _row, names, _numbers in changed for name in names})
        if names:
            Patient.objects.bulk_update((row for row, _names, _numbers in changed), names, batch_size=BATCH)
        for row, names, _numbers in changed:
            if {"birth_name", "used_name", "first_name"} & set(names):
                index.rewrite_words(row)
        new = [*self.added, *((row, tuple(numbers)) for row, _names, numbers in changed)]
        PatientNumber.objects.bulk_create(self._number_rows(new), batch_size=BATCH)
        self._tell([row for row, _numbers in self.added], "patient.added", PatientAdded)
        self._tell([row for row, _names, _numbers in changed], "patient.changed", PatientChanged)

    def _fault(self, line: PatientLine, column: str, code: str, value: str) -> None:
        self.faults.append(Fault(line=line.line, column=column, code=code, value=value))

    def _of(self, client: str) -> dict[tuple[str, str, str], tuple[Patient, bool]]:
        """The patients of a client, the oldest of equals, and whether it is himself: by the name of who was merged it
        is whoever stands for him. Two questions a client.
        """
        if client not in self.known:
            rows = Patient.objects.for_house(self.by.house_key).for_client(client)
            found = list(rows.select_for_update(of=("self",)).order_by("-pk"))
            people = {each.pk: each for each in found}
            stands = stands_for({each.pk: each.merged_into_id for each in found})
            # who was merged first, so that who stands for himself is found before him
            found.sort(key=lambda each: each.merged_into_id is None)
            self.known[client] = {
                same_person(**{name: getattr(row, name) for name in IDENTITY}): (
                    people[stands[row.pk]],
                    row.pk == stands[row.pk],
                )
                for row in found
                if row.pk in stands
            }
            numbers = PatientNumber.objects.for_client(client).order_by("position")
            for key, number in numbers.values_list("patient_id", "number"):
                self.numbers.setdefault(key, []).append(number)
        return self.known[client]

    def _add(self, line: PatientLine, client: str, kept: Kept) -> None:
        row = Patient(
            house_id=self.by.house_key,
            client_id=int(client),
            key=f"i{self.at:%Y%m%dT%H%M%S%f}-{line.line:06d}",
            sealed_notes=self._sealed(kept.notes),
            added_at=self.at,
            changed_at=self.at,
            **kept.fields,
        )
        self.added.append((row, kept.numbers))

    def _complete(self, row: Patient, is_himself: bool, kept: Kept, *, in_capitals: bool) -> None:
        given = {name: value for name, value in kept.fields.items() if value}
        if not is_himself:
            given = {name: value for name, value in given.items() if name not in IDENTITY and not getattr(row, name)}
        if in_capitals and row.first_name and not is_in_capitals(row.first_name):
            given.pop("first_name", None)  # capitals often lack accents, and never say which letters are small
        changed = [name for name, value in given.items() if getattr(row, name) != value and not self._stands(row, name)]
        for name in changed:
            setattr(row, name, given[name])
        if kept.notes and not row.sealed_notes:
            row.sealed_notes = self._sealed(kept.notes)
            changed.append("sealed_notes")
        _row, names, numbers = self.changed.get(row.pk, (row, [], []))
        held = [*self.numbers.get(row.pk, []), *numbers]
        new = [each for each in kept.numbers if each not in held][: max(0, MOST_NUMBERS - len(held))]
        if changed or new:
            self.changed[row.pk] = row, [*names, *changed], [*numbers, *new]
        else:
            self.unchanged += 1

    def _stands(self, row: Patient, name: str) -> bool:
        """Whether a document proved what stands there."""
        return bool(row.identity_seen_at and row.identity_document) and name in {*IDENTITY, "sex"} - {"used_name"}

    def _sealed(self, notes: str) -> str:
        return secrecy.seal(notes, house=self.by.house, purpose=NOTES) if notes else ""

    def _number_rows(self, rows: Iterable[tuple[Patient, tuple[str, ...]]]) -> Iterable[PatientNumber]:
        for row, numbers in rows:
            for position, number in enumerate(numbers, start=len(self.numbers.get(row.pk, ()))):
                yield PatientNumber(
                    house_id=row.house_id, client_id=row.client_id, patient=row, number=number, position=position
                )

    def _tell(self, rows: list[Patient], action: str, event: Any) -> None:
        subjects = ((f"callers.patient:{row.pk}", row.client_id) for row in rows)
        audit.note_many(by=self.by, at=self.at, action=action, subjects=subjects)
        told = {"house": self.by.house, "at": self.at}
        outbox.announce_many([event(client=str(row.client_id), patient=str(row.pk), **told) for row in rows])
