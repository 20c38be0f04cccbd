# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patients whom a reminder or the doctor's delay did not reach: she telephones, and says what came of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from permanence.clients import queries as clients
from permanence.console.agenda_link import agenda_with
from permanence.console.said_of import said_of
from permanence.countries.numbers import spell_number
from permanence.dispatch.rules import UnreachedOutcome
from permanence.dispatch.unreached_operations import UnreachedUnknown, settle_unreached
from permanence.dispatch.unreached_queries import UnreachedView, client_of_unreached, open_unreached
from permanence.foundation import access, moments
from permanence.foundation.who import Who, secretary_only, who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()
SAID: Mapping[UnreachedOutcome, str | Promise] = {
    UnreachedOutcome.TOLD: gettext_lazy("The patient was told."),
    UnreachedOutcome.MISSED: gettext_lazy("The patient was not reached by telephone either."),
}


@never_cache
@require_POST
@secretary_only
def settle(request: HttpRequest, unreached: str) -> HttpResponse:
    """She telephoned: he knows, or was not reached so either."""
    by, at = who(request), _CLOCK.now()
    client = client_of_unreached(house_key=by.house_key, unreached=unreached)
    if client is None:
        raise Http404(unreached)
    access.demand(by, client=client, subject=f"dispatch.unreached:{unreached[:20]}")
    asked = request.POST.get("outcome", "")
    if asked not in set(UnreachedOutcome):
        messages.error(request, _("Say what was done."))
        return redirect("console:follow-ups")
    try:
        found = settle_unreached(unreached=unreached, outcome=UnreachedOutcome(asked), by=by, at=at)
    except UnreachedUnknown:
        messages.error(request, _("Somebody else has done it meanwhile."))
    else:
        messages.success(request, said_of(found.visit.patient_name, SAID[UnreachedOutcome(asked)]))
    return redirect("console:follow-ups")


def unreached_rows(by: Who, *, at: datetime) -> list[dict[str, Any]]:
    """Whom she is to telephone, the earliest visit first."""
    countries = {each.id: each.country for each in clients.clients(house=by.house)}
    return [_row(each, countries.get(each.visit.client, "XX"), at=at) for each in open_unreached(by=by, at=at)]


def _row(each: UnreachedView, country: str, *, at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(each.time_zone)
    return {
        "entry": each,
        "when": moments.day_and_hour(each.visit.starts_at, zone, now=at),
        "agenda": agenda_with(each.visit, zone),
        "numbers": [spell_number(PhoneNumber(number), country=country) for number in each.numbers],
    }
