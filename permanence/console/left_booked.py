# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is booked in an absence of which the doctor has not said what becomes of them: she asks him."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from permanence.agenda.queries.left_booked import LeftBooked, left_booked
from permanence.clients import queries as clients
from permanence.clients.queries import ClientView
from permanence.foundation import moments
from permanence.foundation.who import Who


def left_rows(by: Who, *, at: datetime) -> list[dict[str, Any]]:
    """The absences of the clients she sees, each with those booked in it, the earliest appointment first."""
    found = left_booked(by=by, at=at)
    views = {each.id: each for each in clients.clients(house=by.house)} if found else {}
    return [_row(each, views[each.client], at=at) for each in found if each.client in views]


def _row(each: LeftBooked, client: ClientView, *, at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(client.time_zone)
    return {
        "who": _who(each) or client.name,
        "client_name": client.name,
        "when": _("From %(starts)s to %(ends)s")
        % {name: moments.day_and_hour(getattr(each, name), zone, now=at) for name in ("starts", "ends")},
        "visits": [
            (
                moments.day_and_hour(visit.starts_at, zone, now=at),
                visit.starts_at.astimezone(zone).date().isoformat(),
                visit,
            )
            for visit in each.visits
        ],
    }


def _who(each: LeftBooked) -> str:
    """The agenda of the one who is away; "" where the whole client is."""
    first = each.visits[0]
    names = {first.recipient: first.agenda_name, first.also_recipient: first.also_name}
    return names.get(each.recipient, "") if each.recipient else ""
