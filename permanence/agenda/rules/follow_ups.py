# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may be wanted for the booked whom an absence, or the end of an agenda, meets, and how it ended."""

import enum

LATEST = 480
"""Minutes a doctor may say that he is late."""


class Wanted(enum.StrEnum):
    """What a secretary is to do. STANDS is asked for by nobody: the patient was called because of an absence that was
    withdrawn since, and has to hear that his appointment stands. KEEP neither: he was given to nobody, and a secretary
    says that he comes all the same.
    """

    MOVE = "move"
    CALL = "call"
    CANCEL = "cancel"
    STANDS = "stands"
    KEEP = "keep"


ASKED = (Wanted.MOVE, Wanted.CALL, Wanted.CANCEL)
"""What a doctor may ask for."""


class Onwards(enum.StrEnum):
    """What becomes of those who wait for an agenda alone that is closed: they wait for the client's others, or for none
    any more.
    """

    ANY = "any"
    NONE = "none"


class Outcome(enum.StrEnum):
    """What she did. KEPT: he comes all the same, for a colleague receives him or the doctor comes back. TAKEN_BACK: the
    doctor wants nothing any more, or something else. BACK: he is there after all.
    """

    CALLED = "called"
    CANCELLED = "cancelled"
    KEPT = "kept"
    TAKEN_BACK = "taken_back"
    BACK = "back"
