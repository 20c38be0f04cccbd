# SPDX-License-Identifier: AGPL-3.0-or-later
"""Birth dates and ages in words, so that console, portal and agenda say the same."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permanence.callers.queries import PatientView
from permanence.callers.rules.birth import Age, BirthDate, age_at

MONTHS_UNTIL = 24
"""Months up to which an age is said in months."""


def person_words(person: PatientView, on: date) -> str:
    """Name, birth date and age on a day: "DUPONT Jeanne, 14 mars 1961, 65 ans"; or the name alone."""
    if person.birth is None:
        return person.name
    return f"{person.name}, {born_words(person.birth, age_at(person.birth, on))}"


def born_words(birth: BirthDate | None, age: Age | None) -> str:
    """The birth date as far as it is known, and the age: "14 mars 1961, 65 ans"."""
    if birth is None or age is None:
        return _("birth date not known")
    form = "DATE_FORMAT" if birth.day else "YEAR_MONTH_FORMAT" if birth.month else "Y"
    return _("%(day)s, %(age)s") % {"day": date_format(birth.first, form), "age": age_words(age)}


def age_words(age: Age) -> str:
    """The age in words: of small children in months, of whom the day is not known "about"."""
    if age.months < MONTHS_UNTIL and age.certain:
        return ngettext("%(count)d month", "%(count)d months", age.months) % {"count": age.months}
    years = ngettext("%(count)d year", "%(count)d years", age.years) % {"count": age.years}
    return years if age.certain else _("about %(age)s") % {"age": years}
