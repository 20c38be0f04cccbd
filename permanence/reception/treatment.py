# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of a call for a client at a moment: answered, or closing words, with or without a voice message."""

from datetime import datetime
from typing import Protocol

from permanence.kernel.record import record
from permanence.reception.absence import ANNOUNCE, ANSWER, VOICE_MESSAGE, closing_absence
from permanence.reception.closing import CLOSED, SUSPENDED, voice_message_allowed
from permanence.reception.events import Reason
from permanence.reception.hours import Opening
from permanence.reception.table import ANSWERED, ClientSlice


class OpeningsOf(Protocol):
    """Says whether a client is open: `reception.hours.Openings`, or what answers like it."""

    def of(self, client: ClientSlice, *, at: datetime) -> Opening:
        """Open or closed at `at`, and why."""
        ...


@record
class Treatment:
    """`kind`: answer, announce or voice_message; `reason` of the closing words, "" when the call is answered."""

    kind: str
    reason: str
    why: tuple[Reason, ...]


def why_shut(client: ClientSlice, openings: OpeningsOf, *, at: datetime) -> tuple[str, Reason] | None:
    """The `reason` of the closing words and what explains it; None when calls are answered at `at`.

    A client who is not active is shut; then an absence of the whole client may close his lines; then his hours do.
    """
    if client.state not in ANSWERED:
        return SUSPENDED, Reason(code="client_inactive", detail=client.state)
    absence = closing_absence(client, at=at)
    if absence is not None:
        return CLOSED, Reason(code="closed_by_absence", detail=absence.id)
    hours = openings.of(client, at=at)
    if hours.is_open:
        return None
    return CLOSED, Reason(code=f"closed_by_{hours.because}", detail=hours.label)


def treatment_at(client: ClientSlice, openings: OpeningsOf, *, at: datetime) -> Treatment:
    """How a call that arrives at `at` is treated, and why."""
    shut = why_shut(client, openings, at=at)
    if shut is None:
        hours = openings.of(client, at=at)
        return Treatment(kind=ANSWER, reason="", why=(Reason(code=f"open_by_{hours.because}", detail=hours.label),))
    reason, why = shut
    allowed, voice = voice_message_allowed(client, closing_absence(client, at=at))
    return Treatment(kind=VOICE_MESSAGE if allowed else ANNOUNCE, reason=reason, why=(why, voice))
