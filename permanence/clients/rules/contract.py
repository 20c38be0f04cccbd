# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a client's calls belong to his contract on a day, and if not, why."""

from datetime import date
from enum import StrEnum

from permanence.clients.rules.account import ClientState


class OutsideContract(StrEnum):
    """Why calls of a client are none of his contract: he has none yet, it rests, it is over, or the day is not in it.

    `early` and `late` calls are answered all the same; callers of the others hear the closing words.
    """

    PROSPECT = "prospect"
    SUSPENDED = "suspended"
    ENDED = "ended"
    EARLY = "early"
    LATE = "late"


_STATES = {
    ClientState.PROSPECT: OutsideContract.PROSPECT,
    ClientState.SUSPENDED: OutsideContract.SUSPENDED,
    ClientState.ENDED: OutsideContract.ENDED,
}


def outside_contract(
    state: ClientState, *, starts: date | None, ends: date | None, day: date
) -> OutsideContract | None:
    """Why a call on `day` (of the client's clock) is outside the contract, which holds when `starts <= day < ends`.

    None where it is in it. A trial comes before the contract: of it only the end counts.
    """
    if state in _STATES:
        return _STATES[state]
    if ends is not None and day >= ends:
        return OutsideContract.LATE
    if starts is not None and day < starts and state is not ClientState.TRIAL:
        return OutsideContract.EARLY
    return None
