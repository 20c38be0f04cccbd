# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the room does when a call is over, when it ended in an appointment, and when two patients turn out to be one."""

from permanence.agenda.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentEvent,
    AppointmentLeft,
    AppointmentMoved,
    AppointmentMovedBack,
)
from permanence.agenda.operations import acts, call_acts, holds, public_mails, returns, visits, waiting_merges
from permanence.agenda.rules.elsewhere import ActElsewhere, outcome_of
from permanence.agenda.rules.public import PublicMailKind
from permanence.callers import queries as callers
from permanence.callers.events import PatientsMerged, PatientsParted
from permanence.callers.queries import PatientUnknown
from permanence.calls import operations as calls
from permanence.calls.events import CallRecorded
from permanence.clients.events import AbsenceWithdrawn, ClientChanged
from permanence.foundation.operations import house_system
from permanence.kernel.events import Event

ACTS: dict[type[Event], ActElsewhere] = {
    AppointmentBooked: ActElsewhere.BOOKED,
    AppointmentMoved: ActElsewhere.MOVED,
    AppointmentMovedBack: ActElsewhere.MOVED,
    AppointmentCancelled: ActElsewhere.CANCELLED,
}
"""What was done, by the event that tells it."""


def on_call_recorded(_event_id: str, event: Event) -> None:
    """What was held for the call is free. Idempotent: what ended stays ended."""
    if not isinstance(event, CallRecorded):
        raise TypeError(f"expected CallRecorded, heard {type(event).__name__}")
    holds.release_call(house=event.house, call=event.call, at=event.at)


def on_appointment(_event_id: str, event: Event) -> None:
    """Each act stands on the record of its call, whose outcome is the first until the secretary says it. Idempotent."""
    if not isinstance(event, AppointmentEvent):
        raise TypeError(f"expected AppointmentEvent, heard {type(event).__name__}")
    if event.call and event.by:
        act = ACTS[type(event)]
        call_acts.keep_act(
            house_key=house_system(house=event.house).house_key,
            call=event.call,
            appointment=event.appointment,
            revision=event.revision,
            act=act,
            starts_at=event.starts_at,
            at=event.at,
        )
        calls.note_outcome(house=event.house, call=event.call, outcome=outcome_of(act), client=event.client)


def on_visit_changed(_event_id: str, event: Event) -> None:
    """Who booked by himself is told by mail what became of it, whoever moved or cancelled it; of a move that was taken
    back, where he was told of it. Idempotent.
    """
    if not isinstance(event, AppointmentLeft | AppointmentCancelled):
        raise TypeError(f"expected that an appointment was moved or cancelled, heard {type(event).__name__}")
    kind = PublicMailKind.MOVED if isinstance(event, AppointmentLeft) else PublicMailKind.CANCELLED
    public_mails.tell_change(
        kind,
        house=event.house,
        visit=event.appointment,
        number=event.revision,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        at=event.at,
        back=isinstance(event, AppointmentMovedBack),
    )


def on_client_changed(_event_id: str, event: Event) -> None:
    """Absences are the client's: whoever shows his agendas fetches again. Idempotent."""
    if not isinstance(event, ClientChanged):
        raise TypeError(f"expected ClientChanged, heard {type(event).__name__}")
    acts.renew(client=event.client, at=event.at)


def on_absence_withdrawn(_event_id: str, event: Event) -> None:
    """Who was away is there after all: nobody is moved or cancelled because of it any more. Idempotent."""
    if not isinstance(event, AbsenceWithdrawn):
        raise TypeError(f"expected AbsenceWithdrawn, heard {type(event).__name__}")
    returns.end_follow_ups(house=event.house, client=event.client, absence=event.absence, at=event.at)


def on_patients_merged(_event_id: str, event: Event) -> None:
    """Their appointments, and their places on the waiting list, are one person's. Idempotent by merge."""
    if not isinstance(event, PatientsMerged):
        raise TypeError(f"expected PatientsMerged, heard {type(event).__name__}")
    by = house_system(house=event.house)
    if not _are_one(event):
        return
    waiting_merges.follow_merge(merge=event.merge, kept=event.kept, merged=event.merged, by=by, at=event.at)
    visits.follow_merge(house_key=by.house_key, merge=event.merge, kept=event.kept, merged=event.merged, at=event.at)


def _are_one(event: PatientsMerged) -> bool:
    """Whether that merge was not undone before it was heard: then nothing of the one is the other's."""
    try:
        return callers.standing(house=event.house, client=event.client, patient=event.merged).id != event.merged
    except PatientUnknown:
        return False


def on_patients_parted(_event_id: str, event: Event) -> None:
    """What came to the one by that merge goes back to the other. Idempotent."""
    if not isinstance(event, PatientsParted):
        raise TypeError(f"expected PatientsParted, heard {type(event).__name__}")
    by = house_system(house=event.house)
    waiting_merges.follow_parting(merge=event.merge, merged=event.merged, by=by, at=event.at)
    visits.follow_parting(house_key=by.house_key, merge=event.merge, merged=event.merged, at=event.at)
    visits.hand_over_counts(client=event.client, patient=event.merged, by=by, at=event.at)
