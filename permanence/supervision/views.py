# SPDX-License-Identifier: AGPL-3.0-or-later
"""The supervisor's call list: every call, who is to be called back, and a CSV file a client and month."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.calls import operations
from permanence.calls import queries as calls_of
from permanence.clients import queries as clients
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, supervisor_only, who
from permanence.kernel.system import SystemClock
from permanence.staff import queries as staff
from permanence.supervision.export import calls_csv
from permanence.supervision.filters import Asked, month_days, read_asked, read_day
from permanence.supervision.periods import day_choices, month_choices
from permanence.supervision.rows import drawn_calls, spelt

UNDO_FOR = timedelta(hours=24)
"""How long a mark "called back" stands on the page to be undone."""

NOBODYS_FOR = timedelta(days=7)
"""How long a line on which calls came and which no client has stands on the page."""

_CLOCK = SystemClock()


@never_cache
@require_safe
@supervisor_only
def calls(request: HttpRequest) -> HttpResponse:
    """The page, or with `part=list` only what changes on it."""
    by, asked = who(request), read_asked(request.GET)
    context = _list_context(by, asked)
    if request.GET.get("part") == "list":
        return render(request, "supervision/list.html", context)
    today = _CLOCK.now().astimezone(context["zone"]).date()
    context |= {
        "clients": clients.clients(house=by.house),
        "secretaries": staff.secretaries(house=by.house, active_only=False),
        "topic": f"house/{by.house}/calls",
        "days": day_choices(today, read_day(asked.day)),
        "months": month_choices(today, read_day(f"{asked.month}-01")),
        "this_month": f"{today:%Y-%m}",
        "is_secretary": Role.SECRETARY in by.roles,
        "is_owner": Role.OWNER in by.roles,
    }
    return render(request, "supervision/calls.html", context)


def _list_context(by: Who, asked: Asked) -> dict[str, Any]:
    at, zone = _CLOCK.now(), calls_of.zone_of(house=by.house)
    page = calls_of.call_page(house=by.house, filters=asked.filters, page=asked.page, zone=zone)
    return {
        "asked": asked,
        "zone": zone,
        "page": page,
        "rows": drawn_calls(page.rows, zone=zone),
        "nobodys": _nobodys_lines(by, at - NOBODYS_FOR),
        "waiting": drawn_calls(calls_of.to_call_back(house=by.house, at=at), zone=zone),
        "done": drawn_calls(calls_of.called_back(house=by.house, since=at - UNDO_FOR), zone=zone),
    }


def _nobodys_lines(by: Who, since: datetime) -> list[str]:
    """The lines that rang and still are nobody's: an alarm until one gives them to a client."""
    found = calls_of.lines_of_nobody(house=by.house, since=since)
    given = clients.lines(house=by.house) if found else {}
    return [spelt(line) for line in found if line not in given]


@never_cache
@require_safe
@supervisor_only
def export(request: HttpRequest) -> HttpResponse:
    """The calls of `client` in `month` ("YYYY-MM") as CSV."""
    by, days = who(request), month_days(request.GET.get("month", ""))
    first, last = (read_day(day) for day in days or ("", ""))
    if first is None or last is None:
        return HttpResponseBadRequest("month")
    try:
        client = clients.client(house=by.house, client=request.GET.get("client", ""))
    except clients.ClientUnknown as refusal:
        raise Http404(refusal.why) from refusal
    zone = calls_of.zone_of(house=by.house)
    found = calls_of.exported_calls(house=by.house, client=client.id, first=first, last=last, zone=zone)
    body = calls_csv(found, zone=zone, language=get_language() or by.language)
    operations.note_export(client=client.id, first=first, last=last, by=by, at=_CLOCK.now())
    name = f"calls-{slugify(client.name) or client.id}-{first:%Y-%m}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(body, content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
@supervisor_only
def called_back(request: HttpRequest, call: str) -> HttpResponse:
    """The caller was called back."""
    try:
        operations.mark_called_back(call=call, by=who(request), at=_CLOCK.now())
    except operations.CallUnknown as refusal:
        raise Http404(refusal.why) from refusal
    return _back(request)


@require_POST
@supervisor_only
def not_called_back(request: HttpRequest, call: str) -> HttpResponse:
    """He was not: the mark is taken away."""
    try:
        operations.undo_called_back(call=call, by=who(request), at=_CLOCK.now())
    except operations.CallUnknown as refusal:
        raise Http404(refusal.why) from refusal
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the list with the filters it had: only those are taken over from the form, never an address."""
    asked = read_asked(request.POST)
    address = reverse("supervision:calls")
    return redirect(f"{address}?{asked.address}" if asked.address else address)
