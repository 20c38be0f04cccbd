# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner says that he is late: he sees who would be told and who must be telephoned, then it is sent."""

from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.agenda.interop.owners import own_agendas
from permanence.clients.queries import ClientView
from permanence.dispatch import late_operations
from permanence.dispatch.late_operations import Concerned
from permanence.foundation.who import portal_only
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import back, own

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
MINUTES = (15, 20, 30, 40, 60, 90)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def late(request: HttpRequest, client: str) -> HttpResponse:
    """Which agenda and by how much; then who is concerned; then it is told. 404 for an agenda of another client."""
    by, view = own(request, client)
    at = _CLOCK.now()
    mine = [each for each in own_agendas(client=client, by=by) if each.active]
    context = {"client": view, "tab": "line", "agendas": mine, "minutes": MINUTES, "typed": request.POST}
    if request.method != "POST":
        return render(request, "portal/late.html", context)
    agenda, text = request.POST.get("agenda", ""), request.POST.get("minutes", "")
    if agenda and agenda not in {each.id for each in mine}:
        raise Http404(agenda)
    minutes = int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0
    if not agenda or minutes not in MINUTES:
        failed = _("Choose the agenda and by how much you are late.")
        return render(request, "portal/late.html", {**context, "failed": failed}, status=422)
    if request.POST.get("step") == "send":
        key = request.POST.get("key", "")
        try:
            late_operations.tell_late(key=key, agenda=agenda, minutes=minutes, by=by, at=at, entropy=_ENTROPY)
        except Refusal:
            failed = _("It could not be sent. Look at it again.")
            return render(request, "portal/late.html", {**context, "failed": failed}, status=409)
        return back(client, "late")
    found = late_operations.concerned(agenda=agenda, by=by, at=at)
    shown = {"shown": True, "rows": _rows(found, view), "key": new_id(at, _ENTROPY)}
    return render(request, "portal/late.html", {**context, **shown, "chosen": agenda, "by_minutes": minutes})


def _rows(found: tuple[Concerned, ...], view: ClientView) -> list[dict[str, object]]:
    zone = ZoneInfo(view.time_zone)
    words = {
        "sms_off": _("no SMS are sent from here"),
        "no_consent": _("has not agreed to SMS"),
        "no_mobile": _("no mobile number"),
    }
    return [
        {
            "hour": f"{each.starts_at.astimezone(zone):%H:%M}",
            "name": each.patient_name,
            "number": each.number,
            "why": words.get(each.why, ""),
        }
        for each in found
    ]
