# SPDX-License-Identifier: AGPL-3.0-or-later
"""The waiting list: somebody is put on it, marked as urgent, taken off; and for how long an agenda offers a slot."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from permanence.agenda.models import Agenda, Appointment, SlotOffer, WaitingPlace
from permanence.agenda.operations.acts import busy_named, changed, locked, reach, touch
from permanence.agenda.operations.answers import demanded
from permanence.agenda.operations.offer_ends import close
from permanence.agenda.operations.setting import check_sites, checked_offer_minutes, client_of
from permanence.agenda.queries.agendas import KEY, reason, seen
from permanence.agenda.queries.appointments import appointment as appointment_of
from permanence.agenda.queries.place_answers import SAID
from permanence.agenda.queries.waiting import PlaceView, place, place_row
from permanence.agenda.refusals import (
    ActKeyMalformed,
    ActKeyTaken,
    AgendaUnknown,
    AlreadyWaiting,
    AppointmentUnknown,
    PatientDeceased,
    PlaceUnknown,
    SlotRefused,
    WindowImpossible,
)
from permanence.agenda.rules import answers
from permanence.agenda.rules.kinds import HalfDay, VisitReason, Way
from permanence.agenda.rules.states import STANDING, AppointmentState
from permanence.agenda.rules.waiting import OfferState, PlaceState
from permanence.agenda.rules.why_not import ContraIndicated
from permanence.callers import queries as callers
from permanence.foundation import audit, secrecy
from permanence.foundation.who import Who, system_of

LONGEST = timedelta(days=366)
AT_ONCE = 200
"""Places that are ended in one turn of the worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """For what somebody waits. `until_date` is excluded; without `agendas`, `sites`, `half_days`, `weekdays`: any.

    `new_here` and `said` as in `appointments.Booking`; `instead_of`: the id of the appointment he gives up for an
    earlier one. Without `said` a person asks him when it is his turn.
    """

    patient: str
    reason: str
    from_date: date
    until_date: date
    agendas: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    half_days: frozenset[HalfDay] = frozenset()
    weekdays: frozenset[int] = frozenset()
    is_urgent: bool = False
    instead_of: str = ""
    new_here: bool | None = None
    said: Mapping[str, str] | None = None


@busy_named()
def put_on_list(*, key: str, client: str, waits: Waits, by: Who, at: datetime) -> PlaceView:
    """Put a patient on the list; `key`, made by the page, is the id of his place. The same again changes nothing. A
    place of his for this reason whose days are over is closed: he asks anew, and waits from now on.

    Raises AgendaUnknown (a client or an agenda of another one), SiteUnknown, callers' PatientUnknown, PatientDeceased,
    VisitReasonUnknown, AppointmentUnknown, WindowImpossible, AlreadyWaiting, ActKeyMalformed, ActKeyTaken, AgendaBusy;
    where he was asked, QuestionsUnanswered, AddressMissing, and SlotRefused for a yes that forbids the visit.
    """
    if not KEY.match(key):
        raise ActKeyMalformed(f"{key[:50]!r}")
    account = client_of(client, by=by)
    patient = callers.standing(house=by.house, client=account.id, patient=waits.patient)
    if patient.is_deceased:
        raise PatientDeceased(patient.id)
    wanted = reason(by=by, client=account.id, reason=waits.reason)
    today = at.astimezone(ZoneInfo(account.time_zone)).date()
    _check(waits, account.id, patient.id, today=today, by=by)
    fields: dict[str, Any] = {
        "client_id": int(account.id),
        "patient_id": int(patient.id),
        "reason_id": int(wanted.id),
        "known": patient.known if waits.new_here is None else not waits.new_here,
        "agendas": list(dict.fromkeys(waits.agendas)),
        "sites": list(dict.fromkeys(waits.sites)),
        "half_days": sorted(waits.half_days),
        "weekdays": sorted(waits.weekdays),
        "from_date": waits.from_date,
        "until_date": waits.until_date,
        "is_urgent": waits.is_urgent,
        "instead_of": waits.instead_of,
        "sealed_answers": _sealed(wanted, waits.said, on_file=patient.address, by=by),
    }
    before = WaitingPlace.objects.for_house(by.house_key).filter(key=key).first()
    if before is None:
        said = {"asked_at": at, "asked_by_name": by.name, "state_at": at, "state_by_name": by.name}
        try:
            with transaction.atomic():
                same = WaitingPlace.objects.filter(patient=int(patient.id), reason=int(wanted.id))
                over = same.filter(state=PlaceState.WAITING.value, until_date__lte=today).first()
                closed = over if over is not None and _closed(over, by=by, at=at) else None
                row = WaitingPlace.objects.create(house_id=by.house_key, key=key, **fields, **said)
                if closed is not None:
                    _note(closed, "waiting.withdrawn", by=by, at=at, waits_as=row.pk)
                _note(row, "waiting.added", by=by, at=at, urgent=row.is_urgent)
        except IntegrityError as error:
            before = WaitingPlace.objects.for_house(by.house_key).filter(key=key).first()
            if before is None:
                raise AlreadyWaiting(f"{patient.id} for {wanted.id}") from error
    if before is not None and (before.client_id, before.patient_id, before.reason_id) != (
        int(account.id), int(patient.id), int(wanted.id),
    ):  # fmt: skip
        raise ActKeyTaken(key)
    return place(by=by, place=key)


def mark_urgent(*, place: str, is_urgent: bool, by: Who, at: datetime) -> None:
    """He is asked before all who are not urgent; or no more. Raises PlaceUnknown, who waits no more too."""
    row = place_row(place, by=by)
    with transaction.atomic():
        mine = WaitingPlace.objects.filter(pk=row.pk, state=PlaceState.WAITING.value)
        if not mine.update(is_urgent=is_urgent):
            raise PlaceUnknown(place[:40])
        _note(row, "waiting.urgent", by=by, at=at, urgent=is_urgent)


@busy_named()
def withdraw(*, place: str, by: Who, at: datetime) -> None:
    """He waits no more; what is offered to him is free for the next. Again it changes nothing. Raises PlaceUnknown,
    AgendaBusy.
    """
    row = place_row(place, by=by)
    with transaction.atomic():
        if _closed(row, by=by, at=at):
            _note(row, "waiting.withdrawn", by=by, at=at)


def _closed(row: WaitingPlace, *, by: Who, at: datetime) -> bool:
    """Inside an act: he waits no more, and what is offered to him is given back; False where he waited no more."""
    offers = SlotOffer.objects.filter(place=row, state=OfferState.OPEN.value)
    rows = locked(offers.values_list("agenda", flat=True))
    mine = WaitingPlace.objects.filter(pk=row.pk, state=PlaceState.WAITING.value)
    said = {"state": PlaceState.WITHDRAWN.value, "state_at": at, "state_by_name": by.name, "sealed_answers": ""}
    if not mine.update(**said):
        return False
    for each in offers.filter(agenda__in=list(rows)):
        close(each, rows[each.agenda_id], OfferState.WITHDRAWN, by=by, at=at)
    return True


def end_over(*, at: datetime, limit: int = AT_ONCE) -> int:
    """Who waited for an earlier visit than one that he has waits no more once the hour of that one is over, whether he
    came or not; gives how many, `limit` at most. Who has an offer to answer still waits until that is over.
    """
    over = Appointment.objects.filter(house=OuterRef("house"), key=OuterRef("instead_of"), ends_at__lte=at)
    over = over.exclude(state=AppointmentState.CANCELLED.value)
    asked = SlotOffer.objects.filter(place=OuterRef("pk"), state=OfferState.OPEN.value)
    waiting = WaitingPlace.objects.filter(state=PlaceState.WAITING.value).exclude(instead_of="")
    return sum(
        _end(each, at=at)
        for each in waiting.filter(Exists(over), ~Exists(asked)).select_related("house").order_by("pk")[:limit]
    )


@transaction.atomic
def _end(row: WaitingPlace, *, at: datetime) -> bool:
    by = system_of(row.house)
    said = {"state": PlaceState.BOOKED.value, "state_at": at, "state_by_name": by.name, "sealed_answers": ""}
    mine = WaitingPlace.objects.filter(pk=row.pk, state=PlaceState.WAITING.value)
    if not mine.update(**said, appointment=row.instead_of):
        return False
    _note(row, "waiting.over", by=by, at=at, appointment=row.instead_of)
    return True


def change_offer_minutes(*, agenda: str, minutes: int, by: Who, at: datetime) -> None:
    """For how long a slot of the agenda is offered to one who waits; 0: a secretary telephones.

    Raises AgendaUnknown, OfferMinutesImpossible.
    """
    row = reach(agenda, by=by)
    checked_offer_minutes(minutes)
    with transaction.atomic():
        kept = locked([row.pk])[row.pk]
        Agenda.objects.filter(pk=row.pk).update(offer_minutes=minutes)
        subject = f"agenda.agenda:{row.pk}"
        changed(kept, action="agenda.offers_set", subject=subject, by=by, at=at, event=None, minutes=minutes)


def _check(waits: Waits, client: str, patient: str, *, today: date, by: Who) -> None:
    first, until = waits.from_date, waits.until_date
    if not first < until or until <= today or until - max(first, today) > LONGEST or not waits.weekdays <= {*range(7)}:
        raise WindowImpossible(f"{first} to {until}")
    for each in seen(waits.agendas, by=by):
        if str(each.client_id) != client:
            raise AgendaUnknown(str(each.pk))
    if waits.sites:
        check_sites(waits.sites, client=int(client), by=by)
    if waits.instead_of:
        visit = appointment_of(by=by, appointment=waits.instead_of)
        if (visit.client, visit.patient) != (client, patient) or visit.state not in STANDING:
            raise AppointmentUnknown(waits.instead_of[:40])


def _sealed(reason: VisitReason, said: Mapping[str, str] | None, *, on_file: str, by: Who) -> str:
    """What is kept of what he said, sealed; "" for nothing."""
    if said is None:
        return ""
    yes = demanded(reason, said, on_file=on_file)
    if yes:
        forbidding = [each for each in reason.contra_indications if each.id in yes]
        raise SlotRefused(*(ContraIndicated(question=each.id, text=each.text) for each in forbidding))
    known = {each.id for each in (*reason.contra_indications, *reason.questions)}
    known |= {answers.ADDRESS} if reason.way is Way.HOME else set()
    kept = {each: words.strip()[: answers.WORDS_LIMIT] for each, words in said.items() if each in known}
    kept = {each: words for each, words in kept.items() if words}
    return secrecy.seal(json.dumps(kept), house=by.house, purpose=SAID) if kept else ""


def _note(row: WaitingPlace, action: str, *, by: Who, at: datetime, **detail: object) -> None:
    subject = f"agenda.waitingplace:{row.pk}"
    audit.note(by=by, at=at, action=action, subject=subject, client=row.client_id, detail=detail)
    shown = Agenda.objects.filter(client=row.client_id, active=True).select_related("house")
    for each in _those(shown, row.agendas):
        touch(each, at=at)


def _those(rows: Iterable[Agenda], named: list[str]) -> list[Agenda]:
    return [each for each in rows if not named or str(each.pk) in named]
