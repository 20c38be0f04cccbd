# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor gives one visit of his day to the secretaries, to be moved; or takes that back."""

from datetime import datetime

from permanence.agenda.operations.moves_asked import ask_to_move, take_back_move
from permanence.agenda.queries.views import AgendaView, AppointmentView
from permanence.agenda.refusals import ChangedMeanwhile
from permanence.foundation.who import Who

TO_MOVE, NOT_TO_MOVE = "to-move", "not-to-move"
MOVES = frozenset({TO_MOVE, NOT_TO_MOVE})


def seen_at(text: str, visit: AppointmentView) -> datetime:
    """The hour of the visit that he has read, as a form sends it. Raises ChangedMeanwhile where it names none."""
    try:
        return datetime.fromisoformat(text[:40])
    except ValueError as error:
        raise ChangedMeanwhile(visit.appointment) from error


def say_of_move(
    act: str, visit: AppointmentView, found: AgendaView, *, words: str, starts: str, by: Who, at: datetime
) -> None:
    """Raises those of the two acts."""
    if act == NOT_TO_MOVE:
        take_back_move(appointment=visit.appointment, by=by, at=at)
        return
    ask_to_move(appointment=visit.appointment, words=words, seen=(found.id, seen_at(starts, visit)), by=by, at=at)
