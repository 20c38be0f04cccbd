# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor sets his agenda: hours, days that differ, reasons; what it brings is shown before it is saved."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from permanence.agenda import setting_pages as pages
from permanence.agenda.queries import agendas
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import OpeningUnknown, VisitReasonUnknown
from permanence.agenda.setting_words import day_lines, overlap_words, reason_line, week_lines
from permanence.clients.queries import ClientView
from permanence.foundation.who import portal_only
from permanence.kernel.system import SystemClock
from permanence.portal.agenda import reached

_CLOCK = SystemClock()
SAVED: Mapping[str, str | Promise] = {
    "opening": _("The hours are saved."),
    "day": _("The day is saved."),
    "reason": _("The reason is saved."),
    "removed": _("It is taken away."),
    "retired": _("The reason is no longer offered."),
}


@never_cache
@require_safe
@portal_only
def overview(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """The week, the days that differ, the reasons."""
    by, view, found = reached(request, client, agenda)
    choices = pages.choices_of(by=by, client=client)
    week = agendas.week_openings(by=by, agenda=found.id)
    told = request.GET.get("over", "").split(",")
    today = _CLOCK.now().astimezone(ZoneInfo(found.time_zone)).date()
    context = {
        **_frame(view, found),
        "week": week_lines(week, choices=choices),
        "days": day_lines(agendas.days_that_differ(by=by, agenda=found.id, first=today), choices=choices),
        "reasons": [(each, reason_line(each)) for each in agendas.reasons(by=by, client=client)],
        "saved": SAVED.get(request.GET.get("saved", ""), ""),
        "notice": overlap_words([each for each in week if each.id in told], choices=choices),
    }
    return render(request, "portal/agenda_setting.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def opening(request: HttpRequest, client: str, agenda: str, opening: str) -> HttpResponse:
    """Hours of the week."""
    by, view, found = reached(request, client, agenda)
    try:
        page = pages.opening_page(_post(request), agenda=found, opening=opening, by=by, at=_CLOCK.now())
    except OpeningUnknown as unknown:
        raise Http404(opening) from unknown
    return _answer(request, view, found, page, "portal/agenda_opening.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def day(request: HttpRequest, client: str, agenda: str, day: str) -> HttpResponse:
    """A day that differs."""
    by, view, found = reached(request, client, agenda)
    try:
        when = None if day == pages.NEW else date.fromisoformat(day)
    except ValueError as error:
        raise Http404(day) from error
    page = pages.day_page(_post(request), agenda=found, day=when, by=by, at=_CLOCK.now())
    return _answer(request, view, found, page, "portal/agenda_day.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def reason(request: HttpRequest, client: str, agenda: str, reason: str) -> HttpResponse:
    """For what patients come."""
    by, view, found = reached(request, client, agenda)
    try:
        page = pages.reason_page(
            _post(request), client=client, zone=view.time_zone, reason=reason, by=by, at=_CLOCK.now()
        )
    except VisitReasonUnknown as unknown:
        raise Http404(reason) from unknown
    return _answer(request, view, found, page, "portal/agenda_reason.html", reason=reason)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def retire(request: HttpRequest, client: str, agenda: str, reason: str) -> HttpResponse:
    """A reason goes; another one takes its place where it is in use."""
    by, view, found = reached(request, client, agenda)
    try:
        named = agendas.reason(by=by, client=client, reason=reason)
        page = pages.retire_page(_post(request), client=client, reason=reason, by=by, at=_CLOCK.now())
    except VisitReasonUnknown as unknown:
        raise Http404(reason) from unknown
    if page.done:
        return _back(found, str(page.done))
    context = {**_frame(view, found), "page": page, "reason": named, "zone": view.time_zone}
    return render(request, "portal/agenda_retire.html", context, status=422 if page.refused else 200)


def _post(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _back(found: AgendaView, saved: str, over: Sequence[str] = ()) -> HttpResponse:
    """To the overview, which says what was saved, and over which openings (their ids) it lies."""
    address = reverse("portal_agenda_setting", args=[found.client, found.id])
    told = f"&over={','.join(over)}" if over else ""
    return HttpResponseRedirect(f"{address}?saved={saved}{told}#t-page", status=303)


def _frame(view: ClientView, found: AgendaView) -> dict[str, Any]:
    return {"client": view, "agenda": found, "tab": "agenda"}


def _answer(
    request: HttpRequest, view: ClientView, found: AgendaView, page: pages.Page, template: str, **more: Any
) -> HttpResponse:
    if page.done:
        return _back(found, page.done, page.overlapped)
    context = {**_frame(view, found), "page": page, "form": page.form, "effect": page.effect, **more}
    return render(request, template, context, status=page.status)
