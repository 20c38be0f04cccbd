# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of an appointment without its moving: what is said of it, and taken back; and whose it is."""

from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from django.db import transaction

from permanence.agenda import events
from permanence.agenda.models import Agenda, Appointment, FollowedMerge
from permanence.agenda.operations.acts import locked, once, touch
from permanence.agenda.operations.visit_acts import note, reach_appointment, told
from permanence.agenda.queries.appointments import appointment as appointment_of
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import NotNow
from permanence.agenda.rules.states import CAME, AppointmentState, may_follow, taken_back
from permanence.callers import operations as callers
from permanence.callers import visit_operations as kept
from permanence.foundation.who import Who

EVENTS: dict[AppointmentState, tuple[type[events.AppointmentEvent], str]] = {
    AppointmentState.CONFIRMED: (events.AppointmentConfirmed, "appointment.confirmed"),
    AppointmentState.ARRIVED: (events.PatientArrived, "appointment.arrived"),
    AppointmentState.DONE: (events.AppointmentDone, "appointment.done"),
    AppointmentState.NO_SHOW: (events.PatientDidNotCome, "appointment.no_show"),
}


class Counted(TypedDict):
    """Whose count in `callers` an act changes, and who does it."""

    client: str
    act: str
    by: Who
    at: datetime


def confirm(*, key: str, appointment: str, by: Who, at: datetime) -> AppointmentView:
    """The patient said that he will come. Raises AppointmentUnknown, NotNow, and those of `acts.once`."""
    return _mark(AppointmentState.CONFIRMED, key=key, appointment=appointment, by=by, at=at)


def mark_arrived(*, key: str, appointment: str, by: Who, at: datetime) -> AppointmentView:
    """The patient is there; who was said not to have come is there after all. Raises as `confirm`."""
    return _mark(AppointmentState.ARRIVED, key=key, appointment=appointment, by=by, at=at)


def mark_done(*, key: str, appointment: str, by: Who, at: datetime) -> AppointmentView:
    """The visit took place. Raises as `confirm`."""
    return _mark(AppointmentState.DONE, key=key, appointment=appointment, by=by, at=at)


def mark_no_show(*, key: str, appointment: str, by: Who, at: datetime) -> AppointmentView:
    """The patient did not come: not before the visit has begun. It counts on his file until it is corrected.

    Raises as `confirm`.
    """
    return _mark(AppointmentState.NO_SHOW, key=key, appointment=appointment, by=by, at=at)


def take_back(*, key: str, appointment: str, by: Who, at: datetime) -> AppointmentView:
    """What was said of it last was a slip: it stands again as it did before its day, and may be moved and cancelled.

    That the patient came or not on the day on which it was said alone; that he confirmed as long as it stands. Raises
    as `confirm`.
    """
    found = reach_appointment(appointment, by=by)

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        visit = _under_lock(found, rows)
        zone, now = ZoneInfo(visit.agenda.client.time_zone), AppointmentState(visit.state)
        same_day = visit.state_at.astimezone(zone).date() == at.astimezone(zone).date()
        state = taken_back(now, confirmed=visit.confirmed_at is not None, same_day=same_day)
        if state is None:
            raise NotNow(f"{visit.key} is {now}")
        _become(visit, state, by=by, at=at)
        event = events.AppointmentMarkTakenBack(**told(visit, by=by, at=at), state=state.value)
        note(visit, visit.agenda, "appointment.taken_back", event, by=by, at=at, was=now.value)
        return {"appointment": visit.key}

    content = {"appointment": appointment}
    result = once(act="take_back", key=key, agendas=[found.agenda], content=content, by=by, at=at, do=do)
    return appointment_of(by=by, appointment=result["appointment"])


def _mark(state: AppointmentState, *, key: str, appointment: str, by: Who, at: datetime) -> AppointmentView:
    found = reach_appointment(appointment, by=by)

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        visit = _under_lock(found, rows)
        early = state is AppointmentState.NO_SHOW and at < visit.starts_at
        if not may_follow(state, AppointmentState(visit.state)) or early:
            raise NotNow(f"{visit.key} is {visit.state}")
        _become(visit, state, by=by, at=at)
        kind, action = EVENTS[state]
        note(visit, visit.agenda, action, kind(**told(visit, by=by, at=at)), by=by, at=at)
        return {"appointment": visit.key}

    content = {"appointment": appointment, "state": state.value}
    result = once(act="mark", key=key, agendas=[found.agenda], content=content, by=by, at=at, do=do)
    return appointment_of(by=by, appointment=result["appointment"])


def _under_lock(found: Appointment, rows: dict[int, Agenda]) -> Appointment:
    """The visit as it is under the lock. Raises NotNow where it was moved away from there meanwhile."""
    visit = Appointment.objects.get(pk=found.pk)
    if visit.agenda_id not in rows:
        raise NotNow(f"{visit.key} is in another agenda")
    visit.agenda = rows[visit.agenda_id]
    return visit


def _become(visit: Appointment, state: AppointmentState, *, by: Who, at: datetime) -> None:
    """It is in this state now; what the patient's file counts of it follows."""
    now, client = AppointmentState(visit.state), str(visit.client_id)
    visit.state, visit.state_at = state.value, at
    if state is AppointmentState.CONFIRMED:
        visit.confirmed_at = visit.confirmed_at or at
    elif state is AppointmentState.BOOKED:
        visit.confirmed_at = None
    visit.save(update_fields=["state", "state_at", "confirmed_at"])
    who: Counted = {"client": client, "act": visit.key, "by": by, "at": at}
    if state is AppointmentState.NO_SHOW:
        callers.count_no_show(patient=str(visit.patient_id), **who)
    elif now is AppointmentState.NO_SHOW:
        callers.forgive_no_show(**who)
    if state in CAME and now not in CAME:
        kept.count_visit(patient=str(visit.patient_id), **who)
    elif now in CAME and state not in CAME:
        kept.forget_visit(**who)


@transaction.atomic
def follow_merge(*, house_key: int, merge: str, kept: str, merged: str, at: datetime) -> int:
    """What was booked for `merged` is booked for `kept`, for they are one; gives how many. Idempotent."""
    theirs = Appointment.objects.for_house(house_key).filter(patient=int(merged))
    theirs = theirs.exclude(pk__in=FollowedMerge.objects.filter(merge=merge).values("appointment"))
    rows = locked(theirs.values_list("agenda", flat=True))
    found = list(theirs.filter(agenda__in=list(rows)))
    FollowedMerge.objects.bulk_create(
        FollowedMerge(house_id=each.house_id, client_id=each.client_id, appointment=each, merge=merge) for each in found
    )
    return _give(found, kept, rows, at=at)


@transaction.atomic
def follow_parting(*, house_key: int, merge: str, merged: str, at: datetime) -> int:
    """They were two after all: what came by that merge goes back; gives how many. Idempotent."""
    followed = FollowedMerge.objects.for_house(house_key).filter(merge=merge)
    theirs = Appointment.objects.filter(pk__in=followed.values("appointment"))
    rows = locked(theirs.values_list("agenda", flat=True))
    found = list(theirs.filter(agenda__in=list(rows)))
    followed.filter(appointment__in=found).delete()
    return _give(found, merged, rows, at=at)


def hand_over_counts(*, client: str, patient: str, by: Who, at: datetime) -> None:
    """That somebody came, or did not, to what is booked for this patient after a parting counts for him. Idempotent.

    Raises ClientUnknown, PatientUnknown.
    """
    theirs = Appointment.objects.for_house(by.house_key).filter(patient=int(patient))
    kept.hand_over(client=client, patient=patient, acts=list(theirs.values_list("key", flat=True)), by=by, at=at)


def _give(found: list[Appointment], patient: str, rows: dict[int, Agenda], *, at: datetime) -> int:
    Appointment.objects.filter(pk__in=[each.pk for each in found]).update(patient=int(patient))
    for row in rows.values():
        touch(row, at=at)
    return len(found)
