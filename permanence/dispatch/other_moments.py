# SPDX-License-Identifier: AGPL-3.0-or-later
"""To which other moments somebody who is booked may move his visit himself."""

from datetime import datetime
from zoneinfo import ZoneInfo

from permanence.agenda.queries import moving
from permanence.agenda.queries.views import AppointmentView
from permanence.clients import queries as clients
from permanence.foundation.who import Who

CHOICES = 6
"""So many other moments are proposed to who wants to move."""


def choices_of(visit: AppointmentView, account: clients.ClientView, *, by: Who, at: datetime) -> tuple[datetime, ...]:
    """Free moments for the same reason, agenda and site, as the public may book them, the soonest first; his own visit
    is in the way of none, and its own moment is none.
    """
    there = (visit.site,) if visit.site else ()
    wish = moving.wish_to_move(visit, sites=there, by=by)
    first = at.astimezone(ZoneInfo(account.time_zone)).date()
    found = moving.proposed(visit, wish, by=by, first=first, at=at, days=60, most=CHOICES)
    return tuple(each.slot.starts for each in found.proposals)
