# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is late today, and who is booked although the doctor is away: the doctors' list, worked off by patient."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.agenda.calendar_pages import collision_lines, unread_lines
from permanence.agenda.operations.day import settle
from permanence.agenda.queries.calendars import collisions, unread_for_long
from permanence.agenda.queries.follow_ups import (
    FollowUpView,
    LateAgenda,
    client_of_follow_up,
    late_today,
    open_follow_ups,
)
from permanence.agenda.queries.returns import DoctorBack, doctors_back
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import AgendaBusy, FollowUpUnknown, NotNow
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.clients import queries as clients
from permanence.console import waiting
from permanence.console.agenda_link import agenda_with
from permanence.console.agenda_words import REFUSED
from permanence.console.left_booked import left_rows, still_rows
from permanence.console.newcomers import newcomer_rows
from permanence.console.replies import reply_rows
from permanence.console.said_of import said_of
from permanence.console.unreached import unreached_rows
from permanence.countries.numbers import spell_number
from permanence.dispatch.cancel_queries import told_of_cancelling
from permanence.dispatch.cancel_words import TOLD
from permanence.foundation import access, moments
from permanence.foundation.who import Who, secretary_only, who
from permanence.kernel.ids import new_id
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.system import SystemClock, SystemEntropy

_CLOCK, _ENTROPY = SystemClock(), SystemEntropy()
WANTED: Mapping[Wanted, str | Promise] = {
    Wanted.MOVE: _("find another appointment"),
    Wanted.CALL: _("call, then ask the doctor"),
    Wanted.CANCEL: _("cancel and tell the patient"),
    Wanted.STANDS: _("say that the appointment stands: the doctor is there after all"),
}
OUTCOMES = {
    Outcome.CALLED: _("The patient was called."),
    Outcome.KEPT: _("The appointment stands all the same."),
    Outcome.CANCELLED: _("The appointment is cancelled."),
}


@never_cache
@require_safe
@secretary_only
def page(request: HttpRequest) -> HttpResponse:
    """What is to be done, the earliest appointment first."""
    by = who(request)
    return _page(request, by)


@never_cache
@require_POST
@secretary_only
def done(request: HttpRequest, follow_up: str) -> HttpResponse:
    """One entry is done: the patient was called, comes all the same, or his appointment is cancelled."""
    by, at = who(request), _CLOCK.now()
    client = client_of_follow_up(house_key=by.house_key, follow_up=follow_up)
    if client is None:
        raise Http404(follow_up)
    access.demand(by, client=client, subject=f"agenda.followup:{follow_up}")
    entry = next((each for each in open_follow_ups(by=by, client=client, at=at) if each.id == follow_up), None)
    if entry is None:
        messages.error(request, str(_("Somebody else has done it meanwhile.")))
        return redirect("console:follow-ups")
    outcome = request.POST.get("outcome", "")
    unfit = (entry.stands and outcome != Outcome.CALLED) or (entry.closed and outcome == Outcome.KEPT)
    unfit = unfit or (entry.alone and outcome == Outcome.CALLED)
    if unfit or outcome not in {each.value for each in OUTCOMES}:
        return _page(request, by, refused=str(_("Say what was done.")))
    told = told_of_cancelling(by=by, visits=[entry.visit], at=at)[entry.visit.appointment]
    try:
        settle(follow_up=follow_up, outcome=Outcome(outcome), by=by, at=at, key=new_id(at, _ENTROPY))
    except (FollowUpUnknown, NotNow):
        return _page(request, by, refused=str(_("Somebody else has done it meanwhile.")))
    except AgendaBusy as refusal:
        return _page(request, by, refused=str(REFUSED[refusal.code]))
    said = str(OUTCOMES[Outcome(outcome)])
    if outcome == Outcome.CANCELLED:
        calls = _numbers(entry, _countries(by))[:1] if told.asks_a_call else []
        said = " ".join((said, str(TOLD[told]), *calls))
    messages.success(request, said_of(entry.visit.patient_name, said))
    return redirect("console:follow-ups")


def _page(request: HttpRequest, by: Who, *, refused: str = "") -> HttpResponse:
    at = _CLOCK.now()
    countries = _countries(by)
    entries = open_follow_ups(by=by, at=at)
    told = told_of_cancelling(by=by, visits=[each.visit for each in entries], at=at)
    rows = [
        {
            "entry": each,
            "when": moments.day_and_hour(each.visit.starts_at, ZoneInfo(each.time_zone), now=at),
            "agenda": agenda_with(each.visit, ZoneInfo(each.time_zone), move=each.wanted is Wanted.MOVE),
            "move": each.wanted is Wanted.MOVE,
            "wanted": WANTED[each.wanted],
            "numbers": _numbers(each, countries),
            "told": TOLD[told[each.visit.appointment]],
        }
        for each in entries
    ]
    context = {
        "rows": rows,
        "back": [(each, _visits(each, at)) for each in doctors_back(by=by, at=at)],
        "left": left_rows(by, at=at),
        **still_rows(by, at=at),
        "late": [_late(each) for each in late_today(by=by, at=at)],
        "refused": refused,
        "replies": reply_rows(by, at=at),
        "newcomers": newcomer_rows(by, at=at),
        "unreached": unreached_rows(by, at=at),
        **waiting.tasks(by, at=at),
    }
    context["collisions"] = collision_lines(collisions(by=by, at=at), at=at)
    context["unread"] = unread_lines(unread_for_long(by=by, at=at), at=at)
    return render(request, "console/follow_ups.html", context, status=422 if refused else 200)


def _visits(each: DoctorBack, at: datetime) -> list[tuple[str, AppointmentView]]:
    """The visits that stand, each with when it is."""
    zone = ZoneInfo(each.time_zone)
    return [(moments.day_and_hour(visit.starts_at, zone, now=at), visit) for visit in each.visits]


def _late(each: LateAgenda) -> dict[str, object]:
    """Who is late; the client and who said so where their names are not the agenda's own."""
    names = dict.fromkeys((each.agenda_name, each.client_name, each.said_by_name))
    return {"late": each, "others": ", ".join([*names][1:])}


def _countries(by: Who) -> dict[str, str]:
    return {each.id: each.country for each in clients.clients(house=by.house)}


def _numbers(each: FollowUpView, countries: Mapping[str, str]) -> list[str]:
    return [
        spell_number(PhoneNumber(number), country=countries.get(each.visit.client, "XX")) for number in each.numbers
    ]
