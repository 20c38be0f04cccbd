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
from permanence.countries.emergency import emergency_rule
from permanence.dispatch import reminder_operations as reminders
from permanence.dispatch import reminder_pages
from permanence.dispatch.reminder_operations import ReminderOver, ReminderUnknown
from permanence.dispatch.reminder_pages import ReminderFrame, ReminderPage
from permanence.dispatch.sms_operations import LANGUAGES
from permanence.kernel.refusals import Refusal

ACTS = {"confirm": True, "cancel": False}


@require_http_methods(["GET", "HEAD", "POST"])
@parts.public_view
def show(request: HttpRequest, link: str) -> HttpResponse:
    """The appointment, in the language he chose on the page, else in the patient's. 404 for a link that is not ours,
    410 once the visit has begun.
    """
    at, chosen = parts.now(), request.GET.get("lang", "")
    try:
        frame = reminder_pages.frame(link=link)
    except (ReminderUnknown, AppointmentUnknown):
        with translation.override(chosen if chosen in LANGUAGES else parts.language_of()):
            return _render(request, {"gone": "unknown", "lang": parts.language_of()}, status=404)
    with translation.override(chosen if chosen in LANGUAGES else frame.language):
        try:
            return _act(request, frame, at=at) if request.method == "POST" else _looked(request, frame, at=at)
        except ReminderOver:
            return _framed(request, frame, {"gone": "over"}, at=at, status=410)


def _looked(request: HttpRequest, frame: ReminderFrame, *, at: datetime) -> HttpResponse:
    moving, cancelling = request.GET.get("move") == "1", request.GET.get("cancel") == "1"
    page = reminder_pages.look(link=frame.link, at=at, moving=moving)
    return _shown(request, frame, page, at=at, moving=moving, cancelling=cancelling and page.standing)


def _act(request: HttpRequest, frame: ReminderFrame, *, at: datetime) -> HttpResponse:
    """Do what a button says. Who comes too late sees the appointment as it is now. Raises ReminderOver."""
    act, failed = request.POST.get("act", ""), "not_now"
    again = f"{reverse('booking:reminder', args=[frame.link])}?lang={parts.language_of()}"
    try:
        if act in ACTS:
            reminders.answer(link=frame.link, yes=ACTS[act], at=at)
            return HttpResponseRedirect(again, status=303)
        starts = parts.read_moment(request.POST.get("starts", "")) if act == "move" else None
        if starts is not None:
            reminders.move(link=frame.link, starts_at=starts, act_key=request.POST.get("key", ""), at=at)
            return HttpResponseRedirect(again, status=303)
    except Refusal as refusal:
        failed = refusal.code
    page = reminder_pages.look(link=frame.link, at=at, moving=act == "move")
    return _shown(request, frame, page, at=at, failed=_words(failed))


def _shown(
    request: HttpRequest,
    frame: ReminderFrame,
    page: ReminderPage,
    *,
    at: datetime,
    moving: bool = False,
    cancelling: bool = False,
    failed: str = "",
) -> HttpResponse:
    zone = ZoneInfo(frame.time_zone)
    context = {
        "page": page,
        "starts": page.starts_at.astimezone(zone),
        "moved_from": None if page.moved_from is None else parts.moment_words(page.moved_from, zone),
        "when": parts.moment_words(page.starts_at, zone),
        "choices": [(each.isoformat(), each.astimezone(zone)) for each in page.choices],
        "cancelling": cancelling,
        "moving": moving or bool(page.choices),
        "key": parts.fresh_key(),
        "failed": failed,
    }
    return _framed(request, frame, context, at=at, status=409 if failed else 200)


def _framed(
    request: HttpRequest, frame: ReminderFrame, context: dict[str, Any], *, at: datetime, status: int
) -> HttpResponse:
    today = at.astimezone(ZoneInfo(frame.time_zone)).date()
    around = {
        "frame": frame,
        "who": frame.who,
        "lang": parts.language_of(),
        "emergency": emergency_rule(frame.country, on=today).numbers,
    }
    return _render(request, around | context, status=status)


def _words(code: str) -> str:
    return {
        "slot_already_taken": _("Somebody has just taken this time. Your appointment stays as it was."),
        "slot_refused": _("This time cannot be had any more. Your appointment stays as it was."),
        "agenda_busy": _("Many are booking at this moment. Nothing was changed: please try again."),
    }.get(code, _("That is no longer possible: look at your appointment as it is now, or call."))


def _render(request: HttpRequest, context: dict[str, Any], *, status: int) -> HttpResponse:
    return render(request, "booking/reminded.html", {"languages": LANGUAGES, **context}, status=status)
