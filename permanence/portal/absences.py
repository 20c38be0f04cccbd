# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client says that he, or one of his, is away: until when, what to say, to whom what is urgent goes."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from permanence.agenda.queries.appointments import how_many_in_absence
from permanence.agenda.queries.left_booked import left_among, left_in
from permanence.clients import absences as operations
from permanence.clients import approval_queries, approvals
from permanence.clients import queries as clients
from permanence.clients.operations import ConsentMissing
from permanence.clients.proving import NotSeen, SaidContradicts, save_proved, save_seen, try_out
from permanence.clients.queries import ClientFile, ClientView, RecipientUnknown
from permanence.clients.rules.approvals import ProposalKind
from permanence.clients.said_words import ChangeWords, change_words
from permanence.foundation import moments
from permanence.foundation.who import Who, portal_only
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import back, own
from permanence.portal.first_look import first_look
from permanence.portal.moment_fields import read_begun, read_ended
from permanence.portal.spoken_rows import span
from permanence.reception.absence import ANNOUNCE, ANSWER, TREATMENTS, VOICE_MESSAGE, in_force
from permanence.reception.table import AbsenceEntry

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
WORDS_LIMIT = 300
TREATED = {
    ANSWER: gettext_lazy("Calls are answered"),
    ANNOUNCE: gettext_lazy("Callers hear the closing words"),
    VOICE_MESSAGE: gettext_lazy("Callers leave a voice message"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """One absence as the client sees it. `who` is "" for the whole client; `now`: it is in force.

    `waiting`: to whom what is urgent goes once a second person has approved it. `ending`: its end waits for one.
    `left`: how many are booked in it of whom nobody has said what becomes of them.
    """

    id: str
    who: str
    words: str
    when: str
    urgent_to: str
    treatment: str
    announced: str
    now: bool
    waiting: str = ""
    ending: bool = False
    left: int = 0


def away(file: ClientFile, *, by: Who, at: datetime, waits: bool) -> tuple[Away, ...]:
    """The absences in force and to come, the earliest first, on the client's clock; `waits`: whether changes of this
    client wait for a second person."""
    zone = ZoneInfo(file.view.time_zone)
    names = {each.id: each.name for each in file.recipients}
    proposed = approval_queries.proposals(
        house=by.house, clients=[file.view.id] if waits and file.absences else (), at=at
    )
    open_ones = [each for each in proposed if each.waits]
    waiting = {
        each.body["absence"]: names.get(each.body["urgent_to"], "")
        for each in open_ones
        if each.kind is ProposalKind.URGENT_TO
    }
    ending = {each.body["absence"] for each in open_ones if each.kind is ProposalKind.ABSENCE_OVER}
    booked = left_among([(int(file.view.id), each) for each in file.absences], by=by, at=at)
    left = {each.absence: len(each.visits) for each in booked}
    found = (_away(each, names, zone, at=at) for each in file.absences)
    return tuple(
        replace(each, waiting=waiting.get(each.id, ""), ending=each.id in ending, left=left.get(each.id, 0))
        for each in found
    )


def _away(entry: AbsenceEntry, names: dict[str, str], zone: ZoneInfo, *, at: datetime) -> Away:
    now = in_force(entry, at)
    return Away(
        id=entry.id,
        who=names.get(entry.recipient, ""),
        words=entry.words,
        when=span(None if now else entry.starts, entry.ends, zone, at=at),
        urgent_to=names.get(entry.urgent_to, ""),
        treatment=entry.treatment,
        announced=f"{entry.by}, {moments.day_and_hour(entry.announced_at, zone, now=at)}",
        now=now,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def announce(request: HttpRequest, client: str) -> HttpResponse:
    """An absence. POST `step=check` shows what the secretary will see and say, and how many are booked; `step=save`
    announces it, and where somebody is booked goes on to the page that asks what becomes of them.
    """
    by, view = own(request, client)
    at = _CLOCK.now()
    file = clients.client_file(house=by.house, client=client, at=at)
    typed = _typed(request, file, person=by.person, house=by.house, at=at)
    if request.method != "POST":
        return _page(request, view, file, typed, house=by.house)
    if failed := _failed(typed, at=at):
        return _page(request, view, file, typed, house=by.house, failed=failed)
    saves, told, left = request.POST.get("step") == "save", approvals.Announced(absence=""), 0
    of_all = 0

    def change() -> None:
        nonlocal told, left, of_all
        told = _announce(client, typed, by=by, at=at)
        left = left_in(by=by, client=client, absence=told.absence, at=at)
        of_all = how_many_in_absence(by=by, client=client, absence=told.absence, at=at) if left else 0

    try:
        found = (save_proved if saves else try_out)(client=client, change=change, by=by, at=at)
    except operations.AbsenceOverlaps as refusal:
        again = _announced_before(client, typed, by=by, at=at) if saves else None
        if again is None:
            return _page(request, view, file, typed, house=by.house, failed=_why(refusal))
        told, left = again, left_in(by=by, client=client, absence=again.absence, at=at)
    except SaidContradicts as refusal:
        return _page(
            request, view, file, typed, house=by.house, shown=True, change=change_words(refusal.found), status=422
        )
    except Refusal as refusal:
        return _page(request, view, file, typed, house=by.house, failed=_why(refusal))
    if saves:
        saved = "absence_waits" if told.proposal else "absence"
        return _ask(client, told.absence, saved) if left else back(client, saved)
    return _page(request, view, file, typed, house=by.house, shown=True, change=change_words(found), booked=of_all)


def _ask(client: str, absence: str, saved: str) -> HttpResponse:
    """On to what becomes of those booked: the absence alone tells none of them."""
    address = reverse("portal_booked", args=[client, absence])
    return HttpResponseRedirect(f"{address}?saved={saved}#t-page", status=303)


def _announce(client: str, typed: dict[str, Any], *, by: Who, at: datetime) -> approvals.Announced:
    return approvals.announce_absence(
        client=client,
        starts=typed["starts_at"] or at,
        ends=typed["ends_at"],
        words=typed["words"],
        announced_by=by.person,
        by=by,
        at=at,
        entropy=_ENTROPY,
        recipient=typed["recipient"] or None,
        urgent_to=typed["urgent_to"] or None,
        treatment=typed["treatment"],
    )


def _announced_before(client: str, typed: dict[str, Any], *, by: Who, at: datetime) -> approvals.Announced | None:
    """The very same absence that stands already: who sends his form twice announces it once. None for another one."""
    same = [
        each
        for each in clients.absences(house=by.house, client=client, at=at)
        if each.starts == (typed["starts_at"] or each.announced_at)  # an empty beginning: at once
        and all(getattr(each, name) == typed[name] for name in ("words", "recipient", "treatment"))
        and each.ends == typed["ends_at"]
    ]
    for each in same:
        if each.urgent_to == typed["urgent_to"]:
            return approvals.Announced(absence=each.id)
        body = {"absence": each.id, "urgent_to": typed["urgent_to"]}
        for waiting in approval_queries.proposals(house=by.house, clients=[client], at=at):
            if waiting.waits and waiting.kind is ProposalKind.URGENT_TO and waiting.body == body:
                return approvals.Announced(absence=each.id, proposal=waiting.id)
    return None


@require_POST
@portal_only
def withdraw(request: HttpRequest, client: str, absence: str) -> HttpResponse:
    """He is back, or will not be away."""
    by, view = own(request, client)
    at = _CLOCK.now()
    body, waits = {"absence": absence}, ""

    def change() -> None:
        nonlocal waits
        kind = ProposalKind.ABSENCE_OVER
        waits = approvals.submit(client=client, kind=kind, body=body, by=by, at=at, entropy=_ENTROPY)

    try:
        save_seen(client=client, change=change, seen=request.POST.get("seen", ""), by=by, at=at)
    except operations.AbsenceUnknown as refusal:
        raise Http404 from refusal
    except approvals.TooManyWaiting:
        return back(client, "full")
    except (SaidContradicts, NotSeen) as told:
        return first_look(request, view, told.found, again=_("End the absence all the same"))
    return back(client, "back_waits" if waits else "back")


def _typed(request: HttpRequest, file: ClientFile, *, person: str, house: str, at: datetime) -> dict[str, Any]:
    """What stands in the form: typed, or himself away from now on; until when is his to say."""
    zone = ZoneInfo(file.view.time_zone)
    if request.method == "POST":
        found: dict[str, Any] = {
            name: request.POST.get(name, "").strip()
            for name in ("recipient", "starts", "ends", "urgent_to", "treatment", "words")
        }
        found["words"] = " ".join(found["words"].split())
    else:
        mine = {
            access.recipient.id
            for access in clients.portal_access(house=house, person=person)
            if access.client.id == file.view.id and access.recipient is not None
        }
        found = {
            "recipient": next(iter(mine), ""),
            "starts": "",
            "ends": "",
            "urgent_to": "",
            "treatment": ANSWER,
            "words": "",
        }
    return {
        **found,
        "starts_at": read_begun(found["starts"], zone, at=at),
        "ends_at": read_ended(found["ends"], zone, at=at),
    }


def _failed(typed: dict[str, Any], *, at: datetime) -> str:
    starts, ends = typed["starts_at"], typed["ends_at"]
    if typed["starts"] and starts is None:
        return _("The beginning is no day: write it as 24/12 or 24/12 14:00, or leave it empty.")
    if ends is None:
        return _(
            "Write the day of the end, such as 24/12, or with its hour, 24/12 14:00; the beginning may stay empty."
        )
    if ends <= (starts or at) or ends <= at:
        return _("The end has to come after the beginning.")
    if not typed["words"]:
        return _("Write what the secretary says to callers meanwhile.")
    if len(typed["words"]) > WORDS_LIMIT:
        return _("At most %(limit)s characters.") % {"limit": WORDS_LIMIT}
    if typed["treatment"] not in TREATMENTS or (typed["recipient"] and typed["treatment"] != ANSWER):
        return _("Calls stay answered while one of several is away.")
    return ""


def _why(refusal: Refusal) -> str:
    """The refusal in plain words."""
    words = {
        operations.AbsenceOverlaps: _("There is an absence at that time already. End it, or choose another time."),
        operations.ReplacementAway: _("The one to whom urgent calls would go is away himself at that time."),
        ConsentMissing: _("Voice messages need the doctor's dated agreement and a duty contact: ask the house."),
        RecipientUnknown: _("Choose among the persons of the list."),
        approvals.TooManyWaiting: _("Too many changes wait for a second person: have some approved first."),
    }
    return words.get(type(refusal), _("This absence cannot be: look at its beginning and its end."))


def _page(
    request: HttpRequest,
    view: ClientView,
    file: ClientFile,
    typed: dict[str, Any],
    *,
    house: str,
    failed: str = "",
    shown: bool = False,
    change: ChangeWords | None = None,
    booked: int = 0,
    status: int = 200,
) -> HttpResponse:
    names = {each.id: each.name for each in file.recipients}
    context = {
        "client": view,
        "tab": "line",
        "typed": typed,
        "limit": WORDS_LIMIT,
        "recipients": file.recipients,
        "treatments": tuple(TREATED.items()),
        "failed": failed,
        "shown": shown,
        "booked": booked,
        "change": change,
        "who": names.get(typed["recipient"], ""),
        "urgent_name": names.get(typed["urgent_to"], ""),
        "second": approval_queries.asks_second(house=house, client=view.id),
        "when": span(typed["starts_at"], typed["ends_at"], ZoneInfo(view.time_zone), at=_CLOCK.now()),
    }
    return render(request, "portal/absence.html", context, status=422 if failed else status)
