# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a first name is written: "HOFFMANN Jeanne" is the house's way, and many files have both in capitals."""

import re
import unicodedata

_WORD = re.compile(r"[\W_]+")
_PARTICLES = frozenset({"d", "da", "das", "de", "del", "della", "des", "do", "dos", "du", "l"})
"""Between two words of a name these are small; what ends or begins one is a name itself ("Anne-Do", "Do Thi")."""
_AFTER_DE = frozenset({"la", "las", "le", "les", "los"})
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿıəаеёиіїоуыэюяαεηιουω")


def is_in_capitals(first_name: str) -> bool:
    """Whether nothing in a name says which of its letters are capitals. One letter is an initial, and says nothing."""
    return first_name.isupper() and sum(map(str.isalpha, first_name)) > 1


def in_small_letters(first_name: str) -> str:
    """A first name that is all in capitals as it is written by hand: "MARIE-JOSÉ" is "Marie-José". Its letters, as
    names are compared, stay; one that has a small letter is given back untouched. Words without a vowel are initials.
    """
    if not is_in_capitals(first_name):
        return first_name
    whole = unicodedata.normalize("NFC", first_name)  # an accent of its own would end a word
    gaps, words = _WORD.findall(whole), _WORD.split(whole)
    named = [place for place, word in enumerate(words) if word]
    written = [
        _small(word) if named[0] < place < named[-1] and _is_particle(words, place) else _begun(word)
        for place, word in enumerate(words)
    ]
    return "".join(part for pair in zip(written, [*gaps, ""], strict=True) for part in pair)


def _is_particle(words: list[str], place: int) -> bool:
    word = words[place].lower()
    return word in _PARTICLES or (word in _AFTER_DE and words[place - 1].lower() == "de")


def _begun(word: str) -> str:
    small = _small(word)
    return word[:1] + _small(word[1:]) if _VOWELS & set(small) else word


def _small(word: str) -> str:
    return word.replace("İ", "i").lower()  # Python would leave the dot beside it as a letter of its own
