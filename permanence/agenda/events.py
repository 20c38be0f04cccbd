# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the room announces. No event carries a patient's name or a caller's number."""

from dataclasses import dataclass

from permanence.kernel.events import Event, EventCatalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentBookedElsewhere(Event):
    """A secretary did something in a client's external agenda and recorded it. `act`: booked, moved or cancelled.

    `key` is the act's id. One that is corrected is announced again with the same key and `corrected` set, the whole of
    it as it stands now; a bill counts the last word by key.
    """

    key: str
    client: str
    recipient: str
    call: str
    act: str
    recorded_by: str
    corrected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentElsewhereUndone(Event):
    """What was recorded under `key` was a slip: it counts no more."""

    key: str
    client: str
    call: str


AGENDA_EVENTS = EventCatalogue(AppointmentBookedElsewhere, AppointmentElsewhereUndone)
