# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a client is open at this minute and until when, in words: the portal and the back office say the same."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from permanence.clients.queries import ClientView
from permanence.foundation import dates, moments
from permanence.reception.hours import opening_at
from permanence.reception.table import OpeningHours


def status(hours: OpeningHours, client: ClientView, *, at: datetime) -> tuple[bool, str]:
    """Whether his calls are answered now, and the sentence that says until when."""
    zone = ZoneInfo(client.time_zone)
    found = opening_at(hours, zone=client.time_zone, country=client.country, region=client.region, at=at)
    if found.changes_at is None:
        return found.is_open, _("Calls are answered day and night.") if found.is_open else _("Calls are not answered.")
    local, hour = found.changes_at.astimezone(zone), moments.hour(found.changes_at, zone)
    if local.date() == at.astimezone(zone).date():
        today = _("Calls are answered until %(hour)s.") if found.is_open else _("Closed until %(hour)s.")
        return found.is_open, today % {"hour": hour}
    later = _("Calls are answered until %(day)s, %(hour)s.") if found.is_open else _("Closed until %(day)s, %(hour)s.")
    return found.is_open, later % {"day": dates.say(local, dates.Form.NAMED), "hour": hour}
