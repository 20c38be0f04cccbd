# SPDX-License-Identifier: AGPL-3.0-or-later
"""Days in words and in figures, in the language of the page: the one place where the house writes a day.

French says « mardi 1er décembre » and only of the first day so (Imprimerie nationale); German sets a full stop after
the figure and after what is shortened: „Dienstag, 1. Dezember“, „Di., 1.“ (DIN 5008). How each language sets them
stands in `foundation/formats/`; hours are `foundation.moments`'. Templates have them by `{% load dates %}`.
"""

import enum
import re
from datetime import date, datetime

from django.utils import formats
from django.utils.translation import get_language

_DAY_OF_MONTH = re.compile(r"(?<!\\)j")


class Form(enum.StrEnum):
    """How much of a day is said. The value names the format of each language."""

    OF_MONTH = "MONTH_DAY_FORMAT"
    WHOLE = "DATE_FORMAT"
    NAMED = "NAMED_DAY_FORMAT"
    NAMED_WHOLE = "NAMED_DATE_FORMAT"
    SHORT = "SHORT_DAY_FORMAT"
    SHORT_NAMED = "SHORT_NAMED_DAY_FORMAT"
    SHORT_NAMED_WHOLE = "SHORT_NAMED_DATE_FORMAT"
    COLUMN = "COLUMN_DAY_FORMAT"
    FIGURES = "SHORT_DATE_FORMAT"
    NAMED_FIGURES = "NAMED_FIGURES_FORMAT"


def say(day: date, form: Form) -> str:
    """The day in that form; a moment's day on the clock it carries. Of 1 December 2026, a Tuesday, in French:

    OF_MONTH "1er décembre", WHOLE "1er décembre 2026", NAMED "mardi 1er décembre", NAMED_WHOLE with the year, SHORT
    "1er déc. 2026", SHORT_NAMED "mar. 1er déc.", SHORT_NAMED_WHOLE with the year, COLUMN "mar. 1er", FIGURES
    "01/12/2026", NAMED_FIGURES "mar. 01/12/2026".
    """
    written = formats.get_format(form.value)
    if day.day == 1 and (get_language() or "").startswith("fr"):
        written = _DAY_OF_MONTH.sub(r"j\\e\\r", written)
    return formats.date_format(day, written)


def iso_figures(iso: str) -> str:
    """A day kept as ISO, as far as it is known, in figures: "1961-03-14" as 14/03/1961, "1961-03" as 03/1961."""
    return iso_between(iso, between_figures())


def between_figures() -> str:
    """What stands between the figures of a day in the active language."""
    return "." if (get_language() or "").startswith("de") else "/"


def iso_between(iso: str, between: str) -> str:
    """`iso_figures` where the language was asked already, for a list of thousands."""
    return between.join(reversed(iso.split("-")))


def weekday(day: date) -> str:
    """The name of its day of the week: "mardi"."""
    return formats.date_format(day, "l")


def short_moment(at: datetime) -> str:
    """Day and hour of a list, on the clock that the moment carries: "1er déc. 2026, 14:05"."""
    return f"{say(at, Form.SHORT)}, {at:%H:%M}"
