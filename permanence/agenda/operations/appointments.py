# SPDX-License-Identifier: AGPL-3.0-or-later
"""Book, overbook, move and cancel. What is written passed the rules under the agenda's lock, and the database's too."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from permanence.agenda import events
from permanence.agenda.models import Agenda, Appointment, Series
from permanence.agenda.models.appointments import CAUSE_LENGTH
from permanence.agenda.operations.acts import filled, once, reach, renewed, short
from permanence.agenda.operations.answers import asked, sealed
from permanence.agenda.operations.holds import HOLDER_LIMIT, clear, kept_since, own_hold, use
from permanence.agenda.operations.stood import Stood
from permanence.agenda.operations.taking import (
    Look,
    asker,
    book_of,
    holder_of,
    last_taken,
    leave,
    occupy,
    occupy_again,
    refused,
)
from permanence.agenda.operations.visit_acts import Seen, note, reach_appointment, standing, subject, told, unmoved
from permanence.agenda.queries.appointments import appointment as appointment_of
from permanence.agenda.queries.moving import own_minutes
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import CauseMissing, PatientDeceased
from permanence.agenda.rules import free
from permanence.agenda.rules.states import AppointmentState, CancelCause, Door
from permanence.agenda.rules.wishes import Slot, Wish
from permanence.callers import queries as callers
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class AnotherClient(Refusal):
    """An appointment stays with its client: the agenda is another one's, whom this person may see too."""

    code = "another_client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What is to be booked for whom. `new_here`: the patient comes for the first time, whatever is known of him; None:
    as the patient's file says. `yes_to`: contra-indication questions answered by yes. `holder` as in `hold_slot`.
    `said`: question -> answer where the door asks the reason's questions, kept with the appointment; None where not.
    """

    patient: str
    reason: str
    door: Door = Door.CONSOLE
    call: str = ""
    holder: str = ""
    new_here: bool | None = None
    yes_to: frozenset[str] = frozenset()
    said: Mapping[str, str] | None = None

    @property
    def content(self) -> dict[str, object]:
        """What tells it from another one."""
        said = {"yes": sorted(self.yes_to), "new": self.new_here, "call": self.call, "door": self.door.value}
        asked = {} if self.said is None else {"said": sorted(self.said.items())}
        return {"patient": self.patient, "reason": self.reason, **said, **asked}


def book(
    *, key: str, agenda: str, starts_at: datetime, booking: Booking, by: Who, at: datetime, hold: str = ""
) -> AppointmentView:
    """Book a visit; `key`, made by the page, is its id. From a hold, or directly: what the same person or call holds of
    that span becomes the booking. What is kept may begin meanwhile, or be nearer than the notice: it was free when it
    was asked for.

    Raises AgendaUnknown, callers' PatientUnknown, PatientDeceased, QuestionsUnanswered, AddressMissing, SlotRefused,
    SlotAlreadyTaken, HoldUnknown, HoldOver, and those of `acts.once`.
    """
    row, patient, wish = wanted(agenda, booking, by=by)
    content = {**booking.content, "agenda": agenda, "starts_at": starts_at, "hold": hold}
    asked_at = kept_since(row, starts_at, held_for=wish.holder, at=at) if booking.holder else at
    judge = Look(row=row, wish=wish, starts=starts_at, at=asked_at)

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        kept = rows[row.pk]
        clear(kept, at=at)
        if hold:
            held = own_hold(kept, hold, held_for=wish.holder, by=by, at=at)
            judge.wish = replace(wish, holder=held.held_for)
            judge.at = held.held_at if held.starts_at == starts_at else at
        slot = judge.under_lock(kept)
        put(kept, slot, key=key, booking=booking, patient=patient, holder=judge.wish.holder, by=by, at=at)
        return {"appointment": key}

    look = None if hold else judge.look
    result = once(act="book", key=key, agendas=[row], content=content, by=by, at=at, do=do, look=look)
    return appointment_of(by=by, appointment=result["appointment"])


def overbook(
    *, key: str, agenda: str, starts_at: datetime, booking: Booking, cause: str, by: Who, at: datetime
) -> AppointmentView:
    """Book a visit where there is no room, if agenda and reason allow it, with a cause in words. Where there is room it
    is an ordinary one. Raises as `book` does.
    """
    row, patient, wish = wanted(agenda, booking, by=by)
    words = short(cause, CAUSE_LENGTH)
    content = {**booking.content, "agenda": agenda, "starts_at": starts_at, "cause": words}

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        kept = rows[row.pk]
        clear(kept, at=at)
        answer = free.overbook(book_of(kept, starts=starts_at), wish, starts=starts_at, cause=words, at=at)
        if not isinstance(answer, free.Overbooking):
            raise refused(answer)
        told = words if answer.borne else ""
        put(kept, answer.slot, key=key, booking=booking, patient=patient, holder=wish.holder, by=by, at=at, cause=told)
        return {"appointment": key}

    result = once(act="overbook", key=key, agendas=[row], content=content, by=by, at=at, do=do)
    return appointment_of(by=by, appointment=result["appointment"])


def move(
    *,
    key: str,
    appointment: str,
    agenda: str,
    starts_at: datetime,
    by: Who,
    at: datetime,
    door: Door = Door.CONSOLE,
    call: str = "",
    holder: str = "",
    seen: Seen | None = None,
) -> AppointmentView:
    """Another moment, or another agenda of the same client; what the mover holds there becomes the appointment's place.

    It lasts as long as it did, and is to be confirmed anew; put where it stands, it stays as it is and nobody is told.
    A combined visit that is put into the other agenda it takes stays in its own. With `seen` only where it stands so.

    Raises AppointmentUnknown, AgendaUnknown, AnotherClient, PatientDeceased, NotNow, ChangedMeanwhile, SlotRefused,
    SlotAlreadyTaken, and those of `acts.once`.
    """
    found = reach_appointment(appointment, by=by)
    row = reach(agenda, by=by)
    row = found.agenda if row.pk == found.also_id else row
    if row.client_id != found.client_id:
        raise AnotherClient(agenda[:40])
    holder = holder_of(holder=short(holder, HOLDER_LIMIT - 8), call=short(call, HOLDER_LIMIT - 8), by=by)
    wish = wish_of(found, door=door, holder=holder, by=by)
    judge = Look(row=row, wish=wish, starts=starts_at, at=at, without=found.key)

    def look() -> None:
        unmoved(found, seen)
        judge.look()

    def do(rows: dict[int, Agenda]) -> dict[str, Any]:
        kept, visit = rows[row.pk], standing(found.key, rows, seen)
        clear(kept, at=at)
        slot = judge.under_lock(kept)
        use(kept, holder, slot, by=by, at=at)
        if _stands_in(visit, slot):
            return {"appointment": visit.key}
        stood = Stood.of(visit)
        put_elsewhere(visit, slot, kept, door=door, by=by, at=at, call=call)
        return {"appointment": visit.key, "stood": stood.told, "revision": visit.revision}

    content = {"appointment": appointment, "agenda": agenda, "starts_at": starts_at}
    agendas = [row, found.agenda]
    result = once(act="move", key=key, agendas=agendas, content=content, by=by, at=at, do=do, look=look)
    return appointment_of(by=by, appointment=result["appointment"])


def wish_of(found: Appointment, *, door: Door, holder: str, by: Who) -> Wish:
    """What is wanted for a visit that is moved: its reason, and as long as it is. Raises callers' PatientUnknown,
    PatientDeceased.
    """
    patient = _alive(str(found.patient_id), client=str(found.client_id), by=by)
    return Wish(
        reason=str(found.reason_id),
        is_new=not found.known,
        born=patient.born,
        asked_by=asker(by, door),
        holder=holder,
        minutes=own_minutes(found.key, starts=found.starts_at, ends=found.ends_at),
    )


def _stands_in(visit: Appointment, slot: Slot) -> bool:
    """Whether it has that very place."""
    there = int(slot.agenda), _other(slot), _site(slot), slot.starts, slot.ends
    its = visit.agenda_id, visit.also_id, visit.site_id, visit.starts_at, visit.ends_at
    return its == there


def put_elsewhere(
    visit: Appointment,
    slot: Slot,
    row: Agenda,
    *,
    door: Door,
    by: Who,
    at: datetime,
    call: str,
    stood: Stood | None = None,
    slip_at: datetime | None = None,
) -> None:
    """What stands goes into a slot of `row` that was judged, inside an act. With `stood` it is again what
    it was there, before the move of `slip_at`. Raises SlotAlreadyTaken.
    """
    left, other = visit.agenda, visit.also
    before: dict[str, Any] = {
        "from_agenda": str(left.pk),
        "from_also": "" if other is None else str(other.pk),
        "from_starts_at": visit.starts_at,
        "from_ends_at": visit.ends_at,
    }
    last = 0 if stood is None else last_taken(visit)
    resources = leave(visit)
    visit.agenda, visit.starts_at, visit.ends_at = row, slot.starts, slot.ends
    visit.also_id, visit.site_id = _other(slot), _site(slot)
    visit.state, visit.state_at = AppointmentState.BOOKED.value if stood is None else stood.state.value, at
    visit.overbook_cause, visit.confirmed_at = ("", None) if stood is None else (stood.cause, stood.confirmed_at)
    visit.revision += 1
    visit.save()
    if stood is None or stood.in_group:
        occupy(row, slot, appointment=visit)
    else:
        occupy_again(visit, stood.rows, after=last)
    said: dict[str, Any] = {**told(visit, by=by, at=at, call=call), **before, "from_resources": resources}
    event = (
        events.AppointmentMoved(**said, door=door.value)
        if slip_at is None
        else events.AppointmentMovedBack(**said, slip_at=slip_at)
    )
    note(visit, row, "appointment.moved", event, by=by, at=at, **before)
    if other is not None and other.pk != visit.also_id:
        renewed(other, at=at)
    if left.pk != row.pk:
        filled(left, action="appointment.moved_away", subject=subject(visit), by=by, at=at, event=None)


def cancel(
    *,
    key: str,
    appointment: str,
    cause: CancelCause,
    by: Who,
    at: datetime,
    words: str = "",
    call: str = "",
    seen: Seen | None = None,
) -> AppointmentView:
    """It does not take place; its span is free at once. CancelCause.OTHER wants words. With `seen` only where it stands
    so.

    Raises AppointmentUnknown, NotNow, CauseMissing, ChangedMeanwhile, and those of `acts.once`.
    """
    found, said = reach_appointment(appointment, by=by), short(words, CAUSE_LENGTH)
    if cause is CancelCause.OTHER and not said:
        raise CauseMissing(appointment[:40])

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        visit = standing(found.key, rows, seen)
        resources = leave(visit)
        visit.state, visit.state_at = AppointmentState.CANCELLED.value, at
        visit.cancel_cause, visit.cancel_words, visit.cancelled_by_name = cause.value, said, by.name
        visit.revision += 1
        visit.save()
        told_of = told(visit, by=by, at=at, call=call)
        event = events.AppointmentCancelled(**told_of, cause=cause.value, resources=resources)
        note(visit, rows[visit.agenda_id], "appointment.cancelled", event, by=by, at=at, cause=cause.value)
        return {"appointment": visit.key}

    content = {"appointment": appointment, "cause": cause.value, "words": said}
    result = once(act="cancel", key=key, agendas=[found.agenda], content=content, by=by, at=at, do=do)
    return appointment_of(by=by, appointment=result["appointment"])


def wanted(agenda: str, booking: Booking, *, by: Who) -> tuple[Agenda, callers.PatientView, Wish]:
    """The agenda, who stands for the patient, and the wish.

    Raises AgendaUnknown, callers' PatientUnknown, PatientDeceased; where the door asks and somebody did not,
    QuestionsUnanswered, AddressMissing.
    """
    row = reach(agenda, by=by)
    patient = _alive(booking.patient, client=str(row.client_id), by=by)
    yes = (
        booking.yes_to
        if booking.said is None
        else booking.yes_to | asked(row, booking.reason, booking.said, on_file=patient.address)
    )
    is_new = (not patient.known) if booking.new_here is None else booking.new_here
    call = short(booking.call, HOLDER_LIMIT - 8)
    return (
        row,
        patient,
        Wish(
            reason=booking.reason,
            is_new=is_new,
            born=patient.born,
            asked_by=asker(by, booking.door),
            holder=holder_of(holder=short(booking.holder, HOLDER_LIMIT - 8), call=call, by=by),
            yes_to=yes,
        ),
    )


def _alive(patient: str, *, client: str, by: Who) -> callers.PatientView:
    """Who stands for the patient. Raises callers' PatientUnknown, PatientDeceased."""
    found = callers.standing(house=by.house, client=client, patient=patient)
    if found.is_deceased:
        raise PatientDeceased(found.id)
    return found


def put(
    row: Agenda,
    slot: Slot,
    *,
    key: str,
    booking: Booking,
    patient: callers.PatientView,
    holder: str,
    by: Who,
    at: datetime,
    cause: str = "",
    series: Series | None = None,
    position: int | None = None,
) -> Appointment:
    """Write an appointment into a slot that was judged, inside an act. Raises SlotAlreadyTaken."""
    use(row, holder, slot, by=by, at=at)
    is_new = (not patient.known) if booking.new_here is None else booking.new_here
    visit = Appointment.objects.create(
        house_id=row.house_id,
        client_id=row.client_id,
        agenda=row,
        also_id=_other(slot),
        site_id=_site(slot),
        key=key,
        patient_id=int(patient.id),
        known=not is_new,
        reason_id=int(slot.reason),
        starts_at=slot.starts,
        ends_at=slot.ends,
        state_at=at,
        door=booking.door.value,
        call=booking.call,
        booked_by_id=by.person_key,
        booked_by_name=by.name,
        booked_at=at,
        overbook_cause=cause,
        series=series,
        position=position,
        sealed_answers=sealed(row, slot.reason, booking.said or {}),
    )
    occupy(row, slot, appointment=visit, blocking=not cause)
    more: dict[str, Any] = {
        "door": booking.door.value,
        "series": "" if series is None else series.key,
        "overbooked": bool(cause),
    }
    event = events.AppointmentBooked(**told(visit, by=by, at=at, call=booking.call), **more)
    note(visit, row, "appointment.booked", event, by=by, at=at, **more)
    return visit


def _other(slot: Slot) -> int | None:
    """The other agenda of a combined visit."""
    return None if slot.also is None else int(slot.also.agenda)


def _site(slot: Slot) -> int | None:
    """The site at which the visit is."""
    return int(slot.site) if slot.site else None
