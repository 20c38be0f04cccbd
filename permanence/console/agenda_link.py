# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a list to the agenda: the page on the day of a visit, its patient chosen."""

from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from permanence.agenda.queries.views import AppointmentView


def agenda_with(visit: AppointmentView, zone: ZoneInfo, *, move: bool = False) -> str:
    """The address of the agenda's page with that visit under the cursor and its patient chosen, on its day in `zone`;
    `move`: in hand, to be put elsewhere.
    """
    day = visit.starts_at.astimezone(zone).date().isoformat()
    asked = {"client": visit.client, "day": day, "patient": visit.patient}
    return f"{reverse('console:agenda')}?{urlencode({**asked, 'move' if move else 'visit': visit.appointment})}"
