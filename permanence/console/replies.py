# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers by SMS that are neither yes nor no: a secretary reads them, and says with one button what comes of each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from permanence.clients import queries as clients
from permanence.console.agenda_link import agenda_with
from permanence.console.agenda_words import REFUSED
from permanence.countries.numbers import spell_number
from permanence.dispatch.reply_operations import ReplyUnknown, settle_reply
from permanence.dispatch.reply_queries import ReplyView, client_of_reply, open_replies
from permanence.dispatch.rules import ReplyOutcome
from permanence.foundation import access, moments
from permanence.foundation.who import Who, secretary_only, who
from permanence.kernel.ids import new_id
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy

_CLOCK, _ENTROPY = SystemClock(), SystemEntropy()
SAID: Mapping[ReplyOutcome, str | Promise] = {
    ReplyOutcome.CONFIRMED: gettext_lazy("It is confirmed."),
    ReplyOutcome.CANCELLED: gettext_lazy("It is cancelled."),
    ReplyOutcome.MOVED: gettext_lazy("Choose the new time: the appointment is in your hand."),
    ReplyOutcome.DONE: gettext_lazy("The answer is read."),
}


@never_cache
@require_POST
@secretary_only
def settle(request: HttpRequest, reply: str) -> HttpResponse:
    """One answer is read; what comes of it is done at once. To be moved, the visit is taken in hand in the agenda."""
    by, at = who(request), _CLOCK.now()
    client = client_of_reply(house_key=by.house_key, reply=reply)
    if client is None:
        raise Http404(reply)
    access.demand(by, client=client, subject=f"dispatch.smsreply:{reply}")
    asked = request.POST.get("outcome", "")
    if asked not in set(ReplyOutcome):
        messages.error(request, _("Say what comes of it."))
        return redirect("console:follow-ups")
    outcome = ReplyOutcome(asked)
    try:
        found = settle_reply(reply=reply, outcome=outcome, key=new_id(at, _ENTROPY), by=by, at=at, entropy=_ENTROPY)
    except ReplyUnknown:
        messages.error(request, _("Somebody else has done it meanwhile."))
        return redirect("console:follow-ups")
    except Refusal as refusal:
        messages.error(request, str(REFUSED.get(refusal.code, _("That cannot be said of it any more."))))
        return redirect("console:follow-ups")
    messages.success(request, f"{found.patient_name or found.number}: {SAID[outcome]}")
    if outcome is ReplyOutcome.MOVED and found.visit is not None:
        return redirect(agenda_with(found.visit, ZoneInfo(found.time_zone), move=True))
    return redirect("console:follow-ups")


def reply_rows(by: Who, *, at: datetime) -> list[dict[str, Any]]:
    """The answers that are to be read, the oldest first."""
    countries = {each.id: each.country for each in clients.clients(house=by.house)}
    return [_row(each, countries, at=at) for each in open_replies(by=by)]


def _row(each: ReplyView, countries: Mapping[str, str], *, at: datetime) -> dict[str, Any]:
    zone = ZoneInfo(each.time_zone)
    about = each.visit or each.offer
    return {
        "reply": each,
        "when": moments.day_and_hour(each.at, zone, now=at),
        "number": spell_number(PhoneNumber(each.number), country=countries.get(each.client, "XX")),
        "about": "" if about is None else moments.day_and_hour(about.starts_at, zone, now=at),
    }
