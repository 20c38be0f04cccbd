# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a secretary does in the agenda: hold, release, book, overbook, move, cancel, mark. Each once, by the page's id.

A refusal comes back as `{"code", "why", "causes"}`, in words; then nothing was changed. Who asks for an agenda or an
appointment of a client she does not answer for finds nothing (404).
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from permanence.agenda.operations import appointments, holds, moving_back, visits, waiting_offers
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import ChangedMeanwhile, SlotRefused
from permanence.agenda.rules.states import AppointmentState, CancelCause
from permanence.agenda.waiting_words import freed_at_night
from permanence.console.agenda_asked import (
    agenda_asked,
    appointment_asked,
    moment_asked,
    patient_asked,
    refused_by_rules,
    said_asked,
    says_why,
    texts_asked,
)
from permanence.console.agenda_shown import moved_meanwhile, shown_asked
from permanence.console.own_page import own_page_only
from permanence.console.views import BadRequest, json_body, text_of
from permanence.dispatch import change_words
from permanence.dispatch.cancel_queries import told_of_cancelling
from permanence.dispatch.move_queries import told_of_moving
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock

MARKS = {
    AppointmentState.BOOKED: visits.take_back,
    AppointmentState.CONFIRMED: visits.confirm,
    AppointmentState.ARRIVED: visits.mark_arrived,
    AppointmentState.DONE: visits.mark_done,
    AppointmentState.NO_SHOW: visits.mark_no_show,
}
_CLOCK = SystemClock()


@require_POST
@own_page_only
@says_why
def hold(request: HttpRequest) -> HttpResponse:
    """Keeps a time for two minutes, for the call (`call`) or for her.

    Answers `{"hold", "starts_at", "minutes", "expires_ms", "now_ms"}`.
    """
    by, at, data = who(request), _CLOCK.now(), _asked(request)
    agenda, reason = agenda_asked(by, data["agenda"]), data["reason"]
    patient = patient_asked(by, agenda.client, data["patient"])
    try:
        kept = holds.hold_slot(
            key=data["key"],
            agenda=agenda.id,
            reason=reason,
            starts_at=moment_asked(agenda, data),
            by=by,
            at=at,
            call=data["call"],
            is_new=patient.is_new,
            born=patient.born,
        )
    except SlotRefused as refusal:
        return refused_by_rules(by, agenda, refusal, reason=reason, at=at)
    told = {"hold": kept.hold, "starts_at": kept.starts_at.isoformat(), "expires_ms": _ms(kept.expires_at)}
    minutes = int((kept.ends_at - kept.starts_at).total_seconds()) // 60
    return JsonResponse({**told, "minutes": minutes, "now_ms": _ms(at)}, status=201)


@require_POST
@own_page_only
@says_why
def release(request: HttpRequest) -> HttpResponse:
    """Gives a time back that is held for her."""
    holds.release_hold(hold=text_of(json_body(request), "hold"), by=who(request), at=_CLOCK.now())
    return HttpResponse(status=204)


@require_POST
@own_page_only
@says_why
def book(request: HttpRequest) -> HttpResponse:
    """Books a visit, from a hold or directly."""
    by, at, data = who(request), _CLOCK.now(), _asked(request)
    agenda, reason = agenda_asked(by, data["agenda"]), data["reason"]
    try:
        made = appointments.book(
            key=data["key"],
            agenda=agenda.id,
            starts_at=moment_asked(agenda, data),
            booking=_booking(request, data),
            by=by,
            at=at,
            hold=data["hold"],
        )
    except SlotRefused as refusal:
        return refused_by_rules(by, agenda, refusal, reason=reason, at=at)
    return _answer(made, status=201)


@require_POST
@own_page_only
@says_why
def overbook(request: HttpRequest) -> HttpResponse:
    """Books a visit where there is no room, with the cause in `words`, where the doctor allows it."""
    by, at, data = who(request), _CLOCK.now(), _asked(request)
    agenda = agenda_asked(by, data["agenda"])
    try:
        made = appointments.overbook(
            key=data["key"],
            agenda=agenda.id,
            starts_at=moment_asked(agenda, data),
            booking=_booking(request, data),
            cause=data["words"],
            by=by,
            at=at,
        )
    except SlotRefused as refusal:
        return refused_by_rules(by, agenda, refusal, reason=data["reason"], at=at)
    return _answer(made, status=201)


@require_POST
@own_page_only
@says_why
def move(request: HttpRequest) -> HttpResponse:
    """Another time, or another agenda of the same client. What the rules refuse changes nothing. `act`: its id, by
    which it can be taken back; `hears`: whether its patient is told, in words.
    """
    by, at, data = who(request), _CLOCK.now(), _asked(request)
    before = appointment_asked(by, data["appointment"])
    agenda = agenda_asked(by, data["agenda"])
    try:
        made = appointments.move(
            key=data["key"],
            appointment=before.appointment,
            agenda=agenda.id,
            starts_at=moment_asked(agenda, data),
            by=by,
            at=at,
            call=data["call"],
            seen=shown_asked(by, before, data),
        )
    except SlotRefused as refusal:
        return refused_by_rules(by, agenda, refusal, reason=before.reason, at=at)
    except ChangedMeanwhile as refusal:
        return moved_meanwhile(by, before.appointment, refusal, at=at)
    hears = str(change_words.MOVED[told_of_moving(by=by, visit=made, at=at)])
    return _answer(made, act=data["key"], hears=hears)


@require_POST
@own_page_only
@says_why
def move_back(request: HttpRequest) -> HttpResponse:
    """The move that was made with the id `move` was a slip: the visit is again what it was where it stood."""
    by, at, data = who(request), _CLOCK.now(), _asked(request)
    before = appointment_asked(by, data["appointment"])
    agenda = agenda_asked(by, before.agenda)
    try:
        made = moving_back.move_back(key=data["key"], move=data["move"], by=by, at=at, call=data["call"])
    except SlotRefused as refusal:
        return refused_by_rules(by, agenda, refusal, reason=before.reason, at=at)
    return _answer(made)


@require_POST
@own_page_only
@says_why
def cancel(request: HttpRequest) -> HttpResponse:
    """It does not take place, for a cause. `hears`: whether its patient is told, in words; `said`: what becomes of its
    time, where it is night and somebody waits.
    """
    by, at, data = who(request), _CLOCK.now(), _asked(request)
    try:
        cause = CancelCause(data["cause"])
    except ValueError as error:
        raise BadRequest(f"{data['cause'][:20]!r} is no cause") from error
    before = appointment_asked(by, data["appointment"])
    try:
        made = appointments.cancel(
            key=data["key"],
            appointment=before.appointment,
            cause=cause,
            words=data["words"],
            by=by,
            at=at,
            call=data["call"],
            seen=shown_asked(by, before, data),
        )
    except ChangedMeanwhile as refusal:
        return moved_meanwhile(by, before.appointment, refusal, at=at)
    hears = str(change_words.CANCELLED[told_of_cancelling(by=by, visits=[made], at=at)[made.appointment]])
    span = {"starts_at": made.starts_at, "ends_at": made.ends_at}
    night = waiting_offers.at_night(agenda=made.agenda, **span, by=by, at=at)
    if night is None:
        return _answer(made, hears=hears, said="")
    zone = ZoneInfo(agenda_asked(by, made.agenda).time_zone)
    return _answer(made, hears=hears, said=freed_at_night(night.offered_from, zone, has_ended=night.has_ended))


@require_POST
@own_page_only
@says_why
def mark(request: HttpRequest) -> HttpResponse:
    """Confirmed, arrived, done, did not come: `state`; booked takes back what was said last."""
    by, data = who(request), _asked(request)
    act = next((act for state, act in MARKS.items() if state.value == data["state"]), None)
    if act is None:
        raise BadRequest(f"{data['state'][:20]!r} is no state to mark")
    visit = appointment_asked(by, data["appointment"]).appointment
    return _answer(act(key=data["key"], appointment=visit, by=by, at=_CLOCK.now()))


FIELDS = (
    "key", "agenda", "reason", "patient", "call", "hold", "appointment", "cause", "words", "state", "starts_at", "day",
    "minute", "move", "was_agenda", "was_day", "was_minute",
)  # fmt: skip


def _asked(request: HttpRequest) -> dict[str, str]:
    return texts_asked(json_body(request), FIELDS)


def _booking(request: HttpRequest, data: dict[str, str]) -> Booking:
    """What is to be booked, with the answers to the reason's questions."""
    said = said_asked(json_body(request))
    return Booking(patient=data["patient"], reason=data["reason"], call=data["call"], said=said)


def _answer(made: AppointmentView, *, status: int = 200, **more: Any) -> JsonResponse:
    told = {
        "appointment": made.appointment,
        "agenda": made.agenda,
        "patient": made.patient_name,
        "state": made.state.value,
        "starts_at": made.starts_at.isoformat(),
    }
    return JsonResponse({**told, **more}, status=status)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
