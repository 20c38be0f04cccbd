# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names as they are compared: accents, capitals, hyphens, apostrophes and particles make no other name.

"Lefèvre" and "LEFEVRE", "D'Angelo" and "Dangelo", "Le Roy" and "Leroy", "Jean-Pierre" and "jean pierre" meet.
"""

import re
import unicodedata
from dataclasses import dataclass

from permanence.callers.rules.sound import sound_of

_PARTICLES = (
    "a al af au aux ben bin d da das de del della den der des di do dos du e el l la las le les lo los o of op san st "
    "te ten ter thi van vom von vu y zu zum zur"
)
PARTICLES = frozenset(_PARTICLES.split())
"""Words that many names have: nobody is looked for by one of them alone."""
_SPLIT = re.compile(r"[\W_]+")
_UNDECOMPOSED = str.maketrans(
    {"ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
MOST_WORDS = 12
"""Words of one name that are searched."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a name, as it is searched: its letters, and its sound."""

    letters: str
    sound: str


def fold(text: str) -> str:
    """Small letters without accents. What has no Latin form stays as it is written."""
    small = unicodedata.normalize("NFKD", text.casefold().translate(_UNDECOMPOSED))
    return unicodedata.normalize("NFC", "".join(each for each in small if not unicodedata.combining(each)))


def split(text: str) -> tuple[str, ...]:
    """The words of a name in small letters, their accents kept: they tell of the sound."""
    return tuple(filter(None, _SPLIT.split(unicodedata.normalize("NFC", text).lower())))


def same_letters(first: str, second: str) -> bool:
    """Whether two names are one in their letters."""
    return joined(first) == joined(second)


def joined(text: str) -> str:
    """All letters of a name in one."""
    return fold("".join(split(text)))


def search_words(text: str) -> tuple[Word, ...]:
    """The words by which a name is found: each word, a particle with what follows it, and all of them in one."""
    parts = split(text)[:MOST_WORDS]
    found = [part for part in parts if fold(part) not in PARTICLES] or list(parts)
    found += _with_particles(parts)
    found.append("".join(parts))
    return tuple(dict.fromkeys(Word(letters=fold(each), sound=sound_of(each)) for each in found if each))


def readings(text: str) -> tuple[tuple[Word, ...], ...]:
    """How typed words may be meant: each a word; particles with what follows; all of it one name."""
    parts = split(text)[:MOST_WORDS]
    bare = tuple(part for part in parts if fold(part) not in PARTICLES) or parts
    ways = (bare, tuple(_particles_joined(parts)), ("".join(parts),))
    kept = dict.fromkeys(way for way in ways if any(way))
    return tuple(tuple(Word(letters=fold(each), sound=sound_of(each)) for each in way) for way in kept)


def _particles_joined(parts: tuple[str, ...]) -> list[str]:
    """ "le roy jean" as "leroy", "jean"."""
    found: list[str] = []
    held = ""
    for part in parts:
        if fold(part) in PARTICLES:
            held += part
        else:
            found.append(held + part)
            held = ""
    return [*found, held] if held else found


def _with_particles(parts: tuple[str, ...]) -> list[str]:
    return [each for each in _particles_joined(parts) if each not in parts]
