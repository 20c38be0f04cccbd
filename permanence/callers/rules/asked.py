# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a secretary types into the one field: a birth date and a few letters, a name, or a number."""

import re
from dataclasses import dataclass
from datetime import date

from permanence.callers.rules.birth import BirthDate, possible_births
from permanence.callers.rules.letters import Word, readings
from permanence.countries.numbers import NotANumber, parse_number

LONGEST = 120
"""Characters that are read; nobody types more."""
FEWEST_DIGITS = 6
"""Fewer digits are no number that is looked for."""
_FIGURES = re.compile(r"\+?[0-9][0-9 .,/\-()\u00a0\u202f]*")
_DAY_MONTH_YEAR = re.compile(r"\b[0-9]{1,2}(?:er|st|nd|rd|th)?[ .]+[^\W\d_]{3,10}\.?[ ]+[0-9]{2,4}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`births`: dates that may be meant. `names`: ways to read the letters, each a row of words. `number`: E.164."""

    births: tuple[BirthDate, ...] = ()
    names: tuple[tuple[Word, ...], ...] = ()
    number: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed by which somebody can be found."""
        return not (self.births or self.names or self.number)


def read_asked(text: str, *, country: str, on: date) -> Asked:
    """What may be meant; `country` is the client's, `on` today there. Never raises."""
    text = "".join(each if each.isprintable() else " " for each in text[:LONGEST]).strip()
    spoken = _DAY_MONTH_YEAR.search(text)
    if spoken is not None:
        births = possible_births(spoken[0], country=country, on=on)
        if births:
            return Asked(births=births, names=readings(text[: spoken.start()] + " " + text[spoken.end() :]))
    found = _FIGURES.search(text)
    if found is None:
        return Asked(names=readings(text))
    figures = found[0].strip(" .,/-\u00a0\u202f")
    births = possible_births(figures, country=country, on=on)
    number = _number(figures, country)
    names = readings(text[: found.start()] + " " + text[found.end() :])
    return Asked(births=births, names=names, number=number)


def _number(figures: str, country: str) -> str:
    if sum(each.isdecimal() for each in figures) < FEWEST_DIGITS:
        return ""
    try:
        return parse_number(figures, country=country).e164
    except NotANumber:
        return ""
