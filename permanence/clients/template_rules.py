# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of a client may be copied to another: nothing that names a person, a place of his, or a number."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

SHORTEST_NAME = 3
FEWEST_DIGITS = 6
"""Shorter numbers are those of emergencies, hours and floors."""
_NUMBER = re.compile(r"\+?\d(?:[ .\-/()\u00a0\u202f]{0,2}\d)*")
_WORD = re.compile(r"[^\W\d_]+")
_TITLES = "docteur doctor doktor dr prof professeur professor monsieur madame mme mlle mr mrs herr frau maitre"
_PLACES = "cabinet praxis practice surgery office bureau etude kanzlei secretariat sekretariat arztpraxis garage"
_OTHERS = "service customer kundendienst the and und les des das der die pour mit for medical medicale mobile"
_GENERAL = frozenset(" ".join((_TITLES, _PLACES, _OTHERS)).split())
"""Words of names that name nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A text that was not copied. `kind`: greeting, instruction, reason, site; `names`: for which word or number.

    `narrowed`: it says nothing of the kind, but holds only for what `names` is: a line, a recipient, a caller.
    """

    kind: str
    text: str
    names: str
    narrowed: bool = False


def names_nobody_else(text: str, names: Iterable[str]) -> str:
    """The first word of `text` that belongs to one of `names`, or the first telephone number in it; "" when none.

    It errs to the safe side: "Fontaine" in a sentence about a fountain counts where somebody is called Fontaine.
    """
    for found in _NUMBER.finditer(text):
        if sum(character.isdecimal() for character in found[0]) >= FEWEST_DIGITS:
            return found[0]
    return somebody_in(text, names)


def somebody_in(text: str, names: Iterable[str]) -> str:
    """The first word of `text` that belongs to one of `names`; "" when none does."""
    known = {plain for name in names for plain in map(_plain, _WORD.findall(name)) if _names_somebody(plain)}
    return next((word for word in _WORD.findall(text) if _plain(word) in known), "")


def renamed(text: str, *, old: str, new: str) -> str:
    """The text with the old client's whole name replaced by the new one's."""
    return re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _found: new, text)


def _names_somebody(plain: str) -> bool:
    return len(plain) >= SHORTEST_NAME and plain not in _GENERAL


def _plain(word: str) -> str:
    """Small letters without accents."""
    return "".join(each for each in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(each))
