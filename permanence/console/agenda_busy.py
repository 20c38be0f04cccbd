# SPDX-License-Identifier: AGPL-3.0-or-later
"""Busy time without a patient, made and freed in the grid by a secretary. Each once, by the page's id."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from permanence.agenda.operations import blocks
from permanence.agenda.queries import blocks as busy
from permanence.agenda.queries.views import BlockView
from permanence.agenda.refusals import CauseMissing, SlotAlreadyTaken, SpanImpossible
from permanence.agenda.rules.busy import MIDNIGHT, busy_from, busy_span
from permanence.clients.rules.typed_moments import read_hour
from permanence.console.agenda_asked import agenda_asked, day_of, moment_asked, refused_by_rules, says_why
from permanence.console.own_page import own_page_only
from permanence.console.views import BadRequest, json_body, text_of
from permanence.foundation import access
from permanence.foundation.who import Who, who
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()
FIELDS = ("key", "agenda", "starts_at", "day", "minute", "until", "whole", "words")


@require_POST
@own_page_only
@says_why
def block(request: HttpRequest) -> HttpResponse:
    """From `minute` of a day until the hour she typed, or all of the day (`whole`), for the cause in `words`.
    `starts_at` says which one, of a minute that comes twice that day.

    Answers `{"block", "agenda", "starts_at", "ends_at", "words"}`; what stands there already is said, and stays.
    """
    by, at, body = who(request), _CLOCK.now(), json_body(request)
    data = {name: text_of(body, name) for name in FIELDS}
    agenda = agenda_asked(by, data["agenda"])
    if not data["day"]:
        raise BadRequest("no day")
    day, starts = day_of(data["day"], at.date()), moment_asked(agenda, data)
    until = MIDNIGHT if data["whole"] else read_hour(data["until"])
    if until is None:
        raise SpanImpossible(data["until"][:20])
    if not data["words"].strip():
        raise CauseMissing(agenda.id)
    if data["whole"]:
        begins, ends = busy_span(day=day, starts=0, until=until, zone=agenda.time_zone)
    else:
        begins, ends = busy_from(starts, until=until, zone=agenda.time_zone)
    try:
        made = blocks.block(
            key=data["key"], agenda=agenda.id, starts_at=begins, ends_at=ends, words=data["words"], by=by, at=at
        )
    except SlotAlreadyTaken as refusal:
        return refused_by_rules(by, agenda, refusal, reason="", at=at)
    told = {"starts_at": made.starts_at.isoformat(), "ends_at": made.ends_at.isoformat()}
    return JsonResponse({"block": made.block, "agenda": made.agenda, "words": made.words, **told}, status=201)


@require_POST
@own_page_only
@says_why
def unblock(request: HttpRequest) -> HttpResponse:
    """Busy time is free again, and offered to who waits."""
    by, data = who(request), json_body(request)
    found = _block_asked(by, text_of(data, "block"))
    blocks.unblock(key=text_of(data, "key"), block=found.block, by=by, at=_CLOCK.now())
    return JsonResponse({"block": found.block, "agenda": found.agenda})


def _block_asked(by: Who, block: str) -> BlockView:
    """The busy time of an id. Raises Http404, NotHers for another client's, BlockUnknown once it is free."""
    client = busy.client_of(by=by, block=block)
    if client is None:
        raise Http404
    access.demand(by, client=client, subject=f"agenda.block:{block[:40]}")
    return busy.block(by=by, block=block)
