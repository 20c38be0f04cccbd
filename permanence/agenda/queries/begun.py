# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far the agendas of a client have begun: whether there is one, when it is open, for what patients come."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from permanence.agenda.models import OpeningPattern, VisitReason
from permanence.agenda.queries.agendas import of_client
from permanence.agenda.queries.views import AgendaView
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The agendas in use, by name; those of them that are open at some hour; whether a visit reason is offered."""

    agendas: tuple[AgendaView, ...] = ()
    opened: tuple[AgendaView, ...] = ()
    has_reason: bool = False

    @property
    def bookable(self) -> bool:
        """Whether a secretary can book something."""
        return bool(self.opened) and self.has_reason


def begun(*, by: Who, client: str, at: datetime) -> Begun:
    """Of a client of whom it is known already that `by` sees him; openings that are over do not count.

    One query where he has no agenda, else three.
    """
    found = of_client(by=by, client=client)
    if not found:
        return Begun()
    today = at.date()
    over = Q(exception__date__lt=today) | Q(valid_until__lt=today)
    patterns = (
        OpeningPattern.objects.for_house(by.house_key)
        .filter(agenda__in=[row_key(each.id) for each in found])
        .exclude(over)
    )
    hours = {str(key) for key in patterns.values_list("agenda", flat=True).distinct().order_by()}
    return Begun(
        agendas=found,
        opened=tuple(each for each in found if each.id in hours),
        has_reason=VisitReason.objects.for_house(by.house_key).filter(client=row_key(client), retired_at=None).exists(),
    )
