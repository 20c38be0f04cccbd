# SPDX-License-Identifier: AGPL-3.0-or-later
"""In which rooms and with which equipment visits are, as they were booked."""

from collections.abc import Iterable
from datetime import datetime

from permanence.agenda.models import Occupancy
from permanence.agenda.queries.agendas import clients_seen
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who


def rooms_of_visits(*, by: Who, clients: Iterable[str], starts: datetime, ends: datetime) -> dict[str, tuple[str, ...]]:
    """Appointment -> the names of what it takes between two moments, by name; those that take nothing are not there.
    One query, and one for the wall.
    """
    wanted = clients_seen(by, [row_key(each) for each in clients])
    # By their rooms: these have an index, the times of all clients have none.
    rows = Occupancy.objects.for_house(by.house_key).filter(
        resource__client__in=wanted, starts_at__lt=ends, ends_at__gt=starts, appointment__isnull=False
    )
    found: dict[str, tuple[str, ...]] = {}
    for key, name in rows.order_by("resource__name", "pk").values_list("appointment__key", "resource__name"):
        found[key] = (*found.get(key, ()), name)
    return found
