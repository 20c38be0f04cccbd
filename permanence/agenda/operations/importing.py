# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appointments and busy times of another product come into an agenda: first as a dry run, then for good.

What stood there stands here, within the openings or not, with the rooms, equipment, buffers and other agenda that such
a visit takes (`rules.brought`); but never over what is booked, held or busy, nor to come for a patient who died: it is
refused, and the line says why. A line that was brought in before is known again by what it says.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto

from django.db import transaction

from permanence.agenda.models import Agenda, Appointment, Block
from permanence.agenda.models.appointments import CAUSE_LENGTH
from permanence.agenda.operations.acts import locked, reach
from permanence.agenda.operations.appointments import Booking, put
from permanence.agenda.operations.blocks import block
from permanence.agenda.operations.holds import clear
from permanence.agenda.queries.agendas import reasons as reasons_of
from permanence.agenda.queries.books import books
from permanence.agenda.reason_names import ReasonNames
from permanence.agenda.refusals import SettingImpossible, SlotAlreadyTaken
from permanence.agenda.rules.brought import brought_slot
from permanence.agenda.rules.imports import MOST_LINES, ImportLine, Name, is_turned
from permanence.agenda.rules.search import taken_by
from permanence.agenda.rules.states import AppointmentState, Door
from permanence.agenda.rules.why_not import WhyNot
from permanence.agenda.rules.wishes import Book, Slot
from permanence.callers import operations as callers
from permanence.callers import queries as patients
from permanence.callers.namesakes import Called, called, namesakes
from permanence.callers.rules.birth import BirthDate, read_birth
from permanence.callers.rules.form import NumberUnreadable, PatientForm, read_number
from permanence.callers.rules.spelled import in_small_letters
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal

_DAY = timedelta(days=1)
_NEAR = 3 * _DAY
"""So far from the day of a book what it knows may be."""
_DAYS = 40
"""Days of a file that are kept in mind together: most files go from one to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFault:
    """Why a line does not come in: a code, the cell, and for what is taken `why`. Whose line it is: `name`, or what
    busy time is called, and when it `starts`; `said`: the same as it is written, of a line that cannot be read.
    """

    line: int
    code: str
    value: str = ""
    name: str = ""
    starts: datetime | None = None
    said: str = ""
    why: tuple[WhyNot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A line whose name as `written` is a patient's if another of its words is taken for the family name."""

    line: int
    written: str
    patient: patients.PatientView


@dataclass(slots=True)
class ImportReport:
    """What came in, or would. `newcomers`: the names of the new patients, as a list has them; `recognised`: lines whose
    patient is known by another reading of the name alone; `known`: lines that were brought in before; `moved`: those of
    them that stand at another time here, or no more.
    """

    appointments: int = 0
    blocks: int = 0
    newcomers: list[str] = field(default_factory=list)
    recognised: list[Recognised] = field(default_factory=list)
    known: int = 0
    moved: int = 0
    written: bool = False
    faults: list[LineFault] = field(default_factory=list)

    @property
    def new_patients(self) -> int:
        """How many patients it made, or would."""
        return len(self.newcomers)


class LineRefused(Refusal):
    """A line cannot come in; `code` says why."""

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(value)
        self.code = code
        self.value = value[:80]


class _Known(Enum):
    """Whether a patient was there already, by the likely reading of his name or by another."""

    LIKELY = auto()
    OTHERWISE = auto()
    NEW = auto()


@dataclass(slots=True)
class _Import:
    row: Agenda
    by: Who
    at: datetime
    reasons: dict[str, str]
    names: ReasonNames
    persons: dict[Called, list[tuple[str, str]]]
    spans: list[tuple[datetime, datetime]]
    report: ImportReport = field(default_factory=ImportReport)
    brought: set[str] = field(default_factory=set)
    """The ids of the lines that were taken or known."""
    days: dict[date, Book] = field(default_factory=dict)
    """What decides about a day, as it stands by now: under the lock of the agenda nobody else changes it."""

    def take(self, line: ImportLine) -> None:
        """One line, all of it or nothing."""
        key, *others = _keys(self.row, line)
        try:
            with transaction.atomic():
                # two of a group, called alike in turned order, are two: what this file brought is known by its own id
                known = (self._standing(each) for each in (key, *others) if each == key or each not in self.brought)
                there = next((each for each in known if each is not None), None)
                if there is not None:
                    self.report.known += 1
                    self.report.moved += there != (line.starts, line.ends)
                elif line.name:
                    self._visit(line, key)
                else:
                    self._busy(line, key)
            self.brought.add(key)
        except SlotAlreadyTaken as taken:
            self._fault(line, LineRefused("already_taken"), taken.causes)
        except Refusal as refusal:
            self._fault(line, refusal)

    def _standing(self, key: str) -> tuple[datetime, datetime] | tuple[()] | None:
        """Where what came in with this id stands; () when it was cancelled or freed, None when it never came."""
        visit = Appointment.objects.for_house(self.by.house_key).filter(key=key).first()
        if visit is not None:
            return () if visit.state == AppointmentState.CANCELLED else (visit.starts_at, visit.ends_at)
        busy = Block.objects.for_house(self.by.house_key).filter(key=key).first()
        if busy is not None:
            return () if busy.removed_at is not None else (busy.starts_at, busy.ends_at)
        return None

    def _busy(self, line: ImportLine, key: str) -> None:
        words = (line.note or line.reason)[:CAUSE_LENGTH]
        span = {"starts_at": line.starts, "ends_at": line.ends}
        block(key=key, agenda=str(self.row.pk), **span, words=words, door=Door.IMPORT, by=self.by, at=self.at)
        self.report.blocks += 1

    def _visit(self, line: ImportLine, key: str) -> None:
        reason = self._reason(line.reason)
        patient, how = self._patient(line, key)
        if patient.is_deceased and line.starts > self.at:
            raise LineRefused("patient_deceased", f"{line.name} {line.first_name}")
        slot = self._slot(line, reason)
        booking = Booking(patient=patient.id, reason=reason, door=Door.IMPORT, new_here=False)
        put(self.row, slot, key=key, booking=booking, patient=patient, holder="", by=self.by, at=self.at)
        taken = taken_by(slot, is_new=False)
        self.days = {
            day: book.taking(taken) if abs(day - _day(line)) <= _NEAR else book for day, book in self.days.items()
        }
        self.report.appointments += 1
        if how is _Known.NEW:
            self.report.newcomers.append(patient.name)
            self._there(line.name, line.first_name).append((patient.id, patient.birth_date))
        elif how is _Known.OTHERWISE:
            self.report.recognised.append(Recognised(line=line.line, written=line.written, patient=patient))

    def _reason(self, word: str) -> str:
        fitting = self.names.called(word)
        if len(fitting) != 1:
            raise LineRefused("reason_ambiguous" if fitting else "reason_unknown", word)
        return self.reasons[fitting[0]]

    def _slot(self, line: ImportLine, reason: str) -> Slot:
        """Where the line puts it, with the rooms, the equipment and the other agenda that such a visit takes."""
        slot = brought_slot(
            self._book(_day(line)), reason, span=(line.starts, line.ends), beside=self.spans, at=self.at
        )
        if isinstance(slot, Slot):
            return slot
        raise SlotAlreadyTaken(*slot)

    def _book(self, day: date) -> Book:
        """What decides about the visits that begin on that day (UTC): read once, with what came in since."""
        if day not in self.days:
            if len(self.days) >= _DAYS:
                del self.days[next(iter(self.days))]
            begins = datetime.combine(day, time(), UTC)
            self.days[day] = books([self.row], starts=begins, ends=begins + 2 * _DAY)[str(self.row.pk)]
        return self.days[day]

    def _patient(self, line: ImportLine, key: str) -> tuple[patients.PatientView, _Known]:
        client, born = str(self.row.client_id), ""
        if line.birth_date:
            today = self.at.date()
            born = read_birth(line.birth_date, country=self.row.client.country, on=today).iso
        likely = self._fitting((line.name, line.first_name), born)
        otherwise = [
            (patient, birth)
            for name in line.others
            for patient, birth in self._fitting(name, born)
            if not is_turned(name, (line.name, line.first_name)) or self._is_proved(line, born, patient, birth)
        ]
        fitting = [*likely, *otherwise]
        if len({each[0] for each in fitting}) > 1:  # one may be there with two birth dates, since he was merged
            raise LineRefused("patient_ambiguous", f"{line.name} {line.first_name}")
        if fitting:
            found = patients.standing(house=self.by.house, client=client, patient=fitting[0][0])
            return found, _Known.LIKELY if likely else _Known.OTHERWISE
        form = PatientForm(
            used_name=line.name,
            first_name=in_small_letters(line.first_name),
            birth_date=line.birth_date,
            numbers=(line.number,) if line.number else (),
            known=True,
        )
        return callers.add_patient(client=client, patient=key, form=form, by=self.by, at=self.at), _Known.NEW

    def _fitting(self, name: Name, born: str) -> list[tuple[str, str]]:
        """Who is called so, and of whom no other birth date is known."""
        return [each for each in self._there(*name) if not born or not each[1] or each[1] == born]

    def _is_proved(self, line: ImportLine, born: str, patient: str, birth: str) -> bool:
        """Whether birth date or number say, besides names that are turned, that it is he."""
        if born and born == birth and BirthDate.from_iso(born).is_whole:
            return True
        if not line.number:
            return False
        with suppress(NumberUnreadable):
            number = read_number(line.number, country=self.row.client.country)
            his = patients.standing(house=self.by.house, client=str(self.row.client_id), patient=patient)
            return number in his.numbers
        return False

    def _there(self, name: str, first_name: str) -> list[tuple[str, str]]:
        """The patients of that name, those that came with a line before too."""
        return self.persons.setdefault(called(name=name, first_name=first_name), [])

    def _fault(self, line: ImportLine, refusal: Refusal, why: tuple[WhyNot, ...] = ()) -> None:
        value = refusal.value if isinstance(refusal, LineRefused) else ""
        name = line.written or f"{line.name} {line.first_name}".strip() or line.note or line.reason
        self.report.faults.append(
            LineFault(line=line.line, code=refusal.code, value=value, why=why, name=name[:80], starts=line.starts)
        )


def import_lines(
    *,
    agenda: str,
    lines: Sequence[ImportLine],
    by: Who,
    at: datetime,
    write: bool = False,
    without_faulty: bool = False,
) -> ImportReport:
    """What these lines bring; with `write` they come in if none is at fault, or `without_faulty` those that are not.

    Raises AgendaUnknown, SettingImpossible for more than `MOST_LINES`.
    """
    row = reach(agenda, by=by)
    if len(lines) > MOST_LINES:
        raise SettingImpossible(f"{len(lines)} lines, {MOST_LINES} at most")
    with transaction.atomic():
        kept = locked([row.pk])[row.pk]
        clear(kept, at=at)
        client = str(kept.client_id)
        reasons = {each.name: each.id for each in reasons_of(by=by, client=client)}
        work = _Import(
            row=kept,
            by=by,
            at=at,
            reasons=reasons,
            names=ReasonNames(reasons),
            persons=namesakes(house=by.house, client=client),
            spans=[(each.starts, each.ends) for each in lines],
        )
        for line in sorted(lines, key=lambda each: each.line):
            work.take(line)
        work.report.written = write and (without_faulty or not work.report.faults)
        if not work.report.written:
            transaction.set_rollback(True)
    return work.report


def _day(line: ImportLine) -> date:
    return line.starts.astimezone(UTC).date()


def _keys(row: Agenda, line: ImportLine) -> tuple[str, ...]:
    """The id of a line, the same however often it is brought in, though names are read in another way by then; after it
    the one that it may have come in with.
    """
    if line.identity:
        return (_hashed(row.pk, "identity", line.identity),)
    names = dict.fromkeys((line.former or (line.name, line.first_name), (line.name, line.first_name)))
    spans = row.pk, line.starts, line.ends
    return tuple(_hashed(*spans, *(each.casefold() for each in name), line.reason, line.note) for name in names)


def _hashed(*said: object) -> str:
    return f"import-{hashlib.sha256(repr(said).encode()).hexdigest()[:32]}"
