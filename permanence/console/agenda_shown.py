# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where an appointment stood on the page on which she acts: somebody else may have moved it since."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import JsonResponse
from django.utils.translation import gettext as _

from permanence.agenda.operations.visit_acts import Seen
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import ChangedMeanwhile
from permanence.console.agenda_asked import agenda_asked, appointment_asked, day_of, minute_of
from permanence.console.agenda_wall import Wall
from permanence.foundation import moments
from permanence.foundation.who import Who
from permanence.reception.hours import moment_of


def shown_asked(by: Who, visit: AppointmentView, asked: Mapping[str, str]) -> Seen | None:
    """How the page showed a visit, which now stands as `visit`: `was_minute` in the lane of `was_agenda` and `was_day`,
    on the client's clock; None where it does not say so. Raises BadRequest, Http404, NotHers.
    """
    if not asked["was_day"]:
        return None
    agenda = agenda_asked(by, asked["was_agenda"])
    zone = ZoneInfo(agenda.time_zone)
    today = visit.starts_at.astimezone(zone).date()
    day, minute = day_of(asked["was_day"], today), minute_of(asked["was_minute"])
    lane = Wall(day, zone, today=today)
    # What began the day before stands at midnight, and one hour comes twice in a year.
    if lane.touches(visit.starts_at, visit.ends_at) and lane.minute(visit.starts_at) == minute:
        return agenda.id, visit.starts_at
    return agenda.id, moment_of(day, minute, agenda.time_zone, fold=0)


def moved_meanwhile(by: Who, appointment: str, refusal: ChangedMeanwhile, *, at: datetime) -> JsonResponse:
    """The answer to an act on a visit that stands elsewhere by now: where."""
    visit = appointment_asked(by, appointment)
    zone = ZoneInfo(agenda_asked(by, visit.agenda).time_zone)
    when = f"{moments.day_and_hour(visit.starts_at, zone, now=at)}, {visit.agenda_name}"
    why = _("This appointment was moved meanwhile (%(when)s): look at it again.") % {"when": when}
    return JsonResponse({"code": refusal.code, "why": why, "causes": [why]}, status=422)
