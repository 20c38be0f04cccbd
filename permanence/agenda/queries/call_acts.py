# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was done with appointments of the house's own agendas in calls; the acts elsewhere: `elsewhere_queries`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from permanence.agenda.models import CallAct
from permanence.agenda.rules.elsewhere import ActElsewhere
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet


@dataclass(frozen=True, slots=True, kw_only=True)
class CallActView:
    """One act. `starts_at`: when the visit takes place after it, on the client's clock `time_zone`."""

    client: str
    call: str
    act: ActElsewhere
    agenda_name: str
    time_zone: str
    starts_at: datetime
    at: datetime


def of_calls(*, house: str, calls: Iterable[str]) -> tuple[CallActView, ...]:
    """The acts in these calls, the first act first. One query."""
    return _views(CallAct.objects.for_house(house).filter(call__in=[each for each in calls if each]))


def of_client(*, house: str, client: str, since: datetime, until: datetime) -> tuple[CallActView, ...]:
    """The acts with one client's appointments from one moment to another, the first act first. One query."""
    return _views(CallAct.objects.for_house(house).for_client(row_key(client)).filter(at__gte=since, at__lt=until))


def _views(rows: ClientQuerySet[CallAct]) -> tuple[CallActView, ...]:
    joined = rows.select_related("client", "appointment__agenda").order_by("at", "pk")
    return tuple(
        CallActView(
            client=str(row.client_id),
            call=row.call,
            act=ActElsewhere(row.act),
            agenda_name=row.appointment.agenda.name,
            time_zone=row.client.time_zone,
            starts_at=row.starts_at,
            at=row.at,
        )
        for row in joined
    )
