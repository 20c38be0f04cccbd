# SPDX-License-Identifier: AGPL-3.0-or-later
"""A practitioner who is late telephones: the secretary sees whom it concerns, tells them in one act, takes it back."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.agenda.queries.follow_ups import delay
from permanence.agenda.refusals import DelayImpossible
from permanence.clients import queries as clients
from permanence.console.agenda_asked import agenda_asked, says_why
from permanence.console.own_page import own_page_only
from permanence.console.views import json_body, text_of
from permanence.dispatch import late_acts, late_operations
from permanence.dispatch.late_words import coming_today, until_asked
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock, SystemEntropy

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
NUMBER_LIMIT = 4
"""Digits of a number of minutes."""


@never_cache
@require_safe
@own_page_only
@says_why
def concerned(request: HttpRequest) -> HttpResponse:
    """Who is still to come to an agenda in the consultation that is on or next, with `day` today, how each is told and
    how many minutes he was told last, and how late it is said to be already.
    """
    by, at = who(request), _CLOCK.now()
    agenda = agenda_asked(by, request.GET.get("agenda", ""))
    coming, whole = coming_today(agenda=agenda.id, time_zone=agenda.time_zone, by=by, at=at), "day" in request.GET
    lines = coming.all_day if whole else coming.now
    heard = late_operations.heard_minutes((each for _when, each, _why in lines), agenda=agenda.id, by=by, at=at)
    late = delay(by=by, agenda=agenda.id, day=at.astimezone(ZoneInfo(agenda.time_zone)).date())
    told = 0 if late is None else late_operations.told_today(agenda=agenda.id, by=by, at=at)
    context = {
        "coming": coming,
        "country": clients.client(house=by.house, client=agenda.client).country,
        "whole": whole,
        "lines": [(when, each, why, heard.get(each.appointment, "")) for when, each, why in lines],
        "late": late,
        "anybody_told": late is not None and told == late.minutes,
        "untold": sum(each.is_told and heard.get(each.appointment) != told for _when, each, _why in lines),
    }
    return render(request, "console/agenda_late.html", context)


@require_POST
@own_page_only
@says_why
def say(request: HttpRequest) -> HttpResponse:
    """So many `minutes` late today, 0 for on time again; `tell`: those still to come until `until` hear of it, "day":
    those of the whole rest of the day.

    Answers `{"late", "before", "told", "untold"}`: the act's id, the minutes said until then, how many hear of it.
    """
    by, data = who(request), json_body(request)
    agenda, key = agenda_asked(by, text_of(data, "agenda")), text_of(data, "key")
    tell, minutes, at = text_of(data, "tell"), _minutes(text_of(data, "minutes")), _CLOCK.now()
    until = until_asked(tell=tell, minutes=minutes, typed=text_of(data, "until"), agenda=agenda.id, by=by, at=at)
    said = late_acts.say_and_tell(
        key=key,
        agenda=agenda.id,
        minutes=minutes,
        tell=tell != "",
        until=until,
        by=by,
        at=at,
        entropy=_ENTROPY,
    )
    return JsonResponse(
        {"late": key, "before": said.before, "told": said.told, "untold": len(said.found) - said.told}, status=201
    )


@require_POST
@own_page_only
@says_why
def take_back(request: HttpRequest) -> HttpResponse:
    """The act `late` is taken back; he is late as he was `before`. Answers `{"told"}`: how many it had reached."""
    by, at, data = who(request), _CLOCK.now(), json_body(request)
    agenda, before = agenda_asked(by, text_of(data, "agenda")).id, _minutes(text_of(data, "before"))
    told = late_acts.take_back(key=text_of(data, "late"), agenda=agenda, before=before, by=by, at=at)
    return JsonResponse({"told": told})


def _minutes(typed: str) -> int:
    """Raises DelayImpossible for what is no number of minutes."""
    if not (typed.isascii() and typed.isdecimal() and len(typed) < NUMBER_LIMIT):
        raise DelayImpossible(typed[:20])
    return int(typed)
