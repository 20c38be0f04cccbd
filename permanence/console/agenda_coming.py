# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which appointments the patient in hand has before him: who wants his moved is not looked for day by day."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.agenda.queries import appointments
from permanence.agenda.rules.states import AppointmentState
from permanence.console.agenda_asked import client_asked, patient_asked, says_why
from permanence.console.own_page import own_page_only
from permanence.foundation import dates, moments
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()
MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """An appointment to come, on the client's clock. `minute` after midnight; `name`: the agenda's."""

    appointment: str
    agenda: str
    day: str
    minute: int
    when: str
    hour: str
    reason: str
    name: str
    confirmed: bool


@never_cache
@require_safe
@own_page_only
@says_why
def coming(request: HttpRequest) -> HttpResponse:
    """What a patient of a client has before him, or is at now, the earliest first, MOST at most."""
    by, at, asked = who(request), _CLOCK.now(), request.GET
    client = client_asked(by, asked.get("client", ""))
    patient = patient_asked(by, client.id, asked.get("patient", ""))
    zone = ZoneInfo(client.time_zone)
    found = (
        appointments.before_him(by=by, client=client.id, patient=patient.id, at=at, most=MOST + 1) if patient.id else ()
    )
    visits = [
        Coming(
            appointment=each.appointment,
            agenda=each.agenda,
            day=local.date().isoformat(),
            minute=local.hour * 60 + local.minute,
            when=dates.say(local, dates.Form.SHORT_NAMED),
            hour=moments.clock_chosen(each.starts_at, zone),
            reason=each.reason_name,
            name=each.agenda_name,
            confirmed=each.state is AppointmentState.CONFIRMED,
        )
        for each in found[:MOST]
        for local in (each.starts_at.astimezone(zone),)
    ]
    return render(request, "console/agenda_coming.html", {"visits": visits, "more": len(found) > MOST})
