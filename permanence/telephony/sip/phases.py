# SPDX-License-Identifier: AGPL-3.0-or-later
"""The phases of a session, and every passage from one to the next.

Theory of operation
-------------------
A session begins INVITED (we answer) or CALLING (we dial).

    INVITED -> EARLY -> ACCEPTED -> CONFIRMED -> ENDED        answering; ENDED from each
                        ACCEPTED -> CLOSING   -> ENDED        ended before the ACK: BYE must wait for it (section 15)
    CALLING -> PROCEEDING -> CONFIRMED -> ENDED               dialling; CALLING again elsewhere, or with a password
               PROCEEDING -> CANCELLING -> ENDED              given up; a 2xx that crosses is released
"""

from enum import Enum


class Phase(Enum):
    """How far a session is."""

    __hash__ = object.__hash__  # there is one object a phase (see `machine.State`)
    INVITED = "invited"
    EARLY = "early"
    ACCEPTED = "accepted"
    CLOSING = "closing"
    CALLING = "calling"
    PROCEEDING = "proceeding"
    CANCELLING = "cancelling"
    CONFIRMED = "confirmed"
    ENDED = "ended"


PHASES: dict[Phase, frozenset[Phase]] = {
    Phase.INVITED: frozenset({Phase.EARLY, Phase.ACCEPTED, Phase.ENDED}),
    Phase.EARLY: frozenset({Phase.EARLY, Phase.ACCEPTED, Phase.ENDED}),
    Phase.ACCEPTED: frozenset({Phase.CONFIRMED, Phase.CLOSING, Phase.ENDED}),
    Phase.CLOSING: frozenset({Phase.ENDED}),
    Phase.CALLING: frozenset({Phase.CALLING, Phase.PROCEEDING, Phase.CANCELLING, Phase.CONFIRMED, Phase.ENDED}),
    Phase.PROCEEDING: frozenset({Phase.CALLING, Phase.PROCEEDING, Phase.CANCELLING, Phase.CONFIRMED, Phase.ENDED}),
    Phase.CANCELLING: frozenset({Phase.ENDED}),
    Phase.CONFIRMED: frozenset({Phase.ENDED}),
    Phase.ENDED: frozenset(),
}

NAMES = {phase: phase.value for phase in Phase}
"""How each is called in the journal."""
