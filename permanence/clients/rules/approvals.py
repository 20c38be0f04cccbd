# SPDX-License-Identifier: AGPL-3.0-or-later
"""Urgent paths: which changes a second person approves where the contract asks for it, and how long they wait."""

from datetime import datetime, timedelta
from enum import StrEnum

URGENT_PRIORITY = 2
"""An instruction of this priority or a higher one is urgent: it stands above the others on the card."""
LASTS = timedelta(days=7)
"""A change that nobody approved for so long lapses."""
MOST_WAITING = 50
"""Changes of one client that wait at once."""
REMARK_LIMIT = 600
"""Characters of a doctor's remark on the red flags, and of the answer to it."""
CAUSE_LIMIT = 300
"""Characters of the cause for which a change is refused."""


class ProposalKind(StrEnum):
    """What would change: each is one operation, called when the change is approved."""

    INSTRUCTION = "instruction"
    RETIREMENT = "retirement"
    URGENT_TO = "urgent_to"
    ABSENCE_OVER = "absence_over"
    CONTACT = "contact"
    CONTACT_REMOVED = "contact_removed"
    DUTY_CONTACT = "duty_contact"
    RED_FLAGS = "red_flags"


class ProposalState(StrEnum):
    """Where a proposal stands. Overtaken: what it would change was changed meanwhile, or it cannot be any more."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"
    OVERTAKEN = "overtaken"
    LAPSED = "lapsed"


def state_at(kept: str, lapses_at: datetime, *, at: datetime) -> ProposalState:
    """The state at a moment: what still waits has lapsed once its time is over."""
    found = ProposalState(kept)
    return ProposalState.LAPSED if found is ProposalState.WAITING and lapses_at <= at else found


def is_urgent_instruction(*priorities: int) -> bool:
    """Whether an instruction is urgent before or after a change."""
    return any(each >= URGENT_PRIORITY for each in priorities)
