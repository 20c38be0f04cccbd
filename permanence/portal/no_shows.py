# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client says what is done about patients who do not keep their appointments."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.foundation.who import portal_only
from permanence.kernel.system import SystemClock
from permanence.portal.account import back, own
from permanence.privacy.rule_form import rule_form, saved

_CLOCK = SystemClock()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def edit(request: HttpRequest, client: str) -> HttpResponse:
    """The rule, to be looked at and changed."""
    by, view = own(request, client)
    form = rule_form(client=client, by=by)
    if request.method == "POST":
        wrong = saved(request.POST, client=client, by=by, at=_CLOCK.now())
        if wrong is None:
            return back(client, "no-shows")
        form = wrong
    context = {"client": view, "tab": "line", "form": form}
    return render(request, "portal/no_shows.html", context, status=422 if form.is_bound else 200)
