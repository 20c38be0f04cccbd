# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many patients at once: what a line of a table says of one, and what is wrong in it."""

from dataclasses import dataclass, fields, replace
from datetime import date

from permanence.callers.rules import birth, form, identity
from permanence.callers.rules.form import Kept, PatientForm, read_form
from permanence.callers.rules.letters import joined
from permanence.callers.rules.spelled import in_small_letters
from permanence.kernel.refusals import Refusal

CODES: dict[type[Refusal], tuple[str, str]] = {
    identity.NameMissing: ("birth_name", "needed"),
    form.NumberUnreadable: ("numbers", "not_a_number"),
    form.TooManyNumbers: ("numbers", "too_many_patient_numbers"),
    birth.BirthDateUnreadable: ("birth_date", "birth_date_unreadable"),
    birth.BirthDateImpossible: ("birth_date", "birth_date_impossible"),
    birth.BirthDateInFuture: ("birth_date", "birth_date_in_future"),
}
"""The column a refusal is about, and what the report calls it."""
FIELD_CODES = {identity.FieldTooLong: "too_long", identity.FieldUnfit: "field_unfit"}
"""Refusals that name their field."""
SHOWN = 80
"""Characters of a cell in a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLine:
    """A patient of the client of that name, as a line gives him: an empty cell says nothing."""

    line: int
    client: str
    form: PatientForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What is wrong in a line: the column, the code, and what stood there."""

    column: str
    code: str
    value: str


def read_line(line: PatientLine, *, country: str, on: date) -> Kept | Wrong:
    """What a line says, as it is kept, a first name in capitals as it is written by hand; or what is wrong with it."""
    small = replace(line.form, first_name=in_small_letters(line.form.first_name))
    try:
        return read_form(small, country=country, on=on)
    except tuple(CODES) as refusal:
        column, code = CODES[type(refusal)]
    except tuple(FIELD_CODES) as refusal:
        column, code = refusal.why, FIELD_CODES[type(refusal)]
    value = getattr(line.form, column) if column in {each.name for each in fields(PatientForm)} else ""
    text = " | ".join(value) if isinstance(value, tuple) else str(value)
    return Wrong(column=column, code=code, value="".join(each for each in text[:SHOWN] if each.isprintable()))


def same_person(*, birth_name: str, used_name: str, first_name: str, birth_date: str) -> tuple[str, str, str]:
    """What makes two lines one person: the name he is called by, the first name, the birth date as far as it goes."""
    return joined(birth_name or used_name), joined(first_name), birth_date
