# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a secretary types into the one field: a birth date and a few letters, a name, or a number."""

import re
from dataclasses import dataclass
from datetime import date

from permanence.callers.rules.birth import BirthDate, BirthDateUnfit, BirthDateUnreadable, possible_births, read_birth
from permanence.callers.rules.letters import PARTICLES, Word, fold, readings
from permanence.countries.numbers import NotANumber, parse_number

LONGEST = 120
"""Characters that are read; nobody types more."""
FEWEST_DIGITS = 6
"""Fewer digits are no number that is looked for."""
_FIGURES = re.compile(r"\+?[0-9][0-9 .,/\-()\u00a0\u202f]*")
_DAY_MONTH_YEAR = re.compile(r"\b[0-9]{1,2}(?:er|st|nd|rd|th)?[ .]+[^\W\d_]{3,10}\.?[ ]+[0-9]{2,4}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`births`: dates that may be meant. `letters`: the rest as typed, `names`: ways to read it, each a row of words.

    `number`: E.164.
    """

    births: tuple[BirthDate, ...] = ()
    letters: str = ""
    names: tuple[tuple[Word, ...], ...] = ()
    number: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed by which somebody can be found."""
        return not (self.births or self.names or self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """The person whom the words name, if he is new: family name first, as lists have it."""

    family_name: str = ""
    first_name: str = ""
    birth: BirthDate | None = None


def newcomer(text: str, *, country: str, on: date) -> NewPerson | None:
    """Who would be added from what was typed: "140361 Dupont Jeanne", "LE ROY Luc", "Le Roy, Luc". None without a name.

    A comma ends the family name; without one its words in capitals, or the first word with the particles before it.
    Nobody is added without the birth date that was given: raises BirthDateUnfit where it is none on which somebody can
    have been born.
    """
    if fault := _birth_fault(text, country=country, on=on):
        raise fault
    asked = read_asked(text, country=country, on=on)
    family, comma, first = asked.letters.partition(",")
    if not comma:
        words = asked.letters.split()
        end = _family_words(words)
        family, first = " ".join(words[:end]), " ".join(words[end:])
    family, first = family.strip(), first.replace(",", " ").strip()
    if not any(each.isalpha() for each in family):
        return None
    birth = max((each for each in asked.births), default=None)
    return NewPerson(family_name=_written(family), first_name=_written(first), birth=birth)


def _family_words(words: list[str]) -> int:
    """How many of the words are the family name."""
    capitals = next((place for place, word in enumerate(words) if not (word.isupper() and len(word) > 1)), len(words))
    if 0 < capitals < len(words):
        return capitals
    particles = next((place for place, word in enumerate(words) if fold(word) not in PARTICLES), 0)
    return particles + 1


def _written(name: str) -> str:
    """With capitals where the secretary typed none, or nothing else."""
    if name.islower() or name.isupper():
        return re.sub(r"[^\W\d_]+", lambda found: found[0].capitalize(), name)
    return name


def read_asked(text: str, *, country: str, on: date) -> Asked:
    """What may be meant; `country` is the client's, `on` today there. Never raises."""
    text = _printed(text)
    spoken = _DAY_MONTH_YEAR.search(text)
    if spoken is not None:
        births = possible_births(spoken[0], country=country, on=on)
        if births:
            rest = _without(text, spoken)
            return Asked(births=births, letters=rest, names=readings(rest))
    found = _FIGURES.search(text)
    if found is None:
        return Asked(letters=text, names=readings(text))
    figures = _figures(found)
    births = possible_births(figures, country=country, on=on)
    number = _number(figures, country)
    rest = _without(text, found)
    return Asked(births=births, letters=rest, names=readings(rest), number=number)


def _birth_fault(text: str, *, country: str, on: date) -> BirthDateUnfit | None:
    """What is against the birth date that was typed: one on which nobody can have been born, or figures that are none
    and no number either. None where nothing is against it, or no date was meant.
    """
    asked = read_asked(text, country=country, on=on)
    if asked.births:
        return None
    text = _printed(text)
    spoken = _DAY_MONTH_YEAR.search(text)
    fault = _fault(spoken[0], country=country, on=on) if spoken else None
    if fault is not None and not isinstance(fault, BirthDateUnreadable):
        return fault
    found = _FIGURES.search(text)
    if found is None:
        return None
    figures = _figures(found)
    # Beside a name they are meant as a date, also where they could be dialled.
    is_date = asked.letters and re.fullmatch(r"[0-9]{6}|[0-9]{8}|[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{2,4}", figures)
    if not is_date and (asked.number or sum(each.isdecimal() for each in figures) < FEWEST_DIGITS):
        return None
    return _fault(figures, country=country, on=on)


def _fault(figures: str, *, country: str, on: date) -> BirthDateUnfit | None:
    try:
        read_birth(figures, country=country, on=on)
    except BirthDateUnfit as refusal:
        return refusal
    return None


def _printed(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text[:LONGEST]).strip()


def _figures(found: re.Match[str]) -> str:
    return found[0].strip(" .,/-\u00a0\u202f")


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}".strip()


def _number(figures: str, country: str) -> str:
    if sum(each.isdecimal() for each in figures) < FEWEST_DIGITS:
        return ""
    try:
        return parse_number(figures, country=country).e164
    except NotANumber:
        return ""
