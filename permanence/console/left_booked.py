# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is booked in an absence of which the doctor has not said what becomes of them: she asks him.

Who comes all the same, for a colleague receives him or the doctor comes back, leaves the list when she says so. Who was
called stands beside it for as long as he is booked there, in an absence or a closed agenda.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from permanence.agenda.operations.day import keep_booked, put_back_on_list
from permanence.agenda.queries.follow_ups import client_of_follow_up
from permanence.agenda.queries.kept_booked import KeptBooked, still_booked
from permanence.agenda.queries.left_booked import LeftBooked, left_booked
from permanence.agenda.refusals import AgendaBusy, FollowUpUnknown
from permanence.clients import queries as clients
from permanence.clients.queries import ClientView
from permanence.console.agenda_asked import appointment_asked
from permanence.console.agenda_link import agenda_with
from permanence.console.agenda_words import REFUSED
from permanence.console.said_of import said_of
from permanence.foundation import access, moments
from permanence.foundation.who import Who, secretary_only, who
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()


@never_cache
@require_POST
@secretary_only
def keep(request: HttpRequest, absence: str, appointment: str) -> HttpResponse:
    """He comes all the same, as he is booked."""
    by = who(request)
    visit = appointment_asked(by, appointment)
    told = {"client": visit.client, "absence": absence, "appointment": appointment}
    try:
        keep_booked(**told, by=by, at=_CLOCK.now())
    except FollowUpUnknown:
        messages.error(request, _("Somebody else has done it meanwhile."))
    except AgendaBusy as refusal:
        messages.error(request, str(REFUSED[refusal.code]))
    else:
        messages.success(request, said_of(visit.patient_name, _("The appointment stands all the same.")))
    return redirect("console:follow-ups")


@never_cache
@require_POST
@secretary_only
def put_back(request: HttpRequest, follow_up: str) -> HttpResponse:
    """It was a slip that he comes, or that he was called: he is on the list again."""
    by = who(request)
    client = client_of_follow_up(house_key=by.house_key, follow_up=follow_up)
    if client is None:
        raise Http404(follow_up)
    access.demand(by, client=client, subject=f"agenda.followup:{follow_up[:20]}")
    try:
        put_back_on_list(follow_up=follow_up, by=by, at=_CLOCK.now())
    except FollowUpUnknown:
        messages.error(request, _("Somebody else has done it meanwhile."))
    except AgendaBusy as refusal:
        messages.error(request, str(REFUSED[refusal.code]))
    else:
        messages.success(request, _("Back on the list."))
    return redirect("console:follow-ups")


def still_rows(by: Who, *, at: datetime) -> dict[str, list[dict[str, Any]]]:
    """Those who were called, and who come all the same, each with when, and who said so when."""
    found = still_booked(by=by, at=at)
    return {
        "called": [_kept_row(each, at=at) for each in found if each.called],
        "kept": [_kept_row(each, at=at) for each in found if not each.called],
    }


def _kept_row(each: KeptBooked, *, at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(each.time_zone)
    return {
        "entry": each,
        "when": moments.day_and_hour(each.visit.starts_at, zone, now=at),
        "agenda": agenda_with(each.visit, zone),
        "said": moments.day_and_hour(each.said_at, zone, now=at),
    }


def left_rows(by: Who, *, at: datetime) -> list[dict[str, Any]]:
    """The absences of the clients she sees, each with those booked in it, the earliest appointment first."""
    return [_row(each, client, at=at) for each, client in _left(by, at=at)]


def how_many_left(by: Who, *, at: datetime) -> int:
    """How many visits stand in `left_rows`."""
    return sum(len(each.visits) for each, _client in _left(by, at=at))


def _left(by: Who, *, at: datetime) -> list[tuple[LeftBooked, ClientView]]:
    """Nobody of a client who has ended."""
    found = left_booked(by=by, at=at)
    views = {each.id: each for each in clients.clients(house=by.house)} if found else {}
    return [(each, views[each.client]) for each in found if each.client in views]


def _row(each: LeftBooked, client: ClientView, *, at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(client.time_zone)
    return {
        "who": _who(each) or client.name,
        "client_name": client.name,
        "absence": each.absence,
        "when": _("From %(starts)s to %(ends)s")
        % {
            "starts": moments.day_and_hour(each.starts, zone, now=at),
            "ends": moments.day_and_hour_until(each.ends, zone, now=at),
        },
        "visits": [
            (
                moments.day_and_hour(visit.starts_at, zone, now=at),
                agenda_with(visit, zone),
                visit,
            )
            for visit in each.visits
        ],
    }


def _who(each: LeftBooked) -> str:
    """The agenda of the one who is away; "" where the whole client is."""
    first = each.visits[0]
    names = {first.recipient: first.agenda_name, first.also_recipient: first.also_name}
    return names.get(each.recipient, "") if each.recipient else ""
