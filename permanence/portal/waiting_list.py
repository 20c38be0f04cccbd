# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who waits for a doctor's agenda, who was offered what, and for how long a time that gets free is offered."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.agenda.operations.waiting_list import change_offer_minutes
from permanence.agenda.queries import waiting
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import OfferMinutesImpossible
from permanence.agenda.rules.waiting import OFFER_MINUTES, PlaceState
from permanence.agenda.waiting_words import offer_length, offer_words, state_words, wants_words
from permanence.clients.queries import ClientView
from permanence.foundation import moments
from permanence.foundation.who import Who, portal_only
from permanence.kernel.system import SystemClock
from permanence.portal.agenda import reached

_CLOCK = SystemClock()
SHOWN_AFTER = timedelta(days=7)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def page(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """The list, in turn; POST says for how long a slot is offered."""
    by, view, found = reached(request, client, agenda)
    if request.method != "POST":
        return _page(request, by, view, found)
    typed = request.POST.get("minutes", "")
    try:
        minutes = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 5 else -1
        change_offer_minutes(agenda=found.id, minutes=minutes, by=by, at=_CLOCK.now())
    except OfferMinutesImpossible:
        return _page(request, by, view, found, failed=_("Choose for how long a time is offered."))
    return HttpResponseRedirect(f"{reverse('portal_waiting', args=[client, agenda])}?saved=1", status=303)


def _page(request: HttpRequest, by: Who, view: ClientView, found: AgendaView, *, failed: str = "") -> HttpResponse:
    at, zone = _CLOCK.now(), ZoneInfo(found.time_zone)
    rows = [
        {
            "place": each,
            "waits": each.state is PlaceState.WAITING,
            "wants": wants_words(each),
            "state": state_words(each, at=at),
            "since": moments.day_and_hour(each.asked_at, zone, now=at),
            "offers": [offer_words(one, zone, at=at) for one in each.offers],
        }
        for each in waiting.waiting_list(by=by, at=at, agenda=found.id, since=at - SHOWN_AFTER)
    ]
    many = waiting.how_many_wait(by=by, at=at, agenda=found.id)
    now = waiting.offer_minutes(by=by, agenda=found.id)
    context = {
        "client": view,
        "agenda": found,
        "tab": "agenda",
        "rows": rows,
        "many": many,
        "cut": waiting.LIST_LIMIT if many > waiting.LIST_LIMIT else 0,
        "lengths": [(each, offer_length(each), each == now) for each in OFFER_MINUTES],
        "saved": request.GET.get("saved") == "1",
        "failed": failed,
    }
    return render(request, "portal/waiting_list.html", context, status=422 if failed else 200)
