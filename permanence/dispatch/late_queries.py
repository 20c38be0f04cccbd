# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was told today of a delay."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.queries import agendas
from permanence.dispatch.models import LateNotice
from permanence.foundation.who import Who


def notices_today(*, agenda: str, by: Who, at: datetime) -> list[LateNotice]:
    """For this room alone: what was told today, on the client's clock, the last first. Raises AgendaUnknown."""
    view = agendas.agenda(by=by, agenda=agenda)
    zone = ZoneInfo(view.time_zone)
    rows = LateNotice.objects.for_house(by.house_key).filter(agenda=int(view.id), at__gt=at - timedelta(days=2))
    today = at.astimezone(zone).date()
    return [each for each in rows.order_by("-at", "-pk") if each.at.astimezone(zone).date() == today]


def last_of_each(notices: Iterable[LateNotice]) -> dict[str, LateNotice]:
    """For this room alone: by appointment the last of these notices, the last first, that told him or could not."""
    found: dict[str, LateNotice] = {}
    for notice in notices:
        for appointment in (*notice.told, *notice.untold):
            found.setdefault(appointment, notice)
    return found
