# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions about sites and directories: who may be given a number, how much a client's card can hold."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

MOST_SITES = 30
MOST_CONTACTS = 200
"""What one client's card carries at most: it goes with every offer of his calls."""
MOST_NUMBERS = 4
"""Numbers of one contact."""


class NumberFor(StrEnum):
    """To whom a number of the directory may be given."""

    NOBODY = "nobody"
    PROFESSIONALS = "professionals"
    CALLERS = "callers"


class Lift(StrEnum):
    """Whether there is a lift."""

    UNKNOWN = ""
    YES = "yes"
    NO = "no"


UNDO_FOR = timedelta(days=7)
"""How long a change of the directory can be taken back with one touch."""


def mark_of(facts: Mapping[str, Any] | None) -> str:
    """A mark of what a form began from: it differs as soon as somebody else has changed the entry. None: no entry."""
    said = None if facts is None else sorted((name, value) for name, value in facts.items())
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def is_urgent_number(numbers: Sequence[str], number_for: str) -> bool:
    """Whether somebody who calls may be given one of these numbers: then it is where urgencies go."""
    return bool(numbers) and number_for in {NumberFor.PROFESSIONALS, NumberFor.CALLERS}
