# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far the agendas of a client have begun: whether there is one, when it is open, for what patients come."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q

from permanence.agenda.models import OpeningPattern, VisitReason
from permanence.agenda.queries.agendas import in_use
from permanence.agenda.queries.views import AgendaView, agenda_view
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


def begun(*, by: Who, client: str, today: date) -> Begun:
    """Of a client of whom it is known already that `by` sees him; openings that are over do not count. One query.

    `today`: the day on the client's clock; on the day of its `valid_until` an opening is over (`rules.openings`).
    """
    over = Q(exception__date__lt=today) | Q(valid_until__lte=today)
    openings = OpeningPattern.objects.filter(agenda=OuterRef("pk")).exclude(over)
    offered = VisitReason.objects.filter(client=OuterRef("client"), retired_at=None)
    rows = in_use(by=by, client=client).annotate(is_open=Exists(openings), has_reason=Exists(offered))
    found = [(agenda_view(row), row) for row in rows]
    return Begun(
        agendas=tuple(view for view, _row in found),
        opened=tuple(view for view, row in found if row.is_open),
        has_reason=any(row.has_reason for _view, row in found),
    )
