# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts of other systems that are more than one act: book for somebody new, change what nobody else changed meanwhile.

Each is one transaction: when its last part is refused, nothing was changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from permanence.agenda.models import Agenda
from permanence.agenda.operations import appointments, holds
from permanence.agenda.operations.acts import busy_named, is_done, locked, reach
from permanence.agenda.operations.answers import asked
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.operations.newcomers import note_newcomer
from permanence.agenda.operations.visit_acts import reach_appointment
from permanence.agenda.queries.appointments import appointment as appointment_of
from permanence.agenda.queries.interface import holds_standing
from permanence.agenda.queries.views import AppointmentView, HoldView
from permanence.agenda.refusals import (
    AddressMissing,
    ChangedMeanwhile,
    NotByHimself,
    NotNow,
    QuestionsUnanswered,
    TooManyHolds,
)
from permanence.agenda.rules.states import CancelCause, Door
from permanence.callers import operations as callers
from permanence.callers import queries as callers_queries
from permanence.callers.rules.form import PatientForm
from permanence.callers.rules.no_show import judge
from permanence.foundation.who import Who

HOLDS_OF_A_SYSTEM = 20
"""So many slots a system may hold at a time, for all who book through it."""


def hold(
    *, key: str, agenda: str, reason: str, starts_at: datetime, is_new: bool, system: str, by: Who, at: datetime
) -> HoldView:
    """Keep a slot for somebody who books through a system.

    Raises QuestionsUnanswered, AddressMissing, and what `holds.hold_slot` does.
    """
    row = reach(agenda, by=by)
    _demand_nothing_asked(row, reason, key=key, by=by)
    with _at_once():
        locked([row.pk])
        if holds_standing(by=by, client=str(row.client_id), holder=f"{system}:", at=at) >= HOLDS_OF_A_SYSTEM:
            raise TooManyHolds(system)
        return holds.hold_slot(
            key=key,
            agenda=agenda,
            reason=reason,
            starts_at=starts_at,
            is_new=is_new,
            door=Door.API,
            holder=f"{system}:{key}",
            by=by,
            at=at,
        )


def book(
    *,
    key: str,
    agenda: str,
    starts_at: datetime,
    booking: Booking,
    by: Who,
    at: datetime,
    hold: str = "",
    newcomer: PatientForm | None = None,
) -> AppointmentView:
    """Book; for a `newcomer` a person is added with it, of whom `key` is the id too: the same act finds him again;
    where he looks like somebody whom the client has, a secretary compares the two.

    Raises QuestionsUnanswered, AddressMissing, NotByHimself, and what `appointments.book` and callers' `add_patient`
    do.
    """
    row = reach(agenda, by=by)
    _demand_nothing_asked(row, booking.reason, key=key, by=by)
    with _at_once():
        if newcomer is not None:
            added = callers.add_patient(client=str(row.client_id), patient=key, form=newcomer, by=by, at=at)
            booking = replace(booking, patient=added.id)
        elif _is_barred(str(row.client_id), booking.patient, by=by):
            raise NotByHimself(booking.patient[:40])
        made = appointments.book(key=key, agenda=agenda, starts_at=starts_at, booking=booking, hold=hold, by=by, at=at)
        if newcomer is not None:
            note_newcomer(appointment=made.appointment, by=by, at=at)
        return made


def change(
    *,
    key: str,
    appointment: str,
    unchanged: Callable[[AppointmentView], bool],
    to: tuple[str, datetime] | CancelCause,
    by: Who,
    at: datetime,
) -> AppointmentView:
    """Move an appointment to (agenda, moment), or cancel it, where it still is as it was read. The same act again gives
    how it stands now.

    Raises NotNow once it has begun, ChangedMeanwhile, and what `appointments.move` or `appointments.cancel` do.
    """
    found = reach_appointment(appointment, by=by)
    agendas = {found.agenda_id} if isinstance(to, CancelCause) else {found.agenda_id, reach(to[0], by=by).pk}
    with _at_once():
        locked(agendas)
        if is_done(key, by=by):
            return appointment_of(by=by, appointment=appointment)
        now = appointment_of(by=by, appointment=appointment)
        if now.starts_at <= at:
            raise NotNow(f"{appointment} has begun")
        if not unchanged(now):
            raise ChangedMeanwhile(appointment)
        if isinstance(to, CancelCause):
            return appointments.cancel(key=key, appointment=appointment, cause=to, by=by, at=at)
        return appointments.move(
            key=key, appointment=appointment, agenda=to[0], starts_at=to[1], door=Door.API, by=by, at=at
        )


def _demand_nothing_asked(row: Agenda, reason: str, *, key: str, by: Who) -> None:
    """A system is told no answers: what is asked before a visit only a person asks. What the act did before stands.

    Raises QuestionsUnanswered, AddressMissing.
    """
    try:
        asked(row, reason, {}, on_file="")
    except (QuestionsUnanswered, AddressMissing):
        if not is_done(key, by=by):
            raise


def _is_barred(client: str, patient: str, *, by: Who) -> bool:
    """Whether the client lets him book by himself no more, because he did not come too often."""
    standing = callers_queries.standing(house=by.house, client=client, patient=patient)
    return judge(callers_queries.no_show_rule(house=by.house, client=client), standing.no_shows).blocks_online


@contextmanager
def _at_once() -> Iterator[None]:
    """One transaction; a database that cannot wait any longer is AgendaBusy."""
    with busy_named(), transaction.atomic():
        yield
