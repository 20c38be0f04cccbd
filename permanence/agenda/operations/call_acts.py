# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping what was done with appointments in a call."""

from datetime import datetime

from permanence.agenda.models import Appointment, CallAct
from permanence.agenda.rules.elsewhere import ActElsewhere


def keep_act(
    *, house_key: int, call: str, appointment: str, revision: int, act: ActElsewhere, starts_at: datetime, at: datetime
) -> None:
    """Put an act on the record of its call, once; the act itself is in the audit trail."""
    visit = Appointment.objects.for_house(house_key).only("client_id", "house_id").get(key=appointment)
    CallAct.objects.get_or_create(
        appointment=visit,
        revision=revision,
        act=act.value,
        defaults={
            "house_id": house_key,
            "client_id": visit.client_id,
            "call": call,
            "starts_at": starts_at,
            "at": at,
        },
    )
