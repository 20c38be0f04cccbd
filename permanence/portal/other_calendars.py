# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor's calendars in other products: what makes his agenda busy, how they stand, one more, one less."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from permanence.agenda import calendar_pages as pages
from permanence.agenda.refusals import CalendarUnknown
from permanence.foundation.who import portal_only
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.agenda import reached

_CLOCK, _ENTROPY = SystemClock(), SystemEntropy()


@sensitive_post_parameters("address", "user", "password", "found")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def edit(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """His calendars. POST adds one, looks at one, or takes one away."""
    by, view, found = reached(request, client, agenda)
    post = request.POST.dict() if request.method == "POST" else None
    try:
        page = pages.calendars_page(post, agenda=found, by=by, at=_CLOCK.now(), entropy=_ENTROPY)
    except CalendarUnknown as unknown:
        raise Http404("no such calendar") from unknown
    if page.done:
        return HttpResponseRedirect(
            f"{reverse('portal_other_calendars', args=[client, found.id])}?done={page.done}#t-page", status=303
        )
    context = {
        "client": view,
        "agenda": found,
        "tab": "agenda",
        **pages.shown(page, asked=request.GET.get("done", ""), edits=True, his=True),
    }
    return render(request, "portal/other_calendars.html", context, status=422 if page.failed else 200)
