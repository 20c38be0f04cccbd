# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of an appointment without its moving: confirmed, arrived, done, did not come; and whose it is."""

from datetime import datetime

from django.db import transaction

from permanence.agenda import events
from permanence.agenda.models import Agenda, Appointment, FollowedMerge
from permanence.agenda.operations.acts import locked, once, touch
from permanence.agenda.operations.appointments import note, reach_appointment, told
from permanence.agenda.queries.appointments import appointment as appointment_of
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import NotNow
from permanence.agenda.rules.states import CAME, AppointmentState, may_follow
from permanence.callers import operations as callers
from permanence.callers import visit_operations as kept
from permanence.foundation.who import Who

EVENTS: dict[AppointmentState, tuple[type[events.AppointmentEvent], str]] = {
    AppointmentState.CONFIRMED: (events.AppointmentConfirmed, "appointment.confirmed"),
    AppointmentState.ARRIVED: (events.PatientArrived, "appointment.arrived"),
    AppointmentState.DONE: (events.AppointmentDone, "appointment.done"),
    AppointmentState.NO_SHOW: (events.PatientDidNotCome, "appointment.no_show"),
}


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


def _mark(state: AppointmentState, *, key: str, appointment: str, by: Who, at: datetime) -> AppointmentView:
    found = reach_appointment(appointment, by=by)

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        visit = Appointment.objects.get(pk=found.pk)
        now = AppointmentState(visit.state)
        early = state is AppointmentState.NO_SHOW and at < visit.starts_at
        if not may_follow(state, now) or early or visit.agenda_id not in rows:
            raise NotNow(f"{visit.key} is {now}")
        visit.agenda = rows[visit.agenda_id]
        visit.state, visit.state_at = state.value, at
        visit.save(update_fields=["state", "state_at"])
        client = str(visit.client_id)
        if state is AppointmentState.NO_SHOW:
            callers.count_no_show(client=client, patient=str(visit.patient_id), act=visit.key, by=by, at=at)
        elif now is AppointmentState.NO_SHOW:
            callers.forgive_no_show(client=client, act=visit.key, by=by, at=at)
        if state in CAME and now not in CAME:
            kept.count_visit(client=client, patient=str(visit.patient_id), act=visit.key, by=by, at=at)
        elif now in CAME and state not in CAME:
            kept.forget_visit(client=client, act=visit.key, by=by, at=at)
        kind, action = EVENTS[state]
        note(visit, visit.agenda, action, kind(**told(visit, by=by, at=at)), by=by, at=at)
        return {"appointment": visit.key}

    content = {"appointment": appointment, "state": state.value}
    result = once(act="mark", key=key, agendas=[found.agenda], content=content, by=by, at=at, do=do)
    return appointment_of(by=by, appointment=result["appointment"])


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


def _give(found: list[Appointment], patient: str, rows: dict[int, Agenda], *, at: datetime) -> int:
    Appointment.objects.filter(pk__in=[each.pk for each in found]).update(patient=int(patient))
    for row in rows.values():
        touch(row, at=at)
    return len(found)
