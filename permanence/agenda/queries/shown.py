# SPDX-License-Identifier: AGPL-3.0-or-later
"""The days of agendas for a screen that draws thousands of visits: of each what it draws, and nothing else.

Of 6,000 visits all that is known takes 110 ms of processor time, this 45 (`bench agenda`, its grid).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from permanence.agenda.models import Appointment
from permanence.agenda.queries import agendas as known
from permanence.agenda.queries.days import days_of
from permanence.agenda.queries.views import DaysOf, called
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.states import AppointmentState
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who

ANYWHERE = timedelta(hours=14)
"""Between the day of the world's clock and that of a client's."""
_STATES = {each.value: each for each in AppointmentState}
_WAYS = {each.value: each for each in Way}


class ShownVisit(NamedTuple):
    """An appointment as a grid draws it; every field is that of `views.AppointmentView`.

    A tuple: a frozen dataclass with so many fields takes several times as long to make.
    """

    appointment: str
    agenda: str
    agenda_name: str
    also: str
    also_name: str
    patient: str
    patient_name: str
    patient_birth: str
    reason: str
    reason_name: str
    starts_at: datetime
    ends_at: datetime
    state: AppointmentState
    overbooked: str
    position: int | None
    answered: bool
    way: Way
    site: str


type ShownDays = DaysOf[ShownVisit]


def day(*, by: Who, agendas: Sequence[str], day: date, at: datetime) -> tuple[ShownDays, ...]:
    """One local day of several agendas, in the order asked for. Raises AgendaUnknown. Eleven queries at most."""
    return days_of(known.seen(agendas, by=by), day, 1, at, visits=_shown)


def week(*, by: Who, agenda: str, first: date, at: datetime) -> ShownDays:
    """Seven local days of one agenda. Raises AgendaUnknown. Eleven queries at most."""
    return days_of(known.seen([agenda], by=by), first, 7, at, visits=_shown)[0]


def every(*, by: Who, client: str | None, day: date, at: datetime, most: int) -> tuple[ShownDays, ...]:
    """One local day of the agendas of a client (None: of all whom `by` sees), by client and name, `most` at most; then
    the closed ones in which somebody is booked. Thirteen queries at most.
    """
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    span = {"starts": midnight - ANYWHERE, "ends": midnight + timedelta(days=1) + ANYWHERE}
    rows = [
        *known.in_order(by=by, client=client).filter(active=True)[:most],
        *known.closed_but_booked(by=by, client=client, **span),
    ]
    found = days_of(rows, day, 1, at, visits=_shown)
    return tuple(each for each in found if each.agenda.active or each.appointments)


def left_out(*, by: Who, client: str | None, most: int) -> int:
    """How many agendas in use `every` leaves out beyond `most`. One query, and one for the wall."""
    return max(known.in_order(by=by, client=client).filter(active=True).count() - most, 0)


def _shown(rows: ClientQuerySet[Appointment]) -> list[ShownVisit]:
    columns = (
        "key", "agenda_id", "agenda__name", "also_id", "also__name", "patient_id", "patient__used_name",
        "patient__birth_name", "patient__first_name", "patient__birth_date", "reason_id", "reason__name", "starts_at",
        "ends_at", "state", "overbook_cause", "position", "sealed_answers", "reason__way", "site_id",
    )  # fmt: skip
    return [
        ShownVisit(
            key, str(agenda), agenda_name, str(also or ""), also_name or "", str(patient), called(used, birth, first),
            born, str(reason), reason_name, starts, ends, _STATES[state], overbooked, position, answers != "",
            _WAYS[way], str(site or ""),
        )
        for (
            key, agenda, agenda_name, also, also_name, patient, used, birth, first, born, reason, reason_name, starts,
            ends, state, overbooked, position, answers, way, site,
        ) in rows.values_list(*columns)
    ]  # fmt: skip
