# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a reminder's link: a patient confirms, moves or cancels. Looking changes nothing; the link is the key."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.agenda.refusals import AppointmentUnknown
from permanence.dispatch import reminder_operations as reminders
from permanence.dispatch.reminder_operations import ReminderOver, ReminderPage, ReminderUnknown
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
ACTS = {"confirm": True, "cancel": False}


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reminder(request: HttpRequest, link: str) -> HttpResponse:
    """The appointment, in the patient's language. 404 for a link that is not ours, 410 once the visit has begun."""
    at = _CLOCK.now()
    moving = request.GET.get("move") == "1"
    try:
        if request.method == "POST":
            return _act(request, link, at=at)
        page = reminders.look(link=link, at=at, moving=moving)
    except (ReminderUnknown, AppointmentUnknown):
        return _render(request, {"gone": "unknown"}, status=404)
    except ReminderOver:
        return _render(request, {"gone": "over"}, status=410)
    return _shown(request, page, at=at, moving=moving)


def _act(request: HttpRequest, link: str, *, at: datetime) -> HttpResponse:
    """Do what a button says. Who comes too late sees the appointment as it is now."""
    act, again = request.POST.get("act", ""), HttpResponseRedirect(reverse("reminder", args=[link]), status=303)
    try:
        if act in ACTS:
            reminders.answer(link=link, yes=ACTS[act], at=at)
            return again
        if act == "move":
            starts, key = _moment(request.POST.get("starts", "")), request.POST.get("key", "")
            reminders.move(link=link, starts_at=starts, act_key=key, at=at)
            return _render(request, {"gone": "moved"})
    except (ReminderUnknown, AppointmentUnknown):
        raise
    except (Refusal, ValueError):
        return _shown(request, reminders.look(link=link, at=at, moving=act == "move"), at=at, failed=True)
    return _shown(request, reminders.look(link=link, at=at), at=at, failed=True)


def _moment(text: str) -> datetime:
    """A moment as the form wrote it. Raises ValueError."""
    found = datetime.fromisoformat(text[:40])
    if found.tzinfo is None:
        raise ValueError("no zone")
    return found


def _shown(
    request: HttpRequest, page: ReminderPage, *, at: datetime, moving: bool = False, failed: bool = False
) -> HttpResponse:
    zone = ZoneInfo(page.time_zone)
    context = {
        "page": page,
        "starts": page.starts_at.astimezone(zone),
        "choices": [(each.isoformat(), each.astimezone(zone)) for each in page.choices],
        "moving": moving or bool(page.choices),
        "failed": failed,
        "key": new_id(at, _ENTROPY),
    }
    with translation.override(page.language):
        return _render(request, context, status=409 if failed else 200)


def _render(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    answer = render(request, "portal/reminder.html", context, status=status)
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
