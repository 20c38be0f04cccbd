# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the room does when a call is over, and when two patients turn out to be one, or two after all."""

from permanence.agenda.operations import holds, visits
from permanence.callers.events import PatientsMerged, PatientsParted
from permanence.calls.events import CallRecorded
from permanence.foundation.operations import house_system
from permanence.kernel.events import Event


def on_call_recorded(_event_id: str, event: Event) -> None:
    """What was held for the call is free. Idempotent: what ended stays ended."""
    if not isinstance(event, CallRecorded):
        raise TypeError(f"expected CallRecorded, heard {type(event).__name__}")
    holds.release_call(house=event.house, call=event.call, at=event.at)


def on_patients_merged(_event_id: str, event: Event) -> None:
    """Their appointments are one person's. Idempotent by merge."""
    if not isinstance(event, PatientsMerged):
        raise TypeError(f"expected PatientsMerged, heard {type(event).__name__}")
    key = house_system(house=event.house).house_key
    visits.follow_merge(house_key=key, merge=event.merge, kept=event.kept, merged=event.merged, at=event.at)


def on_patients_parted(_event_id: str, event: Event) -> None:
    """What came to the one by that merge goes back to the other. Idempotent."""
    if not isinstance(event, PatientsParted):
        raise TypeError(f"expected PatientsParted, heard {type(event).__name__}")
    key = house_system(house=event.house).house_key
    visits.follow_parting(house_key=key, merge=event.merge, merged=event.merged, at=event.at)
