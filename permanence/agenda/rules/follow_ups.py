# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a doctor may want done with the booked whom his absence meets, and how it ended."""

import enum

LATEST = 480
"""Minutes a doctor may say that he is late."""


class Wanted(enum.StrEnum):
    """What a secretary is to do."""

    MOVE = "move"
    CALL = "call"
    CANCEL = "cancel"


class Outcome(enum.StrEnum):
    """What she did. TAKEN_BACK: the doctor wants nothing any more."""

    CALLED = "called"
    CANCELLED = "cancelled"
    KEPT = "kept"
    TAKEN_BACK = "taken_back"
