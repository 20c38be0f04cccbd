# SPDX-License-Identifier: AGPL-3.0-or-later
"""The supervisor's page: what is wrong, what reached nobody, every call, who is to be called back; calls as CSV."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.agenda import call_words
from permanence.agenda import elsewhere_queries as elsewhere
from permanence.calls import operations
from permanence.calls import queries as calls_of
from permanence.clients import queries as clients
from permanence.dispatch import operations as dispatch
from permanence.foundation import access, alarms
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, supervisor_only, who
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.messaging import operations as messaging
from permanence.messaging import queries as messages
from permanence.staff import queries as staff
from permanence.supervision.alarms import OF_A_CALL, OF_A_CLIENT, OF_A_NUMBER, drawn_alarms
from permanence.supervision.export import appointments_csv, calls_csv
from permanence.supervision.filters import Asked, month_days, read_asked, read_day
from permanence.supervision.periods import day_choices, month_choices
from permanence.supervision.rows import drawn_calls, spelt
from permanence.supervision.undelivered import TOLD, drawn_messages
from permanence.supervision.words import OUTCOMES

UNDO_FOR = timedelta(hours=24)
"""How long a mark "called back" stands on the page to be undone."""

NOBODYS_FOR = timedelta(days=7)
"""How long a line on which calls came and which no client has stands on the page."""

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()


@never_cache
@require_safe
@supervisor_only
def calls(request: HttpRequest) -> HttpResponse:
    """The page, or with `part` (alarms, undelivered, list) only that part of it, which changes by itself."""
    by, asked = who(request), read_asked(request.GET)
    part = PARTS.get(request.GET.get("part", ""))
    if part is not None:
        return render(request, part.template, {"asked": asked, **part.context(_scene(by, asked))})
    scene = _scene(by, asked)
    context: dict[str, Any] = {"asked": asked, "told": TOLD.get(request.GET.get("told", ""), "")}
    for each in PARTS.values():
        context |= each.context(scene)
    today = scene.at.astimezone(scene.zone).date()
    context |= {
        "clients": [each for each in clients.clients(house=by.house) if by.may_see(each.id)],
        "outcomes": [(code, str(label)) for code, label in OUTCOMES.items()],
        "secretaries": staff.secretaries(house=by.house, active_only=False),
        "house": by.house,
        "days": day_choices(today, read_day(asked.day)),
        "months": month_choices(today, read_day(f"{asked.month}-01")),
        "this_month": f"{today:%Y-%m}",
        "is_secretary": Role.SECRETARY in by.roles,
        "is_owner": Role.OWNER in by.roles,
    }
    return render(request, "supervision/calls.html", context)


class Scene(NamedTuple):
    """Who asks for what, when, on whose clock."""

    by: Who
    asked: Asked
    at: datetime
    zone: ZoneInfo


def _scene(by: Who, asked: Asked) -> Scene:
    return Scene(by, asked, _CLOCK.now(), calls_of.zone_of(house=by.house))


def _alarms_context(scene: Scene) -> dict[str, Any]:
    found = [one for one in alarms.standing(house=scene.by.house, at=scene.at) if _concerns(one, scene.by)]
    return {"alarms": drawn_alarms(found, zone=scene.zone, at=scene.at)}


def _concerns(one: alarms.Standing, by: Who) -> bool:
    """The house and its machine concern everybody, a client those who answer for him."""
    if by.clients is None:
        return True
    if one.code in OF_A_NUMBER:
        return by.may_see(clients.lines(house=by.house).get(one.about))
    if one.code in OF_A_CLIENT or one.code in OF_A_CALL:
        return by.may_see(one.about.partition("/")[0])
    if one.code != "slice":
        return True
    named = one.params.get("client")
    return not named or named in {each.name for each in clients.clients(house=by.house) if by.may_see(each.id)}


def _undelivered_context(scene: Scene) -> dict[str, Any]:
    found = messages.undelivered_messages(scene.by.house, scene.at, scene.by.clients)
    return {"undelivered": drawn_messages(found, zone=scene.zone, at=scene.at)}


def _list_context(scene: Scene) -> dict[str, Any]:
    by, asked, at, zone = scene
    filters = replace(asked.filters, only=by.clients)
    page = calls_of.call_page(house=by.house, filters=filters, page=asked.page, zone=zone)
    acts = call_words.acts_of_calls(house=by.house, calls=[row.call for row in page.rows])
    return {
        "page": page,
        "rows": drawn_calls(page.rows, zone=zone, acts=acts),
        "nobodys": _nobodys_lines(by, at - NOBODYS_FOR) if by.may_see(None) else [],
        "waiting": drawn_calls(calls_of.to_call_back(house=by.house, at=at, only=by.clients), zone=zone),
        "done": drawn_calls(calls_of.called_back(house=by.house, since=at - UNDO_FOR, only=by.clients), zone=zone),
    }


class Part(NamedTuple):
    """A part of the page that is fetched again when its topics are touched."""

    template: str
    context: Callable[[Scene], dict[str, Any]]


PARTS = {
    "alarms": Part("supervision/alarms.html", _alarms_context),
    "undelivered": Part("supervision/undelivered.html", _undelivered_context),
    "list": Part("supervision/list.html", _list_context),
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
    access.demand(by, client=client.id, subject=f"clients.client:{client.id}")
    zone = calls_of.zone_of(house=by.house)
    found = calls_of.exported_calls(house=by.house, client=client.id, first=first, last=last, zone=zone)
    # What a call shortly before midnight came to may stand on the next day.
    until = last + timedelta(days=1)
    acts = call_words.acts_of_month(house=by.house, client=client.id, first=first, last=until, zone=zone)
    body = calls_csv(found, zone=zone, language=get_language() or by.language, acts=acts)
    operations.note_export(client=client.id, first=first, last=last, by=by, at=_CLOCK.now())
    name = f"calls-{slugify(client.name) or client.id}-{first:%Y-%m}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(body, content_type="text/csv; charset=utf-8", headers=headers)


@never_cache
@require_safe
@supervisor_only
def appointments(request: HttpRequest) -> HttpResponse:
    """How many appointments were made in each client's external agenda in `month` ("YYYY-MM"), as CSV."""
    by, days = who(request), month_days(request.GET.get("month", ""))
    first, last = (read_day(day) for day in days or ("", ""))
    if first is None or last is None:
        return HttpResponseBadRequest("month")
    zone = calls_of.zone_of(house=by.house)
    found = elsewhere.counted_acts(house=by.house, first=first, last=last, zone=zone, only=by.clients)
    names = {each.id: each.name for each in clients.clients(house=by.house)}
    counted = sorted((names[each.client], each) for each in found)
    body = appointments_csv(counted, language=get_language() or by.language)
    headers = {"Content-Disposition": f'attachment; filename="appointments-{first:%Y-%m}.csv"'}
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


@require_POST
@supervisor_only
def send_again(request: HttpRequest, message: str) -> HttpResponse:
    """Sends a message that reached nobody once more, to where its recipient is reached now."""
    by = who(request)
    try:
        count = dispatch.retry(house=by.house, message=message, by=by, at=_CLOCK.now(), entropy=_ENTROPY)
    except messaging.NoSuchMessage as refusal:
        raise Http404(refusal.why) from refusal
    except (dispatch.NoAddress, dispatch.NoMailServer) as refusal:
        return _back(request, told=refusal.code)
    return _back(request, told="sent_again" if count else "nothing_failed")


def _back(request: HttpRequest, *, told: str = "") -> HttpResponse:
    """To the list with the filters it had: only those are taken over from the form, never an address."""
    given = "&".join(filter(None, (read_asked(request.POST).address, told and f"told={told}")))
    address = reverse("supervision:calls")
    return redirect(f"{address}?{given}" if given else address)
