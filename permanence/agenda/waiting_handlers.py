# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the waiting list does when it hears that a time got free, or that somebody was booked."""

from datetime import datetime

from permanence.agenda.events import (
    AgendaChanged,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    HoldReleased,
    TimeUnblocked,
)
from permanence.agenda.operations import offer_answers, waiting_offers
from permanence.agenda.queries import agendas, devices
from permanence.agenda.queries.agendas import booked_with
from permanence.agenda.queries.appointments import appointment
from permanence.agenda.queries.slots import held_span
from permanence.agenda.rules.states import HoldEnd
from permanence.clients.events import AbsenceWithdrawn
from permanence.foundation.operations import house_system
from permanence.kernel.events import Event

type Freed = tuple[tuple[str, ...], datetime | None, datetime | None]


def on_freed(event_id: str, event: Event) -> None:
    """A time is free: the worker offers it in the same turn. Idempotent by event.

    A visit that was cancelled, or moved from there; a hold that was given back or has lapsed, but for one of an offer,
    which sees to that itself; busy time that was taken away; openings that are others now. Where combined visits
    take the agenda too, those in which they are booked are looked at as well; and those where somebody waits for the
    equipment that the visit took.
    """
    freed = _freed(event)
    if freed is None:
        return
    agendas, starts, ends = freed
    by = house_system(house=event.house)
    _note_devices(event_id, event, [each for each in agendas if each], starts, ends)
    others = (each for agenda in agendas if agenda for each in booked_with(by=by, agenda=agenda))
    for number, agenda in enumerate(dict.fromkeys([*filter(None, agendas), *others])):
        source = f"{event_id}:{number}" if number else event_id
        waiting_offers.note_freed(
            house=event.house, agenda=agenda, source=source, at=event.at, starts_at=starts, ends_at=ends
        )


def _note_devices(
    event_id: str, event: Event, taken: list[str], starts: datetime | None, ends: datetime | None
) -> None:
    """What the visit took of rooms and equipment is free for who waits for a reason that needs it in other agendas."""
    if not isinstance(event, AppointmentCancelled | AppointmentMoved):
        return
    beside = devices.beside(by=house_system(house=event.house), appointment=event.appointment, agendas=taken)
    for agenda in beside.agendas:
        waiting_offers.note_freed(
            house=event.house,
            agenda=agenda,
            source=f"{event_id}:device {agenda}",
            at=event.at,
            starts_at=starts,
            ends_at=ends,
            reasons=beside.reasons,
        )


def on_absence_withdrawn(event_id: str, event: Event) -> None:
    """Who was away is there after all: what is open in his agendas is offered at once. Idempotent by event."""
    if not isinstance(event, AbsenceWithdrawn):
        raise TypeError(f"expected AbsenceWithdrawn, heard {type(event).__name__}")
    for each in agendas.agendas(by=house_system(house=event.house), client=event.client):
        if event.recipient in {"", each.recipient}:
            waiting_offers.note_freed(
                house=event.house,
                agenda=each.id,
                source=f"{event_id} {each.id}",
                at=event.at,
                starts_at=event.starts_at,
                ends_at=event.ends_at,
            )


def on_booked(_event_id: str, event: Event) -> None:
    """Who has what he waits for waits no more. Idempotent."""
    if not isinstance(event, AppointmentBooked | AppointmentMoved):
        raise TypeError(f"expected AppointmentBooked or AppointmentMoved, heard {type(event).__name__}")
    by = house_system(house=event.house)
    visit = appointment(by=by, appointment=event.appointment)
    if visit.revision == event.revision:
        offer_answers.follow_booking(appointment=visit, by=by, at=event.at)


def _freed(event: Event) -> Freed | None:
    """Which time of which agendas, the other one of a combined visit last; without moments any to come. None where it
    is no matter of the list.
    """
    match event:
        case AppointmentCancelled():
            return (event.agenda, event.also), event.starts_at, event.ends_at
        case AppointmentMoved():
            return (event.from_agenda, event.from_also), event.from_starts_at, event.from_ends_at
        case TimeUnblocked():
            return (event.agenda,), event.starts_at, event.ends_at
        case AgendaChanged():
            return (event.agenda,), None, None
        case HoldReleased():
            span = None if event.ended == HoldEnd.BOOKED else held_span(house=event.house, hold=event.hold)
            return None if span is None else ((event.agenda, event.also), *span)
        case _:
            raise TypeError(f"expected that a time is free, heard {type(event).__name__}")
