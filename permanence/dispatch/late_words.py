# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom it concerns that a practitioner is late, in words, for whoever is about to tell them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from permanence.dispatch import late_operations
from permanence.dispatch.late_operations import Concerned
from permanence.foundation import moments
from permanence.foundation.who import Who

WHY = {
    "sms_off": _("no SMS are sent from here"),
    "no_consent": _("has not agreed to SMS"),
    "no_mobile": _("no mobile number"),
}


def concerned_lines(*, agenda: str, time_zone: str, by: Who, at: datetime) -> list[tuple[str, Concerned, str]]:
    """Who is still to come today: the hour, who, and why no SMS reaches him ("" where one does).

    Raises agenda's AgendaUnknown.
    """
    zone = ZoneInfo(time_zone)
    coming = late_operations.concerned(agenda=agenda, by=by, at=at)
    return [(moments.clock(each.starts_at, zone), each, str(WHY.get(each.why, ""))) for each in coming]
