# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of a red flag in a call."""

from enum import StrEnum


class FlagAct(StrEnum):
    """It was heard; she said its words to the caller; she could not, he was gone; it was none."""

    HEARD = "heard"
    SAID = "said"
    UNSAID = "unsaid"
    DISMISSED = "dismissed"


class FlagCause(StrEnum):
    """Why it was none: asked, and it is not so; the words meant something else; past or cared for; a slip."""

    ASKED = "asked"
    MEANT = "meant"
    PAST = "past"
    SLIP = "slip"


def fits(what: str, cause: str) -> bool:
    """Whether `what` is an act and has a cause exactly where it needs one."""
    if what == FlagAct.DISMISSED:
        return cause in set(FlagCause)
    return what in set(FlagAct) and cause == ""
