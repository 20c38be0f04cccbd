# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which systems of a client come in through the interface: supervisors look, owners let in and shut out.

A token is shown on the answer to the form that made it and nowhere else; it is in no address and in no session.
"""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.agenda.operations import interface as acts
from permanence.agenda.queries.interface import tokens
from permanence.agenda.refusals import TokenUnfit, TokenUnknown
from permanence.agenda.rules.interface import LONGEST_DAYS, SYSTEM_LIMIT
from permanence.backstage.account_views import client_or_404, doors
from permanence.backstage.cells import spelt_moment
from permanence.clients.models import Client
from permanence.foundation.who import owner_only, supervisor_only, who
from permanence.kernel.system import SystemClock, SystemEntropy

CLOCK, CHANCE = SystemClock(), SystemEntropy()
USUAL_DAYS = 365


@never_cache
@require_safe
@supervisor_only
def page(request: HttpRequest, client: str) -> HttpResponse:
    """All of them, and the form for another one."""
    return _page(request, client_or_404(who(request), client))


@never_cache
@require_POST
@owner_only
def add(request: HttpRequest, client: str) -> HttpResponse:
    """Let a system in: the answer shows its token, this once."""
    by = who(request)
    row = client_or_404(by, client)
    days = request.POST.get("days", "")
    try:
        made = acts.make_token(
            client=str(row.pk),
            system=request.POST.get("system", ""),
            scopes=request.POST.getlist("scope"),
            days=int(days) if days.isascii() and days.isdecimal() and len(days) < 5 else 0,
            by=by,
            at=CLOCK.now(),
            entropy=CHANCE,
        )
    except TokenUnfit as refusal:
        said = {
            "system": _("Name the system: 80 letters at most."),
            "scopes": _("Choose what the system may do."),
            "days": _("A token is good for 1 to 730 days."),
        }[refusal.why]
        return _page(request, row, refused=said)
    return _page(request, row, token=made.token)


@never_cache
@require_POST
@owner_only
def revoke(request: HttpRequest, client: str, token: str) -> HttpResponse:
    """It opens nothing any more."""
    by = who(request)
    row = client_or_404(by, client)
    try:
        acts.revoke_token(client=str(row.pk), token=token, by=by, at=CLOCK.now())
    except TokenUnknown as unknown:
        raise Http404 from unknown
    messages.success(request, _("The token opens nothing any more."))
    return redirect("accounts:interface", row.pk)


def _page(request: HttpRequest, row: Client, *, token: str = "", refused: str = "") -> HttpResponse:
    by, zone = who(request), ZoneInfo(row.time_zone)
    rows = [
        {"view": each, "made": spelt_moment(each.made_at, zone), "until": spelt_moment(each.expires_at, zone)}
        for each in tokens(by=by, client=str(row.pk), at=CLOCK.now())
    ]
    context = {
        "client": row,
        "rows": rows,
        "token": token,
        "refused": refused,
        "base": request.build_absolute_uri("/fhir"),
        "days": USUAL_DAYS,
        "longest": LONGEST_DAYS,
        "limit": SYSTEM_LIMIT,
    }
    status = 422 if refused else 200
    return render(request, "backstage/accounts/interface.html", {**context, **doors(by)}, status=status)
