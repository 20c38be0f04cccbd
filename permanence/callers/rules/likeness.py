# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether two entries are one person, and why: a secretary decides, these are the reasons she is shown.

Nothing here merges anything. Twins share name, birth date and number: with other first names they are two.
"""

import enum
from dataclasses import dataclass

from permanence.callers.rules.birth import BirthDate
from permanence.callers.rules.letters import joined, search_words


class Like(enum.StrEnum):
    """What two entries have in common, and what speaks against it."""

    SAME_BIRTH_DATE = "same_birth_date"
    NEAR_BIRTH_DATE = "near_birth_date"
    SAME_NAME = "same_name"
    NEAR_NAME = "near_name"
    SAME_FIRST_NAME = "same_first_name"
    NEAR_FIRST_NAME = "near_first_name"
    SAME_NUMBER = "same_number"
    OTHER_BIRTH_DATE = "other_birth_date"
    OTHER_FIRST_NAME = "other_first_name"
    OTHER_SEX = "other_sex"


AGAINST = frozenset({Like.OTHER_BIRTH_DATE, Like.OTHER_FIRST_NAME, Like.OTHER_SEX})
_WEIGHTS = {
    Like.SAME_BIRTH_DATE: 40,
    Like.NEAR_BIRTH_DATE: 15,
    Like.SAME_NAME: 30,
    Like.NEAR_NAME: 20,
    Like.SAME_FIRST_NAME: 30,
    Like.NEAR_FIRST_NAME: 20,
    Like.SAME_NUMBER: 20,
    Like.OTHER_BIRTH_DATE: -60,
    Like.OTHER_FIRST_NAME: -50,
    Like.OTHER_SEX: -20,
}
LIKELY = 60
"""From here on two entries are shown as perhaps the same person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What is compared. `birth` is None where nothing is known."""

    birth_name: str = ""
    used_name: str = ""
    first_name: str = ""
    birth: BirthDate | None = None
    sex: str = ""
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How likely it is (0 to 100), with what speaks for it and against it."""

    score: int
    reasons: tuple[Like, ...]

    @property
    def is_likely(self) -> bool:
        """Whether the two are shown side by side."""
        return self.score >= LIKELY


def likeness(one: Traits, other: Traits) -> Likeness:
    """How likely two entries of one client are one person. It does not matter which comes first."""
    reasons = tuple(filter(None, (_births(one, other), _families(one, other), _firsts(one, other))))
    if one.numbers & other.numbers:
        reasons += (Like.SAME_NUMBER,)
    if one.sex and other.sex and one.sex != other.sex:
        reasons += (Like.OTHER_SEX,)
    # A number and a first name are enough where nothing contradicts them: a marriage changes the family name.
    bonus = 10 if {Like.SAME_NUMBER, Like.SAME_FIRST_NAME} <= set(reasons) else 0
    score = sum(_WEIGHTS[each] for each in reasons) + bonus
    return Likeness(score=min(100, max(0, score)), reasons=reasons)


def _births(one: Traits, other: Traits) -> Like | None:
    if one.birth is None or other.birth is None:
        return None
    if one.birth == other.birth and one.birth.is_whole:
        return Like.SAME_BIRTH_DATE
    if one.birth.agrees_with(other.birth) or _mistyped(one.birth, other.birth):
        return Like.NEAR_BIRTH_DATE
    return Like.OTHER_BIRTH_DATE


def _mistyped(one: BirthDate, other: BirthDate) -> bool:
    """Day and month the other way round, or one figure that is another."""
    if not (one.is_whole and other.is_whole):
        return False
    turned = one.year == other.year and (one.month, one.day) == (other.day, other.month)
    return turned or sum(first != second for first, second in zip(one.iso, other.iso, strict=True)) == 1


def _families(one: Traits, other: Traits) -> Like | None:
    mine = [name for name in (one.birth_name, one.used_name) if name]
    theirs = [name for name in (other.birth_name, other.used_name) if name]
    return _names(mine, theirs, same=Like.SAME_NAME, near=Like.NEAR_NAME)


def _firsts(one: Traits, other: Traits) -> Like | None:
    if not (one.first_name and other.first_name):
        return None
    found = _names([one.first_name], [other.first_name], same=Like.SAME_FIRST_NAME, near=Like.NEAR_FIRST_NAME)
    return found or Like.OTHER_FIRST_NAME


def _names(mine: list[str], theirs: list[str], *, same: Like, near: Like) -> Like | None:
    if {joined(name) for name in mine} & {joined(name) for name in theirs}:
        return same
    words, others = ({word for name in names for word in search_words(name)} for names in (mine, theirs))
    letters = {word.letters for word in words if len(word.letters) > 1}
    heard = {word.sound for word in words if word.sound}
    shared = letters & {word.letters for word in others} or heard & {word.sound for word in others}
    return near if shared else None
