# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is settled when the INVITE comes: whether the client's line is shut, and the limits of the wait."""

from datetime import datetime, timedelta

from permanence.reception.closing import CLOSED, SUSPENDED
from permanence.reception.events import Reason
from permanence.reception.greeting import spoken_language
from permanence.reception.hours import Openings
from permanence.reception.table import ANSWERED, ClientSlice, HouseSlice
from permanence.reception.waiting import Call

UNKNOWN_RING_S = 10
"""Seconds of 180 before the music on a line nobody has."""

UNKNOWN_MAX_WAIT_S = 180
"""The longest wait on a line nobody has."""


def why_shut(client: ClientSlice, openings: Openings, *, at: datetime) -> tuple[str, Reason] | None:
    """The `reason` of the closing words and what explains it; None when the line is open at `at`."""
    if client.state not in ANSWERED:
        return SUSPENDED, Reason(code="client_inactive", detail=client.state)
    hours = openings.of(client, at=at)
    if hours.is_open:
        return None
    return CLOSED, Reason(code=f"closed_by_{hours.because}", detail=hours.label)


def new_call(
    call: str,
    client: str | None,
    entry: ClientSlice | None,
    house: HouseSlice,
    *,
    order: int,
    hints: tuple[str, ...],
    at: datetime,
) -> Call:
    """The desk's record of a call for `client`, as the table has him (`entry`), or for a line nobody has (None)."""
    offered = () if entry is None else entry.languages
    made = Call(
        call=call,
        client=client,
        order=order,
        arrived=at,
        wait_from=at,
        languages=offered,
        language=spoken_language(hints, offered, house.language),
    )
    start_limits(made, entry, at=at)
    return made


def start_limits(call: Call, entry: ClientSlice | None, *, at: datetime) -> None:
    """The limits of a wait that begins at `at`: when the music starts and when the caller has waited enough."""
    ring_s = UNKNOWN_RING_S if entry is None else entry.ring_before_music_s
    longest_s = UNKNOWN_MAX_WAIT_S if entry is None else entry.max_wait_s
    call.wait_from = at
    call.music_at = None if call.music else at + timedelta(seconds=ring_s)
    call.close_at = at + timedelta(seconds=longest_s)
