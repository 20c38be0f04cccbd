# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions about sites and directories: who may be given a number, how much a client's card can hold."""

from enum import StrEnum

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
