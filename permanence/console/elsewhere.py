# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page tells of external agendas: an act recorded, corrected, undone; and today's acts to be corrected from.

As with messages, the page sends an act again until it hears the answer; the id it made keeps it one act.
"""

from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.agenda import elsewhere_operations as operations
from permanence.agenda import elsewhere_queries as queries
from permanence.agenda import elsewhere_words as words
from permanence.agenda.elsewhere_queries import ActRow
from permanence.agenda.rules.elsewhere import ElsewhereForm
from permanence.calls import queries as calls
from permanence.clients import queries as clients
from permanence.console.own_page import own_page_only
from permanence.console.views import answers_in_json, call_of, json_body, text_of
from permanence.foundation import access, moments
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()
_TYPED = tuple(each.name for each in fields(ElsewhereForm) if each.name != "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAct:
    """One act of today as the list shows it; `held` is what its form opens with."""

    row: ActRow
    what: str
    when: str
    recorded: str
    held: dict[str, Any]


@require_POST
@own_page_only
@answers_in_json
def record(request: HttpRequest) -> HttpResponse:
    """Keeps an act in a client's external agenda."""
    by, data = who(request), json_body(request)
    client = text_of(data, "client")
    access.demand(by, client=client, subject="agenda.bookedelsewhere")
    row = operations.record_act(
        client_id=client,
        call=call_of(data),
        by=by,
        at=_CLOCK.now(),
        form=ElsewhereForm(key=text_of(data, "key"), **{name: text_of(data, name) for name in _TYPED}),
    )
    return JsonResponse({"key": row.key, "recorded_at": row.recorded_at.isoformat()}, status=201)


@require_POST
@own_page_only
@answers_in_json
def correct(request: HttpRequest, key: str) -> HttpResponse:
    """What was recorded today is otherwise."""
    by = who(request)
    held = queries.act(house=by.house, key=key)
    if held is None:
        return JsonResponse({"code": "no_such_act", "why": ""}, status=404)
    access.demand(by, client=held.client, subject="agenda.bookedelsewhere")
    data = json_body(request)
    form = ElsewhereForm(key=key, **{name: text_of(data, name) for name in _TYPED})
    row = operations.correct_act(by=by, at=_CLOCK.now(), form=form)
    return JsonResponse({"key": row.key})


@require_POST
@own_page_only
@answers_in_json
def undo(request: HttpRequest, key: str) -> HttpResponse:
    """What was recorded today was a slip."""
    try:
        row = operations.undo_act(key=key, by=who(request), at=_CLOCK.now())
    except operations.NoSuchAct as refusal:
        return JsonResponse({"code": refusal.code, "why": ""}, status=404)
    return JsonResponse({"key": row.key})


@never_cache
@require_safe
@own_page_only
def todays(request: HttpRequest) -> HttpResponse:
    """What was recorded today, the newest first, each with what its form is opened with."""
    by, at = who(request), _CLOCK.now()
    zone = calls.zone_of(house=by.house)
    found = queries.todays_acts(house=by.house, at=at, zone=zone, only=by.clients)
    choices = {
        client: [
            {"id": each.id, "name": each.name}
            for each in clients.recipients(house=by.house, client=client)
            if each.active
        ]
        for client in {row.client for row in found}
    }
    return render(
        request, "console/elsewhere_today.html", {"acts": [_drawn(row, choices[row.client], zone) for row in found]}
    )


def _drawn(row: ActRow, recipients: list[dict[str, str]], zone: ZoneInfo) -> DrawnAct:
    return DrawnAct(
        row=row,
        what=words.act_words(row),
        when=words.moment_words(row),
        recorded=moments.clock(row.recorded_at, zone),
        held={
            "key": row.key,
            "client": row.client_name,
            "recipient": row.recipient,
            "act": row.act.value,
            "day": "" if row.day is None else row.day.isoformat(),
            "hour": "" if row.hour is None else f"{row.hour:%H:%M}",
            "patient_name": row.patient_name,
            "time_zone": row.time_zone,
            "recipients": recipients,
        },
    )
