# SPDX-License-Identifier: AGPL-3.0-or-later
"""The calendars of an agenda in other products. Supervisors look, owners change."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from permanence.agenda import calendar_pages as pages
from permanence.agenda.refusals import CalendarUnknown
from permanence.backstage.account_views import doors
from permanence.backstage.agenda_views import agenda_of
from permanence.foundation.rules import Role
from permanence.foundation.who import supervisor_only, who
from permanence.kernel.system import SystemClock, SystemEntropy

CLOCK, ENTROPY = SystemClock(), SystemEntropy()


@sensitive_post_parameters("address", "user", "password", "found")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@supervisor_only
def edit(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """The calendars. POST adds one, looks at one, or takes one away."""
    by, at = who(request), CLOCK.now()
    edits = Role.OWNER in by.roles
    if request.method == "POST" and not edits:
        raise PermissionDenied
    row, view = agenda_of(by, client, agenda)
    post = request.POST.dict() if request.method == "POST" else None
    try:
        page = pages.calendars_page(post, agenda=view, by=by, at=at, entropy=ENTROPY)
    except CalendarUnknown as unknown:
        raise Http404("no such calendar") from unknown
    if page.done:
        back = reverse("accounts:agenda-calendars", args=[row.pk, view.id])
        return HttpResponseRedirect(f"{back}?done={page.done}", status=303)
    context = {
        "client": row,
        "agenda": view,
        **pages.shown(page, asked=request.GET.get("done", ""), edits=edits),
        **doors(by),
    }
    return render(request, "backstage/accounts/agenda_calendars.html", context, status=422 if page.failed else 200)
