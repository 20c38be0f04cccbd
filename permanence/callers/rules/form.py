# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a secretary, a doctor or a file says of a person, and how it is kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from permanence.callers.rules import identity
from permanence.callers.rules.birth import read_birth
from permanence.callers.rules.identity import FieldTooLong, FieldUnfit, NameMissing, Sex, clean, clean_name
from permanence.countries.numbers import NotANumber, parse_number
from permanence.kernel.refusals import Refusal

_ID = re.compile(r"[0-9A-Za-z_-]{16,40}\Z")
_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]+\Z")
_MAIL_LIMIT = 254
_LANGUAGE = re.compile(r"[a-z]{2}\Z")
_NUMBER_LIMIT = 40


class NumberUnreadable(Refusal):
    """That is no telephone number in the client's country; `why` is what was typed."""

    code = "number_unreadable"


class TooManyNumbers(Refusal):
    """A person has no more than `identity.MOST_NUMBERS`."""

    code = "too_many_numbers"


class PatientIdMalformed(Refusal):
    """The id made by the page is not 16 to 40 letters, digits, `-` or `_`."""

    code = "patient_id_malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientForm:
    """As typed. `birth_date` as in `rules.birth`, `numbers` as people of the client's country write them."""

    birth_name: str = ""
    used_name: str = ""
    first_name: str = ""
    birth_date: str = ""
    sex: str = ""
    numbers: tuple[str, ...] = ()
    mail: str = ""
    language: str = ""
    address: str = ""
    known: bool = False
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept: `fields` are those of the row, `numbers` E.164, `notes` not sealed yet."""

    fields: Mapping[str, object]
    numbers: tuple[str, ...]
    notes: str


def check_id(key: str) -> str:
    """The id made by the page. Raises PatientIdMalformed."""
    if not _ID.match(key):
        raise PatientIdMalformed(f"{key[:50]!r}")
    return key


def read_form(form: PatientForm, *, country: str, on: date) -> Kept:
    """What the form says, as it is kept; `on` is today where the client is.

    Raises NameMissing, FieldTooLong, FieldUnfit, NumberUnreadable, TooManyNumbers, and those of `birth.read_birth`.
    """
    names = {name: clean_name(getattr(form, name), field=name) for name in ("birth_name", "used_name", "first_name")}
    if not (names["birth_name"] or names["used_name"]):
        raise NameMissing
    if form.sex not in {"", *Sex}:
        raise FieldUnfit("sex")
    language = form.language.strip()
    if language and not _LANGUAGE.match(language):
        raise FieldUnfit("language")
    fields = {
        **names,
        "birth_date": read_birth(form.birth_date, country=country, on=on).iso if form.birth_date.strip() else "",
        "sex": form.sex,
        "mail": read_mail(form.mail),
        "language": language,
        "address": clean(form.address, field="address", limit=identity.ADDRESS_LIMIT),
        "known": form.known,
    }
    notes = clean(form.notes, field="notes", limit=identity.NOTES_LIMIT, lines=True)
    return Kept(fields=fields, numbers=read_numbers(form.numbers, country=country), notes=notes)


def read_numbers(typed: tuple[str, ...], *, country: str) -> tuple[str, ...]:
    """The numbers in E.164, each once, in their order. Raises NumberUnreadable, TooManyNumbers."""
    found: dict[str, None] = {}
    for each in typed:
        if each.strip():
            found[read_number(each, country=country)] = None
            if len(found) > identity.MOST_NUMBERS:
                raise TooManyNumbers
    return tuple(found)


def read_number(typed: str, *, country: str) -> str:
    """One number in E.164. Raises NumberUnreadable: letters are no number, whatever a telephone would dial for them."""
    if len(typed) > _NUMBER_LIMIT or any(each.isalpha() or not each.isprintable() for each in typed):
        raise NumberUnreadable(typed[:_NUMBER_LIMIT])
    try:
        return parse_number(typed, country=country).e164
    except NotANumber as error:
        raise NumberUnreadable(typed) from error


def read_mail(typed: str) -> str:
    """A mail address without blanks around it. Raises FieldTooLong, FieldUnfit."""
    mail = typed.strip()
    if len(mail) > _MAIL_LIMIT:
        raise FieldTooLong("mail")
    if mail and not (_MAIL.match(mail) and mail.isprintable()):
        raise FieldUnfit("mail")
    return mail
