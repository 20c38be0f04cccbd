# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the end of an agenda meets: who is booked in it, who waits for it alone, what is kept for somebody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from permanence.agenda.models import Agenda, Appointment, SlotHold, SlotOffer, WaitingPlace
from permanence.agenda.queries.agendas import seen
from permanence.agenda.queries.views import AppointmentView, appointment_views
from permanence.agenda.rules.states import STANDING
from permanence.agenda.rules.waiting import OfferState, PlaceState
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What stands in an agenda that is about to be closed. `too`: visits of other agendas that take it too: while there
    are such it cannot be. `waiting`: names of those who wait for it alone; `others`: whether the client has another
    agenda for which they could wait; `held`: times that are kept for somebody now.
    """

    visits: tuple[AppointmentView, ...]
    too: tuple[AppointmentView, ...]
    waiting: tuple[str, ...]
    held: int
    offered: int
    others: bool

    @property
    def asks(self) -> bool:
        """Whether somebody has to say what becomes of them."""
        return bool(self.visits or self.waiting)


def closing(*, by: Who, agenda: str, at: datetime) -> Closing:
    """What its end would meet at this moment. Raises AgendaUnknown. Eight queries."""
    row = seen([agenda], by=by)[0]
    alone = waiting_alone(row)
    named = {each.pk: each for each in WaitingPlace.objects.filter(pk__in=alone).select_related("patient")}
    return Closing(
        visits=appointment_views(standing_in(row, at=at)),
        too=appointment_views(taking_too(row, at=at)),
        waiting=tuple(_name(named[each]) for each in alone),
        held=SlotHold.objects.filter(agenda=row, ended_at=None, expires_at__gt=at).count(),
        offered=SlotOffer.objects.filter(agenda=row, state=OfferState.OPEN.value).count(),
        others=bool(_others(row)),
    )


def standing_in(row: Agenda, *, at: datetime) -> ClientQuerySet[Appointment]:
    """The visits of an agenda that are to come, the earliest first."""
    return _to_come(at).filter(agenda=row)


def taking_too(row: Agenda, *, at: datetime) -> ClientQuerySet[Appointment]:
    """The visits to come of other agendas that take this one too, the earliest first."""
    return _to_come(at).filter(also=row)


def _to_come(at: datetime) -> ClientQuerySet[Appointment]:
    states = [each.value for each in STANDING]
    return Appointment.objects.filter(state__in=states, starts_at__gt=at).order_by("starts_at", "pk")


def waiting_alone(row: Agenda) -> list[int]:
    """The places (keys) of those who would come to no agenda in use but this one, in the order in which they asked."""
    others = _others(row)
    places = WaitingPlace.objects.filter(client=row.client_id, state=PlaceState.WAITING.value)
    return [
        key
        for key, named in places.order_by("asked_at", "pk").values_list("pk", "agendas")
        if (not named or str(row.pk) in named) and not _elsewhere(named, others)
    ]


def _elsewhere(named: Iterable[str], others: set[str]) -> bool:
    wanted = set(named)
    return bool(others & wanted if wanted else others)


def _others(row: Agenda) -> set[str]:
    active = Agenda.objects.filter(client=row.client_id, active=True).exclude(pk=row.pk)
    return {str(each) for each in active.values_list("pk", flat=True)}


def _name(place: WaitingPlace) -> str:
    person = place.patient
    return " ".join(filter(None, ((person.used_name or person.birth_name).upper(), person.first_name)))
