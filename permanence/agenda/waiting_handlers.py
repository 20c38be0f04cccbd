# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the waiting list does when it hears that a time got free, or that somebody was booked."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from permanence.agenda.events import (
    AgendaChanged,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMoved,
    AppointmentMovedBack,
    HoldReleased,
    TimeUnblocked,
)
from permanence.agenda.operations import offer_answers, offer_ends, waiting_held, waiting_offers
from permanence.agenda.queries import agendas, devices
from permanence.agenda.queries.agendas import booked_with
from permanence.agenda.queries.appointments import appointment
from permanence.agenda.queries.slots import HeldSlot, held_slot
from permanence.agenda.rules.states import Door, HoldEnd
from permanence.agenda.rules.waiting import TAKEN_BACK, WRITES_ON, Span, outside
from permanence.clients.events import AbsenceWithdrawn, ClientChanged
from permanence.foundation.operations import house_system
from permanence.kernel.events import Event

_MINUTE = timedelta(minutes=1)

type Freed = tuple[tuple[str, ...], datetime | None, datetime | None]


def on_freed(event_id: str, event: Event) -> None:
    """A time is free: the worker offers it in its next turn. Idempotent by event.

    A visit that was cancelled, or moved from there; busy time that was taken away; openings that are others now. Where
    combined visits take the agenda too, those in which they are booked are looked at as well; and those where somebody
    waits who needs the rooms or the equipment that the visit took.

    What was moved in the console waits until the page offers no way back any more. Where a slip had put it, the time is
    free as it was before: only what got free there before the slip is looked at again.
    """
    if isinstance(event, AppointmentMovedBack):
        _look_where_it_slipped(event)
        return
    named, starts, ends = _freed(event)
    noted = _with_others(event, named)
    for number, agenda in enumerate(noted):
        _note(_source(event_id, number), event, agenda, starts, ends)
    _note_devices(event_id, event, noted)


def _with_others(event: Event, named: Iterable[str]) -> list[str]:
    """Those agendas, and where combined visits take one of them too, those in which they are booked."""
    own, by = [each for each in named if each], house_system(house=event.house)
    return list(dict.fromkeys([*own, *(each for agenda in own for each in booked_with(by=by, agenda=agenda))]))


def _look_where_it_slipped(event: AppointmentMovedBack) -> None:
    waiting_held.look_again(
        house=event.house,
        client=event.client,
        agendas=None if event.from_resources else _with_others(event, (event.from_agenda, event.from_also)),
        held=HeldSlot(starts_at=event.from_starts_at, ends_at=event.from_ends_at, of_offer=False),
        at=event.at,
        since=event.slip_at - TAKEN_BACK,
    )


def _wait(event: Event) -> timedelta:
    if isinstance(event, TimeUnblocked) and event.door == Door.CALDAV:
        return WRITES_ON
    return TAKEN_BACK if isinstance(event, AppointmentMoved) and event.door == Door.CONSOLE else timedelta()


def _source(event_id: str, number: int) -> str:
    return f"{event_id}:{number}" if number else event_id


def _note(source: str, event: Event, agenda: str, starts: datetime | None, ends: datetime | None) -> None:
    waiting_offers.note_freed(
        house=event.house, agenda=agenda, source=source, at=event.at, starts_at=starts, ends_at=ends, wait=_wait(event)
    )


def _note_devices(event_id: str, event: Event, noted: Collection[str]) -> None:
    """What the visit took of rooms and equipment is free in other agendas, for who waits for what needs it there."""
    match event:
        case AppointmentCancelled():
            resources, starts, ends = event.resources, event.starts_at, event.ends_at
        case AppointmentMoved():
            resources, starts, ends = event.from_resources, event.from_starts_at, event.from_ends_at
        case _:
            return
    given = devices.GivenUp(client=event.client, agendas=noted, resources=resources, starts=starts, ends=ends)
    for agenda, reasons in devices.beside(given, by=house_system(house=event.house)).items():
        waiting_offers.note_freed(
            house=event.house,
            agenda=agenda,
            source=f"{event_id}:device {agenda}",
            at=event.at,
            starts_at=starts,
            ends_at=ends,
            reasons=reasons,
            wait=_wait(event),
        )


def on_hold_released(event_id: str, event: Event) -> None:
    """What was held is held no more, and nobody booked it. Idempotent by event.

    Times that got free while it stood in their way could be offered to nobody: they are looked at again, in its agendas
    and those whose combined visits take one of them, and in whichever agenda of the client where it took rooms or
    equipment. What of its own time is in none of these is one that got free, but for that of an offer, which sees to
    that itself; elsewhere it was free all along.
    """
    if not isinstance(event, HoldReleased):
        raise TypeError(f"expected HoldReleased, heard {type(event).__name__}")
    if event.ended == HoldEnd.BOOKED:
        return
    held = held_slot(house=event.house, hold=event.hold)
    if held is None:
        return
    theirs = _with_others(event, (event.agenda, event.also))
    looked_at = waiting_held.look_again(
        house=event.house,
        client=event.client,
        agendas=None if event.resources else theirs,
        held=held,
        at=event.at,
    )
    if held.of_offer:
        return
    for number, agenda in enumerate(theirs):
        for part in outside(Span(starts=held.starts_at, ends=held.ends_at), looked_at.get(agenda, ())):
            behind = (part.starts - held.starts_at) // _MINUTE
            source = f"{event_id}:{number}+{behind}" if behind else _source(event_id, number)
            _note(source, event, agenda, part.starts, part.ends)


def on_client_changed(_event_id: str, event: Event) -> None:
    """Somebody may be away now: what was offered of his time is offered no more. Idempotent."""
    if not isinstance(event, ClientChanged):
        raise TypeError(f"expected ClientChanged, heard {type(event).__name__}")
    offer_ends.withdraw_where_away(house=event.house, client=event.client, at=event.at)


def on_absence_withdrawn(event_id: str, event: Event) -> None:
    """Who was away is there after all: what is open in his agendas is offered at once, and in those whose combined
    visits take one of his too. Idempotent by event.
    """
    if not isinstance(event, AbsenceWithdrawn):
        raise TypeError(f"expected AbsenceWithdrawn, heard {type(event).__name__}")
    theirs = agendas.agendas(by=house_system(house=event.house), client=event.client)
    for agenda in _with_others(event, [each.id for each in theirs if event.recipient in {"", each.recipient}]):
        waiting_offers.note_freed(
            house=event.house,
            agenda=agenda,
            source=f"{event_id} {agenda}",
            at=event.at,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
        )


def on_booked(_event_id: str, event: Event) -> None:
    """Who has what he waits for waits no more; who had it by a slip alone waits again. Idempotent."""
    if not isinstance(event, AppointmentBooked | AppointmentMoved | AppointmentMovedBack):
        raise TypeError(f"expected that an appointment was booked or moved, heard {type(event).__name__}")
    by = house_system(house=event.house)
    if isinstance(event, AppointmentMovedBack):
        offer_answers.wait_again(appointment=event.appointment, slip_at=event.slip_at, by=by, at=event.at)
        return
    visit = appointment(by=by, appointment=event.appointment)
    if visit.revision == event.revision:
        moved_from = event.from_starts_at if isinstance(event, AppointmentMoved) else None
        offer_answers.follow_booking(appointment=visit, by=by, at=event.at, moved_from=moved_from)


def _freed(event: Event) -> Freed:
    """Which time of which agendas, the other one of a combined visit last; without moments any to come."""
    match event:
        case AppointmentCancelled():
            return (event.agenda, event.also), event.starts_at, event.ends_at
        case AppointmentMoved():
            return (event.from_agenda, event.from_also), event.from_starts_at, event.from_ends_at
        case TimeUnblocked():
            return (event.agenda,), event.starts_at, event.ends_at
        case AgendaChanged():
            return (event.agenda,), None, None
        case _:
            raise TypeError(f"expected that a time is free, heard {type(event).__name__}")
