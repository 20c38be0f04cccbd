# SPDX-License-Identifier: AGPL-3.0-or-later
"""The opening hours of a day as people type them: "8-12, 14h-18h30", "24h", "closed". Pure."""

import itertools
import re
from collections.abc import Iterable

WHOLE_DAY = ("00:00", "24:00")
TYPICAL_WEEK = (*("08:00-12:00, 14:00-18:00",) * 5, "", "")
"""What a new client begins with, Monday first; the owner corrects it."""

_CLOCK = r"(\d{1,2})(?:\s*[:h.](\d{2})?)?"
_SPAN = re.compile(rf"{_CLOCK}\s*(?:-|–|—|à|to|bis)\s*{_CLOCK}")
_BETWEEN = re.compile(r"\s*(?:[,;/+]|et|and|und)?\s*")
_CLOSED = frozenset({"", "-", "fermé", "ferme", "closed", "geschlossen"})
_ALL_DAY = frozenset({"24h", "24 h", "24/24", "24h/24"})


class HoursUnclear(ValueError):
    """The text is not hours; its argument is the part that could not be read."""


class HoursOverlap(HoursUnclear):
    """Two of the openings take the same time: `spans`, each as "8:00-12:00"."""

    def __init__(self, *spans: tuple[str, str]) -> None:
        self.spans = tuple(f"{opens.removeprefix('0')}-{until.removeprefix('0')}" for opens, until in spans)
        super().__init__(", ".join(self.spans))


def read_day(text: str) -> tuple[tuple[str, str], ...]:
    """The openings of one day as ("08:00", "12:00") pairs, in order; empty for a closed day. Raises HoursUnclear,
    of two that overlap HoursOverlap.

    An opening whose end comes before its beginning goes on after midnight.
    """
    words = text.strip().lower()
    if words in _CLOSED:
        return ()
    if words in _ALL_DAY:
        return (WHOLE_DAY,)
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(words):
        span = _SPAN.match(words, place)
        if span is None:
            raise HoursUnclear(words[place:])
        opens, until = _clock(span[1], span[2]), _clock(span[3], span[4])
        if opens in {until, "24:00"}:
            raise HoursUnclear(span[0])
        found.append((opens, until))
        between = _BETWEEN.match(words, span.end())
        place = span.end() if between is None else between.end()
    found.sort()
    for (begun, until), (opens, closes) in itertools.pairwise(found):
        if until > opens or until < begun:  # the first of two overlaps, or goes on after midnight past the second
            raise HoursOverlap((begun, until), (opens, closes))
    return tuple(found)


def write_day(openings: Iterable[tuple[str, str]]) -> str:
    """The openings as the field shows them."""
    return ", ".join(f"{opens}-{until}" for opens, until in openings)


def _clock(hours: str, minutes: str | None) -> str:
    clock = f"{int(hours):02d}:{minutes or '00'}"
    if int(hours) > 24 or int(minutes or 0) > 59 or clock > "24:00":
        raise HoursUnclear(clock)
    return clock
