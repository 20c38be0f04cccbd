# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the reasons of one client are told apart wherever a day is shown: a colour and a short code for each."""

from collections.abc import Iterable
from dataclasses import dataclass

from permanence.agenda.rules.kinds import COLOURS, VisitReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a reason is told from the others: its colour (1 to 8) and a code of at most four characters."""

    colour: int
    code: str


UNKNOWN = Mark(colour=8, code="?")
"""Of a reason that is not there any more."""


def marks_of(reasons: Iterable[VisitReason]) -> dict[str, Mark]:
    """Colour and code of each reason of one client, in their order: those he chose, else by place and name.

    No two codes are the same; the one that was chosen stays as it is.
    """
    known = list(reasons)
    codes: dict[str, str] = {}
    for reason in sorted(known, key=lambda each: not each.code):
        code = base = reason.code or code_of(reason.name)
        number = 2
        while code in codes.values():
            code = f"{base[:3]}{number}"
            number += 1
        codes[reason.id] = code
    return {
        each.id: Mark(colour=each.colour or position % COLOURS + 1, code=codes[each.id])
        for position, each in enumerate(known)
    }


def code_of(name: str) -> str:
    """The short form of a reason's name: an abbreviation in it, initials of several words, else its beginning."""
    words = [each for each in "".join(one if one.isalnum() else " " for one in name).split() if each]
    short = next((each for each in words if 2 <= len(each) <= 4 and each.isupper()), "")
    if short:
        return short
    long = [each for each in words if len(each) > 2]
    if len(long) > 1:
        return "".join(each[0] for each in long[:3]).upper()
    return (words[0] if words else "?")[:3].upper()
