# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agendas of a client: whose they are, when they are open, for what patients come, in which rooms.

Supervisors look, owners change. Before a change is saved its effect on the next four weeks is shown.
"""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.agenda import setting_pages as pages
from permanence.agenda.operations import rooms, setting
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.queries import agendas
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import (
    AgendaUnknown,
    NameTaken,
    OpeningUnknown,
    ResourceUnknown,
    VisitReasonUnknown,
)
from permanence.agenda.rules.usual import Trade
from permanence.agenda.setting_forms import INPUT, NAME_LIMIT, Choices, ResourceForm
from permanence.agenda.setting_words import day_lines, reason_line, refusal_words, week_lines
from permanence.backstage.account_views import client_or_404, doors
from permanence.clients import queries as clients
from permanence.clients.models import Client
from permanence.foundation.models import Language
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, owner_only, supervisor_only, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
TRADES: tuple[tuple[str, str | Promise], ...] = (
    (Trade.NONE.value, gettext_lazy("none: the list begins empty")),
    (Trade.DOCTOR.value, gettext_lazy("a doctor's")),
    (Trade.DENTIST.value, gettext_lazy("a dentist's")),
    (Trade.PHYSIOTHERAPIST.value, gettext_lazy("a physiotherapist's")),
    (Trade.PSYCHOLOGIST.value, gettext_lazy("a psychologist's")),
)
DONE = {
    "opening": gettext_lazy("The hours are saved."),
    "day": gettext_lazy("The day is saved."),
    "agenda": gettext_lazy("The agenda is saved."),
    "reason": gettext_lazy("The reason is saved."),
    "removed": gettext_lazy("It is taken away."),
    "retired": gettext_lazy("The reason is no longer offered."),
}


class BeginForm(forms.Form):
    """A new agenda."""

    recipient = forms.ChoiceField(label=gettext_lazy("whose"), widget=forms.Select(attrs=INPUT))
    name = forms.CharField(
        label=gettext_lazy("name"),
        max_length=NAME_LIMIT,
        required=False,
        widget=forms.TextInput(attrs=INPUT),
        help_text=gettext_lazy("Empty: as the person is called."),
    )
    trade = forms.ChoiceField(
        label=gettext_lazy("usual reasons"), choices=TRADES, required=False, widget=forms.Select(attrs=INPUT)
    )
    language = forms.ChoiceField(
        label=gettext_lazy("language of their names"),
        choices=Language.choices,
        required=False,
        widget=forms.Select(attrs=INPUT),
    )


@never_cache
@require_safe
@supervisor_only
def overview(request: HttpRequest, client: str) -> HttpResponse:
    """All of it on one page."""
    by = who(request)
    return _overview(request, by, client_or_404(by, client))


@never_cache
@require_POST
@owner_only
def begin(request: HttpRequest, client: str) -> HttpResponse:
    """A new agenda; the client's first one with the usual reasons of his trade."""
    by = who(request)
    row = client_or_404(by, client)
    form = _begin_form(row, by, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        whose = dict(form.fields["recipient"].choices)[given["recipient"]]  # type: ignore[attr-defined]
        try:
            made = begin_agenda(
                client=str(row.pk),
                recipient=given["recipient"],
                name=given["name"].strip() or whose,
                trade=Trade(given.get("trade") or Trade.NONE),
                language=given.get("language") or row.languages[0],
                by=by,
                at=CLOCK.now(),
            )
        except NameTaken as refusal:
            form.add_error("name", refusal_words(refusal))
        except Refusal as refusal:
            form.add_error(None, refusal_words(refusal))
        else:
            messages.success(request, gettext("The agenda is there. Say when it is open."))
            return redirect("accounts:agenda-opening", row.pk, made.id, pages.NEW)
    return _overview(request, by, row, begin=form, status=422)


@never_cache
@require_POST
@owner_only
def add_room(request: HttpRequest, client: str) -> HttpResponse:
    """A room or a piece of equipment."""
    by = who(request)
    row = client_or_404(by, client)
    form = ResourceForm(request.POST, choices=pages.choices_of(by=by, client=str(row.pk)))
    if form.is_valid():
        try:
            setting.add_resource(client=str(row.pk), **form.cleaned_data, by=by, at=CLOCK.now())
        except Refusal as refusal:
            form.add_error("name", refusal_words(refusal))
        else:
            messages.success(request, gettext("It is kept."))
            return redirect("accounts:agendas", row.pk)
    return _overview(request, by, row, room=form, status=422)


@never_cache
@require_POST
@owner_only
def end_room(request: HttpRequest, client: str, resource: str) -> HttpResponse:
    """A room or a piece of equipment goes out of use."""
    by = who(request)
    row = client_or_404(by, client)
    try:
        rooms.retire_resource(client=str(row.pk), resource=resource, by=by, at=CLOCK.now())
    except ResourceUnknown as unknown:
        raise Http404 from unknown
    except Refusal as refusal:
        return _overview(request, by, row, refused=refusal_words(refusal), status=422)
    messages.success(request, gettext("It is out of use."))
    return redirect("accounts:agendas", row.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@supervisor_only
def agenda(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """One agenda: its week, its days that differ, itself."""
    by, at = who(request), CLOCK.now()
    row, view = agenda_of(by, client, agenda)
    page = pages.agenda_page(_post(request, by), agenda=view, by=by, at=at)
    if page.done:
        return _sent(request, page.done, "accounts:agenda", row.pk, view.id)
    choices = pages.choices_of(by=by, client=str(row.pk))
    today = at.astimezone(ZoneInfo(view.time_zone)).date()
    context = {
        "week": week_lines(agendas.week_openings(by=by, agenda=view.id), choices=choices),
        "days": day_lines(agendas.days_that_differ(by=by, agenda=view.id, first=today), choices=choices),
        "said": request.POST,
    }
    return _shown(request, "backstage/accounts/agenda.html", row, view, page, **context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@owner_only
def opening(request: HttpRequest, client: str, agenda: str, opening: str) -> HttpResponse:
    """Hours of the week."""
    by = who(request)
    row, view = agenda_of(by, client, agenda)
    try:
        page = pages.opening_page(_post(request, by), agenda=view, opening=opening, by=by, at=CLOCK.now())
    except OpeningUnknown as unknown:
        raise Http404 from unknown
    if page.done:
        sent = _sent(request, page.done, "accounts:agenda", row.pk, view.id)
        if page.notice:
            messages.warning(request, page.notice)
        return sent
    return _shown(request, "backstage/accounts/agenda_opening.html", row, view, page)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@owner_only
def day(request: HttpRequest, client: str, agenda: str, day: str) -> HttpResponse:
    """A day that differs."""
    by = who(request)
    row, view = agenda_of(by, client, agenda)
    page = pages.day_page(_post(request, by), agenda=view, day=_day(day), by=by, at=CLOCK.now())
    if page.done:
        return _sent(request, page.done, "accounts:agenda", row.pk, view.id)
    return _shown(request, "backstage/accounts/agenda_day.html", row, view, page)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@owner_only
def reason(request: HttpRequest, client: str, reason: str) -> HttpResponse:
    """For what patients come."""
    by = who(request)
    row = client_or_404(by, client)
    try:
        page = pages.reason_page(
            _post(request, by), client=str(row.pk), zone=row.time_zone, reason=reason, by=by, at=CLOCK.now()
        )
    except VisitReasonUnknown as unknown:
        raise Http404 from unknown
    if page.done:
        return _sent(request, page.done, "accounts:agendas", row.pk)
    return _shown(request, "backstage/accounts/agenda_reason.html", row, None, page, reason=reason)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@owner_only
def retire(request: HttpRequest, client: str, reason: str) -> HttpResponse:
    """A reason goes; another one takes its place where it is in use."""
    by = who(request)
    row = client_or_404(by, client)
    try:
        page = pages.retire_page(_post(request, by), client=str(row.pk), reason=reason, by=by, at=CLOCK.now())
        asked = agendas.reason(by=by, client=str(row.pk), reason=reason) if not page.done else None
    except VisitReasonUnknown as unknown:
        raise Http404 from unknown
    if page.done:
        return _sent(request, str(page.done), "accounts:agendas", row.pk)
    context = {"client": row, "page": page, "reason": asked, "zone": row.time_zone, **doors(by)}
    return render(request, "backstage/accounts/agenda_retire.html", context, status=422 if page.refused else 200)


def _post(request: HttpRequest, by: Who) -> Any:
    """What was posted, None for a look; only an owner posts."""
    if request.method != "POST":
        return None
    if Role.OWNER not in by.roles:
        raise PermissionDenied("only an owner changes agendas")
    return request.POST


def agenda_of(by: Who, client: str, agenda: str) -> tuple[Client, AgendaView]:
    """The client and his agenda. Raises Http404, NotHers."""
    row = client_or_404(by, client)
    try:
        view = agendas.agenda(by=by, agenda=agenda)
    except AgendaUnknown as unknown:
        raise Http404 from unknown
    if view.client != str(row.pk):
        raise Http404("an agenda of another client")
    return row, view


def _day(text: str) -> date | None:
    if text == pages.NEW:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Http404(text[:20]) from error


def _sent(request: HttpRequest, done: str, to: str, *args: Any) -> HttpResponse:
    messages.success(request, str(DONE[done]))
    return redirect(to, *args)


def _shown(
    request: HttpRequest, template: str, row: Client, view: AgendaView | None, page: pages.Page, **more: Any
) -> HttpResponse:
    context = {
        "client": row,
        "agenda": view,
        "page": page,
        "form": page.form,
        "effect": page.effect,
        **more,
        **doors(who(request)),
    }
    return render(request, template, context, status=page.status)


def _begin_form(row: Client, by: Who, post: Any = None) -> BeginForm:
    language = row.languages[0] if row.languages else Language.ENGLISH.value
    form = BeginForm(post, initial={"trade": Trade.DOCTOR.value, "language": language})
    persons = clients.recipients(house=by.house, client=str(row.pk))
    fields: dict[str, Any] = form.fields
    fields["recipient"].choices = [(each.id, each.name) for each in persons]
    if agendas.reasons(by=by, client=str(row.pk), retired=True):
        del fields["trade"], fields["language"]
    return form


def _overview(
    request: HttpRequest,
    by: Who,
    row: Client,
    *,
    begin: BeginForm | None = None,
    room: ResourceForm | None = None,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    client = str(row.pk)
    choices: Choices = pages.choices_of(by=by, client=client)
    views = agendas.agendas(by=by, client=client, active_only=False)
    context = {
        "client": row,
        "agendas": [
            (each, week_lines(agendas.week_openings(by=by, agenda=each.id), choices=choices)) for each in views
        ],
        "reasons": [(each, reason_line(each)) for each in agendas.reasons(by=by, client=client)],
        "rooms": [(each, choices.sites.get(each.site, "")) for each in choices.resources],
        "kinds": sorted({each.kind for each in choices.resources} | {"ECG", gettext("room")}),
        "begin": begin or _begin_form(row, by),
        "room": room or ResourceForm(choices=choices),
        "refused": refused,
        **doors(by),
    }
    return render(request, "backstage/accounts/agendas.html", context, status=status)
