# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client's own line: what is said and when, at one glance, each part with the way to change it."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.agenda.interop.owners import own_agendas
from permanence.clients import approval_queries, instructions
from permanence.clients import queries as clients
from permanence.clients.opening_words import status
from permanence.clients.validation_queries import flag_lists
from permanence.foundation.who import portal_only, who
from permanence.kernel.system import SystemClock
from permanence.portal import waiting
from permanence.portal.absences import away
from permanence.portal.account import own_of_all
from permanence.portal.greetings import phrases
from permanence.portal.spoken_rows import coming, orders
from permanence.reception.absence import ANSWER

_CLOCK = SystemClock()
SAVED = {
    "hours": _("The opening hours are saved."),
    "day": _("The day is saved."),
    "greeting": _("The phrase is saved."),
    "instruction": _("The instruction is saved."),
    "absence": _("The absence is announced."),
    "absence_waits": _("The absence is announced; to whom what is urgent goes waits for a second person."),
    "waits": _("It waits for a second person."),
    "back": _("The absence is over."),
    "back_waits": _("The end of the absence waits for a second person: what is urgent still goes where it says."),
    "late": _("Those who can be reached are told that you are late."),
    "reminders": _("The reminders are saved."),
    "no-shows": _("The rule is saved."),
    "retired": _("The instruction holds no longer."),
    "full": _("Too many changes wait for a second person: have some approved first."),
}
READERS = "readers"
"""In the address: with who has read what is to be read, which costs six questions more and is asked for."""
WAITING = frozenset({"absence_waits", "back_waits", "waits", "full"})
"""Those of `SAVED` that lead to what waits: nothing holds yet."""


@never_cache
@require_safe
@portal_only
def mine(request: HttpRequest) -> HttpResponse:
    """The line of a person's client; of several, the choice."""
    by = who(request)
    access = clients.portal_access(house=by.house, person=by.person)
    if len(access) == 1:
        return HttpResponseRedirect(reverse("portal_line", args=[access[0].client.id]))
    return render(request, "portal/lines.html", {"clients": [each.client for each in access], "tab": "line"})


@never_cache
@require_safe
@portal_only
def overview(request: HttpRequest, client: str) -> HttpResponse:
    """What his callers meet now and in the coming days."""
    by, view, access = own_of_all(request, client)
    at = _CLOCK.now()
    file = clients.client_file(house=by.house, client=client, at=at)
    flags = flag_lists(house=by.house, client=client, at=at)
    unvalidated = {client: sum(each.waits for each in flags)}
    is_open, sentence = status(file.hours, view, at=at)
    may_wait = approval_queries.may_wait(house=by.house, clients=[each.client.id for each in access], at=at)
    absences = away(file, by=by, at=at, waits=client in may_wait[0])
    shut = any(each.now and each.treatment != ANSWER for each in absences)
    readings = instructions.readings(house=by.house, client=client, at=at) if READERS in request.GET else ()
    context = {
        "client": view,
        "tab": "line",
        "is_open": is_open and not shut,
        "sentence": _("Your absence closes the line.") if shut else sentence,
        "absences": absences,
        "days": coming(file.hours, view, at=at),
        "phrases": phrases(by.house, file.greetings, view.languages),
        "orders": orders(file.instructions, ZoneInfo(view.time_zone), at=at, readings=readings),
        "recipients": file.recipients,
        "lines": file.lines,
        "contacts": file.contacts,
        "sites": file.sites,
        "agendas": dict.fromkeys(each.product for each in file.agendas),
        "kept": own_agendas(client=client, by=by, known=access),
        "recorded": bool(file.closing) or any(each.announcement for each in file.greetings),
        "saved": SAVED.get(request.GET.get("saved", ""), ""),
        "waits": request.GET.get("saved", "") in WAITING,
        "flags": flags,
        "approvals_waiting": waiting.count(by, at=at, access=access, unvalidated=unvalidated, may_wait=may_wait),
    }
    return render(request, "portal/line.html", context)
