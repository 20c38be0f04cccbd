# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor's day on his telephone: who comes, who has come, how late he is; who is booked in an absence."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from permanence.agenda.calendar_pages import unread_lines
from permanence.agenda.interop.owners import own_agendas
from permanence.agenda.operations import day as day_acts
from permanence.agenda.operations import visits
from permanence.agenda.operations.appointments import cancel
from permanence.agenda.queries import agendas, appointments, days
from permanence.agenda.queries.calendars import unread_for_long
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.kept_booked import still_booked
from permanence.agenda.queries.left_booked import left_in
from permanence.agenda.queries.views import AgendaDays, AgendaView, AppointmentView
from permanence.agenda.refusals import (
    AgendaBusy,
    AgendaUnknown,
    AppointmentUnknown,
    ChangedMeanwhile,
    ListedAlready,
    NotNow,
    SpanImpossible,
    WordsTooLong,
)
from permanence.agenda.rules.follow_ups import ASKED, Wanted
from permanence.agenda.rules.states import STANDING, AppointmentState, CancelCause
from permanence.clients import away
from permanence.clients import queries as clients
from permanence.clients.queries import ClientView
from permanence.foundation import dates, moments
from permanence.foundation.access import NotHers
from permanence.foundation.who import Who, portal_only, who
from permanence.kernel.ids import new_id
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import own
from permanence.portal.day_hours import gone, hours_of
from permanence.portal.day_lines import NO_END, ends_of, lines_of
from permanence.portal.days import back_to_day, read_day
from permanence.portal.late_reached import late_shown
from permanence.portal.line import SAVED
from permanence.portal.to_move import MOVES, say_of_move, seen_at

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
READS = frozenset({"GET", "HEAD"})
ACTS = {
    "arrived": visits.mark_arrived,
    "done": visits.mark_done,
    "no-show": visits.mark_no_show,
    "back": visits.take_back,
}
CANCEL = "cancel"
BUSY = _("Others are booking at this moment: try once more. Nothing was changed.")
MOVED_MEANWHILE = _("This appointment was moved meanwhile: look at it again. Nothing was cancelled.")
CHANGED_MEANWHILE = _("This appointment was moved meanwhile: look at it again. Nothing was changed.")
WANTED: Mapping[Wanted, str | Promise] = {
    Wanted.MOVE: _("Find them another appointment"),
    Wanted.CALL: _("Call them, I decide then"),
    Wanted.CANCEL: _("Cancel their appointment and tell them"),
}
ANNOUNCED = frozenset({"absence", "absence_waits"})
"""What may have been saved just before the booked of an absence are shown."""
BECOMES = {
    "arrived": frozenset({AppointmentState.ARRIVED}),
    "done": frozenset({AppointmentState.DONE}),
    "no-show": frozenset({AppointmentState.NO_SHOW}),
    "back": STANDING,
    CANCEL: frozenset({AppointmentState.CANCELLED}),
}
"""Where a visit stands once that is said of it."""
LATE = (5, 10, 15, 20, 25, 30, 40, 45, 50, 60, 90, 120)
"""Minutes that the button offers."""


@never_cache
@require_safe
@portal_only
def mine(request: HttpRequest) -> HttpResponse:
    """The agenda of a person; of several, his own first and the choice above."""
    by = who(request)
    found = agendas.agendas(by=by)
    if not found:
        return render(request, "portal/agenda_none.html", {"tab": "agenda"})
    first = next((each for each in found if each.recipient in _recipients(by)), found[0])
    return HttpResponseRedirect(reverse("portal_day_of", args=[first.client, first.id]))


def _recipients(by: Who) -> set[str]:
    return {
        each.recipient.id
        for each in clients.portal_access(house=by.house, person=by.person)
        if each.recipient is not None
    }


@never_cache
@require_safe
@portal_only
def day(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """One day of one agenda. `?part=list` gives its lines alone."""
    by, view, found = reached(request, client, agenda)
    if request.GET.get("part") == "list":
        return _part(request, by, view, found)
    return day_page(request, by, view, found)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def mark(request: HttpRequest, client: str, agenda: str, appointment: str, act: str) -> HttpResponse:
    """The patient is there, was seen, or did not come, or the doctor cancels it or gives it to the secretaries to be
    moved, of the hour `starts` that he has read; said again of a visit of which it is so, nothing changes.
    Looked at, as after a refusal, the address leads to the day.
    """
    by, view, found = reached(request, client, agenda)
    at = _CLOCK.now()
    try:
        visit = appointments.appointment(by=by, appointment=appointment)
    except AppointmentUnknown as unknown:
        raise Http404(appointment) from unknown
    if found.id not in {visit.agenda, visit.also} or act not in BECOMES.keys() | MOVES:
        raise Http404(appointment)
    shown, refused = visit.starts_at.astimezone(ZoneInfo(found.time_zone)).date(), ""
    said, number = "", ""
    if request.method in READS:
        return back_to_day(request, found, shown, part=f"v-{appointment}")
    try:
        if visit.state in BECOMES.get(act, ()):
            pass
        elif act in MOVES:
            words, starts = request.POST.get(f"words-{appointment}", ""), request.POST.get("starts", "")
            say_of_move(act, visit, found, words=words, starts=starts, by=by, at=at)
        elif act == CANCEL:
            said, number = _cancel(request, visit, found, by=by, at=at)
        else:
            ACTS[act](key=_act_key(act, visit), appointment=appointment, by=by, at=at)
    except ChangedMeanwhile:
        refused = str(MOVED_MEANWHILE if act == CANCEL else CHANGED_MEANWHILE)
    except ListedAlready:
        refused = str(_("The secretaries have this appointment on their list already. Nothing was changed."))
    except WordsTooLong:
        refused = str(_("That is too long: say it in fewer words."))
    except NotNow:
        refused = str(_("That cannot be said of this appointment now."))
    except AgendaBusy:
        refused = str(BUSY)
    if refused:
        return day_page(request, by, view, found, day=shown, refused=refused)
    if said:
        messages.success(request, said, extra_tags=number)
    return back_to_day(request, found, shown, part="said" if said else f"v-{appointment}")


def _cancel(
    request: HttpRequest, visit: AppointmentView, found: AgendaView, *, by: Who, at: datetime
) -> tuple[str, str]:
    """The doctor cancels; gives in words whether the patient hears of it, and where he is to be called (E.164, "" where
    he need not be, or has no number). Raises NotNow, AgendaBusy, and ChangedMeanwhile, also where the form names no
    hour.
    """
    starts = seen_at(request.POST.get("starts", ""), visit)
    end = ends_of(by, [visit], at=at).get(visit.appointment, NO_END)
    key, seen = _act_key(CANCEL, visit), (found.id, starts)
    cancel(key=key, appointment=visit.appointment, cause=CancelCause.DOCTOR, by=by, at=at, seen=seen)
    hour = moments.clock(visit.starts_at, ZoneInfo(found.time_zone))
    words = _("%(name)s, %(hour)s: the appointment is cancelled.") % {"name": visit.patient_name, "hour": hour}
    return f"{words} {end.cancel}".rstrip(), end.number


def _act_key(act: str, visit: AppointmentView) -> str:
    """The id of what is said of a visit: one for as long as nothing else is said of it."""
    about = f"{act} {visit.appointment} {visit.state_at.isoformat()}"
    return f"portal-{hashlib.sha256(about.encode()).hexdigest()}"[:40]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def booked(request: HttpRequest, client: str, absence: str) -> HttpResponse:
    """Those booked whom an absence meets, and what a secretary is to do with them."""
    by, view = own(request, client)
    at, zone = _CLOCK.now(), ZoneInfo(view.time_zone)
    entry = away.absence(house=by.house, client=int(client), absence=absence)
    if entry is None:
        raise Http404(absence)
    failed = ""
    if request.method == "POST":
        wanted, words = request.POST.get("wanted", ""), request.POST.get("words", "")[:200]
        try:
            if wanted in ASKED:
                day_acts.ask_follow_up(client=client, absence=absence, wanted=Wanted(wanted), words=words, by=by, at=at)
                return HttpResponseRedirect(reverse("portal_booked", args=[client, absence]), status=303)
            failed = str(_("Choose what is to be done."))
        except AgendaBusy:
            failed = str(BUSY)
    met = appointments.in_absence(by=by, client=client, absence=absence, at=at)
    of_all = appointments.how_many_in_absence(by=by, client=client, absence=absence, at=at)
    asked = {each.visit.appointment: each for each in open_follow_ups(by=by, client=client, at=at)}
    still = {
        each.visit.appointment: each for each in still_booked(by=by, at=at, client=client) if each.absence == absence
    }
    context = {
        "client": view,
        "tab": "line",
        "absence": absence,
        "saved": SAVED[said] if (said := request.GET.get("saved", "")) in ANNOUNCED else "",
        "left": left_in(by=by, client=client, absence=absence, at=at),
        "rows": [
            (
                moments.day_and_hour(each.starts_at, zone, now=at),
                each,
                asked.get(each.appointment),
                still.get(each.appointment),
            )
            for each in met
        ],
        "of_all": of_all,
        "more": of_all - len(met),
        "asked": next((one for each in met if (one := asked.get(each.appointment)) and not one.alone), None),
        "choices": [(each.value, WANTED[each]) for each in ASKED],
        "wanted": WANTED,
        "failed": failed,
    }
    return render(request, "portal/booked_in_absence.html", context, status=422 if failed else 200)


def reached(request: HttpRequest, client: str, agenda: str) -> tuple[Who, ClientView, AgendaView]:
    """The person, his client, and the agenda of that client: a colleague's is there to read, not to change.

    Raises Http404, NotHers, PermissionDenied.
    """
    by, view = own(request, client)
    try:
        found = agendas.agenda(by=by, agenda=agenda)
    except AgendaUnknown as unknown:
        raise Http404(agenda) from unknown
    if found.client != client:
        raise NotHers(subject=f"agenda.agenda:{agenda[:20]}", client=client)
    if request.method not in READS and not is_own(found, by=by):
        raise PermissionDenied("another practitioner's agenda")
    return by, view, found


def is_own(found: AgendaView, *, by: Who) -> bool:
    """Whether the agenda is his to change: a practitioner's own, any for one who sees all of the client."""
    return found.id in {each.id for each in own_agendas(client=found.client, by=by)}


def _asked(request: HttpRequest, today: date) -> date:
    return read_day(request.GET.get("day", "")) or today


def _known(by: Who, found: AgendaView, shown: date, *, at: datetime) -> AgendaDays:
    """What stands in the agenda on a day. Raises Http404 for a day that is none of an agenda."""
    try:
        return days.day(by=by, agendas=[found.id], day=shown, at=at)[0]
    except SpanImpossible as impossible:
        raise Http404(str(shown)) from impossible


def _part(request: HttpRequest, by: Who, view: ClientView, found: AgendaView) -> HttpResponse:
    """The lines of a day, which the page fetches when something of it changed."""
    at, zone = _CLOCK.now(), ZoneInfo(found.time_zone)
    known = _known(by, found, _asked(request, at.astimezone(zone).date()), at=at)
    lines = lines_of(by, known, zone, at, is_own=is_own(found, by=by))
    return render(request, "portal/agenda_lines.html", {"client": view, "agenda": found, "lines": lines})


def _late_before(text: str) -> int:
    """How many minutes late he was until then, as the address says; 0 for none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def day_page(
    request: HttpRequest, by: Who, view: ClientView, found: AgendaView, *, day: date | None = None, refused: str = ""
) -> HttpResponse:
    """One day of one agenda: `day`, None for the one that the address names. `refused`: why what was just asked for was
    not done.
    """
    at, zone = _CLOCK.now(), ZoneInfo(found.time_zone)
    today = at.astimezone(zone).date()
    shown = day or _asked(request, today)
    known = _known(by, found, shown, at=at)
    mine = is_own(found, by=by)
    lines, typed = lines_of(by, known, zone, at, is_own=mine), request.POST if refused else {}
    context = late_shown(found, day=shown, is_today=shown == today and mine, by=by, at=at) | {
        "client": view,
        "agenda": found,
        "others": [each for each in agendas.agendas(by=by) if each.id != found.id],
        "tab": "agenda",
        "day": shown,
        "day_name": dates.say(shown, dates.Form.NAMED),
        "is_today": shown == today,
        "is_to_come": shown > today,
        "is_past": shown < today,
        "before": shown - timedelta(days=1),
        "after": shown + timedelta(days=1),
        "today": today,
        "is_own": mine,
        "lines": [replace(each, typed=typed.get(f"words-{each.key}", "")) for each in lines],
        "open": hours_of(known, zone),
        "gone": gone(known),
        "key": new_id(at, _ENTROPY),
        "busy_key": new_id(at, _ENTROPY),
        "unread": unread_lines(unread_for_long(by=by, agenda=found.id, at=at), at=at) if mine else [],
        "late_before": _late_before(request.GET.get("before", "")),
        "late_open": bool(refused) and "minutes" in request.POST,
        "minutes": LATE,
        "refused": refused,
        "typed": request.POST if "words" in request.POST else {},
        "topic": f"client/{found.client}/agenda/{found.id}",
    }
    return render(request, "portal/agenda.html", context, status=422 if refused else 200)
