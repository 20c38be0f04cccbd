# SPDX-License-Identifier: AGPL-3.0-or-later
"""Birth dates and ages in words, so that console, portal and agenda say the same."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permanence.callers.queries import PatientView
from permanence.callers.rules.birth import Age, BirthDate, age_at
from permanence.callers.rules.no_show import Rule, judge
from permanence.foundation import dates

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
    day = (
        dates.say(birth.first, dates.Form.WHOLE)
        if birth.day
        else date_format(birth.first, "YEAR_MONTH_FORMAT" if birth.month else "Y")
    )
    return _("%(day)s, %(age)s") % {"day": day, "age": age_words(age)}


def age_words(age: Age) -> str:
    """The age in words: of small children in months, of whom the day is not known "about"."""
    if age.months < MONTHS_UNTIL and age.certain:
        return ngettext("%(count)d month", "%(count)d months", age.months) % {"count": age.months}
    years = ngettext("%(count)d year", "%(count)d years", age.years) % {"count": age.years}
    return years if age.certain else _("about %(age)s") % {"age": years}


def no_show_words(rule: Rule, no_shows: int) -> str:
    """What the secretary is told of somebody who did not keep his appointments, as the client's rule wants; or ""."""
    verdict = judge(rule, no_shows)
    told: list[str] = []
    if verdict.warns or verdict.blocks_online or verdict.deposit_note:
        told.append(no_show_count(no_shows))
    if verdict.blocks_online:
        told.append(_("Where he is recognised online, he is asked to call."))
    if verdict.deposit_note:
        told.append(_("Say: %(words)s") % {"words": verdict.deposit_note})
    return " ".join(told)


def no_show_count(no_shows: int) -> str:
    """How many appointments somebody did not keep."""
    said = ngettext("Did not come to %(count)d appointment.", "Did not come to %(count)d appointments.", no_shows)
    return said % {"count": no_shows}
