# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every act on an appointment begins and ends with: whose it is, how it stands, what is told of it."""

from datetime import datetime
from typing import Any

from permanence.agenda import events
from permanence.agenda.models import Agenda, Appointment
from permanence.agenda.operations.acts import filled, renewed
from permanence.agenda.queries import asked as questions
from permanence.agenda.queries.agendas import clients_seen, known_key
from permanence.agenda.refusals import AgendaBusy, AppointmentUnknown, ChangedMeanwhile, NotNow
from permanence.agenda.rules.states import STANDING
from permanence.foundation.who import Who

type Seen = tuple[str, datetime]
"""In which agenda (of a combined visit either) and from when on an appointment stood as who acts has seen it."""


def told(visit: Appointment, *, by: Who, at: datetime, call: str = "") -> dict[str, Any]:
    """What every event of an appointment says."""
    return {
        "house": by.house,
        "at": at,
        "appointment": visit.key,
        "client": str(visit.client_id),
        "agenda": str(visit.agenda_id),
        "recipient": str(visit.agenda.recipient_id),
        "starts_at": visit.starts_at,
        "ends_at": visit.ends_at,
        "revision": visit.revision,
        "by": by.person,
        "call": call,
        "also": str(visit.also_id or ""),
    }


def subject(visit: Appointment) -> str:
    """How the audit trail names it."""
    return f"agenda.appointment:{visit.pk}"


def note(
    visit: Appointment,
    row: Agenda,
    action: str,
    event: events.AppointmentEvent,
    *,
    by: Who,
    at: datetime,
    **more: object,
) -> None:
    """Note and announce what became of an appointment."""
    filled(row, action=action, subject=subject(visit), by=by, at=at, event=event, **more)
    if visit.also is not None:
        renewed(visit.also, at=at)


def reach_appointment(appointment: str, *, by: Who) -> Appointment:
    """The appointment with its agenda, not locked. Raises AppointmentUnknown."""
    found = next(iter(questions.visit_with_agenda(by.house_key, known_key(appointment))), None)
    if found is None or not clients_seen(by, [found.client_id]):
        raise AppointmentUnknown(appointment[:40])
    return found


def unmoved(visit: Appointment, seen: Seen | None) -> None:
    """Nothing where it stands as it was seen, or nobody says how. Raises ChangedMeanwhile."""
    if seen is not None and (seen[0] not in {str(visit.agenda_id), str(visit.also_id)} or seen[1] != visit.starts_at):
        raise ChangedMeanwhile(visit.key)


def standing(key: str, rows: dict[int, Agenda], seen: Seen | None = None) -> Appointment:
    """The appointment under the lock of its agenda, while it may be moved and cancelled.

    Raises NotNow, AgendaBusy when it went elsewhere meanwhile, ChangedMeanwhile when it stands otherwise than `seen`.
    """
    visit = next(iter(questions.visit_in(key, tuple(rows))), None)
    if visit is None:
        raise AgendaBusy(key)
    if visit.state not in STANDING:
        raise NotNow(f"{key} is {visit.state}")
    unmoved(visit, seen)
    visit.agenda = rows[visit.agenda_id]
    return visit
