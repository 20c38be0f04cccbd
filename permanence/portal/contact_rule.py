# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client says whether his patients are reminded, when, and whether his name stands in what they get."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.clients.queries import ClientView
from permanence.dispatch import reminder_operations as reminders
from permanence.dispatch.reminder_operations import HoursImpossible
from permanence.dispatch.reminder_queries import ContactRuleView, contact_rule
from permanence.foundation.who import portal_only
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import back, own

_CLOCK = SystemClock()
HOURS = (0, 24, 48, 72, 168)
"""What is proposed; any other is left as it is."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def edit(request: HttpRequest, client: str) -> HttpResponse:
    """The rule, to be looked at and changed."""
    by, view = own(request, client)
    rule = contact_rule(house=by.house, client=client)
    if request.method != "POST":
        return _page(request, view, rule)
    text = request.POST.get("hours", "")
    hours = int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else -1
    typed = ContactRuleView(
        names_practice=request.POST.get("named") == "1",
        remind_hours=hours,
        sends_calendar="calendar" in request.POST,
    )
    try:
        reminders.change_contact_rule(
            client=client,
            names_practice=typed.names_practice,
            remind_hours=hours,
            sends_calendar=typed.sends_calendar,
            by=by,
            at=_CLOCK.now(),
            entropy=SystemEntropy(),
        )
    except HoursImpossible:
        return _page(request, view, typed, failed=_("Choose when the reminder goes out."))
    return back(client, "reminders")


def _page(request: HttpRequest, view: ClientView, rule: ContactRuleView, *, failed: str = "") -> HttpResponse:
    hours = sorted({*HOURS, *([rule.remind_hours] if rule.remind_hours > 0 else [])})
    choices = [(each, _words(each)) for each in hours]
    context = {"client": view, "tab": "line", "rule": rule, "choices": choices, "failed": failed}
    return render(request, "portal/contact_rule.html", context, status=422 if failed else 200)


def _words(hours: int) -> str:
    if not hours:
        return _("no reminder")
    return _("%(hours)d hours before") % {"hours": hours}
