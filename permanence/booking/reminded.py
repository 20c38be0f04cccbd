# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a reminder's link: a patient confirms, moves or cancels. Looking changes nothing; the link is the key."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from permanence.agenda.refusals import AppointmentUnknown
from permanence.booking import parts
from permanence.dispatch import reminder_operations as reminders
from permanence.dispatch.reminder_operations import ReminderOver, ReminderPage, ReminderUnknown
from permanence.kernel.refusals import Refusal

ACTS = {"confirm": True, "cancel": False}


@require_http_methods(["GET", "HEAD", "POST"])
@parts.public_view
def show(request: HttpRequest, link: str) -> HttpResponse:
    """The appointment, in the patient's language. 404 for a link that is not ours, 410 once the visit has begun."""
    at = parts.now()
    moving = request.GET.get("move") == "1"
    try:
        if request.method == "POST":
            return _act(request, link, at=at)
        page = reminders.look(link=link, at=at, moving=moving)
    except (ReminderUnknown, AppointmentUnknown):
        return _render(request, {"gone": "unknown"}, status=404)
    except ReminderOver:
        return _render(request, {"gone": "over"}, status=410)
    return _shown(request, page, moving=moving)


def _act(request: HttpRequest, link: str, *, at: datetime) -> HttpResponse:
    """Do what a button says. Who comes too late sees the appointment as it is now."""
    act, again = request.POST.get("act", ""), HttpResponseRedirect(reverse("booking:reminder", args=[link]), status=303)
    try:
        if act in ACTS:
            reminders.answer(link=link, yes=ACTS[act], at=at)
            return again
        if act == "move":
            starts = parts.read_moment(request.POST.get("starts", ""))
            if starts is not None:
                reminders.move(link=link, starts_at=starts, act_key=request.POST.get("key", ""), at=at)
                return _render(request, {"gone": "moved"})
    except (ReminderUnknown, AppointmentUnknown):
        raise
    except Refusal as refusal:
        return _shown(request, reminders.look(link=link, at=at, moving=act == "move"), failed=refusal.code)
    return _shown(request, reminders.look(link=link, at=at, moving=act == "move"), failed="not_now")


def _shown(request: HttpRequest, page: ReminderPage, *, moving: bool = False, failed: str = "") -> HttpResponse:
    zone = ZoneInfo(page.time_zone)
    context = {
        "page": page,
        "starts": page.starts_at.astimezone(zone),
        "choices": [(each.isoformat(), each.astimezone(zone)) for each in page.choices],
        "moving": moving or bool(page.choices),
        "key": parts.fresh_key(),
    }
    with translation.override(page.language):
        context["failed"] = _words(failed) if failed else ""
        return _render(request, context, status=409 if failed else 200)


def _words(code: str) -> str:
    return {
        "slot_already_taken": _("Somebody has just taken this time. Your appointment stays as it was."),
        "slot_refused": _("This time cannot be had any more. Your appointment stays as it was."),
        "agenda_busy": _("Many are booking at this moment. Nothing was changed: please try again."),
    }.get(code, _("That is no longer possible: look at your appointment as it is now, or call."))


def _render(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return render(request, "booking/reminded.html", context, status=status)
