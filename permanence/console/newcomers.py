# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who booked without a secretary as somebody new, and may be known: she compares the files."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from permanence.agenda.operations.newcomers import settle_newcomer
from permanence.agenda.queries.newcomers import NewcomerView, client_of_newcomer, open_newcomers
from permanence.agenda.refusals import FollowUpUnknown
from permanence.callers.queries import PatientView
from permanence.callers.words import no_show_count, person_words
from permanence.console.agenda_link import agenda_with
from permanence.foundation import access, moments
from permanence.foundation.who import Who, secretary_only, who
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()


@never_cache
@require_POST
@secretary_only
def settle(request: HttpRequest, newcomer: str) -> HttpResponse:
    """She compared the files: they are two persons."""
    by, at = who(request), _CLOCK.now()
    client = client_of_newcomer(house_key=by.house_key, newcomer=newcomer)
    if client is None:
        raise Http404(newcomer)
    access.demand(by, client=client, subject=f"agenda.newcomer:{newcomer[:20]}")
    try:
        name = settle_newcomer(newcomer=newcomer, by=by, at=at)
    except FollowUpUnknown:
        messages.error(request, _("Somebody else has done it meanwhile."))
    else:
        messages.success(request, _("%(name)s is somebody new.") % {"name": name})
    return redirect("console:follow-ups")


def newcomer_rows(by: Who, *, at: datetime) -> list[dict[str, Any]]:
    """Whom she is to compare, the earliest appointment first."""
    return [_row(each, at=at) for each in open_newcomers(by=by, at=at)]


def twin_words(each: NewcomerView) -> list[str]:
    """Whom the new patient may be: name, birth date, age, and how many appointments that person did not keep."""
    on = each.visit.starts_at.astimezone(ZoneInfo(each.time_zone)).date()
    return [". ".join(filter(None, (person_words(twin.patient, on), _missed(twin.patient)))) for twin in each.twins]


def _row(each: NewcomerView, *, at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(each.time_zone)
    local = each.visit.starts_at.astimezone(zone)
    return {
        "entry": each,
        "when": moments.day_and_hour(each.visit.starts_at, zone, now=at),
        "agenda": agenda_with(each.visit, zone),
        "who": person_words(each.person, local.date()),
        "twins": [
            {"id": twin.patient.id, "who": person_words(twin.patient, local.date()), "missed": _missed(twin.patient)}
            for twin in each.twins
        ],
    }


def _missed(person: PatientView) -> str:
    return no_show_count(person.no_shows) if person.no_shows else ""
