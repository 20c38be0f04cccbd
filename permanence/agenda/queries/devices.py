# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who else could use the rooms and equipment that a visit takes: the client's other agendas, where somebody waits."""

from collections.abc import Collection
from dataclasses import dataclass

from permanence.agenda.models import Agenda, Appointment, Resource, VisitReason, WaitingPlace
from permanence.agenda.queries.agendas import known_key
from permanence.agenda.rules.waiting import PlaceState
from permanence.foundation.who import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Other agendas of the client, by id, and the reasons that need what the visit took and that somebody waits for."""

    agendas: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def beside(*, by: Who, appointment: str, agendas: Collection[str]) -> Beside:
    """What the resources of a visit are to agendas other than `agendas`. One query for a visit that needs none."""
    rows = Appointment.objects.for_house(by.house_key).filter(key=known_key(appointment)).select_related("reason")
    visit = rows.first()
    if visit is None or not visit.reason.needs:
        return Beside()
    waiting = WaitingPlace.objects.filter(client=visit.client_id, state=PlaceState.WAITING.value)
    wanted = VisitReason.objects.filter(pk__in=waiting.values("reason"), retired_at=None).order_by("pk")
    kinds = Resource.objects.filter(client=visit.client_id, active=True).values_list("pk", "kind")
    known = [(str(key), kind) for key, kind in kinds]
    taken = _of(visit.reason, known)
    reasons = tuple(str(each.pk) for each in wanted if taken & _of(each, known))
    if not reasons:
        return Beside()
    others = Agenda.objects.filter(client=visit.client_id, active=True).exclude(pk__in=[int(each) for each in agendas])
    return Beside(agendas=tuple(str(key) for key in others.values_list("pk", flat=True)), reasons=reasons)


def _of(reason: VisitReason, known: list[tuple[str, str]]) -> set[str]:
    """The resources, of those known (id, kind), that can meet a need of the reason."""
    return {key for need in reason.needs for key, kind in known if key in need["ids"] or kind == need["kind"] != ""}
